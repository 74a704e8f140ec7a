"""Whose key a request came with, and from where: behind the one proxy that TRUST_PROXY tells of."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from speech_project.access.models import ApiKey

# some proxies write it too
WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")


def key_of(request: Any) -> ApiKey | None:
    """The API key that the request came with; None where a person is logged in."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, ApiKey) else None


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
