"""The queue: which recordings a reviewer is shown, in which order, and narrowed down by what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, Func, Q, QuerySet, TextField
from django.utils import timezone
from django.utils.http import urlencode

from lexicon.languages import name_of
from transcription.models import Job

STATES = {
    "": "All",
    "waiting": "Waiting",
    "in_review": "In review",
    "reviewed": "Reviewed",
    "working": "Transcribing",
    "failed": "Failed",
    "proposals": "Proposals",
}
OWNERS = {"mine": "Uploaded by me", "assigned": "Assigned to me"}
PAGES = "pages"  # an owner: whoever uploaded it, by a page or a command, no API client did
OWNER = re.compile(r"(user|key)-(\d{1,9})|pages", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
LONGEST_TEXT = 200
YEARS = range(2000, 2101)
# what people may choose from is gathered so often, and is at most so much
OPTIONS_KEPT_S = 60
MOST_OPTIONS = 300


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed down to; empty for all. `owner` is a key of OWNERS, or "user-5",
    "key-5" or PAGES: whoever uploaded it. `q` is part of a title or of a file's name. The others
    come from links of the quality page: `since` and `until` are days on which it was added."""

    state: str = ""
    language: str = ""
    owner: str = ""
    q: str = ""
    model: str = ""
    engine: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """From an address or a form; what nothing could match is left out."""
        state, language = query.get("state", ""), query.get("language", "")
        owner = query.get("owner", "")
        return cls(
            state=state if state in STATES else "",
            language=language if LANGUAGE.fullmatch(language) else "",
            owner=owner if owner in OWNERS or OWNER.fullmatch(owner) else "",
            q=_text(query.get("q", "")),
            model=_text(query.get("model", "")),
            engine=_text(query.get("engine", "")),
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    @property
    def chosen(self) -> dict[str, str]:
        """Those that narrow it down."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def address(self) -> str:
        """As a page's query: empty, or with its question mark."""
        return f"?{urlencode(self.chosen)}" if self.chosen else ""

    @property
    def paging(self) -> str:
        """The address, to which a page's number is added."""
        return f"{self.address}&" if self.chosen else "?"

    def but(self, **changes: str) -> Filters:
        return replace(self, **changes)

    @property
    def unseen(self) -> dict[str, str]:
        """Those of the chosen that no control of the page shows."""
        names = ("model", "engine", "since", "until")
        return {name: value for name, value in self.chosen.items() if name in names}

    @property
    def told(self) -> str:
        """The same in words."""
        parts = [value for value in (self.model, self.engine) if value]
        if self.since:
            parts.append(f"added since {self.since}")
        if self.until:
            parts.append(f"added until {self.until}")
        return ", ".join(parts)


def _text(given: str) -> str:
    return given.replace("\x00", "").strip()[:LONGEST_TEXT]


def _day(given: str) -> str:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return ""
    return day.isoformat() if day.year in YEARS else ""


def within(field: str, since: str, until: str) -> Q:
    """A filter over moments, by days of the site's time zone, both counted in; empty for any."""
    found = Q()
    if since:
        found &= Q(**{f"{field}__gte": _midnight(date.fromisoformat(since))})
    if until:
        found &= Q(**{f"{field}__lt": _midnight(date.fromisoformat(until) + timedelta(days=1))})
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def queue_for(jobs: QuerySet[Job], user: Any, filters: Filters) -> QuerySet[Job]:
    """Those that the queue page shows, in its order: where only such are shown as wait for a
    reviewer, what is worth their time first; else the most urgent, then the newest. Proposals stand
    in the text of their source, and are shown only where they are asked for."""
    jobs = narrowed(jobs, user, filters).filter(proposal=filters.state == "proposals")
    if filters.state in Job.Review.values:
        jobs = jobs.filter(review_status=filters.state, status=Job.Status.COMPLETED)
    elif filters.state == "working":
        jobs = jobs.filter(status__in=Job.WORKING)
    elif filters.state == "failed":
        jobs = jobs.filter(status__in=(Job.Status.FAILED, Job.Status.CANCELLED))
    if filters.state == Job.Review.WAITING:
        return ranked(jobs)
    return jobs.order_by("-priority", "-created_at", "-id")


def ranked(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """As ix_jobs_rank has them; what was finished before there were ranks comes last."""
    return jobs.order_by("-priority", F("rank_at").asc(nulls_last=True), "id")


def narrowed(jobs: QuerySet[Job], user: Any, filters: Filters) -> QuerySet[Job]:
    """By all but the state."""
    if code := filters.language:
        jobs = jobs.filter(Q(languages__contains=[code]) | Q(heard_languages__contains=[code]))
    if filters.owner:
        jobs = jobs.filter(_owned(filters.owner, user))
    if filters.model:
        jobs = jobs.filter(model=filters.model)
    if filters.engine:
        jobs = jobs.filter(engine=filters.engine)
    jobs = jobs.filter(within("created_at", filters.since, filters.until))
    if text := filters.q:
        jobs = jobs.filter(Q(title__icontains=text) | Q(audio_name__icontains=text))
    return jobs


def _owned(owner: str, user: Any) -> Q:
    if owner == "mine":
        return Q(owner_id=user.pk)
    if owner == "assigned":
        return Q(assigned_to_id=user.pk)
    if owner == PAGES:
        return Q(api_key_id=None)
    kind, _, number = owner.partition("-")
    return Q(owner_id=int(number)) if kind == "user" else Q(api_key_id=int(number))


@dataclass(frozen=True)
class Options:
    """What there is to choose from, as (value, name), by name."""

    languages: list[tuple[str, str]]
    owners: list[tuple[str, str]]

    def with_chosen(self, filters: Filters) -> Options:
        """What is chosen can be seen to be, though no job has it any more."""
        languages, owners = self.languages, self.owners
        if filters.language and filters.language not in dict(languages):
            languages = [*languages, (filters.language, name_of(filters.language))]
        if filters.owner and filters.owner not in OWNERS | dict(owners):
            name = "Uploaded here" if filters.owner == PAGES else filters.owner.replace("-", " ")
            owners = [*owners, (filters.owner, name)]
        return Options(languages, owners)


def options_for(jobs: QuerySet[Job], user: Any) -> Options:
    """Of the jobs, which are those that the user may see; a minute old at most."""
    key = f"queue-options:{user.pk}"
    kept = cache.get(key)
    if kept is None:
        kept = (_languages(jobs.order_by()), _owners(jobs.order_by()))
        cache.set(key, kept, OPTIONS_KEPT_S)
    return Options(*kept)


def _languages(jobs: QuerySet[Job]) -> list[tuple[str, str]]:
    each = Func(
        F("languages"),
        F("heard_languages"),
        function="jsonb_array_elements_text",
        arg_joiner=" || ",
        output_field=TextField(),
    )
    codes = jobs.annotate(code=each).values_list("code", flat=True).distinct()[:MOST_OPTIONS]
    return sorted(((code, name_of(code)) for code in codes), key=lambda option: option[1])


def _owners(jobs: QuerySet[Job]) -> list[tuple[str, str]]:
    """Those who uploaded them; of a user who was renamed, one of the names."""
    found: dict[str, str] = {}
    columns = jobs.values_list("owner_id", "owner_name", "api_key_id", "api_key__name")
    for owner_id, owner_name, key_id, key_name in columns.distinct()[:MOST_OPTIONS]:
        if owner_id is not None:
            found[f"user-{owner_id}"] = owner_name
        if key_id is not None:
            found[f"key-{key_id}"] = f"API key {key_name}"
    return sorted(found.items(), key=lambda option: option[1].casefold())
