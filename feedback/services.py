"""Reviews as a whole: what one comes to, its submission, and reopening it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from feedback import kinds, learning, normalisers, scoring
from feedback.alignment import Edit, word_edits
from feedback.gains import Gain, gain, with_standing
from feedback.language_scores import LanguageScores, language_scores
from feedback.mining import Lesson, Reviewed
from feedback.models import Feedback, Revision
from feedback.saving import Refused, lock_open_job
from lexicon.models import Term
from lexicon.services import count
from lexicon.tagging import Run
from speech_project.access.models import ApiKey
from speech_project.webhooks.models import Event
from transcription import tags
from transcription.exports import standings_of
from transcription.models import Job, Segment
from transcription.said import Row
from transcription.segments import SegmentRow, segment_rows
from transcription.standing import GONE, OPEN, Standing
from transcription.telling import tell_of

Change = dict[str, Any]  # an edit as `diff_data` has it: with its segment, and when it was said
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
    not equal, and what was taken back of the lexicon's; `by_people` leaves out what the lexicon
    did. `as_written` counts case and punctuation too, `numbers_alike` no number that is only
    written otherwise, where that can be told in its language."""

    score: scoring.Score
    as_written: scoring.Score
    numbers_alike: scoring.Score
    terms: scoring.TermScore
    languages: LanguageScores
    gain: Gain
    changes: list[Change]
    by_people: list[Change]
    by_lexicon: list[LexiconChange]
    passages: list[learning.Passage]
    reviewed: list[Reviewed]
    engine_text: str
    corrected_text: str
    taught: list[Lesson] = field(default_factory=list)


def summarise(job: Job) -> Summary:
    segments = segment_rows(job)
    live = Segment.objects.filter(job=job, retired_at=None)
    changed = live.exclude(text=F("engine_text"), replacements=[])
    words = changed.values_list("pk", "words")
    scope = Q(api_key=None) | Q(api_key=job.api_key_id)
    approved = Term.objects.filter(scope, status=Term.Status.APPROVED)
    terms = scoring.term_index(list(approved.values_list("term", "case_sensitive")))
    found = summed(segments, dict(words), terms, job.languages or job.heard_languages)
    return replace(found, taught=learning.taught_by(job, found.reviewed))


def summed(
    segments: Sequence[SegmentRow],
    words: Mapping[int, Sequence[Row]],
    terms: scoring.TermIndex,
    languages: Sequence[str],
) -> Summary:
    """`words`: of the segments that are not as the engine wrote them, what was heard when."""
    changes: list[Change] = []
    by_people: list[Change] = []
    score, as_written, numbers_alike = scoring.NOTHING, scoring.NOTHING, scoring.NOTHING
    total, by_language, on_terms = Gain(), LanguageScores(), scoring.TermScore()
    by_lexicon = Counter[tuple[str, str, str]]()
    passages: list[learning.Passage] = []
    reviewed: list[Reviewed] = []
    for segment in segments:
        text, engine_text = segment.text, segment.engine_text
        found, heard = standings_of(segment), scoring.score(text, engine_text)
        normaliser = normalisers.for_language(segment.language or next(iter(languages), ""))
        score += heard
        as_written += scoring.score(text, engine_text, "none")
        numbers_alike += scoring.score(text, engine_text, normaliser)
        on_terms += scoring.term_score(text, engine_text, terms)
        by_language += language_scores(text, engine_text, tags.read(segment))
        if segment.pk in words:
            of_segment = _Changes(segment, words[segment.pk], languages)
            since = of_segment.since(engine_text, found)
            before = with_standing(engine_text, found)
            changes += since
            by_people += of_segment.since(before) if found else since
        else:
            before = engine_text
        passages.append((segment, found))
        reviewed.append(Reviewed(before, text))
        if not found:
            total = replace(total, score=total.score + heard)
            continue
        total += gain(engine_text, found, text)
        by_lexicon.update(
            (s.replacement.before, s.replacement.after, s.state)
            for s in found
            if s.state not in (OPEN, GONE)
        )
    return Summary(
        score=score,
        as_written=as_written,
        numbers_alike=numbers_alike,
        terms=on_terms,
        languages=by_language,
        gain=total,
        changes=changes,
        by_people=by_people,
        by_lexicon=[LexiconChange(*change, n) for change, n in by_lexicon.most_common()],
        passages=passages,
        reviewed=reviewed,
        engine_text="\n".join(segment.engine_text for segment in segments),
        corrected_text="\n".join(segment.text for segment in segments),
    )


@dataclass(frozen=True)
class _Changes:
    """What was changed in a segment since some text of it."""

    segment: SegmentRow
    words: Sequence[Row]
    languages: Sequence[str]  # of the recording

    def since(self, before: str, found: Iterable[Standing] = ()) -> list[Change]:
        """`found`: also what was taken back of these."""
        segment, runs = self.segment, tags.read(self.segment)
        edits = word_edits(before, segment.text)
        told = kinds.told(
            edits,
            before,
            segment.text,
            languages={*self.languages, segment.language, *(run.language for run in runs)},
            heard=self._heard(before, edits),
            runs=runs,
        )
        edits = [edit for edit in told if edit.kind != "equal"]
        edits += kinds.taken_back(found, segment.text)
        edits.sort(key=lambda edit: edit.after_at)
        times = kinds.timed(
            edits, before, segment.text, self.words, segment.start_ms, segment.end_ms
        )
        return [
            vars(edit) | {"segment_id": segment.pk, "start_ms": start_ms, "end_ms": end_ms}
            for edit, (start_ms, end_ms) in zip(edits, times, strict=True)
        ]

    def _heard(self, before: str, edits: Iterable[Edit]) -> list[Run]:
        """The languages of the words before, where they may be others than those after."""
        if len(self.languages) < 2 or all(edit.kind != "substitution" for edit in edits):
            return []
        (rows,) = tags.found(self.languages, [before])
        return [Run(*row) for row in rows]


def submit_review(
    user: Any,
    job: Job,
    *,
    kept: Collection[str] | None = None,
    seconds_spent: int | None = None,
    api_key: ApiKey | None = None,
) -> Feedback:
    """Close the review, write what it shows, and let the lexicon learn from it. `kept`: the terms
    that it may learn; None for all. `seconds_spent`: where another program knows it;
    `api_key`: its. Raises Refused where there is none to submit."""
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
            api_key=api_key,
            engine_text=summary.engine_text,
            corrected_text=summary.corrected_text,
            diff_data=summary.changes,
            accuracy_score=summary.score.accuracy,
            wer=summary.score.wer,
            cer=summary.score.cer,
            mer=summary.languages.mer,
            term_error_rate=summary.terms.rate,
            counts=summary.languages.stored() | _counts(summary),
            reference_words=summary.score.reference_words,
            word_errors=summary.score.word_errors,
            seconds_spent=_seconds_spent(job, now) if seconds_spent is None else seconds_spent,
            lexicon=_lexicon(summary),
            extracted_terms=learning.extracted(summary.taught, kept),
        )
        learning.learn(user, feedback, summary.passages, summary.taught)
        _count(feedback)
        Job.objects.filter(pk=job.pk).update(
            review_status=Job.Review.REVIEWED, reviewed_at=now, lease_until=None
        )
        tell_of(Event.JOB_REVIEWED, [job.pk], feedback=feedback.pk)
    return feedback


def _counts(summary: Summary) -> dict[str, Any]:
    """What the rates are made of. `normaliser`: that of WER, CER and accuracy; `as_written` and
    `numbers_alike`: words and errors by other ones."""
    score = summary.score
    return {
        "normaliser": normalisers.BASIC,
        "substitutions": score.substitutions,
        "deletions": score.deletions,
        "insertions": score.insertions,
        "characters": score.reference_characters,
        "character_errors": score.character_errors,
        "terms": summary.terms.occurrences,
        "term_errors": summary.terms.wrong,
        **{
            name: {"words": other.reference_words, "errors": other.word_errors}
            for name, other in (
                ("as_written", summary.as_written),
                ("numbers_alike", summary.numbers_alike),
            )
        },
    }


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
    uses = {term: sign * number for term, number in learning.Learned.of(feedback).uses.items()}
    count(confirmed=confirmed, undone=undone, uses=uses)


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
            learning.unlearn(feedback)
            _count(feedback, -1)
            feedback.withdrawn_at = timezone.now()
            feedback.save(update_fields=["withdrawn_at"])
