"""Credentials of the API: keys (`Authorization: Bearer vk_…` or `X-API-Key: vk_…`), and logins."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from speech_project.access import audit, clients
from speech_project.access.keys import KeyRefused, by_prefix, find_key
from speech_project.access.models import ApiKey, AuditEvent

REFUSED = "key.refused"
NOTED_EVERY = timedelta(minutes=1)


class KeyUser(AnonymousUser):
    """Stands in for a user where a request came with an API key."""

    is_authenticated = True  # type: ignore[assignment]

    def __init__(self, key: ApiKey) -> None:
        super().__init__()
        self.key = key

    def __str__(self) -> str:
        return str(self.key)


class ApiKeyAuthentication(BaseAuthentication):
    """Where a key is sent it alone counts, whoever is logged in besides.

    A view that has a method `read_key` reads the key of a prefix by itself, and may read more of
    the database in the same question; whether the key opens is looked at later.
    """

    def authenticate(self, request: Request) -> tuple[KeyUser, ApiKey] | None:
        text = _sent(request)
        if text is None:
            return None
        address, view = clients.of(request), request.parser_context["view"]
        try:
            key = find_key(text, address, getattr(view, "read_key", by_prefix))
        except KeyRefused as refused:
            _note(refused, address)
            raise AuthenticationFailed(str(refused)) from None
        return KeyUser(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _sent(request: Request) -> str | None:
    """The key that came; None: none did. Other schemes than Bearer are left to whom they are for,
    such as a proxy."""
    scheme, _, credentials = request.headers.get("Authorization", "").strip().partition(" ")
    found = {"X-API-Key": request.headers.get("X-API-Key")}
    if scheme.lower() == "bearer":
        found["Authorization: Bearer"] = credentials
    keys = {name: text.strip() for name, text in found.items() if text is not None}
    for name, text in keys.items():
        if not text:
            raise AuthenticationFailed(f"{name} came without a key.")
    if len(set(keys.values())) > 1:
        raise AuthenticationFailed("Authorization and X-API-Key hold two keys. Send one of them.")
    return next(iter(keys.values()), None)


def _note(refused: KeyRefused, address: str) -> None:
    """In the audit, once a minute for each key and reason: anybody may send anything."""
    if refused.key is None:
        return
    target, reason = audit.of_key(refused.key), refused.reason
    since = timezone.now() - NOTED_EVERY
    if not AuditEvent.objects.filter(
        action=REFUSED, target=target, detail__reason=reason, at__gt=since
    ).exists():
        audit.record(REFUSED, target, address=address, reason=reason)


class LoginAuthentication(SessionAuthentication):
    """People who are logged in. What changes something needs their token, as forms do."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(
                f"{error.detail} A request with a login needs its CSRF token (the cookie csrftoken)"
                " in the header X-CSRFToken; one with an API key needs none."
            ) from None
