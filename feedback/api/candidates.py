"""What reviews suggest, for clients that curate: listing it, and deciding on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import candidates
from feedback.models import TermEvidence
from lexicon import services, versions
from lexicon.api.forms import AlternativeSerializer, Code, TermSerializer, WarnedTerm
from lexicon.api.terms import TERM, LexiconView
from lexicon.languages import language_code
from lexicon.models import Alternative, Term
from speech_project.api import bodies, queries
from speech_project.api.fields import Choice
from speech_project.api.idempotency import idempotent
from speech_project.api.pages import LatestFirst
from speech_project.api.problems import NOT_FOUND, Problem
from speech_project.api.schema import answers, asks, refuses
from transcription.access import visible_jobs

MOST_DECIDED = 100  # at once

# --- Shown -------------------------------------------------------------------------------------


class PlaceSerializer(serializers.ModelSerializer):
    """Where it was taught."""

    job = serializers.SerializerMethodField(help_text="The recording.")

    class Meta:
        model = TermEvidence
        fields = ("job", "segment", "heard", "corrected", "start_ms", "end_ms", "created_at")

    @extend_schema_field(OpenApiTypes.UUID)
    def get_job(self, evidence: TermEvidence) -> Any:
        return candidates.job_of(evidence)


class CandidateSerializer(TermSerializer):
    """All but the term itself tells of recordings that the caller may see."""

    taught = serializers.IntegerField(help_text="How often reviewers wrote it.")
    reviewers = serializers.IntegerField(help_text="How many of them.")
    recordings = serializers.IntegerField(help_text="In how many.")
    places = PlaceSerializer(many=True, help_text=f"The last {candidates.MOST_PLACES}.")

    class Meta(TermSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *TermSerializer.Meta.fields, "taught", "reviewers", "recordings", "places"
        )  # fmt: skip


class ItsTerm(serializers.ModelSerializer):
    class Meta:
        model = Term
        fields = ("id", "term", "language", "kind")


class WaitingSerializer(AlternativeSerializer):
    term = ItsTerm()
    everyone = serializers.SerializerMethodField()
    places = serializers.SerializerMethodField(help_text=f"The last {candidates.MOST_PLACES}.")

    class Meta(AlternativeSerializer.Meta):
        fields = (*AlternativeSerializer.Meta.fields, "term", "everyone", "places")  # type: ignore[assignment]

    def get_everyone(self, alternative: Alternative) -> bool:
        return alternative.term.api_key_id is None

    @extend_schema_field(PlaceSerializer(many=True))
    def get_places(self, alternative: Any) -> list[Any]:
        found = candidates.of_alternative(alternative, alternative.term.seen)
        return [*PlaceSerializer(islice(found, candidates.MOST_PLACES), many=True).data]

    def to_representation(self, alternative: Alternative) -> dict[str, Any]:
        shown = super().to_representation(alternative)
        if not self.context["reach"].counts(alternative.term):
            shown["counts"] = None
        return shown


PLACE = {
    "job": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "segment": 91,
    "heard": "us and paid",
    "corrected": "Ozempic",
    "start_ms": 4120,
    "end_ms": 4890,
    "created_at": "2026-11-22T10:15:00Z",
}
COUNTS = {
    "sent": 0,
    "matched": 0,
    "confirmed": 0,
    "undone": 0,
    "frequency": 3,
    "confidence": 0.93,
}
CANDIDATE = TERM | {
    "status": "suggested",
    "source": "learned",
    "alternatives": [
        {
            "id": 40,
            "text": "us and paid",
            "enabled": True,
            "proven": False,
            "source": "learned",
            "counts": {"seen": 3, "undone": 0},
        }
    ],
    "counts": COUNTS,
    "taught": 3,
    "reviewers": 2,
    "recordings": 2,
    "places": [PLACE],
}
ALTERNATIVE = {
    "id": 41,
    "text": "oh some pig",
    "enabled": False,
    "proven": False,
    "source": "learned",
    "counts": {"seen": 2, "undone": 0},
    "term": {"id": 17, "term": "Ozempic", "language": "", "kind": "drug"},
    "everyone": False,
    "places": [PLACE | {"heard": "oh some pig"}],
}

# --- Sent --------------------------------------------------------------------------------------


class CandidateFilter(serializers.Serializer):
    kind = Choice(Term.Kind.choices, required=False)
    language = Code(language_code, required=False, help_text="Empty: terms of any language.")


def _ids() -> serializers.ListField:
    number = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    return serializers.ListField(child=number, min_length=1, max_length=MOST_DECIDED)


class ManyForm(serializers.Serializer):
    ids = _ids()


class MergeForm(serializers.Serializer):
    into = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of the term that is kept."
    )


class MergeManyForm(MergeForm):
    ids = _ids()


class Decided(serializers.Serializer):
    changed = serializers.IntegerField()
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="What may go wrong with them."
    )


GONE = refuses(
    not_waiting=(409, "These wait for nobody (any more), or are not yours: 12. Nothing was done.")
)
DECISION = OpenApiParameter(
    "decision",
    str,
    OpenApiParameter.PATH,
    enum=["accept", "reject"],
    description="`accept`: use it from now on. `reject`: never suggest it again.",
)

# --- Listing -----------------------------------------------------------------------------------


class Candidates(LexiconView):
    scopes = {"GET": "lexicon:read"}
    pagination_class = LatestFirst

    @extend_schema(
        operation_id="list_candidates",
        parameters=[CandidateFilter],
        responses=CandidateSerializer(many=True),
        examples=[answers(CANDIDATE)],
    )
    def get(self, request: Request) -> Response:
        """List the terms that reviews suggest, the latest first.

        Those that you may decide on. Figures and places are of recordings that you may see.
        """
        wished, jobs = queries.read(request, CandidateFilter), visible_jobs(request.user)
        found = candidates.suggested(self.reach.written).filter(**wished)
        places = candidates.evidence_in(jobs, candidates.MOST_PLACES, kind=candidates.TAUGHT)
        found = candidates.counted(self.reach.shown(found), jobs).prefetch_related(
            Prefetch("evidence", places, to_attr="places")
        )
        context = {"reach": self.reach, "counts": True}
        return LatestFirst.answer(
            request,
            found,
            lambda rows: [*CandidateSerializer(rows, many=True, context=context).data],
        )


class WaitingAlternatives(LexiconView):
    scopes = {"GET": "lexicon:read"}
    pagination_class = LatestFirst

    @extend_schema(
        operation_id="list_waiting_alternatives",
        responses=WaitingSerializer(many=True),
        examples=[answers(ALTERNATIVE)],
    )
    def get(self, request: Request) -> Response:
        """List what reviews say that terms in use are misheard as, the latest first.

        Of terms that you may write. Places are of recordings that you may see.
        """
        queries.read(request)
        places = candidates.evidence_in(visible_jobs(request.user), candidates.MOST_LOOKED_AT)
        found = candidates.waiting(self.reach.alternatives.filter(term__in=self.reach.written))
        found = found.select_related("term").prefetch_related(
            Prefetch("term__evidence", places, to_attr="seen")
        )
        context = {"reach": self.reach}
        return LatestFirst.answer(
            request, found, lambda rows: [*WaitingSerializer(rows, many=True, context=context).data]
        )


# --- Deciding ----------------------------------------------------------------------------------

Decisions = Mapping[str, Callable[[QuerySet[Any]], int]]


class Deciding(LexiconView):
    """`decisions`: what does each, by its name in the address."""

    scopes = {"POST": "lexicon:write"}
    kind = "candidate"
    decisions: ClassVar[Decisions] = {"accept": services.approve, "reject": services.reject}
    decided: Collection[int] = ()

    def waiting(self) -> QuerySet[Any]:
        return candidates.suggested(self.reach.written)

    def terms_of(self, ids: Collection[int]) -> QuerySet[Term]:
        return Term.objects.filter(pk__in=ids)

    def hold(self, ids: Collection[int]) -> QuerySet[Any]:
        """Those of these ids, all of them, while the lexicon is held."""
        versions.hold()
        found = self.waiting().filter(pk__in=ids)
        if gone := sorted({*ids} - {*found.values_list("pk", flat=True)}):
            told = ", ".join(map(str, gone))
            raise Problem(
                status.HTTP_409_CONFLICT,
                "not_waiting",
                f"These wait for nobody (any more), or are not yours: {told}. Nothing was done.",
                ids=gone,
            )
        return found

    def decide(self, decision: str, ids: Collection[int]) -> Response:
        if decision not in self.decisions:
            raise Http404(NOT_FOUND)
        self.actions, self.decided = {"POST": f"{self.kind}.{decision}"}, ids  # type: ignore[misc]
        with transaction.atomic():
            chosen = self.hold(ids)
            terms = list(self.terms_of(ids).values_list("pk", flat=True))
            changed = self.decisions[decision](chosen)
        warnings = self.reach.warnings(Term.objects.filter(pk__in=terms))
        return Response({"changed": changed, "warnings": warnings})

    def audit_targets(self, response: Any) -> list[str]:
        return [f"{self.kind} {number}" for number in self.decided]


class DecideMany(Deciding):
    @extend_schema(
        operation_id="decide_candidates",
        parameters=[DECISION],
        request=ManyForm,
        responses={200: Decided} | GONE,
        examples=[asks({"ids": [17, 18]}), answers({"changed": 2, "warnings": []})],
    )
    @idempotent
    def post(self, request: Request, decision: str) -> Response:
        """Accept or reject suggested terms, all of them or, where one does not wait, none."""
        return self.decide(decision, bodies.read(request, ManyForm)["ids"])


class DecideOne(Deciding):
    @extend_schema(
        operation_id="decide_candidate",
        parameters=[DECISION],
        request=None,
        responses={200: Decided} | GONE,
        examples=[answers({"changed": 1, "warnings": []})],
    )
    @idempotent
    def post(self, request: Request, candidate_id: int, decision: str) -> Response:
        """Accept or reject a suggested term."""
        return self.decide(decision, [candidate_id])


class OfAlternatives(Deciding):
    kind = "alternative"
    decisions = {"accept": services.accept_alternatives, "reject": services.reject_alternatives}

    def waiting(self) -> QuerySet[Any]:
        return candidates.waiting(self.reach.alternatives.filter(term__in=self.reach.written))

    def terms_of(self, ids: Collection[int]) -> QuerySet[Term]:
        return Term.objects.filter(alternatives__in=ids).distinct()


class DecideAlternatives(OfAlternatives):
    @extend_schema(
        operation_id="decide_alternatives",
        parameters=[DECISION],
        request=ManyForm,
        responses={200: Decided} | GONE,
        examples=[asks({"ids": [41, 42]}), answers({"changed": 2, "warnings": []})],
    )
    @idempotent
    def post(self, request: Request, decision: str) -> Response:
        """Accept or reject what terms are misheard as, all or, where one does not wait, none."""
        return self.decide(decision, bodies.read(request, ManyForm)["ids"])


class DecideAlternative(OfAlternatives):
    @extend_schema(
        operation_id="decide_alternative",
        parameters=[DECISION],
        request=None,
        responses={200: Decided} | GONE,
        examples=[answers({"changed": 1, "warnings": []})],
    )
    @idempotent
    def post(self, request: Request, alternative_id: int, decision: str) -> Response:
        """Accept or reject something that a term is misheard as."""
        return self.decide(decision, [alternative_id])


class Merging(Deciding):
    actions = {"POST": "candidate.merge"}

    def merge(self, into: int, ids: Collection[int]) -> Response:
        self.decided = ids
        with transaction.atomic():
            self.hold(ids)
            kept = self.kept(into)
            try:
                services.merge(kept.pk, ids)
            except services.Refused as error:
                raise Problem(status.HTTP_409_CONFLICT, "not_possible", str(error)) from None
            return self.changed(kept.pk)

    def kept(self, into: int) -> Term:
        try:
            return self.reach.to_change(into)
        except Http404:
            told = "There is no such term, or it is not yours to see."
            raise serializers.ValidationError({"into": told}) from None


MERGES: dict[str, Any] = {
    "responses": {200: WarnedTerm}
    | GONE
    | refuses(not_possible=(409, "Choose at least two terms to merge.")),
}


class MergeMany(Merging):
    @extend_schema(
        operation_id="merge_candidates",
        request=MergeManyForm,
        examples=[asks({"ids": [18, 19], "into": 17}), answers(TERM | {"warnings": []})],
        **MERGES,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Merge suggested terms into another, which takes over all that is known of them.

        Their spellings become its alternatives. They stay, retired.
        """
        return self.merge(**bodies.read(request, MergeManyForm))


class MergeOne(Merging):
    @extend_schema(
        operation_id="merge_candidate",
        request=MergeForm,
        examples=[asks({"into": 17}), answers(TERM | {"warnings": []})],
        **MERGES,
    )
    @idempotent
    def post(self, request: Request, candidate_id: int) -> Response:
        """Merge a suggested term into another, which takes over all that is known of it."""
        return self.merge(ids=[candidate_id], **bodies.read(request, MergeForm))
