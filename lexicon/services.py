"""What people and programs can do with terms. Admin, imports, reviews and learning call these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from lexicon import versions
from lexicon.exchange import columns
from lexicon.languages import language_code
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise, romanise
from lexicon.pronouncing import sound_key
from lexicon.scripts import script_code, script_of
from lexicon.telling import tell_approved

COUNTERS = ("frequency", "sent_count", "matched_count", "confirmed_count", "undone_count")


class Refused(Exception):
    """The change cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Added:
    """The term as it is now. `outcome`: "added"; "approved", where it was only suggested before;
    "there", where nothing but alternatives may have come to it; "rejected", where it was once
    rejected, and so nothing was changed."""

    term: Term
    outcome: str


def check_text(text: str) -> str:
    """A term or an alternative, as it is kept. Raises Refused."""
    try:
        kept = columns.line(text)
    except ValueError as error:
        raise Refused(f"This {error}") from None
    if not normalise(kept):
        raise Refused("Nothing is left of this without its punctuation.")
    return kept


def keys_of(term: str, sounds_like: str = "", script: str = "") -> dict[str, str]:
    """The fields of a term that follow from others."""
    return {
        "normalized": normalise(term),
        "romanised": romanise(term),
        "sound": sound_key(sounds_like or term),
        "script": script or script_of(term),
    }


def add_term(
    text: str,
    *,
    source: str,
    language: str = "",
    api_key_id: int | None = None,
    status: str = Term.Status.SUGGESTED,
    alternatives: Mapping[str, int] | Iterable[str] = (),
    user: Any = None,
    **fields: Any,
) -> Added:
    """Add a term, or find the one that is the same and add what it is misheard as.

    `alternatives`: what it was misheard as, with how often; `fields`: further ones of Term.
    A rejected term stays rejected. Only a suggested one is approved by being added as approved.
    Raises Refused.
    """
    text = check_text(text)
    try:
        language = language_code(language)
        script = script_code(fields.pop("script", ""))
    except ValueError as error:
        raise Refused(str(error)) from None
    heard = alternatives if isinstance(alternatives, Mapping) else dict.fromkeys(alternatives, 0)
    with transaction.atomic():
        versions.hold()
        same = Term.objects.select_for_update(no_key=True).filter(
            normalized=normalise(text), language=language, api_key=api_key_id
        )
        if term := same.first():
            outcome = _meet_again(term, status)
        else:
            outcome = "added"
            term = Term.objects.create(
                term=text, language=language, api_key_id=api_key_id, status=status, source=source,
                created_by_id=user.pk if user else None,
                created_by_name=user.get_username() if user else "",
                **keys_of(text, fields.get("sounds_like", ""), script) | fields,
            )  # fmt: skip
        if outcome != "rejected":
            add_alternatives(term, heard, source=source)
        if outcome in ("added", "approved") and term.status == Term.Status.APPROVED:
            tell_approved([term])
    return Added(term, outcome)


def _meet_again(term: Term, status: str) -> str:
    """Decide on a term that is there already."""
    if term.status == Term.Status.REJECTED:
        return "rejected"
    if term.status == Term.Status.SUGGESTED and status == Term.Status.APPROVED:
        term.status, term.updated_at = status, timezone.now()
        term.save(update_fields=["status", "updated_at"])
        return "approved"
    return "there"


def add_alternatives(
    term: Term, heard: Mapping[str, int], *, source: str, enabled: bool = True
) -> None:
    """Add what the term is misheard as, with how often; where it is there, add to its count.
    What only differs in writing from the term itself is left out. Raises Refused."""
    counts: dict[str, tuple[str, int]] = {}
    for text, count in heard.items():
        kept = check_text(text)
        key = normalise(kept)
        if key != term.normalized:
            first, before = counts.get(key, (kept, 0))
            counts[key] = (first, before + count)
    there = term.alternatives.filter(normalized__in=counts).order_by("pk")
    for alternative in there.select_for_update(no_key=True):
        _, count = counts.pop(alternative.normalized)
        if count:
            Alternative.objects.filter(pk=alternative.pk).update(count=F("count") + count)
    Alternative.objects.bulk_create(
        Alternative(
            term=term, text=text, normalized=key, source=source, count=count, enabled=enabled
        )
        for key, (text, count) in counts.items()
    )


# --- Decisions of curators ---------------------------------------------------------------------


def approve(terms: QuerySet[Term]) -> int:
    """Use them from now on, rejected ones too. Returns how many were changed."""
    return _decide(terms, Term.Status.APPROVED)


def reject(terms: QuerySet[Term]) -> int:
    """Never use them, and let nothing suggest them again. Returns how many were changed."""
    return _decide(terms, Term.Status.REJECTED)


def retire(terms: QuerySet[Term]) -> int:
    """Keep them, and use them no more. Returns how many were changed."""
    return _decide(terms, Term.Status.RETIRED)


def _decide(terms: QuerySet[Term], status: str) -> int:
    with transaction.atomic():
        versions.hold()
        changed = Term.objects.filter(pk__in=terms.order_by().values("pk")).exclude(status=status)
        ids = list(_in_order(changed))
        decided = Term.objects.filter(pk__in=ids)
        count = decided.update(status=status, updated_at=timezone.now())
        if status == Term.Status.APPROVED:
            tell_approved(decided.only("term", "language", "kind", "api_key_id").order_by("pk"))
    return count


def accept_alternatives(alternatives: QuerySet[Alternative]) -> int:
    """Use them wherever their term is. Returns how many were changed."""
    return _decide_alternatives(alternatives.filter(enabled=False), enabled=True)


def reject_alternatives(alternatives: QuerySet[Alternative]) -> int:
    """Never use them, and let nothing suggest them again. Returns how many were changed."""
    waiting = Q(enabled=True) | Q(source=Source.LEARNED)
    return _decide_alternatives(alternatives.filter(waiting), enabled=False, source=Source.ADMIN)


def _decide_alternatives(alternatives: QuerySet[Alternative], **fields: Any) -> int:
    """What is off and learned waits for a curator; what a curator turned off is the curator's."""
    with transaction.atomic():
        versions.hold()
        rows = list(alternatives.order_by().values_list("pk", "term_id"))
        Term.objects.filter(pk__in={term for _, term in rows}).update(updated_at=timezone.now())
        return Alternative.objects.filter(pk__in=[pk for pk, _ in rows]).update(**fields)


def switch_alternatives(ids: Collection[int], *, on: bool) -> None:
    """Without a curator's word. Whoever calls holds the lexicon."""
    if ids:
        Alternative.objects.filter(pk__in=ids).exclude(enabled=on).update(enabled=on)


def _in_order(terms: QuerySet[Term]) -> QuerySet[Term, int]:
    """Lock them as everybody does, by id, so that two cannot wait for each other."""
    locked = terms.order_by("pk").select_for_update(no_key=True)
    return locked.values_list("pk", flat=True)


def merge(keep_id: int, other_ids: Collection[int]) -> Term:
    """Make one term of several: what is known of the others goes to the kept one.

    Their alternatives, evidence and counters move; their spellings become alternatives. The
    others stay, retired (rejected ones rejected), with what is theirs alone: notes, examples,
    metadata. Raises Refused.
    """
    with transaction.atomic():
        versions.hold()
        wanted = Term.objects.filter(pk__in=[keep_id, *other_ids]).order_by("pk")
        terms = {term.pk: term for term in wanted.select_for_update(no_key=True)}
        others = [terms[pk] for pk in sorted({*other_ids} - {keep_id}) if pk in terms]
        if keep_id not in terms or len(others) < len({*other_ids} - {keep_id}):
            raise Refused("One of these terms was deleted meanwhile. Choose them again.")
        if not others:
            raise Refused("Choose at least two terms to merge.")
        kept = terms[keep_id]
        for other in others:
            _take_over(kept, other)
    kept.refresh_from_db()
    return kept


def _take_over(kept: Term, other: Term) -> None:
    _take_alternatives(kept, other)
    add_alternatives(kept, {other.term: 0}, source=Source.ADMIN)
    for relation in Term._meta.related_objects:  # evidence, of which this app does not know
        if relation.related_model is not Alternative:
            link = relation.field.name
            relation.related_model._base_manager.filter(**{link: other}).update(**{link: kept})
    gained = {name: F(name) + getattr(other, name) for name in COUNTERS}
    now = timezone.now()
    Term.objects.filter(pk=kept.pk).update(**gained, updated_at=now)
    rejected = other.status == Term.Status.REJECTED
    Term.objects.filter(pk=other.pk).update(
        status=other.status if rejected else Term.Status.RETIRED,
        note=f"{other.note}\nMerged into “{kept.term}” ({kept.pk}).".strip(),
        updated_at=now,
        **dict.fromkeys(COUNTERS, 0),
    )


def _take_alternatives(kept: Term, other: Term) -> None:
    """Each once: where the kept one has it already, their counts are added up."""
    there = {each.normalized: each.pk for each in kept.alternatives.all()}
    for each in other.alternatives.order_by("pk"):
        if each.normalized in there:
            same = Alternative.objects.filter(pk=there[each.normalized])
            same.update(
                count=F("count") + each.count, undone_count=F("undone_count") + each.undone_count
            )
            each.delete()
        elif each.normalized != kept.normalized:
            Alternative.objects.filter(pk=each.pk).update(term=kept)


# --- Counting ----------------------------------------------------------------------------------


def count(**counts: Mapping[int, int]) -> None:
    """Of `sent`, `matched`, `confirmed`, `undone` and `uses` (in reviewed text), as far as they are
    given: term id -> by how many its counter goes up; below 0 takes that back, never to below 0.

    Give all that a transaction counts at once, and last: terms are locked, which others want too.
    Terms that are gone are left out. No change of the lexicon: its version stays.
    """
    by = {
        "frequency" if name == "uses" else f"{name}_count": _by_number(each)
        for name, each in counts.items()
    }
    wanted = {pk for groups in by.values() for ids in groups.values() for pk in ids}
    if not wanted:
        return
    with transaction.atomic():
        ids = list(_in_order(Term.objects.filter(pk__in=wanted)))
        new = {column: Greatest(F(column) + _case(groups), 0) for column, groups in by.items()}
        Term.objects.filter(pk__in=ids).update(**new)


def count_alternatives(seen: Mapping[int, int], undone: Mapping[int, int], sign: int = 1) -> None:
    """The same by ids of alternatives: how often reviewed text showed that they were misheard so,
    and how often what they led to was taken back. Whoever calls holds the lexicon."""
    for column, counts in (("count", seen), ("undone_count", undone)):
        groups = _by_number({pk: sign * number for pk, number in counts.items()})
        if groups:
            ids = [pk for group in groups.values() for pk in group]
            new = Greatest(F(column) + _case(groups), 0)
            Alternative.objects.filter(pk__in=ids).update(**{column: new})


def _by_number(counts: Mapping[int, int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for pk, number in counts.items():
        if number:
            groups.setdefault(number, []).append(pk)
    return groups


def _case(groups: Mapping[int, Sequence[int]]) -> Case:
    cases = (When(pk__in=ids, then=Value(number)) for number, ids in groups.items())
    return Case(*cases, default=Value(0), output_field=models.IntegerField())


# --- Keys --------------------------------------------------------------------------------------


def keys_missing() -> bool:
    """Whether there are terms from before they were found in other scripts and by sound."""
    return Term.objects.filter(romanised="").exists()


def refresh_keys() -> int:
    """Compute again what follows from terms and alternatives, where the rules for it have changed.
    Returns how many were changed. Where two would become the same, they stay as they are."""
    with transaction.atomic():
        versions.hold()
        terms, alternatives = _with_new_keys(), _with_new_forms()
        write_over(Term, terms, ["normalized", "romanised", "sound", "script"])
        write_over(Alternative, alternatives, ["normalized"])
    return len(terms) + len(alternatives)


def _with_new_keys() -> list[Term]:
    taken: set[tuple[str, str, int | None]] = set(
        Term.objects.values_list("normalized", "language", "api_key_id")
    )
    changed = []
    for term in Term.objects.order_by("pk").iterator(2000):
        new = keys_of(term.term, term.sounds_like, term.script)
        identity = (new["normalized"], term.language, term.api_key_id)
        if not new["normalized"] or identity in taken:
            new["normalized"] = term.normalized
        taken.add(identity)
        if any(getattr(term, name) != value for name, value in new.items()):
            vars(term).update(new)
            changed.append(term)
    return changed


def _with_new_forms() -> list[Alternative]:
    taken = set(Alternative.objects.values_list("term_id", "normalized"))
    changed = []
    for each in Alternative.objects.order_by("pk").iterator(2000):
        new = normalise(each.text)
        if new and (each.term_id, new) not in taken:
            taken.add((each.term_id, new))
            each.normalized = new
            changed.append(each)
    return changed


def write_over(model: type[models.Model], rows: Sequence[Any], names: Sequence[str]) -> None:
    """Write these fields of rows that are there, many at once: Django's own bulk_update takes a
    minute for what this does in seconds."""
    model._base_manager.bulk_create(
        rows,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=[model._meta.pk.name],
        update_fields=names,
    )
