"""Word edits between what the engine wrote and what a reviewer left. Pure: no Django, no I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from lexicon.borders import Border, graphemes, words

INAUDIBLE = "[inaudible]"  # as the desk writes it
_INAUDIBLE = re.compile(rf"[^\w\s]*{re.escape(INAUDIBLE)}[^\w\s]*")
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:[.,'’٬]\d{3})+(?!\d)")
_PARTED = re.compile(r"(?<=\d)[.,'’٬](?=\d)")
_DECIMAL = re.compile(r"(?<=\d)[.,٫](?=\d)")
_POINT = "\ue000"  # for the time that punctuation is taken out
ALIKE = 0.65  # of the letters of two words: then it is shown which of them differ


@dataclass(frozen=True)
class Letters:
    """Graphemes in a row of one side of an edit."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Edit:
    """A run of words that differ; `before` or `after` is empty for an insertion or a deletion.

    `kind`: equal, substitution, deletion, insertion, or, where only that differs, case or
    punctuation; `kinds.told` knows more of them. `before_at` and `after_at` are where it begins, in
    characters of the texts; where it is nothing in one of them, they are where it would stand.
    `blank`: it stands behind one.
    """

    kind: str
    before: str
    after: str
    before_at: int
    after_at: int
    blank: bool = True

    @property
    def letters(self) -> tuple[list[Letters], list[Letters]]:
        """Both sides as runs of letters that the other has too and that it has not, where the
        two are much alike; else each in one piece."""
        old, new = graphemes(self.before), graphemes(self.after)
        if Levenshtein.normalized_similarity(old, new) < ALIKE:
            return [Letters(self.before)], [Letters(self.after)]
        sides: tuple[list[Letters], list[Letters]] = ([], [])
        for op in Levenshtein.opcodes(old, new):
            same = op.tag == "equal"
            parts = old[op.src_start : op.src_end], new[op.dest_start : op.dest_end]
            for side, part in zip(sides, parts, strict=True):
                side += [Letters("".join(part), differs=not same)] if part else []
        return sides


def understood(text: str) -> str:
    """A reviewer's text with blanks where people could not make out what was said."""
    return _INAUDIBLE.sub(lambda found: " " * len(found[0]), text)


@lru_cache(maxsize=100_000)
def bare(word: str) -> str:
    """A word as it counts for errors: NFKC, casefolded, without punctuation around or inside, but
    with the point of a decimal number: 2.5 is not 25.

    A word of nothing but symbols stays, so that a lost "%" is an error.
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    if word.isalpha():
        return folded
    whole = _THOUSANDS.sub(lambda found: _PARTED.sub("", found[0]), folded)
    plain = _DECIMAL.sub(_POINT, whole)
    kept = "".join(c for c in plain if unicodedata.category(c)[0] != "P")
    return kept.replace(_POINT, ".") or folded


class _Words:
    """The words of a text, and stretches of them as they stand in it."""

    def __init__(self, text: str) -> None:
        self.text, self.borders = text, words(text)
        self.written = [text[start:end] for start, end in self.borders]
        self.bare = list(map(bare, self.written))

    def stretch(self, first: int, last: int) -> Border:
        if first < last:
            return self.borders[first][0], self.borders[last - 1][1]
        start = self.borders[first][0] if first < len(self.borders) else len(self.text)
        return start, start

    def behind_blank(self, at: int) -> bool:
        return at > 0 and self.text[at - 1].isspace()


def word_edits(before: str, after: str) -> list[Edit]:
    """The edits that turn one text into the other, equal runs included, in order.

    Words, those of the script, are matched by what counts for errors; those that match but are
    not written alike become edits of case or punctuation.
    """
    old, new = _Words(before), _Words(after)
    edits: list[Edit] = []
    for tag, a, b, c, d in _blocks(old.bare, new.bare):
        if tag != "equal":
            edits.append(_edit(tag, old, new, a, b, c, d))
            continue
        looks = map(_look, old.written[a:b], new.written[c:d])
        for kind, run in groupby(enumerate(looks), key=lambda each: each[1]):
            first, *rest = (at for at, _ in run)
            end = (rest or [first])[-1] + 1
            edits.append(_edit(kind, old, new, a + first, a + end, c + first, c + end))
    return edits


def _edit(kind: str, old: _Words, new: _Words, a: int, b: int, c: int, d: int) -> Edit:
    (start, end), (first, last) = old.stretch(a, b), new.stretch(c, d)
    blank = new.behind_blank(first) if c < d else old.behind_blank(start)
    return Edit(kind, old.text[start:end], new.text[first:last], start, first, blank)


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
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


def _look(old: str, new: str) -> str:
    """How two words differ that count as the same."""
    if old == new:
        return "equal"
    return "case" if old.casefold() == new.casefold() else "punctuation"
