"""Correcting and reviewing. Pages, admin and API all call these; nothing else writes text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone

from feedback import mining, scoring
from feedback.alignment import Edit, word_edits
from feedback.gains import Gain, gain, with_standing
from feedback.language_scores import LanguageScores, language_scores
from feedback.models import Feedback, Revision
from lexicon.languages import language_code
from lexicon.services import count
from transcription import tags
from transcription.correcting import read
from transcription.exports import live_segments, standings_of
from transcription.models import Job, Segment
from transcription.standing import GONE, OPEN, standings, turned

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
        if text != before:
            segment.tags = tags.renewed(job, segment, text)
            segment.language = tags.main_language(segment.tags) or segment.language
        segment.text, segment.accepted = text, accepted
        segment.version += 1
        segment.edited_by_id, segment.edited_by_name = user.pk, user.get_username()
        segment.edited_at = now
        segment.save()
        _note(user, segment, before, save.id, now)
        _begin_review(job, now)
    return Saved(segment, segment.version)


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
        raise Refused(str(error)) from None
    with transaction.atomic():
        _lock_open_job(job)
        segment = Segment.objects.select_for_update().filter(job=job, pk=segment_id).first()
        if segment is None:
            raise Refused("This segment does not exist any more.")
        if segment.version != version or segment.retired_at:
            raise Conflict(segment)
        changed = tags.said(segment, start, end, language)
        if changed != segment.tags:
            now = timezone.now()
            segment.tags = changed
            segment.language = tags.main_language(changed) or segment.language
            segment.save(update_fields=["tags", "language"])
            Revision.objects.create(
                segment=segment,
                job_id=job.pk,
                kind=Revision.Kind.LANGUAGE,
                user_id=user.pk,
                user_name=user.get_username(),
                text_before=segment.text,
                text_after=segment.text,
                detail={"start": start, "end": end, "language": language},
                version_after=segment.version,
            )
            _begin_review(job, now)
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
    written = last and last.kind in (Revision.Kind.EDIT, Revision.Kind.ACCEPT)
    if last and written and last.user_id == user.pk and now - last.updated_at < SITTING:
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
class LexiconChange:
    """What the lexicon changed, or suggested and people took, and how often this became of it."""

    before: str
    after: str
    state: str
    count: int


@dataclass(frozen=True)
class Summary:
    """What a review comes to. `changes` are the edits from the engine's text to this one that are
    not equal, with their segments; `by_people` leaves out what the lexicon did."""

    score: scoring.Score
    languages: LanguageScores
    gain: Gain
    changes: list[tuple[Segment, Edit]]
    by_people: list[tuple[Segment, Edit]]
    by_lexicon: list[LexiconChange]
    taught: list[dict[str, str | int]]
    engine_text: str
    corrected_text: str


def summarise(job: Job) -> Summary:
    segments = live_segments(job, words=False)
    changes: list[tuple[Segment, Edit]] = []
    by_people: list[tuple[Segment, Edit]] = []
    score, total, languages = scoring.NOTHING, Gain(), LanguageScores()
    by_lexicon = Counter[tuple[str, str, str]]()
    for segment in segments:
        found, heard = standings_of(segment), scoring.score(segment.text, segment.engine_text)
        edits = _edits(segment, segment.engine_text)
        score += heard
        languages += language_scores(segment.text, segment.engine_text, tags.read(segment))
        changes += edits
        if not found:
            by_people += edits
            total = replace(total, score=total.score + heard)
            continue
        total += gain(segment.engine_text, found, segment.text)
        by_people += _edits(segment, with_standing(segment.engine_text, found))
        by_lexicon.update(
            (s.replacement.before, s.replacement.after, s.state)
            for s in found
            if s.state not in (OPEN, GONE)
        )
    return Summary(
        score=score,
        languages=languages,
        gain=total,
        changes=changes,
        by_people=by_people,
        by_lexicon=[LexiconChange(*change, n) for change, n in by_lexicon.most_common()],
        taught=mining.misheard(edit for _, edit in by_people),
        engine_text="\n".join(segment.engine_text for segment in segments),
        corrected_text="\n".join(segment.text for segment in segments),
    )


def _edits(segment: Segment, before: str) -> list[tuple[Segment, Edit]]:
    edits = word_edits(before, segment.text)
    return [(segment, edit) for edit in edits if edit.kind != "equal"]


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
            mer=summary.languages.mer,
            counts=summary.languages.stored()
            | {
                "characters": summary.score.reference_characters,
                "character_errors": summary.score.character_errors,
            },
            reference_words=summary.score.reference_words,
            word_errors=summary.score.word_errors,
            seconds_spent=_seconds_spent(job, now),
            lexicon=_lexicon(summary),
            extracted_terms=summary.taught,
        )
        _count(feedback)
        Job.objects.filter(pk=job.pk).update(
            review_status=Job.Review.REVIEWED, reviewed_at=now, lease_until=None
        )
    return feedback


def _lexicon(summary: Summary) -> dict[str, Any]:
    """What the lexicon came to; empty where it had nothing to say."""
    total = summary.gain
    if not summary.by_lexicon:
        return {}
    terms = total.confirmed.keys() | total.undone.keys()
    return {
        "terms": {
            str(term): {"confirmed": total.confirmed[term], "undone": total.undone[term]}
            for term in sorted(terms)
        },
        "applied": total.applied,
        "took": total.took,
        "made": total.made,
        "word_errors": total.score.word_errors,
        "wer": total.score.wer,
        "cer": total.score.cer,
        "accuracy": total.score.accuracy,
    }


def _count(feedback: Feedback, sign: int = 1) -> None:
    """Count for its terms what the review tells of them, or with -1 take it back."""
    terms: Mapping[str, dict[str, int]] = feedback.lexicon.get("terms", {})
    confirmed = {int(term): sign * of["confirmed"] for term, of in terms.items()}
    undone = {int(term): sign * of["undone"] for term, of in terms.items()}
    count(confirmed=confirmed, undone=undone)


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
    """Take the submission back: its feedback stays, and no longer counts, for the lexicon's terms
    neither. Raises Refused."""
    with transaction.atomic():
        reopened = Job.objects.filter(pk=job.pk, review_status=Job.Review.REVIEWED).update(
            review_status=Job.Review.IN_REVIEW, reviewed_at=None
        )
        if not reopened:
            raise Refused(f"{job.title}: there is no submitted review to reopen.")
        for feedback in Feedback.objects.filter(job=job, withdrawn_at=None):
            _count(feedback, -1)
            feedback.withdrawn_at = timezone.now()
            feedback.save(update_fields=["withdrawn_at"])
