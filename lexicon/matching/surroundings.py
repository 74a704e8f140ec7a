"""How well words fit the words around them, by the trigrams that come with PocketSphinx. Pure, but
for that model, which is read once.

It is a model of English in general, and knows few names. So it is only asked how much likelier, or
less likely, known words are made by their neighbours than they are in general: "just in" fits
before "time", and does not after "mister".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Config, LogMath, NGramModel, get_model_path

from lexicon.matching.compiling import Compiled
from lexicon.matching.documents import Document, Windows
from lexicon.matching.pairs import Pairs

Figures = NDArray[np.float32]

LANGUAGE = "en"
# words before, the words heard, words after, and how likely those make each other
Place = tuple[list[str], list[str], list[str], int]

AROUND = 2  # words on each side that tell of a word
MOST_PLACES = 8  # of words that occur often
MOST = 4.0  # that is believed, either way
BASE = 1.0001  # of the model's logarithms
_UNKNOWN = -100_000_000


@cache
def _model() -> NGramModel:
    return NGramModel(Config(lm=None), LogMath(), get_model_path("en-us/en-us.lm.bin"))


@lru_cache(maxsize=200_000)
def _alone(word: str) -> int | None:
    """How common the word is; None where the model does not know it."""
    known = _model().prob([word])
    return known if known > _UNKNOWN else None


@lru_cache(maxsize=200_000)
def _gain(word: str, before: str, earlier: str) -> int:
    """By how much a word is likelier after these two than alone."""
    alone = _alone(word)
    if alone is None or _alone(before) is None:
        return 0
    known = [word, before] if _alone(earlier) is None else [word, before, earlier]
    return int(_model().prob(known)) - alone


def known(word: str, before: str, earlier: str) -> tuple[float, float] | None:
    """log10 of the word's share of all words, and of how much likelier it is after these two; None
    where the model does not know it."""
    alone = _alone(word)
    if alone is None:
        return None
    return alone * math.log10(BASE), _gain(word, before, earlier) * math.log10(BASE)


def made_likelier(words: Sequence[str], first: int) -> int:
    """By how much the words from `first` on are likelier after those before them than alone, as a
    power of BASE."""
    padded = ["", "", *words]
    return sum(_gain(padded[at + 2], padded[at + 1], padded[at]) for at in range(first, len(words)))


def fits(document: Document, found: Windows, lexicon: Compiled, some: Pairs) -> Figures:
    """For each pair two figures, for what was heard and for the term in its place: log10 of how
    much likelier the words and those around make each other; 0 where nothing is known."""
    result = np.zeros((len(some), 2), np.float32)
    if LANGUAGE not in document.languages:
        return result
    spelt = list(lexicon.numbers)
    known: dict[tuple[int, ...], tuple[list[Place], float]] = {}  # of what was heard
    columns = (some.window, some.before, some.heard_words, some.term_words, some.entry)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for row, (window, before, heard_words, term_words, entry) in enumerate(rows):
        heard = (window, before, heard_words)
        if heard not in known:
            places = list(_places(document, found, *heard))
            known[heard] = places, _mean_fit(places, None)
        places, result[row, 0] = known[heard]
        numbers = lexicon.words[entry, before : before + term_words].tolist()
        term = [spelt[number] for number in numbers]
        if any(_alone(word) for word in term):  # else nothing is known
            result[row, 1] = _mean_fit(places, term)
    return np.clip(result * math.log10(BASE), -MOST, MOST)


def _mean_fit(places: Sequence[Place], term: list[str] | None) -> float:
    """Of the term, or of what was heard, in these places."""
    fit = 0
    for before, heard, after, unknown in places:
        around = [*before, *(heard if term is None else term), *after]
        fit += made_likelier(around, len(before)) - unknown
    return fit / max(1, len(places))


def _places(
    document: Document, found: Windows, window: int, before: int, heard_words: int
) -> Iterator[Place]:
    words, passages = document.words, document.tokens.passages
    for start in found.spans[0][found.where(window)[:MOST_PLACES]].tolist():
        begin, end = start + before, start + before + heard_words
        low, high = max(0, begin - AROUND), min(len(words), end + AROUND)
        while passages[low] != passages[begin]:
            low += 1
        while passages[high - 1] != passages[begin]:
            high -= 1
        after = words[end:high]
        yield words[low:begin], words[begin:end], after, made_likelier(after, 1)
