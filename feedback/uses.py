"""How often the lexicon's terms stand in a text. Pure: no Django, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lexicon import tokens


def uses(texts: Iterable[str], terms: Iterable[tuple[int, str]]) -> Counter[int]:
    """Of the terms, each an id and its normalised text, by id: how often each stands in the texts.
    Of those that hold one another the longer counts, of those that are the same the first."""
    by_words: dict[tuple[str, ...], int] = {}
    for pk, normalized in terms:
        by_words.setdefault(tuple(tokens.split(normalized)), pk)
    by_words.pop((), None)
    longest: dict[str, int] = {}  # by first word
    for first, *others in by_words:
        longest[first] = max(longest.get(first, 1), 1 + len(others))
    found: Counter[int] = Counter()
    for text in texts if by_words else ():
        words = tokens.split(text)
        at = 0
        while at < len(words):
            most = longest.get(words[at].replace("'", ""), 1)
            size, pk = _longest(words[at : at + most], by_words)
            found[pk] += size > 0
            at += size or 1
    return +found


def _longest(words: list[str], terms: dict[tuple[str, ...], int]) -> tuple[int, int]:
    """How many words the longest term has that they begin with, and its id; 0 where there is
    none."""
    plain = [word.replace("'", "") for word in words]
    for size in range(len(words), 0, -1):
        ended = words[size - 1].removesuffix("'s").replace("'", "")
        for last in (plain[size - 1], ended):
            if pk := terms.get((*plain[: size - 1], last)):
                return size, pk
    return 0, 0
