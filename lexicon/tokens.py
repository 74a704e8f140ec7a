"""Words of a text, with their places. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import regex

from lexicon.normalising import normalise

# scripts without blanks between words: each letter, with its marks, stands alone
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_OTHERS = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+"
TOKEN = regex.compile(
    rf"{_OTHERS}(?:['\u2019]{_OTHERS})*|[{_UNSPACED}]\p{{M}}*", flags=regex.VERSION1
)
_PLAIN = re.compile(
    r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*"
)  # the same for ASCII, and three times as fast
BETWEEN_BLANKS = regex.compile(r"\S+")


@dataclass
class Tokens:
    """The words of some passages, one after the other."""

    words: list[str] = field(default_factory=list)  # normalised
    passages: list[int] = field(default_factory=list)  # in which passage each stands,
    starts: list[int] = field(default_factory=list)  # and where, in characters
    ends: list[int] = field(default_factory=list)


def tokens(texts: Iterable[str]) -> Tokens:
    found = Tokens()
    for number, text in enumerate(texts):
        spans = [each.span() for each in (_PLAIN if text.isascii() else TOKEN).finditer(text)]
        found.words += [word(text[start:end]) for start, end in spans]
        found.passages += [number] * len(spans)
        found.starts += [start for start, _ in spans]
        found.ends += [end for _, end in spans]
    return found


def split(text: str) -> list[str]:
    return [word(each) for each in TOKEN.findall(text)]


_known: dict[str, str] = {}


def word(written: str) -> str:
    """Normalised, but for the apostrophe that parts an ending."""
    if (known := _known.get(written)) is not None:
        return known
    if len(_known) > 500_000:
        _known.clear()
    parts = written.replace("\u2019", "'").split("'")
    _known[written] = "'".join(normalise(part) for part in parts)
    return _known[written]
