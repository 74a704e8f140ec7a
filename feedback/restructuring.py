"""Segments split, merged, put in and taken back. What they were made from is retired, never
deleted, with its history; the new ones lead back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from feedback import cutting
from feedback.models import Revision
from feedback.saving import (
    Conflict,
    Refused,
    begin_review,
    check_id,
    checked,
    lock,
    lock_open_job,
    neighbours,
    note,
    write,
)
from transcription import tags
from transcription.correcting import read, stored
from transcription.models import Job, Segment

SHORTEST_GAP_MS = 100  # between two segments, for one more to be put there
CLOSEST = 1e-3  # of two positions, for one more to be put between them
MADE = (Revision.Kind.SPLIT, Revision.Kind.MERGE)
CREATED = (*MADE, Revision.Kind.INSERT)  # the first line of a segment that no engine made
# what changes nothing that people would miss
STRUCTURE = (*CREATED, Revision.Kind.RETIRE, Revision.Kind.RESTORE)


@dataclass(frozen=True)
class Restructured:
    """Which segments went, and which came in their place, in order."""

    gone: list[int] = field(default_factory=list)
    came: list[Segment] = field(default_factory=list)


def split_segment(
    user: Any, job: Job, segment_id: int, *, text: str, at: int, version: int, save_id: str = ""
) -> Restructured:
    """Save the text and cut the segment where the character `at` of it begins. Repeating it, with
    the same id, changes nothing. Raises Conflict and Refused."""
    text = checked(text)
    check_id(save_id)
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        if earlier := _answered(job, segment, save_id):
            return earlier
        _write_first(user, job, segment, text, version)
        if not (segment.text[:at].strip() and segment.text[at:].strip()):
            raise Refused("There is text on one side only. Put the caret between two words.")
        first, second = cutting.cut(_content(segment), at)
        then = _position_after(segment, second.start_ms)
        new = [_new(segment, first, segment.position), _new(segment, second, then)]
        return _replace(user, job, [segment], new, Revision.Kind.SPLIT, save_id)


def merge_segment(
    user: Any, job: Job, segment_id: int, *, text: str, version: int, save_id: str = ""
) -> Restructured:
    """Save the text and put the segment together with the one before. Repeating it, with the same
    id, changes nothing. Raises Conflict and Refused."""
    text = checked(text)
    check_id(save_id)
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        if earlier := _answered(job, segment, save_id):
            return earlier
        before, _ = neighbours(segment)
        if before is None:
            raise Refused("This is the first segment: there is none before it.")
        if any(each.is_gap and not each.text for each in (before, segment)):
            raise Refused("One of the two was not transcribed. Type what is said there first.")
        _write_first(user, job, segment, text, version)
        whole = _new(before, cutting.joined(_content(before), _content(segment)), before.position)
        checked(whole.text)
        whole.accepted = before.accepted and segment.accepted
        whole.speaker = before.speaker or segment.speaker
        return _replace(user, job, [before, segment], [whole], Revision.Kind.MERGE, save_id)


def insert_segment(user: Any, job: Job, segment_id: int) -> Restructured:
    """Put an empty segment into the time between this one and the next. Raises Refused."""
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        if segment.retired_at:
            raise Conflict(segment)
        _, after = neighbours(segment)
        end_ms = after.start_ms if after else job.duration_ms or segment.end_ms
        if end_ms - segment.end_ms < SHORTEST_GAP_MS:
            raise Refused(
                "The next segment begins where this one ends. Move one of their edges first, "
                "or split one."
            )
        new = Segment(
            job=job,
            position=_position_after(segment, segment.end_ms),
            start_ms=segment.end_ms,
            end_ms=end_ms,
            speaker=segment.speaker,
            language=segment.language,
        )
        new.save()
        note(user, new, Revision.Kind.INSERT, {})
        begin_review(user, job)
    return Restructured(came=[new])


def take_back(user: Any, job: Job, segment_id: int) -> Restructured:
    """Undo the split, the merger or the insertion that made this segment, where nobody has changed
    what it made. Raises Refused."""
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        made = Revision.objects.filter(segment=segment).order_by("pk").first()
        if segment.retired_at or not made or made.kind not in CREATED:
            raise Refused("There is nothing to take back: no split or merger made this segment.")
        if made.kind == Revision.Kind.INSERT:
            if segment.text:
                raise Refused("There is text in it. Empty the segment first.")
            return _retire(user, job, [segment], [])
        siblings = list(_live(job.pk).filter(pk__in=made.detail["into"]))
        if len(siblings) < len(made.detail["into"]) or _were_changed(siblings):
            raise Refused("It was changed since. Split or merge it by hand.")
        return _retire(user, job, siblings, made.detail["of"])


def _were_changed(segments: Sequence[Segment]) -> bool:
    """Whether people did anything to them but split and merge, and take that back."""
    return Revision.objects.filter(segment__in=segments).exclude(kind__in=STRUCTURE).exists()


def ancestors(segment: Segment) -> list[int]:
    """The segments that this one was made from, and those that they were made from."""
    made = Revision.objects.filter(job=segment.job_id, kind__in=MADE)
    of = {pk: detail["of"] for pk, detail in made.values_list("segment_id", "detail")}
    found: dict[int, None] = {}
    asked = [segment.pk]
    while asked:
        asked = [pk for each in asked for pk in of.get(each, []) if pk not in found]
        found |= dict.fromkeys(asked)
    return list(found)


def _live(job_id: Any) -> QuerySet[Segment]:
    return Segment.objects.filter(job=job_id, retired_at=None).order_by("position", "pk")


def _write_first(user: Any, job: Job, segment: Segment, text: str, version: int) -> None:
    stale = segment.version != version and segment.text != text
    if stale or segment.retired_at:
        raise Conflict(segment)
    write(user, job, segment, text, accepted=segment.accepted)


def _position_after(segment: Segment, start_ms: int) -> float:
    """Between it and the next: its start, as a rule."""
    _, after = neighbours(segment)
    if after is not None and after.position - segment.position < CLOSEST:
        _spread(segment)
        after.refresh_from_db(fields=["position"])
    if segment.position < start_ms and (after is None or start_ms < after.position):
        return start_ms
    return segment.position + 1 if after is None else (segment.position + after.position) / 2


def _spread(segment: Segment) -> None:
    """Positions anew, where there is no room between two: segments of two channels may begin at the
    same time, and a segment may be cut again and again."""
    live = list(_live(segment.job_id).only("position"))
    for at, each in enumerate(live):
        each.position = 1000 * at
    Segment.objects.bulk_update(live, ["position"], batch_size=500)
    segment.refresh_from_db(fields=["position"])


def _content(segment: Segment) -> cutting.Content:
    """Where people wrote into what was not transcribed, it is a gap no more."""
    return cutting.Content(
        text=segment.text,
        engine_text=segment.engine_text,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        words=segment.words,
        replacements=read(segment.replacements),
        tags=segment.tags,
        doubts=segment.doubts,
        marks=[mark for mark in segment.marks if mark["kind"] != "gap"],
    )


def _new(like: Segment, content: cutting.Content, position: float) -> Segment:
    return Segment(
        job_id=like.job_id,
        chunk_id=like.chunk_id,
        position=position,
        start_ms=content.start_ms,
        end_ms=content.end_ms,
        speaker=like.speaker,
        language=tags.main_language(content.tags) or like.language,
        engine_text=content.engine_text,
        text=content.text,
        words=content.words,
        replacements=[stored(each) for each in content.replacements],
        marks=content.marks,
        tags=content.tags,
        doubts=content.doubts,
        accepted=like.accepted,
        edited_by_id=like.edited_by_id,
        edited_by_name=like.edited_by_name,
        edited_at=like.edited_at,
    )


def _replace(
    user: Any, job: Job, old: Sequence[Segment], new: list[Segment], kind: str, save_id: str
) -> Restructured:
    for segment in new:
        segment.save()
    detail = {"of": [each.pk for each in old], "into": [each.pk for each in new]}
    for segment in old:
        segment.retired_at = timezone.now()
        segment.save(update_fields=["retired_at"])
        saves = {save_id: segment.version} if save_id else {}
        note(user, segment, Revision.Kind.RETIRE, {"into": detail["into"]}, saves=saves)
    for segment in new:
        note(user, segment, kind, detail)
    begin_review(user, job)
    return Restructured([each.pk for each in old], new)


def _retire(
    user: Any, job: Job, segments: Sequence[Segment], restored: Sequence[int]
) -> Restructured:
    for segment in segments:
        segment.retired_at = timezone.now()
        segment.save(update_fields=["retired_at"])
        note(user, segment, Revision.Kind.RETIRE, {})
    back = list(Segment.objects.filter(job=job, pk__in=restored).order_by("position", "pk"))
    for segment in back:
        segment.retired_at = None
        segment.version += 1  # so that a page from before does not take it for its own
        segment.save(update_fields=["retired_at", "version"])
        note(user, segment, Revision.Kind.RESTORE, {})
    begin_review(user, job)
    return Restructured([each.pk for each in segments], back)


def _answered(job: Job, segment: Segment, save_id: str) -> Restructured | None:
    """What came of the same wish when it was sent before."""
    if not save_id:
        return None
    done = Revision.objects.filter(
        segment=segment, kind=Revision.Kind.RETIRE, saves__has_key=save_id
    ).first()
    if done is None or segment.retired_at is None:  # or it was taken back
        return None
    came = list(_live(job.pk).filter(pk__in=done.detail["into"]))
    if len(came) < len(done.detail["into"]):
        raise Conflict(segment)
    made = Revision.objects.filter(segment__in=came, kind__in=MADE).order_by("pk").first()
    return Restructured(made.detail["of"] if made else [segment.pk], came)
