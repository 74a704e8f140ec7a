"""Which reviews the quality page is about, as its address says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils.http import urlencode

from feedback.models import Feedback
from lexicon.languages import name_of
from transcription import queueing
from transcription.models import Job
from transcription.queueing import (
    LANGUAGE,
    LONGEST_TEXT,
    MOST_OPTIONS,
    OPTIONS_KEPT_S,
    PAGES,
    YEARS,
    within,
)

STEPS = {"week": "Weeks", "month": "Months"}
CLIENT = re.compile(r"key-\d{1,9}", re.ASCII)
REVIEWER = re.compile(r"user-\d{1,9}", re.ASCII)
OF_API = "api"  # corrections that an API client sent in


@dataclass(frozen=True)
class Filters:
    """Empty for all. `since` and `until` are days of the review, both counted in, as is `client`
    "pages" or "key-5", and `reviewer` "user-5" or "api"."""

    since: date | None = None
    until: date | None = None
    by: str = ""
    model: str = ""
    engine: str = ""
    language: str = ""
    client: str = ""
    reviewer: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple[Filters, list[str]]:
        """From an address or a form, and what is wrong with it, which is left out."""
        given = {field.name: _clean(query.get(field.name, "")) for field in fields(cls)}
        wrong: list[str] = []
        days = {name: _day(given.pop(name), name, wrong) for name in ("since", "until")}
        since, until = days["since"], days["until"]
        if since and until and since > until:
            wrong.append("The period ends before it begins: write the earlier day first.")
            since = until = None
        for name, allowed in _ALLOWED.items():
            if given[name] and not allowed(given[name]):
                wrong.append(f"{name.capitalize()}: nothing is called so. Choose from the list.")
                given[name] = ""
        return cls(since=since, until=until, **given), wrong

    @property
    def chosen(self) -> dict[str, str]:
        """Those that narrow it down, as in an address."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in values.items() if value}

    @property
    def address(self) -> str:
        """As a page's query: empty, or with its question mark."""
        return f"?{urlencode(self.chosen)}" if self.chosen else ""

    def with_also(self, **more: str) -> str:
        """The address with something besides."""
        return f"?{urlencode(self.chosen | more)}"

    def but(self, **changes: Any) -> Filters:
        return replace(self, **changes)

    def within(self, since: date, until: date) -> Filters:
        """Of these days, as far as they are in the period."""
        return self.but(
            since=max(since, self.since) if self.since else since,
            until=min(until, self.until) if self.until else until,
        )


_ALLOWED: dict[str, Callable[[str], object]] = {
    "by": STEPS.__contains__,
    "language": LANGUAGE.fullmatch,
    "client": lambda value: value == PAGES or CLIENT.fullmatch(value),
    "reviewer": lambda value: value == OF_API or REVIEWER.fullmatch(value),
}


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST_TEXT]


def _day(text: str, name: str, wrong: list[str]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        label = {"since": "From", "until": "To"}[name]
        wrong.append(f"{label}: {text[:40]!r} is no day. Write it as 2026-03-31.")
        return None
    return found


def reviews_of(jobs: QuerySet[Job], filters: Filters) -> QuerySet[Feedback]:
    """Reviews that count, of the jobs: those that were reopened since do not."""
    found = Feedback.objects.filter(withdrawn_at=None, job__in=jobs)
    days = filters.chosen
    found = found.filter(within("created_at", days.get("since", ""), days.get("until", "")))
    if filters.model:
        found = found.filter(job__model=filters.model)
    if filters.engine:
        found = found.filter(job__engine=filters.engine)
    if code := filters.language:
        found = found.filter(Q(counts__said__has_key=code) | Q(job__languages__contains=[code]))
    if filters.client:
        key = None if filters.client == PAGES else int(filters.client.removeprefix("key-"))
        found = found.filter(job__api_key_id=key)
    if filters.reviewer:
        who = None if filters.reviewer == OF_API else int(filters.reviewer.removeprefix("user-"))
        found = found.filter(reviewer_id=who)
    return found


def queue_filters(filters: Filters, **more: str) -> queueing.Filters:
    """The same for the queue, which knows no reviewers. Its days are those of the upload."""
    return queueing.Filters(
        model=filters.model,
        engine=filters.engine,
        language=filters.language,
        owner=filters.client,
    ).but(**more)


@dataclass(frozen=True)
class Options:
    """What there is to choose from, as (value, name), by name."""

    models: list[tuple[str, str]]
    engines: list[tuple[str, str]]
    languages: list[tuple[str, str]]
    clients: list[tuple[str, str]]
    reviewers: list[tuple[str, str]]

    def with_chosen(self, filters: Filters) -> Options:
        """What is chosen can be seen to be, though no review has it any more."""
        return Options(
            _with(self.models, filters.model, filters.model),
            _with(self.engines, filters.engine, filters.engine),
            _with(self.languages, filters.language, name_of(filters.language)),
            _with(self.clients, filters.client, filters.client.replace("-", " ")),
            _with(self.reviewers, filters.reviewer, filters.reviewer.replace("-", " ")),
        )


def _with(options: list[tuple[str, str]], value: str, name: str) -> list[tuple[str, str]]:
    return options if not value or value in dict(options) else [*options, (value, name)]


def options_for(jobs: QuerySet[Job], user: Any) -> Options:
    """Of reviews of the jobs, which are those that the user may see; a minute old at most."""
    key = f"quality-options:{user.pk}"
    kept = cache.get(key)
    if kept is None:
        kept = _options(jobs)
        cache.set(key, kept, OPTIONS_KEPT_S)
    languages = queueing.options_for(jobs, user).languages
    models, engines, clients, reviewers = kept
    return Options(models, engines, languages, clients, reviewers)


def _options(jobs: QuerySet[Job]) -> tuple[list[tuple[str, str]], ...]:
    found = Feedback.objects.filter(withdrawn_at=None, job__in=jobs.order_by())
    columns = ("job__model", "job__engine", "job__api_key_id", "job__api_key__name")
    rows = found.values_list(*columns, "reviewer_id", "reviewer_name").distinct()[:MOST_OPTIONS]
    models, engines, clients, reviewers = ({} for _ in range(4))
    for model, engine, key_id, key_name, who, name in rows:
        models[model], engines[engine] = model, engine
        clients[client_value(key_id)] = client_name(key_id, key_name)
        reviewers[reviewer_value(who)] = reviewer_name(who, name)
    return tuple(
        sorted(each.items(), key=lambda option: option[1].casefold())
        for each in (models, engines, clients, reviewers)
    )


def client_value(key_id: int | None) -> str:
    return PAGES if key_id is None else f"key-{key_id}"


def client_name(key_id: int | None, name: str | None) -> str:
    return "These pages" if key_id is None else f"{name} (API)"


def reviewer_value(user_id: int | None) -> str:
    return OF_API if user_id is None else f"user-{user_id}"


def reviewer_name(user_id: int | None, name: str) -> str:
    return "API clients" if user_id is None else name
