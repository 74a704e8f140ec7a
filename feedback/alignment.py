"""Word edits between what the engine wrote and what a reviewer left. Pure: no Django, no I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True)
class Edit:
    """A run of words that differ; `before` or `after` is empty for an insertion or a deletion.

    `kind`: equal, substitution, deletion, insertion, or, where only that differs, case or
    punctuation. `before_at` and `after_at` count words from the start of the texts.
    """

    kind: str
    before: str
    after: str
    before_at: int
    after_at: int


def bare(word: str) -> str:
    """A word as it counts for errors: NFKC, casefolded, without punctuation around or inside.

    A word of nothing but symbols stays, so that a lost "%" is an error.
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] != "P") or folded


def word_edits(before: str, after: str) -> list[Edit]:
    """The edits that turn one text into the other, equal runs included, in order.

    Words are matched by what counts for errors; those that match but are not written alike
    become edits of case or punctuation.
    """
    old, new = before.split(), after.split()
    edits: list[Edit] = []
    for tag, a, b, c, d in _blocks([bare(w) for w in old], [bare(w) for w in new]):
        if tag != "equal":
            edits.append(Edit(tag, " ".join(old[a:b]), " ".join(new[c:d]), a, c))
            continue
        edits += _looks(old[a:b], new[c:d], a, c)
    return edits


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Equal and unequal runs by turns: neighbouring errors are one, whatever their kinds, so
    that "and or so" for "Entresto" is told as one mishearing."""
    opcodes = Levenshtein.opcodes(old, new)
    for equal, group in groupby(opcodes, lambda op: op.tag == "equal"):
        run = list(group)
        a, b, c, d = run[0].src_start, run[-1].src_end, run[0].dest_start, run[-1].dest_end
        if equal:
            tag = "equal"
        elif a == b:
            tag = "insertion"
        else:
            tag = "substitution" if c < d else "deletion"
        yield tag, a, b, c, d


def _looks(old: list[str], new: list[str], a: int, c: int) -> Iterator[Edit]:
    """Words that count as the same, in runs that are written alike, or not alike in one way."""
    looks = [_look(left, right) for left, right in zip(old, new, strict=True)]
    for kind, run in groupby(range(len(looks)), looks.__getitem__):
        first, *rest = run
        end = (rest or [first])[-1] + 1
        before, after = " ".join(old[first:end]), " ".join(new[first:end])
        yield Edit(kind, before, after, a + first, c + first)


def _look(old: str, new: str) -> str:
    """How two words differ that count as the same."""
    if old == new:
        return "equal"
    return "case" if old.casefold() == new.casefold() else "punctuation"
