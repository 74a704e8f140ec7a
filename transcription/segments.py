"""The segments that are a transcript."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import QuerySet

from transcription.models import Job, Segment, is_gap


class SegmentRow(NamedTuple):
    """A segment without its words, as it is read and not changed: a long transcript has thousands,
    which would take twice as long as models."""

    pk: int
    position: float
    start_ms: int
    end_ms: int
    speaker: str
    language: str
    engine_text: str
    text: str
    replacements: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    tags: list[list[Any]]
    doubts: list[list[Any]]
    version: int
    accepted: bool

    @property
    def is_gap(self) -> bool:
        return is_gap(self.marks)


def live_segments(job: Job) -> list[Segment]:
    return list(live(job))


def segment_rows(job: Job) -> list[SegmentRow]:
    """The same, only to be read, and without their words."""
    return [SegmentRow(*row) for row in live(job).values_list(*SegmentRow._fields)]


def live(job: Job) -> QuerySet[Segment]:
    """The segments that are the transcript now, in order."""
    return Segment.objects.filter(job=job, retired_at=None).order_by("position", "id")
