"""The page on which users set up keys and preferences for themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from feedback import keys
from speech_project.access import preferences


@dataclass(frozen=True)
class Field:
    """A key's line of the form."""

    action: keys.Action
    value: str
    error: str

    @property
    def id(self) -> str:
        return f"key-{self.action.name}"


@dataclass(frozen=True)
class Errors:
    """What is wrong with the form, as name -> sentence."""

    keys: dict[str, str]
    preferences: dict[str, str]

    @property
    def count(self) -> int:
        return len(self.keys) + len(self.preferences)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    own = preferences.of_request(request)
    now = keys.of(own.keys)
    if request.method != "POST":
        return _page(request, now, _as_written(own.preferences), Errors({}, {}))
    wished = _keys_wished(request, now)
    given = _preferences_wished(request, own.preferences)
    errors = Errors(keys.check(wished), preferences.check(given))
    if errors.count:
        written = given | {"step_back": request.POST.get("step_back", "")[:20]}
        return _page(request, wished, written, errors)
    preferences.write(
        request.user.pk or 0, keys=keys.remapped(wished), preferences=preferences.of(given)
    )
    messages.success(request, "Saved.")
    return redirect("settings")


@require_POST
def restore_keys(request: HttpRequest) -> HttpResponse:
    preferences.write(request.user.pk or 0, keys={})
    messages.success(request, "All keys are as they were at first.")
    return redirect("settings")


def _keys_wished(request: HttpRequest, now: Mapping[str, str]) -> dict[str, str]:
    """What the form says; a key that it leaves out stays."""
    return {name: request.POST.get(f"key-{name}", key)[:200] for name, key in now.items()}


def _preferences_wished(request: HttpRequest, now: preferences.Preferences) -> dict[str, Any]:
    seconds = request.POST.get("step_back")
    return {
        "step_back_ms": now.step_back_ms if seconds is None else _milliseconds(seconds),
        "follow": "follow" in request.POST,
        "theme": request.POST.get("theme", now.theme),
    }


def _milliseconds(seconds: str) -> int | None:
    """In tenths of a second; None where it is no number that could be meant."""
    try:
        value = Decimal(seconds.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return round(value * 10) * 100 if value.is_finite() and -1 < value < 1_000_000 else None


def _as_written(own: preferences.Preferences) -> dict[str, Any]:
    return {"step_back": f"{own.step_back_ms / 1000:g}", "follow": own.follow, "theme": own.theme}


def _page(
    request: HttpRequest,
    values: Mapping[str, str],
    written: Mapping[str, Any],
    errors: Errors,
) -> HttpResponse:
    groups = [
        (
            group,
            [Field(a, values[a.name], errors.keys.get(a.name, "")) for a in keys.members(group)],
        )
        for group in keys.GROUPS
    ]
    context = {
        "groups": groups,
        "fixed": [keys.Line(keys.friendly(key), says) for key, says in keys.FIXED],
        "written": written,
        "themes": preferences.THEMES,
        "errors": errors,
        "refused": json.dumps(keys.REFUSED),
        "types": keys.TYPES,
    }
    return render(request, "settings.html", context, status=422 if errors.count else 200)
