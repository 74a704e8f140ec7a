"""What users set up for themselves: keys of the desk, and preferences.

Which keys there are and what they do is the desk's; here they are only kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.http import HttpRequest

from speech_project.access.models import UserSettings

MOST_STEP_BACK_MS = 10_000
THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Preferences:
    step_back_ms: int = 1500  # playing goes on that much before where it was paused
    follow: bool = True  # the page follows what is playing
    theme: str = "system"  # one of THEMES


@dataclass(frozen=True)
class Own:
    """One user's settings. `keys`: action -> key, only those that were remapped."""

    keys: dict[str, str] = field(default_factory=dict)
    preferences: Preferences = field(default_factory=Preferences)


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "step_back_ms": (
        lambda value: type(value) is int and 0 <= value <= MOST_STEP_BACK_MS,
        "Step back: write a number of seconds from 0 to 10, such as 1.5.",
    ),
    "follow": (lambda value: isinstance(value, bool), "Follow: choose on or off."),
    "theme": (lambda value: value in THEMES, "Colours: choose system, light or dark."),
}


def check(wished: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with preferences, as name -> sentence; unknown ones are ignored."""
    return {
        name: sentence
        for name, (is_right, sentence) in RULES.items()
        if name in wished and not is_right(wished[name])
    }


def of(stored: Mapping[str, Any]) -> Preferences:
    """What was stored, and the default for what is missing or not right (any more)."""
    wrong = check(stored)
    return Preferences(**{n: stored[n] for n in RULES if n in stored and n not in wrong})


def read(user_id: int) -> Own:
    found = UserSettings.objects.filter(pk=user_id).first()
    return Own(found.keys, of(found.preferences)) if found else Own()


def write(
    user_id: int, *, keys: dict[str, str] | None = None, preferences: Preferences | None = None
) -> None:
    """Keep what is given; the rest stays as it is. One statement, so two first saves at the same
    time do no harm. Whoever calls has checked the values."""
    given: dict[str, Any] = {}
    if keys is not None:
        given["keys"] = keys
    if preferences is not None:
        given["preferences"] = asdict(preferences)
    UserSettings.objects.bulk_create(
        [UserSettings(user_id=user_id, **given)],
        update_conflicts=True,
        unique_fields=["user_id"],
        update_fields=[*given, "updated_at"],
    )


def of_request(request: HttpRequest) -> Own:
    """The settings of whoever asks, read once for each request."""
    if not request.user.is_authenticated:
        return Own()
    if not hasattr(request, "own_settings"):
        request.own_settings = read(request.user.pk)  # type: ignore[attr-defined]
    own: Own = request.own_settings  # type: ignore[attr-defined]
    return own
