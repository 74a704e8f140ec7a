"""What recordings cost and which wait, whether they are reviewed or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from transcription.models import Job
from transcription.queueing import within

# days since a recording was added: the first and the last of each group
AGES: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 2), (3, 6), (7, 27), (28, None))


@dataclass(frozen=True)
class Money:
    """Of recordings whose engine has a price."""

    jobs: int = 0
    usd: float = 0.0
    hours: float = 0.0

    def __add__(self, other: Money) -> Money:
        return Money(self.jobs + other.jobs, self.usd + other.usd, self.hours + other.hours)

    @property
    def per_hour(self) -> float | None:
        return self.usd / self.hours if self.hours else None


@dataclass(frozen=True)
class Backlog:
    """What waits for a reviewer: of each of AGES the recordings, and hours of sound."""

    counts: tuple[int, ...]
    hours: tuple[float, ...]
    oldest: date | None


_COST = """
SELECT GROUPING(day, model), day, model, count(*), sum(cost_usd), sum(duration_ms) / 3600000.0
FROM (SELECT (created_at AT TIME ZONE %s)::date AS day, model, cost_usd, duration_ms
  FROM ({chosen}) AS chosen) AS each
GROUP BY GROUPING SETS ((day), (model))
"""


def costs(
    jobs: QuerySet[Job], since: str, until: str
) -> tuple[dict[date, Money], dict[str, Money]]:
    """By the day on which they were added, and by model, the dearest first."""
    rows = jobs.filter(within("created_at", since, until), cost_usd__gt=0, duration_ms__gt=0)
    values = rows.order_by().values("created_at", "model", "cost_usd", "duration_ms")
    sql, params = values.query.sql_with_params()
    days: dict[date, Money] = {}
    models: dict[str, Money] = {}
    with connection.cursor() as cursor:
        zone = timezone.get_current_timezone_name()
        cursor.execute(_COST.replace("{chosen}", sql), (zone, *params))
        for grouping, day, model, count, usd, hours in cursor.fetchall():
            money = Money(count, float(usd), float(hours))
            if grouping == 0b01:
                days[day] = money
            else:
                models[model] = money
    dearest = sorted(models.items(), key=lambda each: (-each[1].usd, each[0]))
    return dict(sorted(days.items())), dict(dearest)


def backlog(jobs: QuerySet[Job]) -> Backlog:
    """What is transcribed and no reviewer has begun."""
    today = timezone.localdate()
    waiting = jobs.filter(
        status=Job.Status.COMPLETED, review_status=Job.Review.WAITING, proposal=False
    )
    asked: dict[str, Any] = {"oldest": Min("created_at")}
    for number, (since, until) in enumerate(age_days(today)):
        old: Q = within("created_at", since, until)
        asked[f"count{number}"] = Count("pk", filter=old)
        asked[f"ms{number}"] = Sum("duration_ms", filter=old)
    found = waiting.aggregate(**asked)
    oldest = found["oldest"]
    return Backlog(
        counts=tuple(found[f"count{number}"] for number in range(len(AGES))),
        hours=tuple((found[f"ms{number}"] or 0) / 3_600_000 for number in range(len(AGES))),
        oldest=timezone.localdate(oldest) if oldest else None,
    )


def age_days(today: date) -> list[tuple[str, str]]:
    """The days of each of AGES, the first and the last; empty for none."""
    return [
        (
            (today - timedelta(days=last)).isoformat() if last is not None else "",
            (today - timedelta(days=first)).isoformat() if first else "",
        )
        for first, last in AGES
    ]
