"""What people and programs do with webhooks, and telling them what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from speech_project.access.models import ApiKey
from speech_project.access.scopes import ADMIN
from speech_project.wakeups import wake
from speech_project.webhooks import addresses
from speech_project.webhooks.models import TEST, Delivery, Event, Webhook
from speech_project.webhooks.signing import new_secret

MOST = 20  # of a key
# after a rotation, what is sent is signed with both secrets for so long
OVERLAP = timedelta(hours=24)
AT_ONCE = 1000


class Refused(Exception):
    """It cannot be done; the message says why and what to do. `code`: for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# --- Making and changing them ------------------------------------------------------------------


def create(key: ApiKey, *, url: str, events: Iterable[str] = (), description: str = "") -> Webhook:
    """A new one, with its secret. No events: all. Raises Refused."""
    if Webhook.objects.filter(api_key=key).count() >= MOST:
        raise Refused(
            "too_many", f"A key has at most {MOST} webhooks. Delete one that is not needed."
        )
    return Webhook.objects.create(
        api_key=key,
        url=check_url(url),
        events=check_events(events or Event.values),
        description=description,
        secret=new_secret(),
    )


def change(webhook: Webhook, **fields: Any) -> None:
    """Write `url`, `events`, `description` and `enabled`, as far as they are given. Turned on, it
    begins anew. Raises Refused."""
    if "url" in fields:
        fields["url"] = check_url(fields["url"])
    if "events" in fields:
        fields["events"] = check_events(fields["events"])
    if fields.get("enabled"):
        fields |= {"failures": 0, "disabled_reason": ""}
    vars(webhook).update(fields, updated_at=timezone.now())
    webhook.save(update_fields=[*fields, "updated_at"])


def check_url(url: str) -> str:
    """Raises Refused."""
    try:
        addresses.check(url)
    except addresses.AddressRefused as error:
        raise Refused("invalid", str(error)) from None
    return url


def check_events(events: Iterable[str]) -> list[str]:
    """In the order of Event, each once. Raises Refused."""
    wanted = set(events)
    if not wanted or wanted - set(Event.values):
        raise Refused("invalid", f"Choose one or more of: {', '.join(Event.values)}.")
    return [event for event in Event.values if event in wanted]


def rotate(webhook: Webhook) -> str:
    """Give it a new secret, and return it: it is never shown again. The one before is good for a
    day more; one before that no longer."""
    secret, now = new_secret(), timezone.now()
    Webhook.objects.filter(pk=webhook.pk).update(
        secret=secret, previous_secret=F("secret"), previous_until=now + OVERLAP, updated_at=now
    )
    webhook.refresh_from_db()
    return secret


def delete(webhook: Webhook) -> None:
    """With the log of its deliveries."""
    with transaction.atomic():
        Webhook.objects.select_for_update().filter(pk=webhook.pk).first()  # then its deliveries
        webhook.delete()


# --- Deliveries --------------------------------------------------------------------------------


def test(webhook: Webhook) -> Delivery:
    """Send an event that says nothing. Raises Refused."""
    _check_on(webhook)
    with transaction.atomic():
        (delivery,) = _insert([webhook], TEST, [{"webhook": webhook.pk}])
    return delivery


def replay(delivery: Delivery) -> None:
    """Send it once more, with all its tries, under the same id. Raises Refused."""
    _check_on(delivery.webhook)
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    with transaction.atomic():
        if not Delivery.objects.filter(free, pk=delivery.pk).update(
            status=Delivery.Status.WAITING,
            tries_from=F("attempt"),
            not_before=timezone.now(),
            lease_until=None,
            delivered_at=None,
        ):
            raise Refused("being_sent", "It is being sent at this moment, or was deleted.")
        wake("deliver_webhook", delivery.webhook_id, queue="engine")
    delivery.refresh_from_db()


def _check_on(webhook: Webhook) -> None:
    if not webhook.enabled:
        raise Refused("webhook_off", "This webhook is off, so nothing is sent. Turn it on first.")


# --- Telling -----------------------------------------------------------------------------------


def tell(event: str, data: Iterable[dict[str, Any]], *, api_key_id: int | None) -> None:
    """Tell the key's webhooks that want the event; with None, those of all keys that may read the
    lexicon. One delivery each of `data`, in the caller's transaction: what is rolled back is told
    to nobody."""
    wanting = live().filter(events__contains=[event])
    if api_key_id is not None:
        wanting = wanting.filter(api_key=api_key_id)
    else:
        may_read = (Q(api_key__scopes__contains=[scope]) for scope in ("lexicon:read", ADMIN))
        wanting = wanting.filter(next(may_read) | next(may_read))
    if webhooks := list(wanting.order_by("pk")):
        _insert(webhooks, event, data)


def live() -> QuerySet[Webhook]:
    """Those that are on, of keys in force."""
    return Webhook.objects.filter(enabled=True, api_key__revoked_at=None).exclude(
        api_key__expires_at__lte=timezone.now()
    )


def _insert(webhooks: list[Webhook], event: str, data: Iterable[dict[str, Any]]) -> list[Delivery]:
    now = timezone.now()
    payloads = [{"type": event, "timestamp": now.isoformat(), "data": each} for each in data]
    made = Delivery.objects.bulk_create(
        (
            Delivery(webhook=webhook, event=event, payload=payload, not_before=now, created_at=now)
            for webhook in webhooks
            for payload in payloads
        ),
        batch_size=AT_ONCE,
    )
    for webhook in webhooks:
        wake("deliver_webhook", webhook.pk, queue="engine")
    return made
