"""Figures of recordings, reviewed or not: what waits, and what they cost."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from feedback.quality import charts, tables
from feedback.quality.charts import Column, Mark
from feedback.quality.filters import Filters
from feedback.quality.measures import MOST_DRAWN, Figure, queue
from feedback.quality.periods import MOST_PERIODS, Periods, periods, step_of
from feedback.quality.spending import Backlog, Money, age_days
from feedback.quality.tables import COUNT, HOURS, TEXT, USD, Row, Table

AGES = ("today", "1–2 days", "3–6 days", "1–4 weeks", "older")


def recordings(
    waiting: Backlog,
    cost: tuple[dict[date, Money], dict[str, Money]],
    filters: Filters,
) -> list[Figure]:
    days, models = cost
    return [_waiting(waiting, filters), _cost_over_time(days, filters), _cost(models, filters)]


def _waiting(waiting: Backlog, filters: Filters) -> Figure:
    found = []
    for at, (since, until) in enumerate(age_days(timezone.localdate())):
        href = queue(filters, state="waiting", since=since, until=until)
        note = f"{AGES[at]}: {waiting.counts[at]:,} waiting, {waiting.hours[at]:,.1f} h of sound"
        found.append((Column(AGES[at], waiting.counts[at], href=href, note=note), at))
    title, total = "Waiting for a reviewer", sum(waiting.counts)
    about = f"{total:,} recordings by the days since they were added. " + "; ".join(
        f"{column.name}: {column.up:,.0f}" for column, _ in found
    )
    columns = [column for column, _ in found]
    svg = charts.columns("waiting", title, about, columns, tables.whole, labelled=True)
    return Figure(
        "waiting",
        title,
        "Transcribed recordings now, by how long ago they were added.",
        svg if total else "",
        Table(
            (("Added", TEXT), ("Recordings", COUNT), ("Sound", HOURS)),
            [Row((AGES[at], waiting.counts[at], waiting.hours[at]), c.href) for c, at in found],
        ),
        tables.whole(total) if total else "",
    )


_OF_COST = (("Recordings", COUNT), ("Sound", HOURS), ("Cost", USD), ("Per hour of sound", USD))


def _of_cost(money: Money) -> tuple[Any, ...]:
    return money.jobs, money.hours, money.usd, money.per_hour


def _told_cost(money: Money) -> str:
    return (
        f"{tables.usd(money.per_hour or 0)} per hour of sound; {tables.usd(money.usd)}"
        f" for {money.jobs:,} recordings, {tables.hours(money.hours)}"
    )


def _cost_over_time(days: dict[date, Money], filters: Filters) -> Figure:
    names = Periods(step_of(list(days), filters.by))
    groups = periods(days, names.step, Money())
    at = []
    for period, money in groups.items():
        inside = filters.within(period, names.last(period)).chosen
        at.append((period, money, queue(filters, since=inside["since"], until=inside["until"])))
    columns = [
        Column(
            names.short(period),
            money.per_hour or 0,
            href=href,
            note=f"{names.long(period)}: {_told_cost(money)}",
        )
        for period, money, href in at[-MOST_PERIODS:]
    ]
    total = sum(days.values(), Money())
    about = f"{names.about([period for period, *_ in at])} {_told_cost(total)}."
    svg = charts.columns("cost", "Cost per hour of sound", about, columns, tables.usd)
    return Figure(
        "cost",
        "Cost per hour of sound",
        "US$, by when recordings were added." + names.cut(at),
        svg if total.jobs else "",
        Table(
            ((names.unit.capitalize(), TEXT), *_OF_COST),
            [Row((names.long(p), *_of_cost(money)), href) for p, money, href in at if money.jobs],
        ),
        tables.usd(total.per_hour) if total.per_hour is not None else "",
    )


def _cost(models: dict[str, Money], filters: Filters) -> Figure:
    days = {name: filters.chosen.get(name, "") for name in ("since", "until")}
    at = [(model, money, queue(filters, model=model, **days)) for model, money in models.items()]
    marks = [
        (
            Mark(
                model,
                money.per_hour,
                weight=money.hours,
                href=href,
                note=f"{model}: {_told_cost(money)}",
            ),
            None,
        )
        for model, money, href in at[:MOST_DRAWN]
    ]
    title = "Cost by model"
    about = "; ".join(mark.note for mark, _ in marks)
    svg = charts.side_by_side("cost-models", title, about, marks, tables.usd, tables.usd, "")
    return Figure(
        "cost-models",
        title,
        "US$ per hour of sound; dots as large as the hours behind them.",
        svg if marks else "",
        Table(
            (("Model", TEXT), *_OF_COST),
            [Row((model, *_of_cost(money)), href) for model, money, href in at],
        ),
    )
