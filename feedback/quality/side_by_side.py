"""Figures of reviews by what they have in common, such as their model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feedback.quality import charts
from feedback.quality.filters import Filters
from feedback.quality.measures import (
    MER,
    MOST_DRAWN,
    TERMS,
    TIME,
    UNDONE,
    WER,
    Figure,
    Measure,
    reviews_page,
)
from feedback.quality.sums import Found, Group
from feedback.quality.tables import COUNT, RATE, SHARE, TEXT, TIMES_RATE, Row, Table

# what groups are compared by: the measure, and one beside it
SHOWN: dict[str, tuple[str, Measure, Measure | None]] = {
    "": ("Errors", WER, MER),
    "terms": ("Terms", TERMS, None),
    "lexicon": ("Lexicon", UNDONE, None),
    "time": ("Review time", TIME, None),
}


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
    return reviews_page(filters.but(**{key: group.value})) if group.value else ""


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
