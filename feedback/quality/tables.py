"""Tables of figures, as pages show them and as CSV. Pure: no Django, no I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from feedback.quality.rates import Rate
from lexicon.exchange.formats import as_cell

# how a value is shown: a number of things, a share, a share with its interval, dollars, and so on
TEXT, COUNT, SHARE, RATE, TIMES, USD, HOURS = "text", "count", "share", "rate", "times", "usd", "h"
TIMES_RATE = "times rate"
SEVERAL = {RATE, TIMES_RATE}  # three columns of a CSV file
_PIECE = 1 << 16


@dataclass(frozen=True)
class Row:
    """Its `href` opens what is behind it."""

    cells: Sequence[Any]
    href: str = ""


@dataclass(frozen=True)
class Table:
    """`columns`: each with its name and how its values are shown."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Row]

    @property
    def shown(self) -> Iterator[tuple[str, str, list[str]]]:
        """Of each row its first cell, where it leads, and its other cells."""
        for row in self.rows:
            first, *rest = (
                shown(value, kind) for value, (_, kind) in zip(row.cells, self.columns, strict=True)
            )
            yield first, row.href, rest

    def csv(self) -> Iterator[str]:
        header: list[str] = []
        for name, kind in self.columns:
            header += [name, f"{name}, low", f"{name}, high"] if kind in SEVERAL else [name]
        return csv_of(header, (_flat(row.cells, self.columns) for row in self.rows))


def csv_of(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """In pieces; no cell is a formula to a spreadsheet program."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if value is None else as_cell(_rounded(value)) for value in row])
        if buffer.tell() > _PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _flat(cells: Sequence[Any], columns: Sequence[tuple[str, str]]) -> Iterator[Any]:
    for value, (_, kind) in zip(cells, columns, strict=True):
        if kind == COUNT and value == int(value):
            yield int(value)
        elif kind not in SEVERAL:
            yield value
        elif isinstance(value, Rate):
            yield from (value.value, value.low, value.high)
        else:
            yield from (None, None, None)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def shown(value: Any, kind: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, Rate):
        one, unit = (percent, " %") if kind == RATE else (times, "")
        ends = "–".join(one(end).removesuffix(" %") for end in (value.low, value.high))
        return f"{one(value.value)} ({ends}{unit})"
    return {COUNT: whole, SHARE: percent, TIMES: times, USD: usd, HOURS: hours}[kind](value)


def whole(value: float) -> str:
    return f"{value:,.0f}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def times(value: float) -> str:
    return f"{value:.1f}"


def usd(value: float) -> str:
    return f"${value:,.2f}"


def hours(value: float) -> str:
    return f"{value:,.1f} h"
