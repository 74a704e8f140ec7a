"""Find and replace over a transcript. Pure: no Django, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from lexicon.borders import is_unspaced

AROUND = 40  # characters of context that a preview shows


@dataclass(frozen=True)
class Search:
    """What is looked for. `words`: only whole words, in scripts that have blanks between them;
    `case`: only with these capitals."""

    text: str
    words: bool = False
    case: bool = False

    def pattern(self) -> regex.Pattern[str]:
        flags = regex.V1 | (0 if self.case else regex.IGNORECASE)
        body = r"\s+".join(map(regex.escape, self.text.split()))
        meant = self.text.strip()
        before = r"(?<![\p{L}\p{M}\p{N}])" if self._has_edge(meant[:1]) else ""
        after = r"(?![\p{L}\p{M}\p{N}])" if self._has_edge(meant[-1:]) else r"(?!\p{M})"
        return regex.compile(f"{before}{body}{after}", flags)

    def _has_edge(self, letter: str) -> bool:
        return self.words and letter.isalnum() and not is_unspaced(letter)


@dataclass(frozen=True)
class Hit:
    """A place in a text, with what stands around it."""

    start: int
    end: int
    before: str
    found: str
    after: str


def hits(text: str, search: Search) -> list[Hit]:
    """All places, in order, that do not overlap."""
    if not search.text.strip():
        return []
    return [_hit(text, *match.span()) for match in search.pattern().finditer(text)]


def replaced(text: str, places: Sequence[tuple[int, int]], replacement: str) -> str:
    """The text with each of the places, in order, replaced."""
    parts, at = [], 0
    for start, end in places:
        parts += [text[at:start], replacement]
        at = end
    return "".join([*parts, text[at:]])


def _hit(text: str, start: int, end: int) -> Hit:
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    before = ("…" if first else "") + text[first:start]
    after = text[end:last] + ("…" if last < len(text) else "")
    return Hit(start, end, before, text[start:end], after)
