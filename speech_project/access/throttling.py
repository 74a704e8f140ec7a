"""The rate limit of each API key, counted in fixed minutes in the cache."""

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from speech_project.access.models import ApiKey

WINDOW_S = 60


class KeyRateThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey) or not key.rate_limit_per_minute:
            return True
        slot = f"rate:{key.pk}:{int(time.time() // WINDOW_S)}"
        cache.add(slot, 0, timeout=2 * WINDOW_S)
        try:
            return cache.incr(slot) <= key.rate_limit_per_minute
        except ValueError:  # the cache threw the entry out in between
            return True

    def wait(self) -> float:
        return WINDOW_S - time.time() % WINDOW_S
