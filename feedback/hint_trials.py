"""What it brings to tell an engine of terms. A reviewed recording is heard twice, with these terms
as hints and without; both answers, before the lexicon corrects them, are scored against what the
reviewer made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from feedback.comparing import Passage, Place, dealt
from feedback.proposals import heard
from feedback.scoring import NOTHING, Score, TermIndex, TermScore, score, term_index, term_score
from feedback.trials import recent_reviews
from feedback.uses import uses
from lexicon.models import Term
from transcription import choosing
from transcription.engines.base import Capabilities
from transcription.models import Job, Segment
from transcription.services import NotPossible, rerun_job

MOST_TERMS = 100  # as many as models take
MOST_RECORDINGS = 50  # the last reviewed, among which one is chosen
MOST_EARLIER = 100  # trials, among which those of a term are shown
# wishes of the source that would blur what the hints do
LEFT_OUT = ("hints", "terms", "against", "second_look")

NO_TERMS = TermScore()


@dataclass(frozen=True)
class Recording:
    """One that may be asked for again: how often the terms stand in its reviewed text."""

    job: Job
    uses: int


def models() -> list[Capabilities]:
    """Those that can be told of terms, and asked today."""
    return [record for record in choosing.offered_models() if record.takes_terms != "none"]


def recordings(jobs: QuerySet[Job], terms: Sequence[Term]) -> list[Recording]:
    """Of the last reviewed ones those in which the terms stand, the most often first."""
    latest = recent_reviews(jobs, terms, MOST_RECORDINGS)
    if not terms:
        return []
    any_of = reduce(or_, (Q(text__icontains=term.term) for term in terms))
    segments = Segment.objects.filter(any_of, job__in=latest, retired_at=None)
    texts: dict[UUID, list[str]] = {}
    for job_id, text in segments.values_list("job", "text"):
        texts.setdefault(job_id, []).append(text)
    known = _normalised(terms)
    found = [Recording(job, uses(texts.get(job.pk, ()), known).total()) for job in latest]
    return sorted((each for each in found if each.uses), key=lambda each: -each.uses)


def _normalised(terms: Sequence[Term]) -> list[tuple[int, str]]:
    return [(term.pk, term.normalized) for term in terms]


def ask_twice(user: Any, job: Job, model: str, terms: Sequence[Term]) -> Job:
    """Have the recording heard without hints and with these terms; the second of the two jobs,
    which names the first. Raises JobRefused and NotPossible."""
    if model not in [record.model for record in models()]:
        raise NotPossible(f"The model {model} cannot be told of terms today. Choose another.")
    if job.review_status != Job.Review.REVIEWED:
        raise NotPossible(f"{job.title}: choose a recording whose review is submitted.")
    if any(term.api_key_id not in (None, job.api_key_id) for term in terms):
        raise NotPossible(f"{job.title}: some of these terms are another client's.")
    usual = {name: wish for name, wish in job.options.items() if name not in LEFT_OUT}
    ids = [term.pk for term in terms]
    with transaction.atomic():
        untold = rerun_job(
            job, model=model, proposal=True, options=usual | {"hints": False}, owner=user
        )
        told = usual | {"terms": ids, "against": str(untold.pk)}
        return rerun_job(job, model=model, proposal=True, options=told, owner=user)


@dataclass(frozen=True)
class Run:
    """Of one of the two: errors, and on the terms those alone. `invented`: terms that it has where
    the reviewer's text has none."""

    job: Job
    score: Score = NOTHING
    terms: TermScore = NO_TERMS
    invented: int = 0


@dataclass(frozen=True)
class Spot:
    """A segment in which terms stand, or were written by one of the runs."""

    segment: Segment
    untold: str
    told: str
    gain: int  # how many fewer errors on terms there are with hints

    @property
    def verdict(self) -> str:
        return "better" if self.gain > 0 else "worse" if self.gain < 0 else "as before"


@dataclass(frozen=True)
class Result:
    job: Job
    terms: Sequence[Term]
    untold: Run
    told: Run
    spots: Sequence[Spot] = ()

    @property
    def runs(self) -> tuple[Run, Run]:
        return self.untold, self.told

    @property
    def complete(self) -> bool:
        return all(run.job.status == Job.Status.COMPLETED for run in self.runs)

    @property
    def at_work(self) -> bool:
        return any(run.job.working for run in self.runs)


def pair(jobs: QuerySet[Job], told_id: UUID) -> tuple[Job, Job, Job] | None:
    """The reviewed recording and its two runs, without and with; None where one cannot be seen."""
    told = jobs.filter(pk=told_id, proposal=True, options__has_key="against").first()
    if told is None or told.source_job_id is None:
        return None
    source = jobs.filter(pk=told.source_job_id).first()
    untold = jobs.filter(pk=told.options["against"], source_job=told.source_job_id).first()
    return (source, untold, told) if source and untold else None


def earlier(jobs: QuerySet[Job], terms: Sequence[Term]) -> list[Job]:
    """The last runs with any of these terms as hints."""
    tried = jobs.filter(proposal=True, options__has_key="against", source_job__isnull=False)
    ids = {term.pk for term in terms}
    latest = tried.order_by("-created_at")[:MOST_EARLIER]
    return [job for job in latest if ids.intersection(job.options["terms"])]


def result(job: Job, untold: Job, told: Job) -> Result:
    """What came of both, as far as both are heard."""
    terms = list(Term.objects.filter(pk__in=told.options["terms"]).order_by("normalized", "pk"))
    found = Result(job, terms, Run(untold), Run(told))
    if not found.complete:
        return found
    index = term_index([(term.term, term.case_sensitive) for term in terms])
    live = Segment.objects.filter(job=job, retired_at=None).order_by("position", "id")
    segments = list(live.defer("words", "tags").select_related("chunk"))
    places = [
        Place(each.text, each.start_ms, each.end_ms, each.chunk.channel if each.chunk else None)
        for each in segments
    ]
    before, after = (dealt(places, heard(run, "engine_text")) for run in (untold, told))
    return Result(
        job,
        terms,
        _scored(untold, segments, before, terms, index),
        _scored(told, segments, after, terms, index),
        _spots(segments, before, after, terms, index),
    )


def _scored(
    run: Job,
    segments: Sequence[Segment],
    passages: Sequence[Passage],
    terms: Sequence[Term],
    index: TermIndex,
) -> Run:
    total, on_terms, invented = NOTHING, TermScore(), 0
    for segment, passage in zip(segments, passages, strict=True):
        total += score(segment.text, passage.text)
        on_terms += term_score(segment.text, passage.text, index)
        invented += _invented(segment.text, passage.text, terms)
    return Run(run, total, on_terms, invented)


def _invented(reviewed: str, text: str, terms: Sequence[Term]) -> int:
    known = _normalised(terms)
    return (uses([text], known) - uses([reviewed], known)).total()


def _spots(
    segments: Sequence[Segment],
    untold: Sequence[Passage],
    told: Sequence[Passage],
    terms: Sequence[Term],
    index: TermIndex,
) -> list[Spot]:
    """Those that the hints changed first."""
    found = []
    for segment, one, other in zip(segments, untold, told, strict=True):
        if not uses([segment.text, one.text, other.text], _normalised(terms)):
            continue
        before, after = (
            term_score(segment.text, text, index).wrong + _invented(segment.text, text, terms)
            for text in (one.text, other.text)
        )
        found.append(Spot(segment, one.text, other.text, before - after))
    return sorted(found, key=lambda spot: (spot.gain == 0, spot.segment.position))
