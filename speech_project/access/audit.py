"""Who did what: written once, never changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from speech_project.access import clients
from speech_project.access.models import ApiKey, AuditEvent

COMMAND = "manage.py"


def record(
    action: str, target: str = "", *, actor: str = "", address: str = "", **detail: Any
) -> None:
    """What a command did, or the product itself."""
    AuditEvent.objects.create(
        action=action, target=target, actor=actor, address=address, detail=detail
    )


def record_request(
    request: Request | HttpRequest, action: str, target: str = "", **detail: Any
) -> None:
    """What a request did, by whose key or login it came."""
    auth = getattr(request, "auth", None)
    key = auth if isinstance(auth, ApiKey) else None
    AuditEvent.objects.create(
        action=action,
        target=target,
        api_key=key,
        user_id=None if key else request.user.pk,
        actor=str(key or request.user.get_username()),
        address=clients.of(request),
        detail=detail,
    )


def of_key(key: ApiKey) -> str:
    """A key as the target of what is done to it."""
    return f"key vk_{key.prefix}"
