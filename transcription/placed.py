"""Rows that stand at characters of a text, [start, end, ...], as it is cut and changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

from lexicon.borders import words

Row = list[Any]


def within(rows: Sequence[Row], start: int, end: int) -> list[Row]:
    """What of them lies in these characters of their text, counted from there."""
    return [
        [max(first, start) - start, min(last, end) - start, *rest]
        for first, last, *rest in rows
        if first < end and start < last
    ]


def shifted(rows: Sequence[Row], by: int) -> list[Row]:
    """The rows of a text before which so many characters are put."""
    return [[first + by, last + by, *rest] for first, last, *rest in rows]


def moved(rows: Sequence[Row], before: str, after: str) -> list[Row]:
    """Those whose words still stand in another text, where they stand there."""
    if not rows:
        return []
    old, new = words(before), words(after)
    to: dict[int, int] = {}  # of each character of a word that stands: where it is now
    one, other = [before[a:b] for a, b in old], [after[a:b] for a, b in new]
    for op in Levenshtein.opcodes(one, other):
        if op.tag == "equal":
            for at in range(op.src_end - op.src_start):
                here, there = old[op.src_start + at], new[op.dest_start + at]
                to |= {each: each + there[0] - here[0] for each in range(*here)}
    return [
        [to[start], to[end - 1] + 1, *rest]
        for start, end, *rest in rows
        if start in to and end - 1 in to
    ]
