"""Find and replace over a recording, and what the lexicon may learn from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from feedback.finding import Hit, Search, hits, replaced
from feedback.learning import own_term
from feedback.saving import Refused, begin_review, checked, lock_open_job, write
from lexicon import services as lexicon
from lexicon.borders import Border
from lexicon.models import Source, Term
from lexicon.normalising import normalise
from transcription.models import Job, Segment
from transcription.segments import SegmentRow, segment_rows

MOST_SHOWN = 500
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Found:
    """What a search found in the whole recording, of which only the first places are shown."""

    search: Search
    shown: list[tuple[SegmentRow, Hit]]
    count: int


@dataclass(frozen=True)
class Place:
    """A place that was chosen: characters of a segment's text at that version."""

    segment_id: int
    version: int
    start: int
    end: int


@dataclass(frozen=True)
class Replaced:
    changed: list[Segment]
    count: int
    left: int  # places in segments that were changed since


def find(job: Job, search: Search) -> Found:
    """Raises Refused."""
    _check_search(search.text)
    places = [(segment, hit) for segment in segment_rows(job) for hit in hits(segment.text, search)]
    return Found(search, places[:MOST_SHOWN], len(places))


def replace_places(
    user: Any, job: Job, search: Search, replacement: str, places: Iterable[Place]
) -> Replaced:
    """Replace them, all at once; those in segments that were changed since stay. Raises Refused."""
    _check_search(search.text)

    def text_of(segment: Segment, chosen: Collection[Border]) -> tuple[str, int]:
        known = {(hit.start, hit.end) for hit in hits(segment.text, search)}
        there = sorted(known & set(chosen))
        return replaced(segment.text, there, replacement), len(there)

    return change_places(user, job, places, text_of)


def change_places(
    user: Any,
    job: Job,
    places: Iterable[Place],
    text_of: Callable[[Segment, Collection[Border]], tuple[str, int]],
) -> Replaced:
    """Change segments in places that were chosen, all at once; what was changed since stays.
    `text_of`: of a segment, with some of its characters, its new text and how many of the places
    it found. Raises Refused."""
    wanted: dict[int, list[Place]] = {}
    for place in places:
        wanted.setdefault(place.segment_id, []).append(place)
    changed: list[Segment] = []
    count = 0
    with transaction.atomic():
        job = lock_open_job(job)
        segments = Segment.objects.filter(job=job, pk__in=wanted, retired_at=None)
        for segment in segments.order_by("pk").select_for_update():
            of_now = [p for p in wanted[segment.pk] if p.version == segment.version]
            text, done = text_of(segment, [(p.start, p.end) for p in of_now])
            if done:
                write(user, job, segment, checked(text), accepted=segment.accepted)
                changed.append(segment)
                count += done
        if changed:
            begin_review(user, job)
    return Replaced(changed, count, sum(map(len, wanted.values())) - count)


def learn(user: Any, job: Job, term: str, heard: Mapping[str, int], language: str = "") -> str:
    """Add a term, and what was heard in its place, to the lexicon: at once where the user may
    decide on terms, else for those who may. What a client says stays that client's. What became of
    it, as a sentence. Raises Refused."""
    if job.api_key_id:
        everyones = Term.objects.filter(
            api_key=None, normalized=normalise(term), language=language, status=Term.Status.APPROVED
        )
        if model := everyones.first():
            own_term(model.term, job.api_key_id, model)
    decides = user.has_perm("lexicon.add_term") and user.has_perm("lexicon.change_term")
    try:
        added = lexicon.add_term(
            term,
            source=Source.LEARNED,
            language=language,
            api_key_id=job.api_key_id,
            status=Term.Status.APPROVED if decides else Term.Status.SUGGESTED,
            alternatives=heard,
            user=user,
        )
    except lexicon.Refused as refusal:
        raise Refused(str(refusal)) from None
    return _told(added)


def _told(added: lexicon.Added) -> str:
    name = added.term.term
    if added.outcome == "rejected":
        return f"“{name}” was rejected before, so it stays out of the lexicon."
    if added.term.status == Term.Status.APPROVED:
        return f"“{name}” is in the lexicon, for the next recordings."
    return f"“{name}” is suggested for the lexicon; a curator decides."


def _check_search(text: str) -> None:
    if not text.strip():
        raise Refused("Say what to look for.")
    if len(text) > LONGEST_SEARCH or "\x00" in text:
        raise Refused(f"Look for at most {LONGEST_SEARCH} characters, without NUL.")
