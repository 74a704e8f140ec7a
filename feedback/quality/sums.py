"""Reviews, summed by the database: by day, model, engine, client, reviewer and language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from operator import add
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from feedback.models import Feedback
from feedback.quality.filters import client_name, client_value, reviewer_name, reviewer_value
from feedback.quality.rates import Sums
from lexicon.languages import name_of
from speech_project.access.models import ApiKey

MOST_REVIEWS = 10_000  # the newest
PAIRS = ("words", "units", "terms", "changes", "time")  # each errors, or seconds, of so many


@dataclass(frozen=True)
class Plain:
    """What is only summed."""

    characters: int = 0
    character_errors: int = 0
    paired: int = 0  # units of which both texts have letters
    other_script: int = 0
    applied: int = 0  # by the lexicon
    took: int = 0  # word errors that are gone by it, and new ones
    made: int = 0
    confirmed: int = 0  # changes that reviewers let stand, and took back
    undone: int = 0

    def __add__(self, other: Plain) -> Plain:
        return Plain(*map(add, vars(self).values(), vars(other).values()))

    @property
    def cer(self) -> float | None:
        return self.character_errors / self.characters if self.characters else None

    @property
    def other_script_rate(self) -> float | None:
        return self.other_script / self.paired if self.paired else None


@dataclass
class Group:
    """Reviews that have something in common, summed. `value` is how an address has it."""

    value: str
    name: str
    reviews: int = 0
    words: Sums = field(default_factory=Sums)
    units: Sums = field(default_factory=Sums)  # as MER counts them
    terms: Sums = field(default_factory=Sums)  # of the lexicon, said
    changes: Sums = field(
        default_factory=Sums
    )  # of the lexicon: taken back, of all that were judged
    time: Sums = field(default_factory=Sums)  # seconds of reviewing, of seconds of sound
    plain: Plain = field(default_factory=Plain)
    switched: int = 0  # units in another language than the recording's main one
    switched_errors: int = 0

    def __add__(self, other: Group) -> Group:
        names = ("reviews", *PAIRS, "plain")
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Group(self.value, self.name, **sums)

    @property
    def pier(self) -> float | None:
        return self.switched_errors / self.switched if self.switched else None


@dataclass(frozen=True)
class Found:
    """What the page tells. `days` are in order, all others by how many words they have."""

    days: dict[date, Group]
    models: list[Group]
    engines: list[Group]
    clients: list[Group]
    reviewers: list[Group]
    languages: list[Group]
    total: Group
    capped: bool  # there are more than MOST_REVIEWS


PLAIN = tuple(each.name for each in fields(Plain))
# a row for each review; {chosen} is Django's own query, so it holds whatever narrows it down
_EACH = """
SELECT id, model, engine, client, reviewer, reviewer_name, counts,
  (created_at AT TIME ZONE %s)::date AS day,
  word_errors AS words_x, reference_words AS words_y,
  (SELECT sum(value::int) FROM jsonb_each_text(counts -> 'wrong')) AS wrong,
  (SELECT sum(value::int) FROM jsonb_each_text(counts -> 'said')) AS units_y,
  (counts ->> 'term_errors')::int AS terms_x, (counts ->> 'terms')::int AS terms_y,
  CASE WHEN seconds_spent > 0 AND duration_ms > 0 THEN seconds_spent END AS time_x,
  CASE WHEN seconds_spent > 0 AND duration_ms > 0 THEN duration_ms / 1000.0 END AS time_y,
  (counts ->> 'characters')::int AS characters,
  (counts ->> 'character_errors')::int AS character_errors,
  (counts ->> 'paired')::int AS paired, (counts ->> 'other_script')::int AS other_script,
  (lexicon ->> 'applied')::int AS applied,
  (lexicon ->> 'took')::int AS took, (lexicon ->> 'made')::int AS made,
  (SELECT sum((value ->> 'confirmed')::int) FROM jsonb_each(lexicon -> 'terms')) AS confirmed,
  (SELECT sum((value ->> 'undone')::int) FROM jsonb_each(lexicon -> 'terms')) AS undone
FROM ({chosen}) AS chosen
"""
_SUMS = """
WITH bare AS MATERIALIZED ({each}),
each AS (SELECT *, CASE WHEN units_y IS NOT NULL THEN coalesce(wrong, 0) END AS units_x,
  undone AS changes_x, confirmed + undone AS changes_y FROM bare)
SELECT GROUPING(day, model, engine, client, reviewer), day, model, engine, client, reviewer,
  max(reviewer_name), count(*), {sums}
FROM each GROUP BY GROUPING SETS ((day), (model), (engine), (client), (reviewer))
"""
# GROUPING has a bit for each column that a row is not grouped by
_GROUPED_BY = {0b01111: 0, 0b10111: 1, 0b11011: 2, 0b11101: 3, 0b11110: 4}
_BY_LANGUAGE = """
WITH each AS ({each}),
of_language AS (
  SELECT each.id, each.model, said.key AS language, said.value::int AS units_y,
    coalesce((counts -> 'wrong' ->> said.key)::int, 0) AS units_x,
    said.key <> '' AND row_number() OVER (
      PARTITION BY each.id ORDER BY said.key = '', said.value::int DESC, said.key
    ) > 1 AS switched
  FROM each, jsonb_each_text(counts -> 'said') AS said
)
SELECT GROUPING(language, model), language, model, count(DISTINCT id),
  coalesce(sum(units_y) FILTER (WHERE switched), 0),
  coalesce(sum(units_x) FILTER (WHERE switched), 0), {sums}
FROM of_language GROUP BY GROUPING SETS ((language), (model))
"""


def gathered(reviews: QuerySet[Feedback]) -> Found:
    """Two questions to the database, however many reviews there are."""
    chosen, params = _chosen(reviews)
    days: dict[date, Group] = {}
    others: list[list[Group]] = [[], [], [], [], []]
    for grouping, *values, who, count, sums in _asked(_SUMS, chosen, params, PAIRS, PLAIN, 8):
        kind = _GROUPED_BY[grouping]
        value = values[kind]
        group = _group(str(value), str(value), count, sums)
        if kind == 0:
            days[value] = group
            continue
        if kind == 3:
            group.value = client_value(value)
        elif kind == 4:
            group.value, group.name = reviewer_value(value), reviewer_name(value, who)
        others[kind].append(group)
    _, models, engines, clients, reviewers = others
    _name_clients(clients)
    total = sum(days.values(), Group("", "All"))
    for each in others:
        each.sort(key=lambda group: (-group.words.y, group.name))
    return Found(
        days=dict(sorted(days.items())),
        models=models,
        engines=engines,
        clients=clients,
        reviewers=reviewers,
        languages=_languages(chosen, params, models),
        total=total,
        capped=total.reviews == MOST_REVIEWS,
    )


def _chosen(reviews: QuerySet[Feedback]) -> tuple[str, tuple[Any, ...]]:
    """The newest of them, as SQL."""
    rows = reviews.order_by("-created_at", "-id").values(
        "id",
        "created_at",
        "reviewer_name",
        "word_errors",
        "reference_words",
        "seconds_spent",
        "counts",
        "lexicon",
        model=F("job__model"),
        engine=F("job__engine"),
        client=F("job__api_key_id"),
        duration_ms=F("job__duration_ms"),
        reviewer=F("reviewer_id"),
    )[:MOST_REVIEWS]
    sql, params = rows.query.sql_with_params()
    return _EACH.replace("{chosen}", sql), (timezone.get_current_timezone_name(), *params)


def _asked(
    query: str,
    each: str,
    params: tuple[Any, ...],
    pairs: tuple[str, ...],
    plain: tuple[str, ...],
    before: int,
) -> Iterator[Any]:
    """Rows of the query: its first columns, and what is summed as one more."""
    columns = [
        column
        for pair in pairs
        for column in (
            f"count({pair}_y)",
            f"sum({pair}_x)",
            f"sum({pair}_y)",
            f"sum({pair}_x ^ 2)",
            f"sum({pair}_x * {pair}_y)",
            f"sum({pair}_y ^ 2)",
        )
    ] + [f"sum({name})" for name in plain]
    sums = ", ".join(f"coalesce({column}, 0)::double precision" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(query.replace("{each}", each).replace("{sums}", sums), params)
        for row in cursor.fetchall():
            yield *row[:before], row[before:]


def _group(value: str, name: str, count: int, sums: tuple[float, ...]) -> Group:
    pairs = [Sums(int(sums[at]), *sums[at + 1 : at + 6]) for at in range(0, 30, 6)]
    words, units, terms, changes, time = pairs
    plain = Plain(*map(int, sums[30:]))
    return Group(value, name, count, words, units, terms, changes, time, plain)


def _name_clients(clients: list[Group]) -> None:
    keys = [int(each.value.removeprefix("key-")) for each in clients if "key-" in each.value]
    names = dict(ApiKey.objects.filter(pk__in=keys).values_list("pk", "name"))
    for each in clients:
        key = int(each.value.removeprefix("key-")) if "key-" in each.value else None
        each.name = client_name(key, names.get(key) if key else None)


def _languages(each: str, params: tuple[Any, ...], models: list[Group]) -> list[Group]:
    """By language of the words, of most of them first; and the models' switched words."""
    found, by_model = [], {group.value: group for group in models}
    for row in _asked(_BY_LANGUAGE, each, params, ("units",), (), 6):
        grouping, language, model, count, switched, errors, sums = row
        units = Sums(int(sums[0]), *sums[1:])
        if grouping == 0b01:
            name = name_of(language) if language else "Not told"
            found.append(Group(language, name, count, units=units))
        else:
            by_model[model].switched, by_model[model].switched_errors = switched, errors
    return sorted(found, key=lambda group: (-group.units.y, group.name))
