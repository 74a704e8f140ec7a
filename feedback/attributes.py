"""When a segment is said, and by whom."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from feedback.cutting import SHORTEST_MS
from feedback.models import Revision
from feedback.saving import (
    Conflict,
    Invalid,
    Refused,
    begin_review,
    line_of_history,
    lock,
    lock_open_job,
    neighbours,
    note,
)
from transcription.models import Job, Segment

LONGEST_NAME = 80
MOST_MS = 2**53  # what pages can count


def set_times(
    user: Any, job: Job, segment_id: int, start_ms: int, end_ms: int, was: tuple[int, int]
) -> Segment:
    """From when to when it lasts. `was`: the times that the wish was made from. The order of the
    segments stays: none may begin before the one before it. Raises Conflict and Refused."""
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        now = (segment.start_ms, segment.end_ms)
        if segment.retired_at or now not in (was, (start_ms, end_ms)):
            raise Conflict(segment)
        if now == (start_ms, end_ms):
            return segment
        _check_times(job, segment, start_ms, end_ms)
        segment.start_ms, segment.end_ms = start_ms, end_ms
        segment.save(update_fields=["start_ms", "end_ms"])
        note(user, segment, Revision.Kind.TIMES, {"from": [*now], "to": [start_ms, end_ms]})
        begin_review(user, job)
    return segment


def _check_times(job: Job, segment: Segment, start_ms: int, end_ms: int) -> None:
    longest = max(job.duration_ms or 0, segment.end_ms) or MOST_MS
    if start_ms < 0 or end_ms > longest:
        raise Refused("The recording does not last that long.")
    if end_ms - start_ms < SHORTEST_MS:
        raise Refused(f"A segment lasts {SHORTEST_MS} ms at least, and ends after it begins.")
    before, after = neighbours(segment)
    if before and start_ms < min(before.start_ms, segment.start_ms):
        raise Refused("It would begin before the segment before it.")
    if after and start_ms > max(after.start_ms, segment.start_ms):
        raise Refused("It would begin after the segment that follows it.")


def name_speaker(
    user: Any, job: Job, segment_id: int, name: str, *, throughout: bool = False
) -> list[Segment]:
    """Who speaks in the segment, or `throughout`: in each that has the same name as this one now.
    Returns what was changed. Raises Conflict and Refused."""
    name = " ".join(name.split())
    shown = name.replace("\u200c", "").replace("\u200d", "")  # which join letters
    if len(name) > LONGEST_NAME or not shown.isprintable():
        raise Invalid(f"A speaker's name has at most {LONGEST_NAME} letters, and no signs unseen.")
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        if segment.retired_at:
            raise Conflict(segment)
        same = Segment.objects.filter(job=job, retired_at=None, speaker=segment.speaker)
        meant = same.order_by("position") if throughout else same.filter(pk=segment.pk)
        if segment.speaker == name:
            return []
        detail = {"from": segment.speaker, "to": name}
        changed = list(meant.select_for_update().defer("words"))
        for each in changed:
            each.speaker = name
        Segment.objects.filter(pk__in=[each.pk for each in changed]).update(speaker=name)
        kind = Revision.Kind.SPEAKER
        Revision.objects.bulk_create(line_of_history(user, each, kind, detail) for each in changed)
        begin_review(user, job)
    return changed
