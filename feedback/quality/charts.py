"""Plots as SVG: rates over time, rates side by side, and columns. Pure: no Django, no I/O.

Colours and type are the style sheet's (static/css/quality.css), so one drawing serves light and
dark. Axes begin at zero. What is drawn opens its `href`; for keys and screen readers the same links
stand in the table beside the plot, so those in here are passed over by Tab.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from math import floor, log10, sqrt

WIDTH, HEIGHT = 372, 184
LEFT, RIGHT, TOP, BOTTOM = 40, 46, 16, 24
ROW = 30  # of rates side by side
NAMES, VALUES = 148, 52  # room for names on the left, for values on the right
LONGEST_NAME = 22
MOST_LABELS = 5
HALF_A_LETTER = 3.2
SMALLEST, LARGEST = 2.0, 5.0  # radius of a dot

Shown = Callable[[float], str]


@dataclass(frozen=True)
class Mark:
    """What is drawn of one group. Without a `value` there is too little to tell, or nothing.
    `weight`: how much is behind it, by which its dot is sized; `note`: what it says when it is
    pointed at."""

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    weight: float = 0
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of `up` over the axis, and of `down` below it."""

    name: str
    up: float = 0
    down: float = 0
    href: str = ""
    note: str = ""


def over_time(
    key: str, title: str, about: str, marks: Sequence[Mark], shown: Shown, tick: Shown
) -> str:
    """A line with its band of confidence; it breaks where a period has no value."""
    top = _top(marks)
    xs = _places(len(marks))
    y = _scale(top)
    drawn = [_axis(top, y, tick)]
    at = list(enumerate(marks))
    for told, group in groupby(at, key=lambda each: each[1].value is not None):
        run = list(group)
        if told:
            drawn += _run([(xs[number], mark) for number, mark in run], top, y)
    most = max((mark.weight for mark in marks), default=0)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(marks))
    for number, mark in at:
        x, seen = xs[number], ""
        if mark.value is not None:
            seen = _dot(x, y(min(mark.value, top)), _radius(mark.weight, most))
        elif mark.weight:
            seen = f'<circle class="untold" cx="{x:.1f}" cy="{y(0):.1f}" r="2.5"/>'
        area = (
            f'<rect class="area" x="{x - step / 2:.1f}" y="{TOP}" width="{step:.1f}"'
            f' height="{HEIGHT - TOP - BOTTOM}"/>'
        )
        drawn.append(_link(mark.href, mark.note, area + seen) if mark.weight else "")
    last = next((pair for pair in reversed(at) if pair[1].value is not None), None)
    if last and last[1].value is not None:
        number, mark = last
        drawn.append(
            f'<text class="now" x="{xs[number] + 9:.1f}" y="{y(min(last[1].value, top)) + 4:.1f}">'
            f"{escape(shown(last[1].value))}</text>"
        )
    drawn.append(_names([mark.name for mark in marks], xs))
    return _svg(key, title, about, HEIGHT, drawn)


def side_by_side(
    key: str,
    title: str,
    about: str,
    rows: Sequence[tuple[Mark, Mark | None]],
    shown: Shown,
    tick: Shown,
    untold: str,
) -> str:
    """A row for each group: a dot with its interval, and below it a second, hollow one."""
    top = _top([mark for row in rows for mark in row if mark])
    room = WIDTH - NAMES - VALUES
    height = TOP + ROW * len(rows) + 18
    most = max((first.weight for first, _ in rows), default=0)

    def x(value: float) -> float:
        return NAMES + room * min(value, top) / top

    drawn = []
    for end in _ticks(top) if any(first.value is not None for first, _ in rows) else ():
        drawn.append(
            f'<line class="grid" x1="{x(end):.1f}" x2="{x(end):.1f}" y1="{TOP - 4}"'
            f' y2="{height - 20}"/><text x="{x(end):.1f}" y="{height - 5}"'
            f' text-anchor="middle">{escape(tick(end))}</text>'
        )
    for number, (first, second) in enumerate(rows):
        middle = TOP + ROW * number + ROW / 2
        inside = [
            f'<rect class="area" x="0" y="{middle - ROW / 2:.1f}" width="{WIDTH}" height="{ROW}"/>',
            f'<text class="name" x="0" y="{middle + 4:.1f}">{escape(_short(first.name))}</text>',
        ]
        if first.value is None:
            inside.append(f'<text x="{NAMES}" y="{middle + 4:.1f}">{escape(untold)}</text>')
        else:
            both = second is not None and second.value is not None
            inside.append(_whisker(first, x, top, middle - (4 if both else 0), ""))
            inside.append(
                _dot(x(first.value), middle - (4 if both else 0), _radius(first.weight, most))
            )
            if second and second.value is not None:
                inside.append(_whisker(second, x, top, middle + 5, " other"))
                inside.append(
                    f'<circle class="other" cx="{x(second.value):.1f}" cy="{middle + 5:.1f}"'
                    ' r="2.5"/>'
                )
            inside.append(
                f'<text class="now" x="{WIDTH}" y="{middle + 4:.1f}" text-anchor="end">'
                f"{escape(shown(first.value))}</text>"
            )
        drawn.append(_link(first.href, first.note, "".join(inside)))
    return _svg(key, title, about, height, drawn)


def columns(
    key: str,
    title: str,
    about: str,
    found: Sequence[Column],
    shown: Shown,
    *,
    labelled: bool = False,
) -> str:
    """Columns over an axis at zero, and below it where something was lost. `labelled`: each with
    its value."""
    highest = max((each.up for each in found), default=0)
    top = _nice(1.1 * highest if labelled else highest)  # with room for labels
    lowest = max((each.down for each in found), default=0)
    bottom = _nice(lowest) if lowest else 0.0
    room = HEIGHT - TOP - BOTTOM
    whole = top + bottom

    def y(value: float) -> float:
        return TOP + room * (top - value) / whole

    xs = _places(len(found), inside=True)
    wide = min(38.0, (WIDTH - LEFT) / max(1, len(found)) * 0.7)
    ticks = [0.0, top] + ([-bottom] if bottom >= top / 4 else [])
    drawn = [_line_at(tick, y(tick), shown(abs(tick)), WIDTH) for tick in ticks]
    for x, each in zip(xs, found, strict=True):
        inside = (
            f'<rect class="area" x="{x - wide / 2:.1f}" y="{TOP}" width="{wide:.1f}"'
            f' height="{room}"/>'
        )
        if each.up:
            inside += (
                f'<rect class="up" x="{x - wide / 2:.1f}" y="{y(each.up):.1f}"'
                f' width="{wide:.1f}" height="{y(0) - y(each.up):.1f}"/>'
            )
        if each.down:
            inside += (
                f'<rect class="down" x="{x - wide / 2:.1f}" y="{y(0):.1f}"'
                f' width="{wide:.1f}" height="{y(-each.down) - y(0):.1f}"/>'
            )
        if labelled:
            inside += (
                f'<text class="now" x="{x:.1f}" y="{y(each.up) - 5:.1f}" text-anchor="middle">'
                f"{escape(shown(each.up))}</text>"
            )
        drawn.append(_link(each.href, each.note, inside))
    drawn.append(_names([each.name for each in found], xs, all_of_them=labelled))
    return _svg(key, title, about, HEIGHT, drawn)


# --- Parts -------------------------------------------------------------------------------------


def _svg(key: str, title: str, about: str, height: float, drawn: Sequence[str]) -> str:
    name = escape(key, quote=True)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" role="graphics-document"'
        f' aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(about)}</desc>{"".join(drawn)}</svg>'
    )


def _link(href: str, note: str, inside: str) -> str:
    told = f"<title>{escape(note)}</title>" if note else ""
    if not href:
        return f"<g>{told}{inside}</g>"
    name = f' aria-label="{escape(note, quote=True)}"' if note else ""
    return f'<a href="{escape(href, quote=True)}" tabindex="-1"{name}>{told}{inside}</a>'


def _axis(top: float, y: Callable[[float], float], tick: Shown) -> str:
    return "".join(_line_at(value, y(value), tick(value)) for value in _ticks(top))


def _line_at(value: float, y: float, name: str, right: float = WIDTH - RIGHT + 8) -> str:
    return (
        f'<line class="{"grid" if value else "zero"}" x1="{LEFT}" x2="{right}"'
        f' y1="{y:.1f}" y2="{y:.1f}"/><text x="{LEFT - 6}" y="{y + 4:.1f}"'
        f' text-anchor="end">{escape(name)}</text>'
    )


def _run(run: Sequence[tuple[float, Mark]], top: float, y: Callable[[float], float]) -> list[str]:
    """The band and the line of neighbours that all have a value."""
    told = [(x, mark.value or 0.0, mark) for x, mark in run]
    if len(told) == 1:
        x, _, mark = told[0]
        if mark.low is None or mark.high is None:
            return []
        return [
            f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{y(min(mark.low, top)):.1f}"'
            f' y2="{y(min(mark.high, top)):.1f}"/>'
        ]
    line = " ".join(f"{x:.1f},{y(min(value, top)):.1f}" for x, value, _ in told)
    band = ""
    if all(mark.low is not None and mark.high is not None for _, _, mark in told):
        above = [f"{x:.1f},{y(min(mark.high or 0.0, top)):.1f}" for x, _, mark in told]
        below = [f"{x:.1f},{y(min(mark.low or 0.0, top)):.1f}" for x, _, mark in reversed(told)]
        band = f'<polygon class="band" points="{" ".join(above + below)}"/>'
    return [band, f'<polyline class="line" points="{line}"/>']


def _whisker(mark: Mark, x: Callable[[float], float], top: float, at: float, kind: str) -> str:
    if mark.low is None or mark.high is None:
        return ""
    # an arrow where the interval goes on beyond the plot
    end = x(mark.high)
    beyond = f'<path class="whisker{kind}" d="M{end - 4:.1f} {at - 3:.1f}l4 3l-4 3"/>'
    return (
        f'<line class="whisker{kind}" x1="{x(mark.low):.1f}" x2="{end:.1f}" y1="{at:.1f}"'
        f' y2="{at:.1f}"/>{beyond if mark.high > top else ""}'
    )


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'


def _radius(weight: float, most: float) -> float:
    """By area."""
    return SMALLEST + (LARGEST - SMALLEST) * sqrt(weight / most) if most else SMALLEST


def _names(names: Sequence[str], xs: Sequence[float], *, all_of_them: bool = False) -> str:
    """Under the axis: as many as there is room for, the last one always."""
    last, apart = len(names) - 1, max(1, -(-(len(names) - 1) // (MOST_LABELS - 1)))
    chosen = [at for at in range(len(names)) if all_of_them or (last - at) % apart == 0]
    # the last ones are kept inside, by about how wide they are
    inside = {at: min(xs[at], WIDTH - HALF_A_LETTER * len(names[at])) for at in chosen}
    return "".join(
        f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(names[at])}</text>'
        for at, x in inside.items()
    )


def _places(count: int, *, inside: bool = False) -> list[float]:
    """Where each of so many stands, from left to right; `inside`: with room for a column."""
    left, right = LEFT + 8, WIDTH - (4 if inside else RIGHT)
    if inside or count == 1:
        step = (right - left) / max(1, count)
        return [left + step * (at + 0.5) for at in range(count)]
    return [left + (right - left) * at / (count - 1) for at in range(count)]


def _scale(top: float) -> Callable[[float], float]:
    return lambda value: TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _top(marks: Sequence[Mark]) -> float:
    """The axis ends where all values have room, and intervals that are not far wider."""
    values = [mark.value for mark in marks if mark.value is not None]
    highest = max(values, default=0.0)
    ends = [mark.high for mark in marks if mark.high is not None]
    return _nice(max(highest, min(max(ends, default=0.0), 1.7 * highest)))


def _nice(value: float) -> float:
    """The next round number."""
    if value <= 0:
        return 1.0
    ten = 10.0 ** floor(log10(value))
    return next(
        step * ten for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * ten >= value * 0.999
    )


def _ticks(top: float) -> list[float]:
    return [0.0, top / 2, top]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
