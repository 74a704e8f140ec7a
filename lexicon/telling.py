"""Telling clients which terms their transcripts follow from now on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from lexicon.models import Term
from speech_project.webhooks.models import Event
from speech_project.webhooks.services import tell

AT_ONCE = 500  # of them are told in one event


def tell_approved(terms: Iterable[Term]) -> None:
    """These are approved now and were not before. In the transaction that made them so."""
    by_key: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for term in terms:
        by_key[term.api_key_id].append(_told(term))
    for key, told in by_key.items():
        parts = [told[at : at + AT_ONCE] for at in range(0, len(told), AT_ONCE)]
        tell(Event.TERM_APPROVED, [{"terms": part} for part in parts], api_key_id=key)


def _told(term: Term) -> dict[str, Any]:
    return {
        "id": term.pk,
        "term": term.term,
        "language": term.language,
        "kind": term.kind,
        "everyone": term.api_key_id is None,
    }
