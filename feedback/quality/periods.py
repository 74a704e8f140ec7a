"""Weeks and months of what is told by days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from feedback.quality.spending import Money
from feedback.quality.sums import Group

Step = Callable[[date], date]  # of a day the first one of its period
MOST_PERIODS = 60  # drawn, the newest
LONGEST_IN_WEEKS = timedelta(days=7 * 40)


def step_of(days: list[date], by: str) -> Step:
    """Of a day the first one of its week or month; by itself, weeks as long as they are few."""
    if not by:
        by = "week" if not days or days[-1] - days[0] <= LONGEST_IN_WEEKS else "month"
    return week_of if by == "week" else month_of


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    return day.replace(day=1)


def after(period: date, step: Step) -> date:
    """The period behind it."""
    return step(period + timedelta(days=7 if step is week_of else 31))


Summed = TypeVar("Summed", Group, Money)


def periods(days: dict[date, Summed], step: Step, nothing: Summed) -> dict[date, Summed]:
    """The days' sums, without gaps between the first and the last."""
    found: dict[date, Summed] = {}
    for day, each in days.items():
        period, last = step(day), max(found, default=None)
        while last and last < period:
            last = after(last, step)
            found[last] = nothing
        found[period] = found.get(period, nothing) + each
    return found


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
