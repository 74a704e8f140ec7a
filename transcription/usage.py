"""What was transcribed in which month, how long it was and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth

from transcription.models import Job


class Line(NamedTuple):
    """Of one calendar month (UTC) and model. What is at work has no cost yet."""

    month: date
    model: str
    jobs: int
    audio_ms: int
    cost_usd: Decimal


def by_month(jobs: QuerySet[Job], first: date, last: date) -> Iterator[Line]:
    """Of these months, which are given by their first days, the latest first; jobs count in the
    month in which they were made."""
    made = jobs.filter(created_at__gte=_start(first), created_at__lt=_start(following(last)))
    sums = made.order_by().values("model", month=TruncMonth("created_at", tzinfo=UTC))
    sums = sums.annotate(
        jobs=Count("pk"), audio_ms=Sum("duration_ms", default=0), cost=Sum("cost_usd", default=0)
    )
    for row in sums.order_by("-month", "model"):
        month = row["month"].date()
        yield Line(month, row["model"], row["jobs"], int(row["audio_ms"]), Decimal(row["cost"]))


def by_state(jobs: QuerySet[Job]) -> dict[str, int]:
    """How many there are, of each state."""
    counts = jobs.order_by().values_list("status").annotate(Count("pk"))
    return dict.fromkeys(Job.Status.values, 0) | dict(counts)


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
