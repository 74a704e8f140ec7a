"""Corrections to one segment: its text, its acceptance, the languages of its words, its times and
who speaks. Pages and API call these; nothing else writes what people say of a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from feedback.models import Revision
from lexicon.languages import language_code
from transcription import placed, tags
from transcription.correcting import read
from transcription.handing_out import take_on
from transcription.models import Job, Segment
from transcription.standing import standings, turned

# saves further apart than this are two sittings, two lines of the history
SITTING = timedelta(minutes=10)
LONGEST_TEXT = 20_000
# of a segment, with a new text; words and what the engine heard stay as they are
WRITTEN = (
    *("text", "accepted", "version", "tags", "language", "doubts"),
    *("edited_by_id", "edited_by_name", "edited_at"),
)
PROPOSAL = "This is a proposal. Take from it where it is compared with its source."
DELETED_JOB = "This recording was deleted while you worked on it."
GONE = "This segment does not exist any more."


class Conflict(Exception):
    """The segment was changed since the version that the save was made from."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(f"Segment {segment.pk} is at version {segment.version} now.")
        self.segment = segment


class Refused(Exception):
    """The change cannot be made; the message says why and what to do."""


class Invalid(Refused):
    """What was sent can never be written."""


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


def save_segment(
    user: Any, job: Job, segment_id: int, save: Save, *, source: Mapping[str, str] | None = None
) -> Saved:
    """Write the text and keep the earlier one. Repeating a save changes nothing. `source`: where
    it came from, where nobody typed it; that is a line of the history of its own.

    Raises Conflict where another's change came first, and Refused.
    """
    text = checked(save.text)
    check_id(save.id)
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        # one that made a version is repeated from an older one
        if segment.version != save.version and (first := _version_made_by(save.id, segment)):
            return Saved(segment, first)
        stale = segment.version != save.version and segment.text != text
        if stale or segment.retired_at:
            raise Conflict(segment)
        accepted = segment.accepted or save.accept
        write(user, job, segment, text, accepted=accepted, save_id=save.id, source=source)
        begin_review(user, job)
    return Saved(segment, segment.version)


def write(
    user: Any,
    job: Job,
    segment: Segment,
    text: str,
    *,
    accepted: bool,
    save_id: str = "",
    source: Mapping[str, str] | None = None,
) -> None:
    """The segment, which is locked, with another text; its history keeps the one before. Whoever
    calls says that the review has begun."""
    if segment.text == text and segment.accepted == accepted:
        return
    before, now = segment.text, timezone.now()
    if text != before:
        segment.tags = tags.renewed(job, segment, text)
        segment.language = tags.main_language(segment.tags) or segment.language
        segment.doubts = placed.moved(segment.doubts, before, text)
    segment.text, segment.accepted = text, accepted
    segment.version += 1
    segment.edited_by_id, segment.edited_by_name = user.pk, user.get_username()
    segment.edited_at = now
    segment.save(update_fields=WRITTEN)
    _note(user, segment, before, save_id, now, dict(source or {}))


def set_language(
    user: Any, job: Job, segment_id: int, start: int, end: int, language: str, version: int
) -> Segment:
    """Note in which language the words in these characters of the segment's text are; empty for in
    none. `version`: the text's that the characters are counted in.

    Raises Conflict where the text was changed since, and Refused.
    """
    try:
        language = language_code(language)
    except ValueError as error:
        raise Invalid(str(error)) from None
    with transaction.atomic():
        job = lock_open_job(job)
        segment = lock(job, segment_id)
        if segment.version != version or segment.retired_at:
            raise Conflict(segment)
        changed = tags.said(segment, start, end, language)
        if changed != segment.tags:
            segment.tags = changed
            segment.language = tags.main_language(changed) or segment.language
            segment.save(update_fields=["tags", "language"])
            detail = {"start": start, "end": end, "language": language}
            note(user, segment, Revision.Kind.LANGUAGE, detail)
            begin_review(user, job)
    return segment


def text_turned(segment: Segment, text: str, wish: str) -> str:
    """A reviewer's text for the segment with one of the lexicon's replacements made ("0-lexicon"
    the first) or taken back ("0-heard"). Raises Refused where people wrote something else."""
    found = standings(segment.engine_text, read(segment.replacements), text)
    wishes = {
        f"{number}-{to}": (standing, to)
        for number, standing in enumerate(found)
        for to in ("lexicon", "heard")
    }
    if wish not in wishes:
        raise Refused("The lexicon changed no such words here. Load the page again.")
    standing, to = wishes[wish]
    if not standing.turnable:
        raise Refused("These words were changed since, so the lexicon's change cannot be turned.")
    return text if standing.stands == (to == "lexicon") else turned(text, standing)


def _version_made_by(save_id: str, segment: Segment) -> int | None:
    """None for a save that is new."""
    if not save_id:
        return None
    revision = Revision.objects.filter(segment=segment, saves__has_key=save_id).first()
    return revision.saves[save_id] if revision else None


def checked(text: str) -> str:
    """A reviewer's text as it is kept. Raises Invalid."""
    text = text.replace("\r\n", "\n")
    if "\x00" in text:
        raise Invalid("The text holds a NUL character, which cannot be stored. Take it out.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("The text holds half a character, which cannot be stored. Take it out.")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"A segment holds at most {LONGEST_TEXT:,} characters. Split the text.")
    return text


def check_id(save_id: str) -> None:
    if "\x00" in save_id:
        raise Invalid("The save's id holds a NUL character.")


def lock_open_job(job: Job) -> Job:
    """Hold the job, as it is now, against a submission meanwhile. Raises Refused when the review is
    closed, and where there is none, as of a proposal."""
    found = Job.objects.select_for_update().filter(pk=job.pk).first()
    if found is None:
        raise Refused(DELETED_JOB)
    if found.proposal:
        raise Refused(PROPOSAL)
    if found.review_status == Job.Review.REVIEWED:
        raise Refused("This review was submitted already. Reopen it to go on correcting.")
    return found


def lock(job: Job, segment_id: int) -> Segment:
    """The segment, which may be retired. Raises Refused."""
    segment = Segment.objects.select_for_update().filter(job=job, pk=segment_id).first()
    if segment is None:
        raise Refused(GONE)
    return segment


def _note(
    user: Any,
    segment: Segment,
    before: str,
    save_id: str,
    now: datetime,
    source: dict[str, str],
) -> None:
    """Add the save to the sitting, or begin a new one."""
    saves = {save_id: segment.version} if save_id else {}
    lines = Revision.objects.filter(segment=segment).order_by("-updated_at", "-id")
    last = None if source else lines.first()
    if (
        last
        and last.kind in (Revision.Kind.EDIT, Revision.Kind.ACCEPT)
        and not last.detail
        and (last.user_id, last.user_name) == (user.pk, user.get_username())
        and now - last.updated_at < SITTING
    ):
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
        detail=source,
        saves=saves,
        version_after=segment.version,
    )


def neighbours(segment: Segment) -> tuple[Segment | None, Segment | None]:
    """The live segments before and after it, in the order of the transcript."""
    place = {"position": segment.position}
    live = Segment.objects.filter(job=segment.job_id, retired_at=None).order_by("position", "pk")
    before = Q(position__lt=segment.position) | Q(**place, pk__lt=segment.pk)
    after = Q(position__gt=segment.position) | Q(**place, pk__gt=segment.pk)
    return live.filter(before).last(), live.filter(after).first()


def line_of_history(
    user: Any, segment: Segment, kind: str, detail: Mapping[str, Any], **more: Any
) -> Revision:
    """For what is no sitting; not yet stored."""
    return Revision(
        **{
            "segment": segment,
            "job_id": segment.job_id,
            "kind": kind,
            "user_id": user.pk,
            "user_name": user.get_username(),
            "text_before": segment.text,
            "text_after": segment.text,
            "detail": detail,
            "version_after": segment.version,
        }
        | more
    )


def note(user: Any, segment: Segment, kind: str, detail: Mapping[str, Any], **more: Any) -> None:
    line_of_history(user, segment, kind, detail, **more).save()


def begin_review(user: Any, job: Job) -> None:
    """Where nobody has the job, which is locked, it is theirs who begins; not a client's, who is
    nobody to whom it could be assigned: then it goes on waiting for a reviewer."""
    if job.review_status == Job.Review.IN_REVIEW and job.assigned_to_id and job.review_started_at:
        return
    if user.pk is not None:
        take_on(job.pk, user)
        Job.objects.filter(pk=job.pk, review_status=Job.Review.WAITING).update(
            review_status=Job.Review.IN_REVIEW
        )
    Job.objects.filter(pk=job.pk, review_started_at=None).update(review_started_at=timezone.now())
