"""Feedback of clients that correct elsewhere: it is written as at the desk, segment by segment, and
submitted, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from feedback.models import Feedback
from feedback.parting import parted
from feedback.saving import Invalid, Refused, begin_review, checked, write
from feedback.services import submit_review
from speech_project.access.models import ApiKey
from transcription.models import Job, Segment
from transcription.segments import live_segments

LONGEST_TEXT = 2_000_000  # characters: a day of speech


@dataclass(frozen=True)
class Correction:
    """A segment's text. `version`: the one that it was made from; None: whatever it is now."""

    id: int
    text: str
    version: int | None = None
    accepted: bool = False


@dataclass(frozen=True)
class Sent:
    """The whole corrected text, or, where `text` is None, that of some segments. `seconds_spent`:
    None where the client does not know."""

    text: str | None = None
    segments: Sequence[Correction] = field(default=())
    seconds_spent: int | None = None


class AlreadyReviewed(Refused):
    pass


class Conflicts(Exception):
    """Segments that others changed since the versions that were given."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        super().__init__(f"{len(segments)} segments were changed meanwhile.")
        self.segments = segments


def receive(user: Any, job: Job, sent: Sent, api_key: ApiKey | None) -> tuple[Feedback, bool]:
    """Write what was corrected and close the review; whether that was done now. The same sent again
    is answered with what it came to the first time.

    Raises Conflicts, AlreadyReviewed, Invalid and other Refused; then nothing is written.
    """
    with transaction.atomic():
        locked = Job.objects.select_for_update().filter(pk=job.pk).first()
        if locked is None:
            raise Refused("This recording was deleted meanwhile.")
        # nobody writes them without the job's lock
        segments = live_segments(locked)
        corrections = _corrections(sent, segments)
        if locked.review_status == Job.Review.REVIEWED:
            return _first(locked, segments, corrections, api_key), False
        if locked.status != Job.Status.COMPLETED:
            raise Refused("The recording is not transcribed yet, so there is no review to submit.")
        _write(user, locked, segments, corrections)
        feedback = submit_review(user, locked, seconds_spent=sent.seconds_spent, api_key=api_key)
    return feedback, True


def _corrections(sent: Sent, segments: Sequence[Segment]) -> list[Correction]:
    if sent.text is None:
        return [replace(each, text=each.text.replace("\r\n", "\n")) for each in sent.segments]
    if not segments and sent.text.strip():
        raise Refused("This transcript has no segments that could hold a text.")
    if not sent.text.strip() and any(segment.text.strip() for segment in segments):
        raise Invalid(
            "The text is empty, which would take all of the transcript away. If nothing was said, "
            "send `segments` with empty texts."
        )
    texts = parted(sent.text, [segment.text for segment in segments])
    return [Correction(s.pk, text) for s, text in zip(segments, texts, strict=True)]


def _first(
    job: Job,
    segments: Sequence[Segment],
    corrections: Sequence[Correction],
    api_key: ApiKey | None,
) -> Feedback:
    """What the same feedback came to. Raises AlreadyReviewed where it is another."""
    now = {segment.pk: segment.text for segment in segments}
    earlier = Feedback.objects.filter(job=job, withdrawn_at=None, api_key=api_key).last()
    if earlier and all(now.get(each.id) == each.text for each in corrections):
        return earlier
    raise AlreadyReviewed("This review was submitted already. Reopen it to send other feedback.")


def _write(
    user: Any, job: Job, segments: Sequence[Segment], corrections: Sequence[Correction]
) -> None:
    live = {segment.pk: segment for segment in segments}
    gone = {each.id for each in corrections} - live.keys()
    if known := list(Segment.objects.filter(job=job, pk__in=gone)):
        raise Conflicts(known)
    if gone:
        named = ", ".join(map(str, sorted(gone)[:10]))
        raise Invalid(f"This recording has no segments of these ids: {named}.")
    changed = [
        live[each.id]
        for each in corrections
        if live[each.id].text != each.text
        if each.version not in (None, live[each.id].version)
    ]
    if changed:
        raise Conflicts(changed)
    begin_review(user, job)
    for each in corrections:
        segment = live[each.id]
        try:
            text = checked(each.text)
        except Refused as refusal:
            raise Invalid(f"Segment {each.id}: {refusal}") from None
        write(user, job, segment, text, accepted=segment.accepted or each.accepted)
