"""Whether a request to an engine may start now: what all workers of all machines keep to together.

PostgreSQL holds it in every mode, so it does not matter how many workers there are, or that one
was killed: a service's pause (Retry-After), its budget of requests a minute and in flight, and
what a job and an API key may cost. A request that is let in is an Attempt without an end.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from speech_project.access.models import ApiKey
from transcription.engines.base import EngineError
from transcription.leases import LeaseLost
from transcription.models import Attempt, EngineAccount, Job

POLL_S = 0.25
LONGEST_PAUSE_S = 3600.0  # whatever a service says
PAUSE_S = 5.0  # where a service refuses for now and does not say for how long
# who would have to wait longer gives its worker free and comes back
LONGEST_WAIT_S = 30.0


class Later(Exception):
    """The service's limits leave no room for long: come back at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def admit(job: Job, attempt: Attempt, check: Callable[[], object]) -> None:
    """Wait for the attempt's turn, then save it: the request has begun.

    `check` is called while waiting and ends it by an exception. Raises Later, EngineError where
    a budget is spent, and LeaseLost where the chunk is gone.
    """
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        check()
        try:
            with transaction.atomic():
                wait_s = _wait_s(attempt) if attempt.account else 0.0
                if not wait_s:
                    _check_budgets(job, attempt.cost_usd)
                    attempt.started_at = timezone.now()
                    attempt.save(force_insert=True)
                    charge_key(job.api_key_id, attempt.cost_usd)
                    return
        except IntegrityError:  # the job was deleted
            raise LeaseLost from None
        if time.monotonic() > deadline:
            raise Later(timezone.now() + timedelta(seconds=PAUSE_S))
        time.sleep(min(wait_s, POLL_S) * random.uniform(1, 1.2))


def pause(account: str, error: EngineError) -> None:
    """Let nobody ask this service for as long as it wished, or a while."""
    pause_s = min(error.retry_after_s or PAUSE_S, LONGEST_PAUSE_S)
    until = timezone.now() + timedelta(seconds=pause_s)
    EngineAccount.objects.get_or_create(name=account)
    sooner = Q(paused_until=None) | Q(paused_until__lt=until)
    EngineAccount.objects.filter(sooner, pk=account).update(
        paused_until=until, pause_reason=error.message
    )


def _wait_s(attempt: Attempt) -> float:
    """Seconds until it is worth looking again; 0 for now, and then the turn is taken."""
    held = EngineAccount.objects.select_for_update().filter(pk=attempt.account)
    account = held.first()
    if account is None:
        EngineAccount.objects.get_or_create(name=attempt.account)
        account = held.get()
    now = timezone.now()
    if account.paused_until and account.paused_until > now:
        wait_s = (account.paused_until - now).total_seconds()
        if wait_s > LONGEST_WAIT_S:
            raise Later(account.paused_until)
        return wait_s
    if account.next_turn_at and account.next_turn_at > now:
        return (account.next_turn_at - now).total_seconds()
    if _in_flight(account) >= settings.ENGINE_CONCURRENCY:
        return POLL_S
    if settings.ENGINE_REQUESTS_PER_MINUTE:  # evenly spaced: so no minute has more
        account.next_turn_at = now + timedelta(minutes=1 / settings.ENGINE_REQUESTS_PER_MINUTE)
        account.save(update_fields=["next_turn_at"])
    return 0.0


def _in_flight(account: EngineAccount) -> int:
    """Requests under way; not those of workers that died, whose leases run out."""
    alive = Q(number=F("chunk__attempt"), chunk__lease_until__gte=timezone.now())
    return Attempt.objects.filter(alive, account=account.name, finished_at=None).count()


# --- Budgets -----------------------------------------------------------------------------------


def _check_budgets(job: Job, cost: Decimal | None) -> None:
    """Raises EngineError where this request would cost more than may be spent."""
    if not cost:
        return
    if job.budget_usd is not None and spent_by_job(job) + cost > job.budget_usd:
        raise _spent(
            f"The recording's budget of ${job.budget_usd.normalize():f} is spent. Raise it in "
            "admin, then retry what is missing."
        )
    if job.api_key_id is None:
        return
    key = ApiKey.objects.select_for_update(no_key=True).filter(pk=job.api_key_id).first()
    if key is None or key.monthly_budget_usd is None:
        return
    if spent_by_key(key) + cost > key.monthly_budget_usd:
        raise _spent(
            f"The API key {key.name!r} has spent its budget of "
            f"${key.monthly_budget_usd.normalize():f} for this month. Raise it in admin, or wait "
            "for the next month; then retry what is missing."
        )


def _spent(message: str) -> EngineError:
    return EngineError("budget_spent", message, permanent=True, scope="account")


def spent_by_job(job: Job) -> Decimal:
    """US dollars, with what requests under way may cost."""
    total = Attempt.objects.filter(chunk__job=job).aggregate(sum=Sum("cost_usd"))["sum"]
    return total or Decimal(0)


def spent_by_key(key: ApiKey) -> Decimal:
    """US dollars in this calendar month (UTC), deleted jobs too."""
    return (key.spent_usd or Decimal(0)) if key.spent_in == _month() else Decimal(0)


def charge_key(key_id: int | None, cost: Decimal | None) -> None:
    """Add what a request may cost to its API key's month; or, when it is settled, the rest."""
    if not key_id or not cost:
        return
    key, month = ApiKey.objects.filter(pk=key_id), _month()
    key.filter(~Q(spent_in=month) | Q(spent_in=None)).update(spent_usd=0, spent_in=month)
    key.update(spent_usd=Greatest(F("spent_usd") + cost, Value(Decimal(0))))


def _month() -> date:
    return timezone.now().date().replace(day=1)
