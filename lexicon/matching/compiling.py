"""Entries of a lexicon, made ready to be looked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from lexicon import pronouncing, tokens
from lexicon.matching import frequency, sounds
from lexicon.matching.neighbours import Index

FORMAT = 3  # rises when what is compiled changes its form
MOST_WORDS = 6  # of a term that is looked for by sound
FEWEST_PHONES, MOST_PHONES = 3, 28
# For lists of up to so many terms: from how many classes of sounds on two may be left out, of terms
# and of what is asked for. In many terms anything that is far from what was heard has a rival that
# is as near, and looking takes longer.
DEPTHS = ((500, (6, 9)), (5_000, (6, 10)), (10**9, (10, 12)))
MANY, CAPITALS = 2, 0.9  # of so many terms such a share in capitals is a habit

_AND = {"de": "und", "es": "y", "fr": "et", "it": "e", "nl": "en", "pt": "e"}
_LETTERS_AND_LETTERS = re.compile(r"\b([^\W\d_]{1,2})\s*&\s*([^\W\d_]{1,2})\b")


@dataclass(frozen=True)
class Entry:
    """A term, as the matcher needs to know it."""

    id: int
    text: str  # as it is to be written
    language: str = ""
    script: str = ""
    kind: str = "other"
    alternatives: tuple[str, ...] = ()
    sounds_like: str = ""
    case_sensitive: bool = False
    proven: tuple[str, ...] = ()  # alternatives that were never right themselves, ordinary or not


@dataclass(frozen=True)
class Spelling:
    """Words that are an entry, exactly: its own, or others that are to become it."""

    words: tuple[str, ...]
    entry: int  # its place in Compiled.entries
    # of its replacement: "proven" or "alternative", or "spelling" (R and D for R&D)
    rule: str = ""


@dataclass(frozen=True, eq=False)
class Anchors:
    """The outer words of ways with several, by which they are found where the rest was heard quite
    otherwise: Adam Samson for Adam Samuelson."""

    words: NDArray[np.int32]  # by number, sorted
    ways: NDArray[np.int64]
    last: NDArray[np.bool_]  # whether it is the way's last word; else its first

    @classmethod
    def of(
        cls, words: NDArray[np.int32], sizes: NDArray[np.int64], way_entry: NDArray[np.int64]
    ) -> Anchors:
        """Of entries, their words by number and how many those are."""
        ways = np.flatnonzero(sizes[way_entry] > 1)
        entry = way_entry[ways]
        outer = np.concatenate([words[entry, 0], words[entry, sizes[entry] - 1]])
        order = np.argsort(outer, kind="stable")
        return cls(outer[order], np.tile(ways, 2)[order], order >= len(ways))


@dataclass(frozen=True, eq=False)
class Compiled:
    """Entries, and the ways in which they are said: one row each of the arrays `way_*`."""

    entries: Sequence[Entry]
    cased: bool  # not all in capitals, as some keep their lists
    numbers: dict[str, int]  # each word of a term -> its number
    spelt: list[str]  # of each number: the word in letters a to z
    words: NDArray[np.int32]  # of each entry, by number, padded with -1
    sizes: NDArray[np.int64]  # how many words it has
    spellings: dict[str, list[Spelling]]  # by first word, the longest first
    way_entry: NDArray[np.int64]
    way_phones: NDArray[np.uint8]  # padded with 0
    way_ends: NDArray[np.int64]  # where the phones of each word end, after a first column of 0
    way_sizes: NDArray[np.int64]
    index: Index
    anchors: Anchors

    _zipf: dict[tuple[str, ...], NDArray[np.float32]] = field(default_factory=dict)

    def zipf(self, languages: tuple[str, ...]) -> NDArray[np.float32]:
        """How common each of the numbered words is."""
        if (known := self._zipf.get(languages)) is None:
            figures = [frequency.zipf(word, languages) for word in self.numbers]
            known = self._zipf[languages] = np.array(figures, np.float32)
        return known


def compile_lexicon(entries: Iterable[Entry]) -> Compiled:
    kept = list(entries)
    numbers: dict[str, int] = {}
    words = np.full((len(kept), MOST_WORDS), -1, np.int32)
    sizes = np.zeros(len(kept), np.int64)
    spellings: dict[str, list[Spelling]] = {}
    ways: list[tuple[int, list[bytes]]] = []
    for place, entry in enumerate(kept):
        own = tokens.split(entry.text)
        sizes[place] = len(own)
        _add_spellings(spellings, place, entry, own)
        if 0 < len(own) <= MOST_WORDS:
            words[place, : len(own)] = [numbers.setdefault(word, len(numbers)) for word in own]
            ways += ((place, way) for way in _ways(entry, own))
    for same in spellings.values():
        same.sort(key=lambda spelling: -len(spelling.words))
    spellings_ = [spelt(word) for word in numbers]
    rows = _rows(ways, len(kept))
    anchors = Anchors.of(words, sizes, rows[0])
    return Compiled(
        kept, _cased(kept), numbers, spellings_, words, sizes, spellings, *rows, anchors
    )


def _cased(entries: Sequence[Entry]) -> bool:
    capitals = sum(entry.text.isupper() for entry in entries)
    return len(entries) < MANY or capitals < CAPITALS * len(entries)


def _add_spellings(
    spellings: dict[str, list[Spelling]], place: int, entry: Entry, own: list[str]
) -> None:
    ways = [Spelling(tuple(own), place)]
    for rule, texts in (
        ("proven", entry.proven),
        ("alternative", entry.alternatives),
        ("spelling", _said(entry)),
    ):
        ways += (Spelling(tuple(tokens.split(text)), place, rule) for text in texts)
    for way in {way.words: way for way in reversed(ways) if way.words}.values():
        spellings.setdefault(way.words[0], []).append(way)


def _said(entry: Entry) -> Iterable[str]:
    """What engines write for letters joined by an ampersand: "r and d", "rnd" for R&D."""
    if _LETTERS_AND_LETTERS.search(entry.text):
        joined = f" {_AND.get(entry.language, 'and')} "
        for made in (
            lambda letters: joined.join(letters.groups()),
            lambda letters: joined.join(" ".join(some) for some in letters.groups()),
            lambda letters: "n".join(letters.groups()),
        ):
            yield _LETTERS_AND_LETTERS.sub(made, entry.text)


def _ways(entry: Entry, own: list[str]) -> Iterable[list[bytes]]:
    """The phones of each word, for each way to say the term that sound can tell from others.
    Terms with digits are left out: what was heard as a number is never touched."""
    if any(letter.isdigit() for word in own for letter in word):
        return
    said = [[_numbers(way) for way in pronouncing.ways(word)] for word in own]
    if all(said):
        yield from (list(way) for way in pronouncing.combined(said))
    for text in entry.sounds_like.split(","):
        for way in pronouncing.pronunciations(text)[:1]:
            # parted nowhere, so that it is only compared as a whole
            yield [_numbers(way)] + [b""] * (len(own) - 1)


@lru_cache(maxsize=200_000)
def sounds_of(word: str) -> bytes:
    """The phones of the likeliest way to say a word, by number; empty where there is none."""
    ways = pronouncing.ways(word)
    return _numbers(ways[0]) if ways else b""


@lru_cache(maxsize=400_000)
def spelt(word: str) -> str:
    return anyascii(word).lower().replace("'", "")


def _numbers(phones: Iterable[str]) -> bytes:
    return bytes([sounds.NUMBER[phone] for phone in phones])


def _rows(
    ways: list[tuple[int, list[bytes]]], count: int
) -> tuple[
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.int64],
    Index,
]:
    kept: dict[tuple[int, bytes], list[bytes]] = {}
    for place, way in ways:
        whole = b"".join(way)
        if FEWEST_PHONES <= len(whole) <= MOST_PHONES:
            kept.setdefault((place, whole), way)
    entry = np.array([place for place, _ in kept], np.int64)
    sizes = np.array([len(whole) for _, whole in kept], np.int64)
    phones = np.zeros((len(kept), int(sizes.max(initial=1))), np.uint8)
    ends = np.zeros((len(kept), MOST_WORDS + 1), np.int64)
    for row, ((_, whole), way) in enumerate(kept.items()):
        phones[row, : len(whole)] = list(whole)
        lengths = [len(word) for word in way]
        ends[row, 1 : len(way) + 1] = np.cumsum(lengths)
        ends[row, len(way) + 1 :] = len(whole)
    symbols, starts, classes = classes_of(phones[phones > 0], sizes)
    depths = next(depths for terms, depths in DEPTHS if count <= terms)
    index = Index.of(symbols, starts, classes, *depths)
    return entry, phones, ends, sizes, index


def classes_of(
    phones: NDArray[np.uint8], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Strings of phones, one after the other, as classes of sounds: all of them in a row, where
    each begins, and how long it is."""
    classes = sounds.CLASSES[phones]
    counted = np.concatenate([[0], np.cumsum(classes > 0)])
    ends = np.cumsum(sizes)
    starts = counted[ends - sizes]
    return classes[classes > 0], starts, counted[ends] - starts
