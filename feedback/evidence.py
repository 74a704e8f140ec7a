"""Where terms were taught, where what they led to was taken back, and how sure that makes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from feedback.mining import Lesson
from feedback.models import Feedback, TermEvidence
from lexicon.models import Term
from lexicon.normalising import normalise
from transcription.models import Segment
from transcription.said import Said, said
from transcription.segments import SegmentRow
from transcription.standing import UNDONE, Standing

MOST_REVIEWS = 20  # the latest so many make up how sure a term is
TAUGHT, UNDID = TermEvidence.Kind.TAUGHT, TermEvidence.Kind.UNDONE

Passage = tuple[SegmentRow, Sequence[Standing]]  # and what became of the lexicon's replacements


def write_evidence(
    feedback: Feedback,
    passages: Sequence[Passage],
    lessons: Iterable[Lesson],
    terms: Mapping[str, Term],
) -> None:
    """A row for each place where a term was taught, or what it led to was taken back."""
    taught = [(terms[e.term].pk, place) for e in lessons if e.term in terms for place in e.places]
    undone = [
        (number, standing)
        for number, (_, found) in enumerate(passages)
        for standing in found
        if standing.state == UNDONE
    ]
    there = set(
        Term.objects.filter(pk__in={s.replacement.term for _, s in undone}).values_list(
            "pk", flat=True
        )
    )
    met = {place.passage for _, place in taught} | {number for number, _ in undone}
    listen = _Times(passages, met)
    rows = [
        (pk, place.passage, TAUGHT, place.heard, place.corrected, place.after_at)
        for pk, place in taught
    ]
    rows += [
        (s.replacement.term, number, UNDID, s.replacement.after,
         passages[number][0].text[s.start : s.end], s.start)
        for number, s in undone
        if s.replacement.term in there
    ]  # fmt: skip
    TermEvidence.objects.bulk_create(
        TermEvidence(
            term_id=pk, feedback=feedback, segment_id=passages[number][0].pk, kind=kind,
            heard=heard, corrected=corrected, start_ms=start_ms, end_ms=end_ms,
        )
        for pk, number, kind, heard, corrected, at in rows
        for start_ms, end_ms in [listen.to(number, at, at + len(corrected))]
    )  # fmt: skip


class _Times:
    """When the words of some passages were said."""

    def __init__(self, passages: Sequence[Passage], met: Iterable[int]) -> None:
        self.segments = {number: passages[number][0] for number in met}
        ids = [segment.pk for segment in self.segments.values()]
        heard = dict(Segment.objects.filter(pk__in=ids).values_list("pk", "words"))
        self.words: dict[int, list[Said]] = {
            number: said(each.text, heard.get(each.pk, ()), each.start_ms, each.end_ms)
            for number, each in self.segments.items()
        }

    def to(self, number: int, start: int, end: int) -> tuple[int, int]:
        met = [word for word in self.words[number] if word.start < end and start < word.end]
        segment = self.segments[number]
        if not met:
            return segment.start_ms, segment.end_ms
        return met[0].start_ms, met[-1].end_ms


@dataclass(frozen=True)
class Review:
    """What one review says for a term. `heard`: what it was misheard as there, normalised."""

    confidence: float
    trusted: bool
    recording: str
    api_key_id: int | None
    heard: frozenset[str]


def sureness(reviews: Iterable[Review]) -> float:
    """That not all of them are wrong."""
    return round(1 - prod(1 - review.confidence for review in reviews), 4)


def reviews_of(term_ids: Collection[int]) -> dict[int, list[Review]]:
    """The latest reviews that taught each of the terms."""
    rows = TermEvidence.objects.filter(term__in=term_ids, kind=TAUGHT).exclude(feedback=None)
    heard: dict[int, dict[int, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for term_id, feedback_id, corrected, text in rows.values_list(
        "term_id", "feedback_id", "corrected", "heard"
    ).distinct():
        heard[term_id][feedback_id].add((normalise(corrected), normalise(text)))
    latest = {pk: sorted(of, reverse=True)[:MOST_REVIEWS] for pk, of in heard.items()}
    reviews = {
        pk: (extracted_terms, trusted, recording, key)
        for pk, extracted_terms, trusted, recording, key in Feedback.objects.filter(
            pk__in={pk for ids in latest.values() for pk in ids}
        ).values_list(
            "pk", "extracted_terms", "lexicon__learned__trusted", "job__audio_sha256",
            "job__api_key_id",
        )
    }  # fmt: skip
    found: dict[int, list[Review]] = {pk: [] for pk in term_ids}
    for pk, ids in latest.items():
        for each in ids:
            entries, trusted, recording, key = reviews[each]
            written = {corrected for corrected, _ in heard[pk][each]}
            sure = [e.get("confidence", 0) for e in entries if normalise(e["corrected"]) in written]
            texts = frozenset(text for _, text in heard[pk][each])
            found[pk].append(Review(max(sure, default=0), bool(trusted), recording, key, texts))
    return found
