"""Each user's own keys and preferences, as the desk takes them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from feedback.keys import Keys, of
from speech_project.access import preferences


def keys_of(request: HttpRequest) -> Keys:
    return Keys(of(preferences.of_request(request).keys))


def for_desk(request: HttpRequest) -> dict[str, Any]:
    """What templates of the desk take: `keys` and `preferences`."""
    return {
        "keys": keys_of(request),
        "preferences": preferences.of_request(request).preferences,
    }
