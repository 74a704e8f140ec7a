"""The terms that engines may be told of, for one client: read once for each version."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import lru_cache
from threading import Lock

from django.db.models import Q

from lexicon import versions
from lexicon.models import Term
from lexicon.prompting import Candidate, Index

KEPT = 4  # clients' lexicons in a process; a hundred thousand terms take 150 MB
COUNTERS_STAND_S = 3600  # counters change no version: they are read again after so long

_reading = Lock()  # threads that need the same one wait for the first


def index(api_key_id: int | None) -> Index:
    """The approved terms of everyone and of that key, as they are now."""
    version = versions.current_version()  # before the terms: see versions.py
    scope = versions.scope_of(api_key_id)
    with _reading:
        return _read(version, scope, int(time.time() / COUNTERS_STAND_S))


def candidates(ids: Collection[int]) -> list[Candidate]:
    """These terms, whatever their status."""
    terms = Term.objects.filter(pk__in=ids).order_by("pk")
    return [
        Candidate(
            id=term.pk,
            text=term.term,
            language=term.language,
            kind=term.kind,
            sounds_like=term.sounds_like,
            pinned=True,
        )
        for term in terms
    ]


@lru_cache(maxsize=KEPT)
def _read(version: int, api_key_id: int | None, hour: int) -> Index:
    fields = ("sound", "pinned", "priority", "api_key_id", "sent_count", "matched_count",
              "confirmed_count", "undone_count")  # fmt: skip
    entries = versions.entries(api_key_id)
    scope = Q(api_key=None) | Q(api_key=api_key_id)
    approved = Term.objects.filter(scope, status=Term.Status.APPROVED)
    known = {pk: rest for pk, *rest in approved.values_list("pk", *fields)}
    candidates = []
    for entry in entries:
        if entry.id not in known:  # rejected between the two statements
            continue
        sound, pinned, priority, key, sent, matched, confirmed, undone = known[entry.id]
        candidates.append(
            Candidate(
                id=entry.id,
                text=entry.text,
                language=entry.language,
                kind=entry.kind,
                alternatives=entry.alternatives,
                sounds_like=entry.sounds_like,
                sound=sound,
                pinned=pinned,
                priority=priority,
                own=key is not None,
                sent=sent,
                matched=matched,
                confirmed=confirmed,
                undone=undone,
            )
        )
    return Index(candidates)
