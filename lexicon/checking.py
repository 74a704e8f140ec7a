"""Warnings about terms, against what the lexicon holds (the rules stand in conflicts.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from lexicon.conflicts import Known, Subject, conflicts
from lexicon.models import Alternative, Term

# with more the whole lexicon is loaded, which is faster then than looking each one up
MOST_LOOKED_UP = 1000
STANDING = (Term.Status.SUGGESTED, Term.Status.APPROVED)


def subject(term: Term, alternatives: Iterable[Alternative], id: int | None = None) -> Subject:
    used = tuple((each.text, each.normalized) for each in alternatives if each.enabled)
    return Subject(
        id=term.pk if id is None else id,
        text=term.term,
        normalized=term.normalized,
        sound=term.sound,
        language=term.language,
        api_key_id=term.api_key_id,
        approved=term.status == Term.Status.APPROVED,
        alternatives=used,
    )


def warnings_about(terms: QuerySet[Term], among: QuerySet[Term] | None = None) -> list[str]:
    """What may go wrong with these terms as they are stored. `among`: terms of which the warnings
    may tell; None: all."""
    asked = _subjects(terms)
    known = Known(known_beside(asked, among=among))
    return [sentence for each in asked for sentence in conflicts(each, known)]


def known_beside(
    asked: Sequence[Subject], without: Iterable[int] = (), among: QuerySet[Term] | None = None
) -> list[Subject]:
    """Stored terms that could be in conflict with these; `without` those of these ids."""
    known = Term.objects.all() if among is None else among
    standing = known.filter(status__in=STANDING)
    if len(asked) <= MOST_LOOKED_UP:
        standing = standing.filter(_could_meet(asked))
    left_out = set(without)
    return [each for each in _subjects(standing) if each.id not in left_out]


def _could_meet(asked: Sequence[Subject]) -> Q:
    own = {each.normalized for each in asked}
    heard = {normalized for each in asked for _, normalized in each.alternatives}
    sounds = {each.sound for each in asked if each.sound}
    sharing = Alternative.objects.filter(normalized__in=own | heard, enabled=True)
    return Q(normalized__in=heard) | Q(sound__in=sounds) | Q(pk__in=sharing.values("term"))


def _subjects(terms: QuerySet[Term]) -> list[Subject]:
    used = Alternative.objects.filter(term=OuterRef("pk"), enabled=True).order_by("pk")
    rows: Iterable[Any] = terms.annotate(
        heard=ArraySubquery(used.values("text")), forms=ArraySubquery(used.values("normalized"))
    ).values_list(
        "pk", "term", "normalized", "sound", "language", "api_key", "status", "heard", "forms"
    )
    approved = Term.Status.APPROVED
    return [
        Subject(
            pk, term, normalized, sound, language, key, status == approved,
            tuple(zip(heard, forms, strict=True)),
        )
        for pk, term, normalized, sound, language, key, status, heard, forms in rows
    ]  # fmt: skip
