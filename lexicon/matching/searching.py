"""Looks through a document for a lexicon's terms: as they stand, as one of their alternatives
stands, and as something else that sounds like them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexicon import tokens
from lexicon.matching import guards
from lexicon.matching.compiling import Compiled, Entry, Spelling
from lexicon.matching.documents import Document, Windows, windows
from lexicon.matching.evidence import Evidence, evidence
from lexicon.matching.pairs import pairs

SURE, UNSURE = 1.0, 0.3  # the score of an alternative
ORDINARY, ORDINARY_TOGETHER = 4.5, 5.0  # zipf of an alternative's only, or rarest, word
COMMONEST = 5.3  # such words stay, whatever was proven: maybe in a recording of another language
SHORTEST_INFLECTED = 4  # letters of an alternative's last word: "can" is no plural of "ca"
RARE = 3.5  # zipf of a word that an engine may well not know


@dataclass(frozen=True)
class Found:
    """A term in the words from `first` up to `last`."""

    first: int
    last: int
    entry: Entry
    rule: str
    score: float
    applied: bool
    ending: str = ""  # a possessive that stays


@dataclass(frozen=True, eq=False)
class Search:
    """All that a document and a lexicon tell of each other, before it is judged."""

    document: Document
    lexicon: Compiled
    exact: list[Found]
    covered: NDArray[np.bool_]  # words that are, or are to become, a term already
    standing: int
    windows: Windows
    likely: Evidence


def search_in(document: Document, lexicon: Compiled, languages: Sequence[str] = ()) -> Search:
    """`languages`: terms of others are left out; empty: of none."""
    expected = frozenset(languages)
    exact = [
        each
        for each in _exact(document, lexicon)
        if _expected(each.entry, expected) and not document.in_address[each.first : each.last].any()
    ]
    covered = np.zeros(len(document.words), bool)
    for each in exact:
        covered[each.first : each.last] = True
    standing = _standing(exact, document)
    found = windows(document)
    some = pairs(document, found, lexicon, covered)
    if expected:
        of_them = np.array([_expected(entry, expected) for entry in lexicon.entries], bool)
        some = some.take(np.flatnonzero(of_them[some.entry]))
    likely = evidence(document, found, lexicon, some, covered, standing)
    return Search(document, lexicon, exact, covered, standing, found, likely)


def _expected(entry: Entry, languages: frozenset[str]) -> bool:
    return not languages or not entry.language or entry.language in languages


def _exact(document: Document, lexicon: Compiled) -> Iterable[Found]:
    """Terms as they stand (without a rule), and their alternatives; the longest first."""
    words, passages, spellings = document.words, document.tokens.passages, lexicon.spellings
    begins = {
        word: known
        for word in set(words)
        if (known := [each for begin in _beginnings(word) for each in spellings.get(begin, ())])
    }
    last = 0
    for at, word in enumerate(words):
        if at < last or word not in begins:
            continue
        fits = (
            (spelling, ending)
            for spelling in begins[word]
            if (ending := _stands(spelling, words, passages, at)) is not None
        )
        best = max(fits, key=lambda fit: (len(fit[0].words), -len(fit[1])), default=None)
        if best is None:
            continue
        spelling, ending = best
        last = at + len(spelling.words)
        entry = lexicon.entries[spelling.entry]
        sure = not spelling.rule or _sure(spelling, entry, document, at)
        yield Found(at, last, entry, spelling.rule, SURE if sure else UNSURE, sure, ending)


def _sure(spelling: Spelling, entry: Entry, document: Document, at: int) -> bool:
    """Whether an alternative may be replaced unasked: not where ordinary words are one, nor where
    a number or a negation would change. "Vitamin C and I" is no C&I, and SNP no S&P."""
    numbers = document.numbers[at : at + len(spelling.words)]
    ordinary = float(document.zipf_of[numbers].min())
    if spelling.rule == "spelling":
        if len(spelling.words) == 1:
            return ordinary < RARE
        counted = at > 0 and guards.lettered(document.words[at - 1])
        return not counted and "i" not in spelling.words
    most = ORDINARY if len(spelling.words) == 1 else ORDINARY_TOGETHER
    rare = ordinary < most or (spelling.rule == "proven" and ordinary <= COMMONEST)
    return rare and guards.says_the_same(spelling.words, tokens.split(entry.text))


def _beginnings(word: str) -> Iterable[str]:
    yield word
    if word.endswith(guards.INFLECTIONS):
        yield from (word.removesuffix(end) for end in guards.INFLECTIONS if word.endswith(end))


def _stands(spelling: Spelling, words: list[str], passages: list[int], at: int) -> str | None:
    """The ending (a possessive, a plural) with which it stands here; None where it does not."""
    last = at + len(spelling.words)
    if last > len(words) or passages[last - 1] != passages[at]:
        return None
    *before, end = spelling.words
    if words[at : last - 1] != before or not guards.inflected(words[last - 1], end):
        return None
    ending = words[last - 1].removeprefix(end)
    short = spelling.rule and len(end) < SHORTEST_INFLECTED
    return None if short and ending and not ending.startswith("'") else ending


def _standing(exact: Iterable[Found], document: Document) -> int:
    """How many of the rarer terms stand in the text: that the engine knows them tells that it
    would have written others right, too."""
    return len(
        {
            each.entry.id
            for each in exact
            if not each.rule and (each.last - each.first > 1 or _rare(document, each.first))
        }
    )


def _rare(document: Document, at: int) -> bool:
    return bool(document.zipf_of[document.numbers[at]] < RARE)
