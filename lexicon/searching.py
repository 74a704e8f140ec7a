"""Finding terms as people type them: in any script, by what they are misheard as, by sound."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from lexicon.models import Alternative, Term
from lexicon.normalising import normalise, romanise
from lexicon.pronouncing import sound_key

BY_SOUND = "~"
SHORTEST_START = 3  # a shorter key begins those of half the lexicon


def search(
    terms: QuerySet[Term], text: str, alternatives: QuerySet[Alternative] | None = None
) -> QuerySet[Term]:
    """Those that hold the text; where none does, or it begins with ~, those that sound so.
    `alternatives`: those that are looked through; None: all."""
    if text.startswith(BY_SOUND):
        return sounding_like(terms, text[1:])
    looked_through = Alternative.objects.all() if alternatives is None else alternatives
    found = terms.filter(_written_like(text, looked_through))
    return found if found.exists() else sounding_like(terms, text)


def _written_like(text: str, alternatives: QuerySet[Alternative]) -> Q:
    normalized, romanised = normalise(text), romanise(text)
    if not normalized:
        return Q(term__contains=text.strip())
    heard = alternatives.order_by().filter(normalized__contains=normalized)
    found = Q(normalized__contains=normalized) | Q(pk__in=heard.values("term"))
    return found | Q(romanised__contains=romanised) if romanised else found


def sounding_like(terms: QuerySet[Term], text: str) -> QuerySet[Term]:
    key = sound_key(text)
    if not key:
        return terms.none()
    return terms.filter(sound__startswith=key) if len(key) >= SHORTEST_START else terms.filter(
        sound=key
    )  # fmt: skip
