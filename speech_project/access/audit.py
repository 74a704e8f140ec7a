"""Who did what: written once, never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from speech_project.access import clients
from speech_project.access.models import ApiKey, AuditEvent

COMMAND = "manage.py"
# who reads on, page by page or as a recording plays, is written once in so long
READS_ON = timedelta(minutes=10)


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
    key = clients.key_of(request)
    AuditEvent.objects.create(
        action=action,
        target=target,
        api_key=key,
        user_id=None if key else request.user.pk,
        actor=str(key or request.user.get_username()),
        address=clients.of(request),
        detail=detail,
    )


def record_reading(request: Request, action: str, target: str) -> None:
    """The same of a request that only read, unless that stands there lately."""
    key = clients.key_of(request)
    lately = AuditEvent.objects.filter(
        target=target,
        action=action,
        api_key=key,
        user_id=None if key else request.user.pk,
        at__gt=timezone.now() - READS_ON,
    )
    if not lately.exists():
        record_request(request, action, target)


def of_key(key: ApiKey) -> str:
    """A key as the target of what is done to it."""
    return f"key vk_{key.prefix}"
