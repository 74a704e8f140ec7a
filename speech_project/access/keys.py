"""Making and checking API keys: `vk_<public prefix>_<secret>`, of which only the SHA-256 is kept.

A key is 256 random bits, so a plain hash is enough: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from speech_project.access import networks
from speech_project.access.models import ApiKey
from speech_project.access.scopes import USUAL
from speech_project.rows import Row

SHAPE = re.compile(r"vk_([0-9a-f]{8})_")
by_prefix = Row(ApiKey, "prefix = $1")
LAST_USED_EVERY = timedelta(minutes=1)
# how long the secret before a rotation is taken, where nobody says
OVERLAP_HOURS = 24
MOST_OVERLAP_HOURS = 90 * 24

REFUSALS = {
    "unknown": "This API key is not known. Check that it was copied whole.",
    "revoked": "This API key was revoked. Ask the administrator for a new one.",
    "expired": "This API key has expired. Ask the administrator for a new one.",
    "replaced": "This API key was given a new secret, and the one sent is no longer taken. "
    "Ask the administrator for the new one.",
    "elsewhere": "This API key is not taken from where this request comes from ({address}). "
    "Ask the administrator to allow that network.",
}

# what is written in the audit of a key that is made or changed
GRANTED = ("name", "group_id", "scopes", "allowed_networks", "training_consent", "expires_at",
           "rate_limit_per_minute", "concurrent_jobs", "monthly_budget_usd")  # fmt: skip


class KeyRefused(Exception):
    """The key does not open anything; the message says why. `reason`: one of REFUSALS; `key`: the
    one whose prefix was sent, if there is one: whoever sent it need not have its secret."""

    def __init__(self, reason: str, key: ApiKey | None, address: str) -> None:
        super().__init__(REFUSALS[reason].format(address=address or "unknown"))
        self.reason, self.key = reason, key


class KeyEnded(Exception):
    """The key was revoked or has expired, so that nothing can be done with it."""


def hash_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def new_secret(prefix: str = "") -> tuple[str, str, str]:
    """A prefix (a new one unless given), the whole key that begins with it, and its hash."""
    prefix = prefix or secrets.token_hex(4)
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
        **{"scopes": list(USUAL)} | fields,
    )
    return key, text


def granted(key: ApiKey) -> dict[str, Any]:
    """What the key may do, from where and for how much, as JSON holds it."""
    values = {name: getattr(key, name) for name in GRANTED}
    plain = (str, int, list, type(None))
    return {n: value if isinstance(value, plain) else str(value) for n, value in values.items()}


def in_force() -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(revoked_at=None).exclude(expires_at__lte=timezone.now())


def rotate_key(key: ApiKey, overlap: timedelta = timedelta(hours=OVERLAP_HOURS)) -> str:
    """The key's text with a new secret, which can never be shown again. The secret before opens
    until `key.previous_until`, the one before that no longer. Raises KeyEnded."""
    _, text, key_hash = new_secret(key.prefix)
    until = timezone.now() + overlap
    # one statement, so of two rotations at once the second replaces what the first made
    rotated = in_force().filter(pk=key.pk)
    if not rotated.update(key_hash=key_hash, previous_hash=F("key_hash"), previous_until=until):
        raise KeyEnded(f"{key} was revoked or has expired. Make a new key in its place.")
    key.refresh_from_db()
    return text


def revoke_key(key: ApiKey) -> bool:
    """Have it open nothing from now on. Whether it was not revoked before."""
    now = timezone.now()
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now))


def find_key(text: str, address: str, read: Callable[[str], ApiKey | None] = by_prefix) -> ApiKey:
    """The key behind the text, which opens for a client at the address. Raises KeyRefused; notes
    the use at most once a minute. `read`: the key of a prefix."""
    shaped = SHAPE.match(text)
    key = read(shaped[1]) if shaped else None
    if key is None:
        raise KeyRefused("unknown", None, address)
    now = timezone.now()
    if reason := _why_not(key, text, address, now):
        raise KeyRefused(reason, key, address)
    _note_use(key, now)
    return key


def _why_not(key: ApiKey, text: str, address: str, now: datetime) -> str:
    """Why the key is refused; empty: it is not. Only who has a secret of it learns of its end."""
    sent = hash_key(text)
    is_current = hmac.compare_digest(key.key_hash, sent)
    is_previous = hmac.compare_digest(key.previous_hash, sent)
    if not (is_current or is_previous):
        return "unknown"
    if key.revoked_at and key.revoked_at <= now:
        return "revoked"
    if key.expires_at and key.expires_at <= now:
        return "expired"
    if not is_current and (key.previous_until is None or key.previous_until <= now):
        return "replaced"
    if key.allowed_networks and not networks.hold(key.allowed_networks, address):
        return "elsewhere"
    return ""


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
