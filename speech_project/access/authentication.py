"""API keys as DRF credentials: `Authorization: Bearer vk_…` or `X-API-Key: vk_…`."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from speech_project.access.keys import KeyRefused, find_key
from speech_project.access.models import ApiKey


class KeyUser(AnonymousUser):
    """Stands in for a user where a request came with an API key."""

    is_authenticated = True  # type: ignore[assignment]

    def __init__(self, key: ApiKey) -> None:
        super().__init__()
        self.key = key

    def __str__(self) -> str:
        return str(self.key)


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[KeyUser, ApiKey] | None:
        text = request.headers.get("X-API-Key", "")
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            text = credentials.strip()
        if not text:
            return None
        try:
            key = find_key(text)
        except KeyRefused as error:
            raise AuthenticationFailed(str(error)) from None
        return KeyUser(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
