"""Where the lexicon's replacements stand in a text that people may have changed since. Pure.

Nothing is kept about it: it is read off the texts, so that it cannot be out of step with them.
The text is laid over all that the engine's could have become, where each replacement may have
been made or not; the way through with the fewest edits tells which it was, and where.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lexicon.matching import Replacement, rewritten
from transcription.stitching import UNSPACED

APPLIED, UNDONE, CHANGED = "applied", "undone", "changed"  # what the lexicon changed
OPEN, TAKEN, GONE = "open", "taken", "gone"  # what it only suggested
STANDS = (APPLIED, TAKEN)  # the words are the lexicon's

# what joins words (in Persian, Hindi) is part of them, unlike the rest of that block
_MARKS = (
    r"!-/:-@\[-`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb-\u00bf\u060c\u061b\u061f"
    r"\u0964\u0965\u2010-\u205e\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20"
)
_LETTERS = UNSPACED.pattern.strip("[]")
# a word; a letter of a script without spaces; a punctuation mark
TOKEN = re.compile(rf"[^\s{_MARKS}{_LETTERS}]+|[{_LETTERS}]|[{_MARKS}]")
MARK = re.compile(rf"[{_MARKS}]")

# what an edit costs: words weigh more than punctuation, and their capitals hardly anything
WORD, PUNCTUATION, CAPITALS = 10, 3, 1
# in a replacement edits cost more, so that what stands there to the letter is not missed
IN_CHOICE = 2


@dataclass(frozen=True)
class Standing:
    """A replacement and what became of it: `text[start:end]` is what stands in its place.

    `other` is what it would be the other way round: the heard words where the lexicon's stand,
    else the lexicon's; empty where people wrote something else ("changed", "gone").
    """

    replacement: Replacement
    state: str
    start: int
    end: int
    other: str = ""

    @property
    def stands(self) -> bool:
        return self.state in STANDS

    @property
    def turnable(self) -> bool:
        return self.state not in (CHANGED, GONE)


def standings(engine_text: str, replacements: Sequence[Replacement], text: str) -> list[Standing]:
    """Of each replacement, in order, what became of it in the text. They must not overlap."""
    if not replacements:
        return []
    if text == rewritten(engine_text, replacements):
        return list(_untouched(replacements))
    return _Lattice(engine_text, replacements).laid_under(text)


def turned(text: str, standing: Standing) -> str:
    """The text with this one the other way round."""
    return text[: standing.start] + standing.other + text[standing.end :]


def _untouched(replacements: Sequence[Replacement]) -> Iterator[Standing]:
    shift = 0
    for each in replacements:
        start = each.start + shift
        if each.applied:
            shift += len(each.after) - len(each.before)
            yield Standing(each, APPLIED, start, start + len(each.after), each.before)
        else:
            yield Standing(each, OPEN, start, start + len(each.before), each.after)


class _Token(NamedTuple):
    text: str
    start: int
    end: int
    folded: str
    weight: int


def _tokens(text: str, start: int = 0, end: int | None = None) -> list[_Token]:
    found = TOKEN.finditer(text, start, len(text) if end is None else end)
    return [
        _Token(m[0], m.start(), m.end(), _folded(m[0]), PUNCTUATION if MARK.match(m[0]) else WORD)
        for m in found
    ]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _key(text: str) -> list[str]:
    """The words of a text as they count when punctuation and capitals do not."""
    return [token.folded for token in _tokens(text) if token.weight == WORD]


@dataclass(frozen=True)
class _Choice:
    """A replacement, widened to whole tokens: only these can be found again."""

    replacement: Replacement
    lead: str  # of its first token, what stands before it
    trail: str
    heard: str  # `lead` and `trail` included
    written: str
    ways: tuple[list[_Token], list[_Token]] = field(default=([], []))

    def standing(self, text: str, start: int, end: int) -> Standing:
        """What it is, by what stands in its place."""
        now = text[start:end]
        written = self._is(now, self.written, self.heard)
        if not written and not self._is(now, self.heard, self.written):
            state = CHANGED if self.replacement.applied else GONE
            return Standing(self.replacement, state, start, end)
        applied = self.replacement.applied
        state = (APPLIED if applied else TAKEN) if written else (UNDONE if applied else OPEN)
        if now in (self.heard, self.written):  # to the letter, so it can be turned as it was
            start, end = start + len(self.lead), end - len(self.trail)
            other = self.replacement.before if written else self.replacement.after
        else:
            other = self.heard if written else self.written
        return Standing(self.replacement, state, start, end, other)

    @staticmethod
    def _is(now: str, one: str, other: str) -> bool:
        if now == one:
            return True
        return now != other and _key(now) == _key(one) != _key(other)


Row = list[int]  # of each number of the text's first tokens: what it costs to have come so far


class _Lattice:
    """The engine's text as tokens that are certain, and choices between two ways."""

    def __init__(self, engine_text: str, replacements: Sequence[Replacement]) -> None:
        self.choices: list[_Choice] = []
        self.fixed: list[list[_Token]] = []  # before, between and after the choices
        tokens, at = _tokens(engine_text), 0
        limits = [*(each.start for each in replacements[1:]), len(engine_text)]
        for each, limit in zip(replacements, limits, strict=True):
            met = [t for t in tokens if t.start < each.end and each.start < t.end]
            start = max(at, min([each.start, *(t.start for t in met)]))
            end = min(limit, max([each.end, *(t.end for t in met)]))
            self.fixed.append(_tokens(engine_text, at, start))
            self.choices.append(_choice(engine_text, each, start, end))
            at = end
        self.fixed.append(_tokens(engine_text, at))

    def laid_under(self, text: str) -> list[Standing]:
        tokens = _tokens(text)
        first, last = self._trim(tokens)
        return self._read(text, tokens, first, last)

    def _trim(self, tokens: list[_Token]) -> tuple[int, int]:
        """Take off what is the same before the first choice and after the last; from which to
        which token the text is left."""
        head, tail = self.fixed[0], self.fixed[-1]
        first = _same(head, tokens, self.choices[0])
        last = len(tokens) - _same(tail[::-1], tokens[first:][::-1], self.choices[-1])
        self.fixed[0] = head[first:]
        self.fixed[-1] = tail[: len(tail) - (len(tokens) - last)]
        return first, last

    def _read(self, text: str, tokens: list[_Token], first: int, last: int) -> list[Standing]:
        inner = tokens[first:last]
        ins = [token.weight for token in inner]
        row = [0]
        for cost in ins:
            row.append(row[-1] + cost)
        laid: list[tuple[list[Row], ...]] = []
        for certain, choice in zip(self.fixed, [*self.choices, None], strict=True):
            rows = _rows(row, certain, inner)
            ways = [_rows(rows[-1], way, inner) for way in choice.ways] if choice else []
            laid.append((rows, *ways))
            row = [min(pair) for pair in zip(*(w[-1] for w in ways), strict=True)] if ways else row
        return self._back(text, tokens, first, inner, laid)

    def _back(
        self,
        text: str,
        tokens: list[_Token],
        first: int,
        inner: list[_Token],
        laid: list[tuple[list[Row], ...]],
    ) -> list[Standing]:
        """Follow the cheapest way from its end, and note where it passes the choices."""
        at, found = len(inner), []
        for number in reversed(range(len(laid))):
            rows, *ways = laid[number]
            if ways:
                choice = self.choices[number]
                # where both cost the same, what the lexicon made of it
                order = (1, 0) if choice.replacement.applied else (0, 1)
                way = min(order, key=lambda w: ways[w][-1][at])
                at, met = _walked(ways[way], choice.ways[way], inner, at)
                where = tokens[first + at - 1].end if first + at else 0
                start = inner[met[0]].start if met else where
                end = inner[met[-1]].end if met else where
                found.append(choice.standing(text, start, end))
            at, _ = _walked(rows, self.fixed[number], inner, at)
        return found[::-1]


def _choice(text: str, each: Replacement, start: int, end: int) -> _Choice:
    lead, trail = text[start : each.start], text[each.end : end]
    heard, written = text[start:end], lead + each.after + trail
    return _Choice(each, lead, trail, heard, written, (_dear(heard), _dear(written)))


def _dear(text: str) -> list[_Token]:
    return [token._replace(weight=IN_CHOICE * token.weight) for token in _tokens(text)]


def _same(one: Sequence[_Token], other: Sequence[_Token], beside: _Choice) -> int:
    """How many tokens both begin with, up to any that might belong to the choice."""
    doubtful = {token.folded for way in beside.ways for token in way}
    count = 0
    for left, right in zip(one, other, strict=False):
        if left.text != right.text or left.folded in doubtful:
            break
        count += 1
    return count


def _price(one: _Token, other: _Token) -> int:
    """Of finding the text's `other` in the place of the lattice's token."""
    if one.text == other.text:
        return 0
    if one.folded == other.folded:
        return CAPITALS
    if (one.weight < WORD) == (other.weight < WORD):
        return one.weight
    return one.weight + other.weight + 1


def _rows(row: Row, lattice: list[_Token], text: list[_Token]) -> list[Row]:
    """The given row and one more for each token of the lattice."""
    rows = [row]
    for token in lattice:
        above, row = row, [row[0] + token.weight]
        for k, other in enumerate(text):
            row.append(
                min(
                    above[k] + _price(token, other),
                    above[k + 1] + token.weight,
                    row[k] + other.weight,
                )
            )
        rows.append(row)
    return rows


def _walked(
    rows: list[Row], lattice: list[_Token], text: list[_Token], at: int
) -> tuple[int, list[int]]:
    """Back through the rows from the text's first `at` tokens: how many are left, and which of
    them, in order, stand for tokens of the lattice."""
    met: list[int] = []
    for above, row, token in zip(rows[-2::-1], rows[:0:-1], reversed(lattice), strict=True):
        while at and row[at] == row[at - 1] + text[at - 1].weight:
            if row[at] == above[at - 1] + _price(token, text[at - 1]):
                break
            at -= 1
        if at and row[at] == above[at - 1] + _price(token, text[at - 1]):
            at -= 1
            met.append(at)
    return at, met[::-1]
