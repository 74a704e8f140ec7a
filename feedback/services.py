"""Reviews as a whole: what one comes to, its submission, and reopening it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
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
from feedback.saving import Refused, lock_open_job
from lexicon.services import count
from transcription import tags
from transcription.exports import standings_of
from transcription.models import Job
from transcription.segments import SegmentRow, segment_rows
from transcription.standing import GONE, OPEN

Pair = tuple[str, str]  # what was heard, and what it was corrected to
# a reviewer who does nothing for longer is away
LONGEST_PAUSE = timedelta(minutes=2)


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
    changes: list[tuple[SegmentRow, Edit]]
    by_people: list[tuple[SegmentRow, Edit]]
    by_lexicon: list[LexiconChange]
    taught: list[dict[str, Any]]
    engine_text: str
    corrected_text: str


def summarise(job: Job) -> Summary:
    segments = segment_rows(job)
    changes: list[tuple[SegmentRow, Edit]] = []
    by_people: list[tuple[SegmentRow, Edit]] = []
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


def _edits(segment: SegmentRow, before: str) -> list[tuple[SegmentRow, Edit]]:
    edits = word_edits(before, segment.text)
    return [(segment, edit) for edit in edits if edit.kind != "equal"]


def submit_review(user: Any, job: Job, *, kept: Collection[Pair] | None = None) -> Feedback:
    """Close the review and write what it shows. `kept`: the pairs, heard and corrected, that the
    lexicon may learn from it; None for all. Raises Refused where there is none to submit."""
    with transaction.atomic():
        lock_open_job(job)
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
            extracted_terms=[
                pair
                if kept is None or (pair["heard"], pair["corrected"]) in kept
                else pair | {"dropped": True}
                for pair in summary.taught
            ],
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


def _change(segment: SegmentRow, edit: Edit) -> dict[str, Any]:
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
