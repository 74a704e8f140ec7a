"""How far a job is, for people who wait for it."""

from __future__ import annotations

from dataclasses import dataclass

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
    counted = Chunk.objects.filter(job=job).aggregate(
        total=Count("pk"), done=Count("pk", filter=~Q(status__in=Chunk.PENDING))
    )
    return Progress(counted["done"], counted["total"], job.chunk_count is not None)
