"""Changing one term as curators do: what follows from their changes, and what is in their way.
Admin's forms and the API call these. Whoever calls holds the lexicon (versions.hold)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any

from django.utils import timezone

from lexicon.exchange.columns import Heard
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise
from lexicon.scripts import script_of
from lexicon.services import Refused, check_text, keys_of, write_over
from lexicon.telling import tell_approved

DERIVED = ("normalized", "romanised", "sound", "script")
LEAD_TO_OTHERS = {"term", "sounds_like", "script"}
EDITED = ("text", "enabled", "proven", "source")  # of alternatives
STATE = attrgetter(*EDITED)


class Taken(Refused):
    """There is such a term already: `term`."""

    def __init__(self, term: Term) -> None:
        super().__init__(f"“{term}” is the same term ({term.status}). Change that one.")
        self.term = term


def settle(term: Term, before: str = "") -> None:
    """Compute what follows from its fields. `before`: its text until now; a script that came of
    that follows the text. Raises Taken."""
    script = "" if term.script == script_of(before) else term.script
    vars(term).update(keys_of(term.term, term.sounds_like, script))
    same = Term.objects.filter(
        normalized=term.normalized, language=term.language, api_key=term.api_key_id
    )
    if found := same.exclude(pk=term.pk).first():
        raise Taken(found)


def change_term(term: Term, changes: Mapping[str, Any]) -> None:
    """Raises Taken."""
    before = term.term
    fields = {name for name, value in changes.items() if getattr(term, name) != value}
    if fields:
        vars(term).update({name: changes[name] for name in fields})
        settle(term, before)
        write(term, fields)


def write(term: Term, fields: Collection[str]) -> None:
    """These fields and what follows from them, and nothing else: counters go on meanwhile."""
    derived = DERIVED if LEAD_TO_OTHERS.intersection(fields) else ()
    term.updated_at = timezone.now()
    term.save(update_fields={*fields, *derived, "updated_at"})
    if "status" in fields and term.status == Term.Status.APPROVED:
        tell_approved([term])


# --- What it is misheard as --------------------------------------------------------------------


def judge(alternative: Alternative, *, enabled: bool, proven: bool) -> None:
    """Note a curator's word on it. Turned off, it waits for none any more; proven or not, it stays
    so whatever reviews show."""
    if (alternative.enabled and not enabled) or alternative.proven != proven:
        alternative.source = Source.ADMIN
    alternative.enabled, alternative.proven = enabled, proven


def set_alternatives(term: Term, wished: Iterable[Heard]) -> None:
    """Make these its alternatives: others go, and what is not said of one stays as it is. What only
    differs in writing from the term itself is left out. Raises Refused."""
    there = {each.normalized: each for each in term.alternatives.order_by("pk")}
    kept: dict[str, Alternative] = {}
    changed = []
    for heard in wished:
        text = check_text(heard.text)
        key = normalise(text)
        if key == term.normalized or key in kept:
            continue
        kept[key] = found = there.get(key) or Alternative(
            term=term, normalized=key, source=Source.API
        )
        before, found.text = STATE(found), text
        judge(
            found,
            enabled=found.enabled if heard.enabled is None else heard.enabled,
            proven=found.proven if heard.proven is None else heard.proven,
        )
        if STATE(found) != before:
            changed.append(found)
    gone = [each.pk for key, each in there.items() if key not in kept]
    if changed or gone:
        Alternative.objects.filter(pk__in=gone).delete()
        Alternative.objects.bulk_create(each for each in changed if each.pk is None)
        write_over(Alternative, [each for each in changed if each.pk], EDITED)
        term.updated_at = timezone.now()
        term.save(update_fields=["updated_at"])
