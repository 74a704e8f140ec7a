"""The rate limit of each API key, counted in fixed minutes in the cache."""

from __future__ import annotations

import logging
import math
import time
from typing import Any, NamedTuple

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from speech_project.access.models import ApiKey

logger = logging.getLogger(__name__)

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
    """Leaves `rate` with the request where its key has a limit."""

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey) or not key.rate_limit_per_minute:
            return True
        minute, second = divmod(time.time(), WINDOW_S)
        try:
            used = _count(f"rate:{key.pk}:{minute:.0f}")
        except RedisError as error:
            logger.warning("Redis does not answer (%s); requests are not counted", error)
            return True
        limit, reset_s = key.rate_limit_per_minute, math.ceil(WINDOW_S - second)
        request.rate = Rate(limit, max(0, limit - used), reset_s)  # type: ignore[attr-defined]
        if used > limit:
            requests = "1 request" if limit == 1 else f"{limit:,} requests"
            raise Throttled(reset_s, f"This API key may make {requests} a minute.")
        return True


def _count(slot: str) -> int:
    """How often it was called with the slot, this time too; exact for all who share the cache."""
    try:
        return cache.incr(slot)
    except ValueError:  # of those who are first at once, one adds it, and each counts
        cache.add(slot, 0, timeout=2 * WINDOW_S)
        return cache.incr(slot)
