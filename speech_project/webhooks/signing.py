"""Signing what is sent, as the Standard Webhooks specification has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def signed(body: bytes, *, id: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The headers that let a receiver which knows one of the secrets check body, id and time."""
    seconds = str(int(at.timestamp()))
    content = b".".join((id.encode(), seconds.encode(), body))
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_signature(each, content)}" for each in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
