"""Making and checking API keys: `vk_<public prefix>_<secret>`, of which only the SHA-256 is kept.

A key is 256 random bits, so a plain hash is enough: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from speech_project.access.models import ApiKey

SHAPE = re.compile(r"vk_([0-9a-f]{8})_")
LAST_USED_EVERY = timedelta(minutes=1)


class KeyRefused(Exception):
    """The key does not open anything; the message says why."""


def hash_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def new_secret() -> tuple[str, str, str]:
    """A prefix, the whole key that begins with it, and its hash."""
    prefix = secrets.token_hex(4)
    text = f"vk_{prefix}_{secrets.token_urlsafe(32)}"
    return prefix, text, hash_key(text)


def create_key(name: str, *, owner: Any = None, **fields: Any) -> tuple[ApiKey, str]:
    """A new key and its text, which can never be shown again."""
    prefix, text, key_hash = new_secret()
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        key_hash=key_hash,
        owner_id=owner.pk if owner else None,
        owner_name=owner.get_username() if owner else "",
        **fields,
    )
    return key, text


def find_key(text: str) -> ApiKey:
    """The live key behind the text. Raises KeyRefused; notes the use at most once a minute."""
    shaped = SHAPE.match(text)
    key = ApiKey.objects.filter(prefix=shaped[1]).first() if shaped else None
    if key is None or not hmac.compare_digest(key.key_hash, hash_key(text)):
        raise KeyRefused("This API key is not known. Check that it was copied whole.")
    now = timezone.now()
    if key.revoked_at and key.revoked_at <= now:
        raise KeyRefused("This API key was revoked. Ask the administrator for a new one.")
    if key.expires_at and key.expires_at <= now:
        raise KeyRefused("This API key has expired. Ask the administrator for a new one.")
    _note_use(key, now)
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
