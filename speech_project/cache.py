"""Redis as a cache that may be away: pages do without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends import redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def _or(otherwise: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, and what it returns of the same arguments while Redis does not answer."""

    @wraps(method)
    def asked(cache: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(cache, key, *args, **kwargs)
        except RedisError as error:
            logger.warning("Redis does not answer (%s); goes on without %s", error, key)
            return otherwise(*args, **kwargs)

    return asked


class RedisCache(redis.RedisCache):
    """While Redis is away nothing is found, what is kept is forgotten, and who asks to be the first
    is. Counting (`incr`) fails, for a count that is made up says nothing."""

    get = _or(lambda default=None, version=None: default, redis.RedisCache.get)
    set = _or(lambda *_, **__: None, redis.RedisCache.set)
    add = _or(lambda *_, **__: True, redis.RedisCache.add)
    delete = _or(lambda *_, **__: False, redis.RedisCache.delete)
