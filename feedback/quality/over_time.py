"""Figures of reviews over weeks or months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from feedback.quality import charts, tables
from feedback.quality.charts import Column
from feedback.quality.filters import Filters
from feedback.quality.measures import (
    MER,
    TERMS,
    TIME,
    WER,
    Figure,
    Measure,
    reviews,
    reviews_page,
    signed,
)
from feedback.quality.periods import MOST_PERIODS, Periods, periods, step_of
from feedback.quality.sums import Found, Group
from feedback.quality.tables import COUNT, RATE, TEXT, Row, Table


def over_time(found: Found, filters: Filters) -> list[Figure]:
    names = Periods(step_of(list(found.days), filters.by))
    groups = periods(found.days, names.step, Group("", ""))
    at = [
        (period, group, reviews_page(filters.within(period, names.last(period))))
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
