"""What reviews suggest and nobody has decided on: new terms, and what terms in use are misheard as.
Admin and the API list these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from feedback.learning import OFTEN
from feedback.models import TermEvidence
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise
from transcription.models import Job

TAUGHT = TermEvidence.Kind.TAUGHT
MOST_PLACES = 3  # that are shown of one candidate, to listen to
MOST_LOOKED_AT = 20  # pieces of evidence, for the places of one alternative
# turned off because reviewers took back what they led to
UNDONE = Q(enabled=False, undone_count__gte=OFTEN, undone_count__gt=F("count"))
WAITING = Q(enabled=False, source=Source.LEARNED, term__status=Term.Status.APPROVED)

AnyTerm = TypeVar("AnyTerm", bound=Term)


def suggested(terms: QuerySet[AnyTerm]) -> QuerySet[AnyTerm]:
    """Those of the terms that wait."""
    return terms.filter(status=Term.Status.SUGGESTED, source=Source.LEARNED)


def waiting(alternatives: QuerySet[Alternative]) -> QuerySet[Alternative]:
    return alternatives.filter(WAITING).exclude(UNDONE)


def counted(terms: QuerySet[Any], jobs: QuerySet[Job] | None = None) -> QuerySet[Any]:
    """With how often each was `taught`, by how many `reviewers` and in how many `recordings`, of
    these jobs; None: of all."""
    rows = TermEvidence.objects.filter(term=OuterRef("pk"), kind=TAUGHT)
    if jobs is not None:
        rows = rows.filter(feedback__job__in=jobs.order_by().values("pk"))
    of_each = rows.order_by().values("term")

    def number(of: Count) -> Coalesce:
        found = Subquery(of_each.annotate(n=of).values("n"), output_field=IntegerField())
        return Coalesce(found, 0)

    return terms.annotate(
        taught=number(Count("pk")),
        reviewers=number(Count("feedback__reviewer_id", distinct=True)),
        recordings=number(Count("feedback__job", distinct=True)),
    )


def seen_in(jobs: QuerySet[Job]) -> QuerySet[TermEvidence]:
    """What was seen in these jobs: each row's own job is looked up, for there are very many."""
    own = Coalesce(OuterRef("segment__job"), OuterRef("feedback__job"))
    return TermEvidence.objects.filter(Exists(jobs.order_by().filter(pk=own)))


def evidence_in(jobs: QuerySet[Job], most: int, **only: Any) -> QuerySet[TermEvidence]:
    """The latest of each term, in these jobs."""
    seen = seen_in(jobs).filter(**only)
    return seen.select_related("segment", "feedback").order_by("-pk")[:most]


def of_alternative(
    alternative: Alternative, evidence: Iterable[TermEvidence]
) -> Iterable[TermEvidence]:
    """What of its term's evidence is about it."""
    return (
        each
        for each in evidence
        if normalise(each.heard if each.kind == TAUGHT else each.corrected)
        == alternative.normalized
    )


def job_of(evidence: TermEvidence) -> Any:
    return getattr(evidence.segment or evidence.feedback, "job_id", None)
