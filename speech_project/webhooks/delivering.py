"""Deliveries on their way: claimed, sent, tried again, given up.

PostgreSQL is the queue of record, as for recordings: a wake-up names a webhook, and whoever
follows it takes the delivery of it that is due longest. Receivers may be slow, and share their
workers with the engine's answers, so only a few requests are under way at once.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from speech_project.wakeups import wake
from speech_project.webhooks import sending, signing
from speech_project.webhooks.models import Delivery, Webhook
from speech_project.webhooks.services import live

logger = logging.getLogger(__name__)

# before each further try; a day in all
BACKOFF = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
JITTER = 0.1  # of it, more or less: those who failed together do not come back together
LONGEST_WISH = timedelta(hours=6)  # of a receiver, in Retry-After
MOST_GIVEN_UP = 5  # in a row
LEASE = timedelta(minutes=1)  # not renewed: no request takes so long
MOST_AT_ONCE, MOST_OF_ONE = 8, 2
MOST_TRIES_KEPT = 50
KEPT = timedelta(days=30)
MOST_FORGOTTEN = 1000  # at a time
WOKEN_FOR_S = 10  # the sweep does not wake for the same webhook again sooner
MOST_WAKE_UPS = 200

WAITING = Q(status=Delivery.Status.WAITING)


def due() -> Q:
    """What may be sent, and what a worker took up and never came back with."""
    now = timezone.now()
    return WAITING & Q(not_before__lte=now) & (Q(lease_until=None) | Q(lease_until__lt=now))


def deliver(webhook_id: Any) -> None:
    """Send the webhook's delivery that is due longest, where there is one."""
    delivery = _claim(webhook_id)
    if delivery is None:
        return
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signing.signed(
        body, id=str(delivery.pk), at=timezone.now(), secrets=_secrets(delivery.webhook)
    ) | {"Content-Type": "application/json", "User-Agent": "Verbatim-Webhooks"}
    _settle(delivery, sending.send(delivery.webhook.url, headers, body))
    if Delivery.objects.filter(due(), webhook=webhook_id).exists():
        wake("deliver_webhook", webhook_id, queue="engine")


def _claim(webhook_id: Any) -> Delivery | None:
    with transaction.atomic():
        webhook = live().select_for_update(no_key=True, of=("self",)).filter(pk=webhook_id).first()
        now = timezone.now()
        held = Counter(
            Delivery.objects.filter(WAITING, lease_until__gte=now).values_list(
                "webhook_id", flat=True
            )
        )
        if webhook is None or held.total() >= MOST_AT_ONCE or held[webhook.pk] >= MOST_OF_ONE:
            return None  # whoever is at work wakes the next one, or the sweep does
        delivery = Delivery.objects.filter(due(), webhook=webhook).order_by("not_before").first()
        if delivery is None:
            return None
        delivery.webhook, delivery.lease_until = webhook, now + LEASE
        delivery.attempt += 1
        delivery.save(update_fields=["attempt", "lease_until"])
        return delivery


def _secrets(webhook: Webhook) -> list[str]:
    rotating = webhook.previous_until and webhook.previous_until > timezone.now()
    return [webhook.secret, webhook.previous_secret] if rotating else [webhook.secret]


def _settle(delivery: Delivery, answer: sending.Answer) -> None:
    """Keep what came of it. Nothing of that, where another worker has taken it over meanwhile."""
    now, tries = timezone.now(), delivery.attempt - delivery.tries_from
    told = [now.isoformat(), answer.status, answer.took_ms, answer.problem]
    changes: dict[str, Any] = {
        "lease_until": None,
        "tries": [*delivery.tries, told][-MOST_TRIES_KEPT:],
    }
    if not answer.problem:
        changes |= {"status": Delivery.Status.DELIVERED, "delivered_at": now}
    elif answer.unwanted or tries > len(BACKOFF):
        changes |= {"status": Delivery.Status.FAILED}
    else:
        changes |= {"not_before": now + _wait(tries, answer)}
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id)
        found = webhook.first()  # locked before its deliveries, as by whoever claims one
        mine = Delivery.objects.filter(WAITING, pk=delivery.pk, attempt=delivery.attempt)
        if found is None or not mine.update(**changes):
            return
        if not answer.problem:
            webhook.exclude(failures=0).update(failures=0)
        elif "status" in changes:
            webhook.update(failures=found.failures + 1, **_off(found, answer))


def _wait(tries: int, answer: sending.Answer) -> timedelta:
    backoff = BACKOFF[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return max(backoff, min(timedelta(seconds=answer.retry_after_s), LONGEST_WISH))


def _off(webhook: Webhook, answer: sending.Answer) -> dict[str, Any]:
    """How a delivery more that was given up switches the webhook off, if it does."""
    if not webhook.enabled:
        return {}
    if answer.unwanted:
        reason = "The receiver answered 410, which says that it is gone for good."
    elif webhook.failures + 1 >= MOST_GIVEN_UP:
        reason = f"{MOST_GIVEN_UP} deliveries in a row were given up. {answer.problem.rstrip('.')}."
    else:
        return {}
    logger.warning("Webhook %s is switched off: %s", webhook.pk, reason)
    what_to_do = "Set the receiver right, turn the webhook on again, and replay what was missed."
    return {
        "enabled": False,
        "disabled_reason": f"{reason} {what_to_do}",
        "updated_at": timezone.now(),
    }


def sweep() -> None:
    """Wake workers for what is due and nobody took up, and forget what is old."""
    waiting = Delivery.objects.filter(due(), webhook__in=live())
    for pk in waiting.order_by().values_list("webhook", flat=True).distinct()[:MOST_WAKE_UPS]:
        if cache.add(f"webhook-woken:{pk}", True, timeout=WOKEN_FOR_S):
            wake("deliver_webhook", pk, queue="engine")
    old = Delivery.objects.filter(created_at__lt=_long_ago()).order_by("created_at")
    Delivery.objects.filter(pk__in=old.values("pk")[:MOST_FORGOTTEN]).delete()


def _long_ago() -> datetime:
    return timezone.now() - KEPT
