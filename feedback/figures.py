"""The quality page's figures: a plot each, the table behind it, and what opens its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils import timezone

from feedback import charts, tables
from feedback.charts import Column, Mark
from feedback.narrowing import Filters, queue_filters
from feedback.quality import (
    Backlog,
    Found,
    Group,
    Money,
    after,
    age_days,
    periods,
    step_of,
    week_of,
)
from feedback.rates import FEWEST_WORDS, TOO_FEW, Rate, Sums, rate
from feedback.tables import COUNT, HOURS, RATE, SHARE, TEXT, TIMES_RATE, USD, Row, Table

FEWEST_TERMS, FEWEST_CHANGES, FEWEST_SECONDS = 30, 20, 60
TOO_LITTLE = "too little to tell"
MOST_DRAWN, MOST_LISTED = 10, 100
MOST_PERIODS = 60  # drawn, the newest
AGES = ("today", "1–2 days", "3–6 days", "1–4 weeks", "older")

Step = Callable[[date], date]


@dataclass(frozen=True)
class Measure:
    """Something that is told as a share, from its sums."""

    name: str
    of: Callable[[Group], Sums]
    fewest: float
    unit: str  # of what there are so many behind it
    kind: str = RATE
    untold: str = TOO_FEW

    def rate(self, group: Group) -> Rate | None:
        return rate(self.of(group), self.fewest)

    def cell(self, group: Group) -> Rate | str | None:
        return self.rate(group) or (self.untold if self.of(group).y else None)

    def short(self, value: float) -> str:
        return tables.times(value) if self.kind == TIMES_RATE else tables.percent(value)

    def tick(self, value: float) -> str:
        return f"{value:g}" if self.kind == TIMES_RATE else f"{100 * value:g} %"

    def mark(self, name: str, long: str, group: Group, href: str) -> Mark:
        sums, found = self.of(group), self.rate(group)
        told = tables.shown(found or self.untold, self.kind)
        behind = f"{tables.whole(self.amount(sums.y))} {self.unit} in {reviews(sums.reviews)}"
        return Mark(
            name,
            found.value if found else None,
            found.low if found else None,
            found.high if found else None,
            sums.y,
            href,
            f"{long}: {told}; {behind}",
        )

    def amount(self, y: float) -> float:
        return y / 60 if self.kind == TIMES_RATE else y


WER = Measure("WER", lambda group: group.words, FEWEST_WORDS, "words")
MER = Measure("MER", lambda group: group.units, FEWEST_WORDS, "words")
TERMS = Measure("Term errors", lambda group: group.terms, FEWEST_TERMS, "terms", untold=TOO_LITTLE)
TIME = Measure(
    "Review time",
    lambda group: group.time,
    FEWEST_SECONDS,
    "min of sound",
    TIMES_RATE,
    TOO_LITTLE,
)
UNDONE = Measure(
    "Changes taken back",
    lambda group: group.changes,
    FEWEST_CHANGES,
    "changes",
    untold=TOO_LITTLE,
)
# what groups are compared by: the measure, and one beside it
SHOWN: dict[str, tuple[str, Measure, Measure | None]] = {
    "": ("Errors", WER, MER),
    "terms": ("Terms", TERMS, None),
    "lexicon": ("Lexicon", UNDONE, None),
    "time": ("Review time", TIME, None),
}


@dataclass(frozen=True)
class Figure:
    """`svg` is empty where there is nothing to draw; `now` is what it comes to altogether."""

    key: str
    title: str
    note: str
    svg: str
    table: Table
    now: str = ""
    nothing: str = "None yet."  # where there is nothing to draw

    @property
    def listed(self) -> Iterator[tuple[str, str, list[str]]]:
        return islice(self.table.shown, MOST_LISTED)

    @property
    def left_out(self) -> int:
        """Rows that only the CSV file has."""
        return max(0, len(self.table.rows) - MOST_LISTED)


@dataclass(frozen=True)
class Headline:
    name: str
    value: str
    note: str
    href: str


def reviews(count: int) -> str:
    return f"{count:,} review{'' if count == 1 else 's'}"


def _reviews_page(filters: Filters) -> str:
    return reverse("quality-reviews") + filters.address


def _queue(filters: Filters, **more: str) -> str:
    return reverse("queue") + queue_filters(filters, **more).address


# --- Over time -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Periods:
    """Weeks or months, and how they are called."""

    step: Step

    @property
    def unit(self) -> str:
        return "week" if self.step is week_of else "month"

    def short(self, period: date) -> str:
        return f"{period.day} {period:%b}" if self.step is week_of else f"{period:%b %Y}"

    def long(self, period: date) -> str:
        if self.step is week_of:
            return f"Week of {period.day} {period:%b %Y}"
        return f"{period:%B %Y}"

    def last(self, period: date) -> date:
        return after(period, self.step) - timedelta(days=1)

    def about(self, found: Sequence[date]) -> str:
        if not found:
            return "Nothing yet."
        if len(found) == 1:
            return f"{self.long(found[0])}."
        ends = f"{self.short(found[0])} to {self.short(found[-1])}"
        return f"{len(found)} {self.unit}s, {ends}.{self.cut(found)}"

    def cut(self, found: Sequence[object]) -> str:
        """Said where not all can be drawn."""
        return f" The last {MOST_PERIODS} {self.unit}s." if len(found) > MOST_PERIODS else ""


def over_time(found: Found, filters: Filters) -> list[Figure]:
    names = Periods(step_of(list(found.days), filters.by))
    groups = periods(found.days, names.step, Group("", ""))
    at = [
        (period, group, _reviews_page(filters.within(period, names.last(period))))
        for period, group in groups.items()
    ]
    return [
        _line("wer", WER, "Word errors (WER)", found, at, names),
        _line("mer", MER, "Mixed errors (MER)", found, at, names),
        _line("terms", TERMS, "Errors on the lexicon’s terms", found, at, names),
        _lexicon(found, at, names),
        _line("time", TIME, "Review time", found, at, names),
        _volume(found, at, names),
    ]


At = Sequence[tuple[date, Group, str]]


def _line(key: str, measure: Measure, title: str, found: Found, at: At, names: Periods) -> Figure:
    marks = [
        measure.mark(names.short(period), names.long(period), group, href)
        for period, group, href in at[-MOST_PERIODS:]
    ]
    told = [mark for mark in marks if mark.value is not None]
    about = names.about([period for period, *_ in at])
    if told:
        ends = sorted(mark.value or 0.0 for mark in told)
        lowest, highest, last = (measure.short(v) for v in (ends[0], ends[-1], told[-1].value or 0))
        about += f" From {lowest} to {highest}; the last one {last}."
    rows = [
        Row(
            (
                names.long(period),
                group.reviews,
                measure.amount(measure.of(group).y),
                measure.of(group).x if measure.kind == RATE else measure.of(group).x / 60,
                measure.cell(group),
            ),
            href,
        )
        for period, group, href in at
        if group.reviews
    ]
    errors = "Errors" if measure.kind == RATE else "Minutes of reviewing"
    columns = (
        (names.unit.capitalize(), TEXT),
        ("Reviews", COUNT),
        (measure.unit.capitalize(), COUNT),
        (errors, COUNT),
        (measure.name, measure.kind),
    )
    whole = measure.rate(found.total)
    return Figure(
        key,
        title,
        _NOTES[key] + names.cut(at),
        charts.over_time(key, f"{title} over time", about, marks, measure.short, measure.tick)
        if told
        else "",
        Table(columns, rows),
        measure.short(whole.value) if whole else "",
        f"{measure.untold.capitalize()}." if measure.of(found.total).y else "None yet.",
    )


_NOTES = {
    "wer": "Wrong, missing and needless words, of all words.",
    "mer": "Letters count as words where a script has no blanks.",
    "terms": "Terms that were said and that the engine did not write.",
    "time": "Minutes at the desk for each minute of sound.",
}


def _lexicon(found: Found, at: At, names: Periods) -> Figure:
    columns = [
        Column(
            names.short(period),
            group.plain.took,
            group.plain.made,
            href,
            f"{names.long(period)}: {group.plain.took:,} word errors gone by the lexicon,"
            f" {group.plain.made:,} new; {group.plain.undone:,} changes taken back",
        )
        for period, group, href in at[-MOST_PERIODS:]
    ]
    header = (
        (names.unit.capitalize(), TEXT),
        ("Changes", COUNT),
        ("Errors gone", COUNT),
        ("Errors new", COUNT),
        ("Let stand", COUNT),
        ("Taken back", COUNT),
    )
    rows = [
        Row((names.long(period), *_of_lexicon(group)), href)
        for period, group, href in at
        if group.reviews
    ]
    all_of_it = found.total.plain
    title = "What the lexicon gained and cost"
    about = (
        f"{names.about([period for period, *_ in at])} Word errors gone, over the axis:"
        f" {all_of_it.took:,}. New ones, below: {all_of_it.made:,}."
    )
    svg = charts.columns("lexicon", title, about, columns, tables.whole)
    worked = any(_of_lexicon(found.total))
    return Figure(
        "lexicon",
        title,
        "Word errors gone by it, over the axis; new ones, below." + names.cut(at),
        svg if worked else "",
        Table(header, rows),
        signed(all_of_it.made - all_of_it.took) if worked else "",
    )


def _of_lexicon(group: Group) -> tuple[int, ...]:
    plain = group.plain
    return plain.applied, plain.took, plain.made, plain.confirmed, plain.undone


def signed(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else "±0"


def _volume(found: Found, at: At, names: Periods) -> Figure:
    columns = [
        Column(
            names.short(period),
            group.words.y,
            href=href,
            note=f"{names.long(period)}: {group.words.y:,.0f} words in {reviews(group.reviews)}",
        )
        for period, group, href in at[-MOST_PERIODS:]
    ]
    header = ((names.unit.capitalize(), TEXT), ("Reviews", COUNT), ("Words", COUNT))
    rows = [
        Row((names.long(period), group.reviews, group.words.y), href)
        for period, group, href in at
        if group.reviews
    ]
    title, whole = "Words reviewed", tables.whole(found.total.words.y)
    about = f"{names.about([period for period, *_ in at])} {whole} words altogether."
    svg = charts.columns("volume", title, about, columns, _compact)
    return Figure(
        "volume",
        title,
        "How much text the figures rest on." + names.cut(at),
        svg if found.total.words.y else "",
        Table(header, rows),
        whole,
    )


def _compact(value: float) -> str:
    return f"{value / 1000:,.3g}k" if value >= 1000 else tables.whole(value)


# --- Side by side --------------------------------------------------------------------------------


def side_by_side(found: Found, filters: Filters, show: str) -> list[Figure]:
    """`show`: by what they are compared, a key of SHOWN."""
    kinds = (
        ("model", "Model", found.models),
        ("engine", "Engine", found.engines),
        ("language", "Language", found.languages),
        ("client", "Client", found.clients),
        ("reviewer", "Reviewer", found.reviewers),
    )
    return [_groups(key, name, groups, filters, show) for key, name, groups in kinds]


def _groups(key: str, name: str, groups: Sequence[Group], filters: Filters, show: str) -> Figure:
    _, first, second = SHOWN[show]
    of_words = key == "language"
    if of_words:  # what is known of the words of a language alone
        first, second = MER, None
    rows = [(group, _opens(filters, key, group)) for group in groups]
    marks = [
        (
            first.mark(group.name, group.name, group, href),
            second.mark(group.name, group.name, group, href) if second else None,
        )
        for group, href in rows[:MOST_DRAWN]
    ]
    title = f"By {name.lower()}"
    both = first.name + (f" and {second.name}" if second else "")
    about = f"{both} of {len(marks)} of {len(groups)}: " + "; ".join(m.note for m, _ in marks[:3])
    columns = (*(_WORDS if of_words else _GROUPS), *(_MODELS if key == "model" else ()))
    cells = _word_cells if of_words else _group_cells
    return Figure(
        key,
        title,
        _legend(first, second, len(groups)),
        charts.side_by_side(
            key, f"{title}: {both}", about, marks, first.short, first.tick, first.untold
        )
        if marks
        else "",
        Table(
            ((name, TEXT), *columns),
            [
                Row(
                    (
                        group.name,
                        *cells(group),
                        *((group.pier, group.plain.other_script_rate) if key == "model" else ()),
                    ),
                    href,
                )
                for group, href in rows
            ],
        ),
    )


def _legend(first: Measure, second: Measure | None, count: int) -> str:
    most = f" The {MOST_DRAWN} of most words." if count > MOST_DRAWN else ""
    if second:
        return f"{first.name} with its interval; hollow: {second.name}.{most}"
    unit = ", in minutes for each minute of sound" if first.kind == TIMES_RATE else ""
    return f"{first.name} with its interval{unit}.{most}"


def _opens(filters: Filters, key: str, group: Group) -> str:
    return _reviews_page(filters.but(**{key: group.value})) if group.value else ""


_WORDS = (("Reviews", COUNT), ("Words", COUNT), ("Errors", COUNT), ("MER", RATE))
_GROUPS = (
    ("Reviews", COUNT),
    ("Words", COUNT),
    ("WER", RATE),
    ("MER", RATE),
    ("CER", SHARE),
    ("Term errors", RATE),
    ("Lexicon: errors gone", COUNT),
    ("Lexicon: errors new", COUNT),
    ("Changes let stand", COUNT),
    ("Changes taken back", COUNT),
    ("Review time", TIMES_RATE),
)
_MODELS = (("Switched words", SHARE), ("Other script", SHARE))


def _word_cells(group: Group) -> tuple[Any, ...]:
    return group.reviews, group.units.y, group.units.x, MER.cell(group)


def _group_cells(group: Group) -> tuple[Any, ...]:
    plain = group.plain
    return (
        group.reviews,
        group.words.y,
        WER.cell(group),
        MER.cell(group),
        plain.cer if WER.rate(group) else None,
        TERMS.cell(group),
        plain.took,
        plain.made,
        plain.confirmed,
        plain.undone,
        TIME.cell(group),
    )


# --- Recordings, reviewed or not -----------------------------------------------------------------


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
        href = _queue(filters, state="waiting", since=since, until=until)
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
        at.append((period, money, _queue(filters, since=inside["since"], until=inside["until"])))
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
    at = [(model, money, _queue(filters, model=model, **days)) for model, money in models.items()]
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


# --- What it comes to ----------------------------------------------------------------------------


def headlines(
    found: Found,
    waiting: Backlog,
    cost: tuple[dict[date, Money], dict[str, Money]],
    filters: Filters,
) -> list[Headline]:
    total, behind = found.total, _reviews_page(filters)
    plain, money = total.plain, sum(cost[0].values(), Money())
    told = [
        _headline("WER", WER, total, behind),
        _headline("MER", MER, total, behind),
        _headline("Term errors", TERMS, total, behind),
        Headline(
            "Errors by the lexicon",
            signed(plain.made - plain.took) if plain.applied else "–",
            f"{plain.took:,} gone, {plain.made:,} new" if plain.applied else "it changed nothing",
            behind,
        ),
        _headline("Review time per minute", TIME, total, behind),
    ]
    days = {name: filters.chosen.get(name, "") for name in ("since", "until")}
    oldest = f"since {waiting.oldest:%-d %b %Y}" if waiting.oldest else "nothing waits"
    return [
        *(told if total.reviews else ()),
        Headline("Waiting", f"{sum(waiting.counts):,}", oldest, _queue(filters, state="waiting")),
        Headline(
            "Cost per hour of sound",
            tables.usd(money.per_hour) if money.per_hour is not None else "–",
            f"{tables.usd(money.usd)} for {tables.hours(money.hours)}"
            if money.jobs
            else "no price",
            _queue(filters, **days),
        ),
    ]


def _headline(name: str, measure: Measure, group: Group, href: str) -> Headline:
    sums, found = measure.of(group), measure.rate(group)
    behind = f"{tables.whole(sums.y)} {measure.unit}"
    if measure.kind == TIMES_RATE:
        behind = tables.hours(sums.y / 3600)
    if found is None:
        note = f"{measure.untold} ({behind})" if sums.y else "none yet"
        return Headline(name, "–", note, href)
    value, _, ends = tables.shown(found, measure.kind).partition(" (")
    unit = " min" if measure.kind == TIMES_RATE else ""
    return Headline(name, value + unit, f"{ends.rstrip(')')} · {behind}", href)
