"""What all reviews come to, in a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from feedback.quality import tables
from feedback.quality.filters import Filters
from feedback.quality.measures import MER, TERMS, TIME, WER, Measure, queue, reviews_page, signed
from feedback.quality.spending import Backlog, Money
from feedback.quality.sums import Found, Group
from feedback.quality.tables import TIMES_RATE


@dataclass(frozen=True)
class Headline:
    name: str
    value: str
    note: str
    href: str


def headlines(
    found: Found,
    waiting: Backlog,
    cost: tuple[dict[date, Money], dict[str, Money]],
    filters: Filters,
) -> list[Headline]:
    total, behind = found.total, reviews_page(filters)
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
        Headline("Waiting", f"{sum(waiting.counts):,}", oldest, queue(filters, state="waiting")),
        Headline(
            "Cost per hour of sound",
            tables.usd(money.per_hour) if money.per_hour is not None else "–",
            f"{tables.usd(money.usd)} for {tables.hours(money.hours)}"
            if money.jobs
            else "no price",
            queue(filters, **days),
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
