"""How far a job is, for people who wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from transcription.models import Chunk, Job


@dataclass(frozen=True)
class Progress:
    done: int  # chunks with an answer, or failed for good
    total: int  # chunks cut so far
    all_cut: bool

    @property
    def percent(self) -> int:
        """0 to 99 while it works: the rest is the finishing."""
        if not self.total:
            return 0
        share = self.done / self.total
        return int(99 * share if self.all_cut else min(50, 99 * share))


def of(job: Job) -> Progress:
    return of_all([job])[job.pk]


def of_all(jobs: Sequence[Job]) -> dict[UUID, Progress]:
    """By the jobs' ids, with one query."""
    chunks = Chunk.objects.filter(job__in=jobs).order_by().values("job_id")
    counted = chunks.annotate(
        total=Count("pk"), done=Count("pk", filter=~Q(status__in=Chunk.PENDING))
    )
    counts = {row["job_id"]: (row["done"], row["total"]) for row in counted}
    return {
        job.pk: Progress(*counts.get(job.pk, (0, 0)), all_cut=job.chunk_count is not None)
        for job in jobs
    }
