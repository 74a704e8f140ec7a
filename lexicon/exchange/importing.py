"""Taking terms of a file into the lexicon, and giving them out.

The plan of an import is what a dry run shows. An import deletes nothing, un-rejects nothing, and
leaves the counters of terms that are there alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from lexicon import checking, versions
from lexicon.conflicts import Known, conflicts
from lexicon.exchange.columns import HEADER, KEYS_OF_ALTERNATIVES, Heard
from lexicon.exchange.formats import Problem, Read, Row
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise
from lexicon.services import keys_of, write_over
from lexicon.telling import tell_approved
from speech_project.access.models import ApiKey
from speech_project.access.objects import why_not

# what a file may change of a term that is there; the rest is only taken for new ones
EDITABLE = ("kind", "status", "script", "sounds_like", "case_sensitive", "priority", "pinned",
            "note", "example", "metadata")  # fmt: skip
WRITTEN = (*EDITABLE, "term", "normalized", "romanised", "sound", "updated_at")
LONG = ("sounds_like", "note", "example", "metadata")  # not shown before and after
NOT_OF_TERMS = ("alternatives", "api_key")  # columns of files that the table has elsewhere
AT_ONCE = 5000

# what makes two terms the same: normalised, language, id of the API key
Identity = tuple[str, str, int | None]


class Unsuitable(Exception):
    """The line cannot be taken; the message says why."""


@dataclass(frozen=True)
class Line:
    """What an import does with a line."""

    line: int
    term: str
    detail: str = ""


@dataclass
class Report:
    added: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)
    left: list[Line] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{len(self.added):,} added, {len(self.changed):,} changed, {len(self.left):,} left as"
            f" they are, {len(self.refused):,} refused"
        )


@dataclass(frozen=True)
class Planned:
    """A term as it is to be, with all its alternatives, and the line that says so."""

    line: int
    term: Term
    alternatives: Collection[Alternative]


@dataclass
class Plan:
    """What is to be written, and what is told of it."""

    status: str = ""
    user: Any = None
    source: str = Source.IMPORT
    unit: str = "line"
    among: QuerySet[Term] | None = None
    report: Report = field(default_factory=Report)
    planned: list[Planned] = field(default_factory=list)
    new_alternatives: list[Alternative] = field(default_factory=list)
    switched: list[Alternative] = field(default_factory=list)  # on or off
    approved: list[Term] = field(default_factory=list)  # and were not before


def import_terms(
    found: Read,
    *,
    status: str = "",
    api_key: ApiKey | None = None,
    user: Any = None,
    source: str = Source.IMPORT,
    keys: QuerySet[ApiKey] | None = None,
    among: QuerySet[Term] | None = None,
    dry_run: bool = False,
) -> Report:
    """Take the terms in, all or (where the database fails) none.

    `status`: of terms whose line has none; a term that is there is only raised by it from
    suggested. Empty: suggested, for new terms. `api_key`: scope of lines that name none. `keys`:
    those that lines may name, and `among`: terms that warnings may tell of; None: all.
    """
    with transaction.atomic():
        if not dry_run:
            versions.hold()
        plan = Plan(status, user, source, found.unit, among)
        _plan(found, plan, _Keys(api_key, ApiKey.objects.all() if keys is None else keys))
        _warn(plan)
        if not dry_run:
            _write(plan)
    return plan.report


def _plan(found: Read, plan: Plan, keys: _Keys) -> None:
    rows = []
    plan.report.refused = list(found.problems)
    for row in found.rows:
        try:
            rows.append((_identity(row, keys), row))
        except Unsuitable as error:
            plan.report.refused.append(Problem(row.line, str(error)))
    there = _there({identity[0] for identity, _ in rows})
    first: dict[Identity, Row] = {}
    for identity, row in rows:
        if (before := first.setdefault(identity, row)) is not row:
            _repeated(plan, row, before.line)
        elif (term := there.get(identity)) is None:
            _add(plan, row, identity)
        elif term.status == Term.Status.REJECTED != row.given.get("status"):
            reason = "was rejected, and stays so; it can be approved in admin"
            plan.report.left.append(Line(row.line, row.term, reason))
        else:
            _change(plan, row, term)
    plan.report.refused.sort(key=lambda problem: problem.line)


class _Keys:
    """API keys by what a file calls them: the key's public part, or its name."""

    def __init__(self, given: ApiKey | None, known: QuerySet[ApiKey]) -> None:
        self.given = given
        self.ids: dict[str, list[int]] = defaultdict(list)
        for pk, prefix, name in known.values_list("pk", "prefix", "name"):
            for called in {prefix, f"vk_{prefix}", name}:
                self.ids[called].append(pk)

    def id_of(self, called: str) -> int | None:
        if not called:
            return self.given.pk if self.given else None
        ids = self.ids.get(called, [])
        if len(ids) == 1:
            return ids[0]
        raise Unsuitable(
            f"There are {len(ids)} API keys called “{called}”. Give the public part, as in the"
            " admin's list of keys."
            if ids
            else f"There is no API key “{called}”. Leave api_key empty for a term of everyone."
        )


def _identity(row: Row, keys: _Keys) -> Identity:
    normalized = normalise(row.term)
    for text in (row.term, *(each.text for each in row.alternatives)):
        if not normalise(text):
            raise Unsuitable(f"Nothing is left of “{text}” without its punctuation.")
    if reason := why_not(row.given.get("metadata", {})):
        raise Unsuitable(f"metadata: {reason}")
    return normalized, row.language, keys.id_of(row.api_key)


def _there(normalized: Iterable[str]) -> dict[Identity, Term]:
    """The stored terms that have one of these forms, with their alternatives."""
    wanted, found = list(normalized), {}
    for at in range(0, len(wanted), AT_ONCE):
        same = Term.objects.filter(normalized__in=wanted[at : at + AT_ONCE])
        for term in same.prefetch_related("alternatives"):
            found[term.normalized, term.language, term.api_key_id] = term
    return found


def _repeated(plan: Plan, row: Row, line: int) -> None:
    if row.given or row.alternatives:
        told = f"“{row.term}” is the same term as in {plan.unit} {line}."
        problem = f"{told} Put both into one {plan.unit}."
        plan.report.refused.append(Problem(row.line, problem))
    else:
        plan.report.left.append(Line(row.line, row.term, f"the same as in {plan.unit} {line}"))


def _add(plan: Plan, row: Row, identity: Identity) -> None:
    _, language, api_key_id = identity
    fields = {"status": plan.status or Term.Status.SUGGESTED, "source": plan.source} | row.given
    if plan.user and "created_by_name" not in fields:
        fields |= {"created_by_id": plan.user.pk, "created_by_name": plan.user.get_username()}
    fields |= keys_of(row.term, fields.get("sounds_like", ""), fields.get("script", ""))
    term = Term(term=row.term, language=language, api_key_id=api_key_id, **fields)
    alternatives: dict[str, Alternative] = {}
    added, _ = _take_alternatives(plan, row, term, alternatives)
    plan.planned.append(Planned(row.line, term, alternatives.values()))
    plan.approved += [term] if term.status == Term.Status.APPROVED else []
    plan.report.added.append(Line(row.line, row.term, _counted(added, "alternative")))


def _change(plan: Plan, row: Row, term: Term) -> None:
    wanted = {name: row.given[name] for name in EDITABLE if name in row.given} | {"term": row.term}
    if plan.status and term.status == Term.Status.SUGGESTED:
        wanted.setdefault("status", plan.status)
    changes = [name for name, value in wanted.items() if getattr(term, name) != value]
    told = [_difference(name, getattr(term, name), wanted[name]) for name in changes]
    alternatives = {each.normalized: each for each in term.alternatives.all()}
    added, switched = _take_alternatives(plan, row, term, alternatives)
    told += [f"{_counted(added, 'alternative')} added"] if added else []
    told += [f"{_counted(switched, 'alternative')} on or off"] if switched else []
    if not told:
        plan.report.left.append(Line(row.line, row.term, "is so already"))
        return
    vars(term).update({name: wanted[name] for name in changes})
    vars(term).update(keys_of(term.term, term.sounds_like, term.script))
    term.updated_at = timezone.now()
    plan.planned.append(Planned(row.line, term, alternatives.values()))
    decided = "status" in changes and term.status == Term.Status.APPROVED
    plan.approved += [term] if decided else []
    plan.report.changed.append(Line(row.line, row.term, "; ".join(told)))


def _difference(name: str, old: Any, new: Any) -> str:
    if name in LONG:
        return name
    old, new = ("on" if each is True else "off" if each is False else each for each in (old, new))
    return f"{name}: {old} → {new}"


def _take_alternatives(
    plan: Plan, row: Row, term: Term, there: dict[str, Alternative]
) -> tuple[int, int]:
    """Plan what comes of the row's alternatives, and add new ones to those that are there. Returns
    how many are new, and how many are turned on or off."""
    added = switched = 0
    said: dict[str, Heard] = {}
    for heard in row.alternatives:
        said.setdefault(normalise(heard.text), heard)
    for key, heard in said.items():
        if (same := there.get(key)) is None:
            there[key] = _alternative(term, heard, key, plan.source)
            plan.new_alternatives.append(there[key])
            added += 1
        elif heard.enabled not in (None, same.enabled):
            same.enabled = heard.enabled
            plan.switched.append(same)
            switched += 1
    return added, switched


def _alternative(term: Term, heard: Heard, normalized: str, source: str) -> Alternative:
    return Alternative(
        term=term,
        text=heard.text,
        normalized=normalized,
        source=heard.source or source,
        count=heard.count or 0,
        undone_count=heard.undone_count or 0,
        enabled=heard.enabled is not False,
        proven=bool(heard.proven),
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' if number > 1 else ''}" if number else ""


def _warn(plan: Plan) -> None:
    """What is new is compared with what is there, and with the rest of the file."""
    asked = [
        (each.line, checking.subject(each.term, each.alternatives, id=-number))
        for number, each in enumerate(plan.planned, 1)
        if each.term.status in checking.STANDING
    ]
    subjects = [subject for _, subject in asked]
    without = [each.term.pk for each in plan.planned if each.term.pk]
    known = Known([*checking.known_beside(subjects, without, plan.among), *subjects])
    plan.report.warnings = [
        Problem(line, sentence) for line, subject in asked for sentence in conflicts(subject, known)
    ]


def _write(plan: Plan) -> None:
    new = [each.term for each in plan.planned if each.term.pk is None]
    changed = [each.term for each in plan.planned if each.term.pk is not None]
    Term.objects.bulk_create(new, batch_size=2000)
    write_over(Term, changed, WRITTEN)
    Alternative.objects.bulk_create(plan.new_alternatives, batch_size=AT_ONCE)
    write_over(Alternative, plan.switched, ["enabled"])
    tell_approved(plan.approved)


def export_rows(terms: QuerySet[Term]) -> Iterator[Row]:
    """All that is known of them, for formats.written."""
    prefixes = dict(ApiKey.objects.values_list("pk", "prefix"))
    heard = Alternative.objects.filter(term=OuterRef("pk")).order_by("pk")
    each_heard = JSONObject(**{name: name for name in KEYS_OF_ALTERNATIVES})
    rows = (
        terms.order_by("normalized", "language", "pk")
        .annotate(heard=ArraySubquery(heard.values(found=each_heard)))
        .values("api_key_id", "heard", *(name for name in HEADER if name not in NOT_OF_TERMS))
    )
    for row in rows.iterator(2000):
        key = row.pop("api_key_id")
        yield Row(
            term=row["term"],
            language=row["language"],
            api_key="" if key is None else prefixes[key],
            alternatives=tuple(Heard(**each) for each in row.pop("heard")),
            given=row,
        )
