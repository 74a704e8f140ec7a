"""What of the lexicon a request may see and write: people all of it, API keys their own terms and,
of everyone's, what is in use. Words and numbers out of one client's recordings reach no other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request

from lexicon import checking, searching
from lexicon.models import Alternative, Term
from speech_project.access import scopes
from speech_project.access.clients import key_of
from speech_project.access.models import ApiKey

IN_USE = Q(api_key=None, status=Term.Status.APPROVED)


@dataclass(frozen=True)
class Reach:
    """`key` is None for people. `everyones`: whether it may write everyone's terms."""

    key: ApiKey | None
    everyones: bool

    @classmethod
    def of(cls, request: Request) -> Reach:
        key = key_of(request)
        return cls(key, key is None or scopes.allows(request, scopes.ADMIN))

    @cached_property
    def written(self) -> QuerySet[Term]:
        """What it may write, and so see whole."""
        if self.key is None:
            return Term.objects.all()
        own = Q(api_key=self.key)
        return Term.objects.filter(own | Q(api_key=None) if self.everyones else own)

    @cached_property
    def terms(self) -> QuerySet[Term]:
        if self.everyones:
            return self.written
        return Term.objects.filter(Q(api_key=self.key) | IN_USE)

    @cached_property
    def alternatives(self) -> QuerySet[Alternative]:
        """Of its terms. Those that wait or are off may be what others were heard to say."""
        rows = Alternative.objects.order_by("pk")
        return rows if self.everyones else rows.filter(Q(term__api_key=self.key) | Q(enabled=True))

    def found(self, text: str) -> QuerySet[Term]:
        return searching.search(self.terms, text, self.alternatives)

    def shown(self, terms: QuerySet[Term]) -> QuerySet[Term]:
        """With what is shown of each, read at once."""
        heard = Prefetch("alternatives", self.alternatives)
        return terms.select_related("api_key").prefetch_related(heard)

    def writes(self, term: Term) -> bool:
        return self.everyones or self._owns(term)

    def counts(self, term: Term) -> bool:
        """Whether it may know what became of the term: of everyone's that is about all clients."""
        return self.key is None or self._owns(term)

    def _owns(self, term: Term) -> bool:
        return self.key is not None and term.api_key_id == self.key.pk

    def to_change(self, term_id: int) -> Term:
        """A term, locked, to be changed by who holds the lexicon."""
        term = self.terms.filter(pk=term_id).select_for_update(no_key=True, of=("self",)).first()
        if term is None:
            raise Http404
        if not self.writes(term):
            raise exceptions.PermissionDenied(EVERYONES)
        return term

    def scope(self, *, everyone: bool) -> ApiKey | None:
        """Whose a new term is to be; None: everyone's, as is what people enter."""
        if everyone and not self.everyones:
            raise exceptions.PermissionDenied(EVERYONES)
        return None if everyone else self.key

    def warnings(self, terms: QuerySet[Term]) -> list[str]:
        """What may go wrong with them, as far as they are or could come to be in use."""
        standing = terms.filter(status__in=checking.STANDING)
        return checking.warnings_about(standing, among=self.terms)


EVERYONES = (
    "This is for everyone, which takes an API key with the scope admin. Your own terms you may"
    " write."
)
