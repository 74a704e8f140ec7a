"""What is told of reviews, and what a figure of the page is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.urls import reverse

from feedback.quality import tables
from feedback.quality.charts import Mark
from feedback.quality.filters import Filters, queue_filters
from feedback.quality.rates import FEWEST_WORDS, TOO_FEW, Rate, Sums, rate
from feedback.quality.sums import Group
from feedback.quality.tables import RATE, TIMES_RATE, Table

FEWEST_TERMS, FEWEST_CHANGES, FEWEST_SECONDS = 30, 20, 60
TOO_LITTLE = "too little to tell"
MOST_DRAWN, MOST_LISTED = 10, 100


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


def reviews(count: int) -> str:
    return f"{count:,} review{'' if count == 1 else 's'}"


def reviews_page(filters: Filters) -> str:
    return reverse("quality-reviews") + filters.address


def queue(filters: Filters, **more: str) -> str:
    return reverse("queue") + queue_filters(filters, **more).address


def signed(value: int) -> str:
    return f"{value:+,}".replace("-", "−") if value else "±0"
