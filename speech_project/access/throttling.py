"""The rate limit of each API key, counted in fixed minutes in the cache."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from speech_project.access.models import ApiKey

WINDOW_S = 60


class Rate(NamedTuple):
    """Requests that a key may make in a minute, those left of them, and when the next begins."""

    limit: int
    left: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF's draft on RateLimit header fields has them."""
        return {
            "RateLimit-Policy": f'"minute";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"minute";r={self.left};t={self.reset_s}',
        }


class KeyRateThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey) or not key.rate_limit_per_minute:
            return True
        used = _count(key)
        left = max(0, key.rate_limit_per_minute - used)
        request.rate = Rate(key.rate_limit_per_minute, left, round(self.wait()))  # type: ignore[attr-defined]
        return used <= key.rate_limit_per_minute

    def wait(self) -> float:
        return WINDOW_S - time.time() % WINDOW_S


def _count(key: ApiKey) -> int:
    """Requests in this minute, this one too."""
    slot = f"rate:{key.pk}:{int(time.time() // WINDOW_S)}"
    cache.add(slot, 0, timeout=2 * WINDOW_S)
    try:
        return cache.incr(slot)
    except ValueError:  # the cache threw the entry out in between
        return 0
