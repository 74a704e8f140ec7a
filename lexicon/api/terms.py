"""Terms: listing, reading, entering and changing them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from lexicon import editing, services, versions
from lexicon.api.forms import (
    ChangedTerm,
    CountsWish,
    NewTerm,
    TermSerializer,
    TermsWish,
    WarnedTerm,
)
from lexicon.api.reach import Reach
from lexicon.models import Source, Term
from speech_project.api import bodies, preconditions, queries
from speech_project.api.idempotency import idempotent
from speech_project.api.pages import LatestFirst
from speech_project.api.problems import Problem
from speech_project.api.schema import (
    IF_MATCH,
    IF_NONE_MATCH,
    LOCATION,
    answers,
    asks,
    refuses,
)
from speech_project.api.views import ApiView

ANSWERED = TermSerializer.Meta.fields  # what a client may send back with its changes
TERM = {
    "id": 17,
    "term": "Ozempic",
    "language": "",
    "script": "Latn",
    "kind": "drug",
    "status": "approved",
    "everyone": False,
    "api_key": "1a2b3c4d",
    "alternatives": [
        {"id": 40, "text": "us and paid", "enabled": True, "proven": False, "source": "api"}
    ],
    "sounds_like": "oh zem pick",
    "case_sensitive": False,
    "priority": 0,
    "pinned": False,
    "note": "",
    "example": "She takes Ozempic once a week.",
    "metadata": {"department": "cardiology"},
    "source": "api",
    "created_by_name": "",
    "created_at": "2026-11-22T10:15:00Z",
    "updated_at": "2026-11-22T10:15:00Z",
}
NEW = {"term": "Ozempic", "kind": "drug", "status": "approved", "alternatives": ["us and paid"]}
IS_THERE = refuses(
    exists=(409, "“Ozempic” is the same term (approved). Change that one."),
)


class LexiconView(ApiView):
    kind = "term"

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        self.reach = Reach.of(request)

    def data_of(self, term_id: int, *, counts: bool = False) -> dict[str, Any]:
        """A term as it is now, as it is shown."""
        term = get_object_or_404(self.reach.shown(self.reach.terms), pk=term_id)
        context = {"reach": self.reach, "counts": counts}
        return dict(TermSerializer(term, context=context).data)

    def changed(self, term_id: int, **more: Any) -> Response:
        """A term after a change, with what may go wrong with it; its ETag as for readers."""
        data = self.data_of(term_id)
        warnings = self.reach.warnings(Term.objects.filter(pk=term_id))
        response = Response(data | {"warnings": warnings}, **more)
        response["ETag"] = preconditions.etag_of(data)
        return response


def narrowed(request: Request, reach: Reach, wished: dict[str, Any]) -> QuerySet[Term]:
    """The terms that the filters of TermFilter leave."""
    text = wished.get("q")
    found = reach.found(text) if text else reach.terms
    if wished.get("mine"):
        mine = {"api_key": reach.key} if reach.key else {"created_by_id": request.user.pk}
        found = found.filter(**mine)
    if since := wished.get("updated_after"):
        found = found.filter(updated_at__gt=since)
    given = {name: wished[name] for name in ("status", "kind", "language") if name in wished}
    return found.filter(**given)


class Terms(LexiconView):
    scopes = {"GET": "lexicon:read", "POST": "lexicon:write"}
    people = {"POST": "lexicon.add_term"}
    actions = {"POST": "term.create"}
    pagination_class = LatestFirst

    @extend_schema(
        operation_id="list_terms",
        parameters=[TermsWish],
        responses=TermSerializer(many=True),
        examples=[answers(TERM)],
    )
    def get(self, request: Request) -> Response:
        """List terms, the latest first.

        A key sees its own, and of everyone's those that are approved; with the scope admin all of
        everyone's. Their notes, examples and metadata are shown to those who may write them.
        """
        wished = queries.read(request, TermsWish)
        terms = self.reach.shown(narrowed(request, self.reach, wished))
        context = {"reach": self.reach, "counts": wished.get("counts")}
        return LatestFirst.answer(
            request, terms, lambda rows: [*TermSerializer(rows, many=True, context=context).data]
        )

    @extend_schema(
        operation_id="create_term",
        parameters=[LOCATION],
        request=NewTerm,
        responses={201: WarnedTerm} | IS_THERE,
        examples=[asks(NEW), answers(TERM | {"warnings": []})],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Enter a term, with what it is misheard as.

        It is the key's own, and used for its recordings alone, unless it is `everyone`'s. Where it
        is there already, nothing is changed; the answer has its `id` as `term`. To change many, or
        to add whatever is not there, use `bulk/`.
        """
        given = bodies.read(request, NewTerm)
        alternatives = given.pop("alternatives")
        key = self.reach.scope(everyone=bool(given.pop("everyone")))
        with transaction.atomic():
            versions.hold()
            try:
                editing.settle(Term(term=given["term"], language=given["language"], api_key=key))
            except editing.Taken as error:
                raise taken(error) from None
            term = services.add_term(
                given.pop("term"),
                source=Source.API,
                api_key_id=key.pk if key else None,
                user=None if self.reach.key else request.user,
                **given,
            ).term
            editing.set_alternatives(term, alternatives)
        address = request.build_absolute_uri(reverse("api-term", args=[term.pk]))
        return self.changed(term.pk, status=201, headers={"Location": address})


def taken(error: editing.Taken) -> Problem:
    return Problem(status.HTTP_409_CONFLICT, "exists", str(error), term=error.term.pk)


class OneTerm(LexiconView):
    scopes = {"GET": "lexicon:read", "PATCH": "lexicon:write", "DELETE": "lexicon:write"}
    people = {"DELETE": "lexicon.delete_term"}
    actions = {"PATCH": "term.change", "DELETE": "term.delete"}

    @extend_schema(
        operation_id="read_term",
        parameters=[CountsWish, IF_NONE_MATCH],
        responses=TermSerializer,
        examples=[answers(TERM)],
    )
    def get(self, request: Request, term_id: int) -> Response:
        """Read a term."""
        wished = queries.read(request, CountsWish)
        return preconditions.shown(request, self.data_of(term_id, **wished))

    @extend_schema(
        operation_id="change_term",
        parameters=[IF_MATCH],
        request=ChangedTerm,
        responses={200: WarnedTerm}
        | IS_THERE
        | refuses(
            if_match_missing=(428, "Send If-Match with the ETag of what you change."),
        ),
        examples=[
            asks({"status": "retired"}, "Use it no more"),
            asks({"alternatives": ["us and paid", {"text": "oh some pig", "enabled": False}]}),
            answers(TERM | {"warnings": []}),
        ],
    )
    def patch(self, request: Request, term_id: int) -> Response:
        """Change a term.

        What is not sent stays. `alternatives` are replaced by those that are sent, which takes
        If-Match; one that is there already keeps its counts, and is on, off or proven as before
        where that is not said. `status` approves, rejects and retires. What only answers have may
        be sent back, and is left alone.
        """
        given = bodies.read(request, ChangedTerm, answered=ANSWERED, partial=True)
        replaced = given.pop("alternatives", None)
        with transaction.atomic():
            versions.hold()
            term = self.reach.to_change(term_id)
            required = replaced is not None
            preconditions.check(request, self.data_of(term_id), required=required)
            try:
                editing.change_term(term, given)
            except editing.Taken as error:
                raise taken(error) from None
            if replaced is not None:
                editing.set_alternatives(term, replaced)
            return self.changed(term_id)

    @extend_schema(
        operation_id="delete_term", parameters=[IF_MATCH], request=None, responses={204: None}
    )
    def delete(self, request: Request, term_id: int) -> Response:
        """Delete a term, and forget all that is known of it.

        Reviews may suggest it again. To use it no more, retire it; to have it never suggested
        again, reject it.
        """
        with transaction.atomic():
            versions.hold()
            term = self.reach.to_change(term_id)
            preconditions.check(request, self.data_of(term_id))
            term.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
