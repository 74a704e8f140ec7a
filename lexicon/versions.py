"""Which lexicon is in force, and what is in it.

The version is one row, raised by triggers in the transaction of each change. Ask for it first
and for the entries then: what is read after a version is never older than it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q

from lexicon.models import Alternative, LexiconVersion, Term

if TYPE_CHECKING:
    from lexicon.matching import Entry


def current_version() -> int:
    """Rises with each change to what matching or hints use; no number comes twice. 0: none yet."""
    return LexiconVersion.objects.values_list("version", flat=True).filter(pk=1).first() or 0


def hold() -> None:
    """Let nobody else change the lexicon until the transaction ends. What changes it in several
    statements calls this first, so that all take their locks in one order."""
    row = LexiconVersion.objects.select_for_update(no_key=True).filter(pk=1)
    if not list(row):  # whoever emptied the table took it along
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO lexicon_version (id) VALUES (1) ON CONFLICT DO NOTHING")
        list(row.all())


def scope_of(api_key_id: int | None) -> int | None:
    """The key, where it has approved terms of its own; None: it shares everyone's lexicon."""
    own = Term.objects.filter(api_key=api_key_id, status=Term.Status.APPROVED)
    return api_key_id if api_key_id and own.exists() else None


def entries(api_key_id: int | None) -> list[Entry]:
    """The approved terms of everyone and of that key; of two that are the same, the key's own."""
    # few of those who ask for the version match: the others should not load what does
    from lexicon.matching import Entry

    scope = Q(api_key=None) if api_key_id is None else Q(api_key=None) | Q(api_key=api_key_id)
    alternatives = Alternative.objects.filter(term=OuterRef("pk"), enabled=True).order_by("pk")
    rows = (
        Term.objects.filter(scope, status=Term.Status.APPROVED)
        # one statement, so that terms and alternatives are of one moment; the key's own first
        .annotate(
            heard=ArraySubquery(alternatives.values("text")),
            proven=ArraySubquery(alternatives.filter(proven=True).values("text")),
        )
        .order_by("api_key", "pk")
        .values_list("normalized", "pk", "term", "language", "script", "kind", "heard",
                     "sounds_like", "case_sensitive", "proven")
    )  # fmt: skip
    found: dict[tuple[str, str], Entry] = {}
    for normalized, pk, term, language, script, kind, heard, sounds_like, exact, proven in rows:
        entry = Entry(
            pk, term, language, script, kind, tuple(heard), sounds_like, exact, tuple(proven)
        )
        found.setdefault((normalized, language), entry)
    return list(found.values())
