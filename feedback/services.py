"""Correcting and reviewing. Pages, admin and API all call these; nothing else writes text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone

from feedback import mining, scoring
from feedback.alignment import Edit, word_edits
from feedback.models import Feedback, Revision
from transcription.exports import live_segments
from transcription.models import Job, Segment

# saves further apart than this are two sittings, two lines of the history
SITTING = timedelta(minutes=10)
# a reviewer who does nothing for longer is away
LONGEST_PAUSE = timedelta(minutes=2)
LONGEST_TEXT = 20_000
DELETED_JOB = "This recording was deleted while you worked on it."


class Conflict(Exception):
    """The segment was changed since the version that the save was made from."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(f"Segment {segment.pk} is at version {segment.version} now.")
        self.segment = segment


class Refused(Exception):
    """The change cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Save:
    """A reviewer's text for a segment. `version` is the one it was made from; `id` is new for
    each save, and the same again where the save is repeated because no answer came."""

    text: str
    version: int
    id: str = ""
    accept: bool = False


@dataclass(frozen=True)
class Saved:
    """The segment as it is now, and the version that the save made of it. Another's change may
    have come since a save that is repeated: its version is then not the segment's any more."""

    segment: Segment
    version: int


def save_segment(user: Any, job: Job, segment_id: int, save: Save) -> Saved:
    """Write the text and keep the earlier one. Repeating a save changes nothing.

    Raises Conflict where another's change came first, and Refused.
    """
    text = save.text.replace("\r\n", "\n")
    _check_text(text)
    if "\x00" in save.id:
        raise Refused("The save's id holds a NUL character.")
    with transaction.atomic():
        _lock_open_job(job)
        segment = Segment.objects.select_for_update().filter(job=job, pk=segment_id).first()
        if segment is None:
            raise Refused("This segment does not exist any more.")
        if first := _version_made_by(save.id, segment):
            return Saved(segment, first)
        stale = segment.version != save.version and segment.text != text
        if stale or segment.retired_at:
            raise Conflict(segment)
        accepted = segment.accepted or save.accept
        if segment.text == text and segment.accepted == accepted:
            return Saved(segment, segment.version)
        before, now = segment.text, timezone.now()
        segment.text, segment.accepted = text, accepted
        segment.version += 1
        segment.edited_by_id, segment.edited_by_name = user.pk, user.get_username()
        segment.edited_at = now
        segment.save()
        _note(user, segment, before, save.id, now)
        _begin_review(job, now)
    return Saved(segment, segment.version)


def _version_made_by(save_id: str, segment: Segment) -> int | None:
    """None for a save that is new."""
    if not save_id:
        return None
    revision = Revision.objects.filter(segment=segment, saves__has_key=save_id).first()
    return revision.saves[save_id] if revision else None


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Refused("The text holds a NUL character, which cannot be stored. Take it out.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refused("The text holds half a character, which cannot be stored. Take it out.")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"A segment holds at most {LONGEST_TEXT:,} characters. Split the text.")


def _lock_open_job(job: Job) -> None:
    """Hold the job against a submission meanwhile. Raises Refused when the review is closed."""
    found = Job.objects.select_for_update().filter(pk=job.pk).first()
    if found is None:
        raise Refused(DELETED_JOB)
    if found.review_status == Job.Review.REVIEWED:
        raise Refused("This review was submitted already. Reopen it to go on correcting.")


def _note(user: Any, segment: Segment, before: str, save_id: str, now: datetime) -> None:
    """Add the save to the sitting, or begin a new one."""
    saves = {save_id: segment.version} if save_id else {}
    last = Revision.objects.filter(segment=segment).order_by("-updated_at", "-id").first()
    if last and last.user_id == user.pk and now - last.updated_at < SITTING:
        last.text_after, last.version_after = segment.text, segment.version
        if last.kind == Revision.Kind.ACCEPT and before != segment.text:
            last.kind = Revision.Kind.EDIT
        last.saves |= saves
        last.save()
        return
    Revision.objects.create(
        segment=segment,
        job_id=segment.job_id,
        kind=Revision.Kind.EDIT if before != segment.text else Revision.Kind.ACCEPT,
        user_id=user.pk,
        user_name=user.get_username(),
        text_before=before,
        text_after=segment.text,
        saves=saves,
        version_after=segment.version,
    )


def _begin_review(job: Job, now: datetime) -> None:
    Job.objects.filter(pk=job.pk, review_status=Job.Review.WAITING).update(
        review_status=Job.Review.IN_REVIEW
    )
    Job.objects.filter(pk=job.pk, review_started_at=None).update(review_started_at=now)


@dataclass(frozen=True)
class Summary:
    """What a review comes to. `changes` are the edits that are not equal, with their segments."""

    score: scoring.Score
    changes: list[tuple[Segment, Edit]]
    taught: list[dict[str, str | int]]
    engine_text: str
    corrected_text: str


def summarise(job: Job) -> Summary:
    segments = live_segments(job)
    changes = [
        (segment, edit)
        for segment in segments
        for edit in word_edits(segment.engine_text, segment.text)
        if edit.kind != "equal"
    ]
    return Summary(
        score=sum((scoring.score(s.text, s.engine_text) for s in segments), scoring.NOTHING),
        changes=changes,
        taught=mining.misheard(edit for _, edit in changes),
        engine_text="\n".join(segment.engine_text for segment in segments),
        corrected_text="\n".join(segment.text for segment in segments),
    )


def submit_review(user: Any, job: Job) -> Feedback:
    """Close the review and write what it shows. Raises Refused where there is none to submit."""
    with transaction.atomic():
        _lock_open_job(job)
        job.refresh_from_db()
        if job.status != Job.Status.COMPLETED:
            raise Refused("The recording is not transcribed yet, so there is no review to submit.")
        summary, now = summarise(job), timezone.now()
        feedback = Feedback.objects.create(
            job=job,
            reviewer_id=user.pk,
            reviewer_name=user.get_username(),
            engine_text=summary.engine_text,
            corrected_text=summary.corrected_text,
            diff_data=[_change(segment, edit) for segment, edit in summary.changes],
            accuracy_score=summary.score.accuracy,
            wer=summary.score.wer,
            cer=summary.score.cer,
            reference_words=summary.score.reference_words,
            word_errors=summary.score.word_errors,
            seconds_spent=_seconds_spent(job, now),
            extracted_terms=summary.taught,
        )
        Job.objects.filter(pk=job.pk).update(
            review_status=Job.Review.REVIEWED, reviewed_at=now, lease_until=None
        )
    return feedback


def _change(segment: Segment, edit: Edit) -> dict[str, Any]:
    return asdict(edit) | {
        "segment_id": segment.pk,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
    }


def _seconds_spent(job: Job, now: datetime) -> int:
    revisions = Revision.objects.filter(job=job).values_list("created_at", "updated_at")
    return active_seconds([*(moment for pair in revisions for moment in pair), now])


def active_seconds(moments: Iterable[datetime]) -> int:
    """Time between the moments, of which no pause counts for more than LONGEST_PAUSE."""
    ordered = sorted(moments)
    gaps = pairwise(ordered)
    spent = sum((min(b - a, LONGEST_PAUSE) for a, b in gaps), timedelta())
    return round(spent.total_seconds())


def reopen_review(job: Job) -> None:
    """Take the submission back: its feedback stays, and no longer counts. Raises Refused."""
    with transaction.atomic():
        reopened = Job.objects.filter(pk=job.pk, review_status=Job.Review.REVIEWED).update(
            review_status=Job.Review.IN_REVIEW, reviewed_at=None
        )
        if not reopened:
            raise Refused(f"{job.title}: there is no submitted review to reopen.")
        Feedback.objects.filter(job=job, withdrawn_at=None).update(withdrawn_at=timezone.now())
