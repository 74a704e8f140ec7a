"""Where a request comes from, behind the one proxy that TRUST_PROXY speaks of."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# some proxies write it too
WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")


def of(request: Any) -> str:
    """The client's address, as far as it can be known."""
    return address(request) if settings.TRUST_PROXY else request.META.get("REMOTE_ADDR", "")


def address(request: HttpRequest) -> str:
    """What the proxy itself wrote: the last of X-Forwarded-For. The rest a client may invent."""
    last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    if found := WITH_PORT.fullmatch(last):
        last = found[1] or found[2]
    try:
        return str(ip_address(last))
    except ValueError:
        return request.META.get("REMOTE_ADDR", "")
