"""How far a job is, for people who wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, Q, Sum, When

from transcription.models import Chunk, Job


@dataclass(frozen=True)
class Progress:
    done: int  # chunks with an answer, or failed for good
    total: int  # chunks cut so far
    share: float  # of the sound of these chunks that is heard, the half heard ones too
    all_cut: bool

    @property
    def percent(self) -> int:
        """0 to 99 while it works: the rest is the finishing."""
        return int(99 * self.share if self.all_cut else min(50, 99 * self.share))


def of(job: Job) -> Progress:
    return of_all([job])[job.pk]


def of_all(jobs: Sequence[Job]) -> dict[UUID, Progress]:
    """By the jobs' ids, with one query."""
    chunks = Chunk.objects.filter(job__in=jobs).order_by().values("job_id")
    over, length = ~Q(status__in=Chunk.PENDING), F("end_ms") - F("start_ms")
    counted = chunks.annotate(
        total=Count("pk"),
        done=Count("pk", filter=over),
        heard_ms=Sum(Case(When(over, then=length), default=F("heard_ms"))),
        total_ms=Sum(length),
    )
    counts = {row["job_id"]: row for row in counted}
    return {job.pk: _progress(job, counts.get(job.pk)) for job in jobs}


def _progress(job: Job, row: Mapping[str, Any] | None) -> Progress:
    all_cut = job.chunk_count is not None
    if row is None:
        return Progress(0, 0, 0.0, all_cut)
    return Progress(row["done"], row["total"], row["heard_ms"] / row["total_ms"], all_cut)
