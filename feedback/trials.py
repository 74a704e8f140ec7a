"""What terms would change in transcripts that people have reviewed: known before it is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from feedback.alignment import Edit, word_edits
from lexicon import tokens, versions
from lexicon.borders import Border, words
from lexicon.matching import Compiled, Entry, Passage, Replacement, compile_lexicon, match
from lexicon.models import Term
from lexicon.normalising import normalise
from transcription.models import Job, Segment
from transcription.said import said
from transcription.segments import live_segments

MOST_BESIDE = 20_000  # with more approved terms, those on trial are tried alone
MOST_WORDS = 300_000  # of all transcripts together, so that nobody waits for minutes
CONTEXT = 60  # characters
SAME = ("equal", "case", "punctuation")
RIGHT, WRONG, NEUTRAL = "right", "wrong", "neutral"


@dataclass(frozen=True)
class Hit:
    """A place where a term would be put, and what the reviewer's text has there."""

    job: Job
    segment: Segment
    found: Replacement
    reviewed: str
    start_ms: int
    end_ms: int

    @property
    def verdict(self) -> str:
        """Right where the reviewer has the term, wrong where he has what was heard. Neutral where
        he has neither, or where the two are the same words: there are as many errors as before."""
        now, then = (_holds(self.reviewed, text) for text in (self.found.after, self.found.before))
        if now and then:  # they only differ in writing
            return RIGHT if self.found.after in self.reviewed else NEUTRAL
        return RIGHT if now else WRONG if then else NEUTRAL

    @property
    def left(self) -> str:
        return self.segment.engine_text[max(0, self.found.start - CONTEXT) : self.found.start]

    @property
    def following(self) -> str:
        return self.segment.engine_text[self.found.end : self.found.end + CONTEXT]


@dataclass
class Trial:
    hits: list[Hit] = field(default_factory=list)
    transcripts: int = 0
    words: int = 0
    alone: bool = False  # tried without the other terms, of which there are too many
    cut_short: bool = False

    def count(self, verdict: str) -> int:
        return sum(hit.verdict == verdict for hit in self.hits)


def recent_reviews(jobs: QuerySet[Job], terms: Iterable[Term], most: int) -> list[Job]:
    """The jobs reviewed last of those in which one of the terms may be used."""
    reviewed = jobs.filter(review_status=Job.Review.REVIEWED, status=Job.Status.COMPLETED)
    scopes = {term.api_key_id for term in terms}
    if None not in scopes:
        reviewed = reviewed.filter(api_key__in=scopes)
    return list(reviewed.order_by("-reviewed_at", "pk")[:most])


def trial(terms: Sequence[Term], jobs: Iterable[Job], alternatives: Collection[int] = ()) -> Trial:
    """Look for the terms, whatever their status, in what the engine wrote. `alternatives`: ids of
    those that are tried, whether they are in use or not, and then only what they lead to."""
    result = Trial()
    tried = {
        term.pk: tuple(a.normalized for a in term.alternatives.all() if a.pk in alternatives)
        for term in terms
    }
    compiled: dict[int | None, Compiled] = {}
    for job in jobs:
        if result.words > MOST_WORDS:
            result.cut_short = True
            break
        if job.api_key_id not in compiled:
            entries = _entries(terms, job.api_key_id, alternatives, result)
            compiled[job.api_key_id] = compile_lexicon(entries)
        segments = live_segments(job)
        result.transcripts += 1
        result.words += sum(len(segment.engine_text.split()) for segment in segments)
        found = _hits(job, segments, compiled[job.api_key_id], tried.keys())
        result.hits += [hit for hit in found if not alternatives or _led_to(hit.found, tried)]
    return result


def _led_to(found: Replacement, alternatives: Mapping[int, tuple[str, ...]]) -> bool:
    before = normalise(found.before)  # which may have an ending
    return found.rule in ("alternative", "proven") and before.startswith(alternatives[found.term])


def _entries(
    terms: Sequence[Term], api_key_id: int | None, alternatives: Collection[int], result: Trial
) -> list[Entry]:
    """The terms on trial, beside those in use."""
    tried = [_entry(term, alternatives) for term in terms if term.api_key_id in (None, api_key_id)]
    ids = {entry.id for entry in tried}
    beside = [entry for entry in versions.entries(api_key_id) if entry.id not in ids]
    if len(beside) > MOST_BESIDE:
        result.alone = True
        return tried
    return tried + beside


def _entry(term: Term, alternatives: Collection[int]) -> Entry:
    heard = [each for each in term.alternatives.all() if each.enabled or each.pk in alternatives]
    return Entry(
        id=term.pk,
        text=term.term,
        language=term.language,
        script=term.script,
        kind=term.kind,
        alternatives=tuple(each.text for each in heard),
        sounds_like=term.sounds_like,
        case_sensitive=term.case_sensitive,
        proven=tuple(each.text for each in heard if each.proven),
    )


def _hits(
    job: Job, segments: Sequence[Segment], lexicon: Compiled, tried: Collection[int]
) -> Iterator[Hit]:
    passages = [_passage(segment) for segment in segments]
    found = match(passages, lexicon, languages=job.languages)
    for segment, replacements in zip(segments, found, strict=True):
        edits: list[Edit] | None = None
        for each in replacements:
            if each.term in tried:
                edits = edits or word_edits(segment.engine_text, segment.text)
                reviewed = _counterpart(segment, edits, each)
                yield Hit(job, segment, each, reviewed, *_times(segment, each))


def _times(segment: Segment, found: Replacement) -> tuple[int, int]:
    words = said(segment.engine_text, segment.words, segment.start_ms, segment.end_ms)
    met = [word for word in words if word.start < found.end and found.start < word.end]
    return met[0].start_ms, met[-1].end_ms


def _passage(segment: Segment) -> Passage:
    """With confidences where the stored words are still the engine's."""
    words = [word[0] for word in segment.words]
    heard = words == segment.engine_text.split()
    return Passage(segment.engine_text, [word[3] for word in segment.words] if heard else ())


def _counterpart(segment: Segment, edits: Sequence[Edit], found: Replacement) -> str:
    """What the reviewer's text has where the replacement would be: whole words."""
    places: list[Border] = []
    for edit in edits:
        begin, end = edit.before_at, edit.before_at + len(edit.before)
        between = found.start < begin == end < found.end
        if max(found.start, begin) >= min(found.end, end) and not between:
            continue
        alike = words(edit.before), words(edit.after)
        if edit.kind not in SAME or len(alike[0]) != len(alike[1]):
            places.append((edit.after_at, edit.after_at + len(edit.after)))
            continue
        places += [
            (edit.after_at + first, edit.after_at + last)
            for (start, stop), (first, last) in zip(*alike, strict=True)
            if max(found.start, begin + start) < min(found.end, begin + stop)
        ]
    first = min((start for start, _ in places), default=0)
    return segment.text[first : max((last for _, last in places), default=0)]


def _holds(text: str, term: str) -> bool:
    words, wanted = tokens.split(text), tokens.split(term)
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))
