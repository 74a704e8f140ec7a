"""A transcript, made ready to be searched: its words, how they sound, and the windows of several
words in which a term may have been heard. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lexicon import tokens
from lexicon.matching import frequency, guards, runs
from lexicon.matching.compiling import Compiled, sounds_of, spelt
from lexicon.matching.sounds import CLASSES

WIDEST = 4  # words of a window
POSSESSIVE = "'s"

_ADDRESS = re.compile(r"\S+@\S+|www\.\S+|\w{2,}(?:\.\w{2,})+")

Whole = NDArray[np.int64]
Figures = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Document:
    """Arrays have one place for each word of the text, unless they say otherwise."""

    tokens: tokens.Tokens
    languages: tuple[str, ...]
    numbers: Whole  # which word it is: the lexicon's number, or one above those
    stems: Whole  # the same for what is left without a possessive
    endings: Whole  # how many phones the possessive has; 0 for none
    phones: NDArray[np.uint8]  # of all words, one after the other
    phone_ends: Whole  # one more: where the phones of each word end, after a first 0
    in_address: NDArray[np.bool_]  # words of web and mail addresses
    fixed: NDArray[np.bool_]  # words that are never touched; these among them
    zipf_of: Figures  # for each number: how common the word is,
    counts: Whole  # and how often it occurs
    spelt_above: list[str]  # in letters a to z, the words that have the numbers above the lexicon's

    @property
    def words(self) -> list[str]:
        return self.tokens.words


def read(texts: Sequence[str], lexicon: Compiled, expected: Sequence[str]) -> Document:
    found = tokens.tokens(texts)
    languages = frequency.spoken(found.words, expected)
    kinds = list(dict.fromkeys(found.words))
    stems = [word.removesuffix(POSSESSIVE) for word in kinds]
    above: dict[str, int] = {}  # words that are not the lexicon's
    numbers = [_number(word, lexicon, above) for word in kinds]
    stem_numbers = [_number(stem, lexicon, above) for stem in stems]
    said = [sounds_of(word) for word in kinds]
    endings = [
        max(0, len(whole) - len(sounds_of(stem))) if stem and stem != word else 0
        for word, stem, whole in zip(kinds, stems, said, strict=True)
    ]
    place = {word: at for at, word in enumerate(kinds)}
    spots = np.array([place[word] for word in found.words], np.int64)
    sizes = np.array([len(phones) for phones in said], np.int64)[spots]
    own = np.array(numbers, np.int64)[spots]
    fixed = np.array([guards.untouchable(word) for word in kinds], bool)[spots]
    in_address = _in_addresses(found, texts)
    zipf = [frequency.zipf(word, languages) for word in above]
    return Document(
        tokens=found,
        languages=languages,
        numbers=own,
        stems=np.array(stem_numbers, np.int64)[spots],
        endings=np.array(endings, np.int64)[spots],
        phones=np.frombuffer(b"".join([said[spot] for spot in spots]), np.uint8),
        phone_ends=np.concatenate([[0], np.cumsum(sizes)]),
        in_address=in_address,
        fixed=fixed | in_address,
        zipf_of=np.concatenate([lexicon.zipf(languages), np.array(zipf, np.float32)]),
        counts=np.bincount(own, minlength=len(lexicon.numbers) + len(above)),
        spelt_above=[spelt(word) for word in above],
    )


def _number(word: str, lexicon: Compiled, above: dict[str, int]) -> int:
    known = lexicon.numbers.get(word)
    return known if known is not None else above.setdefault(word, len(lexicon.numbers) + len(above))


def _in_addresses(found: tokens.Tokens, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Words of web and mail addresses."""
    inside = np.zeros(len(found.words), bool)
    for number, text in enumerate(texts):
        for address in _ADDRESS.finditer(text) if "." in text or "@" in text else ():
            first = bisect_left(found.passages, number)
            starts = found.starts[first : bisect_right(found.passages, number)]
            begin, end = (first + bisect_left(starts, at) for at in address.span())
            inside[begin:end] = True
    return inside


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of words, each kind of stretch once: rows of arrays."""

    starts: Whole  # the first word of one that has these words
    widths: Whole
    stemmed: NDArray[np.bool_]  # the last word without its possessive
    phone_starts: Whole
    phone_ends: Whole
    occurrences: Whole  # how often these words stand in the text
    spans: tuple[Whole, Whole, NDArray[np.bool_]]  # starts, widths, stemmed of all stretches
    order: Whole  # of the spans, so that those of one row stand together
    rows: Whole  # of each width less one and first word the row, possessives left on; else -1

    def where(self, row: int) -> Whole:
        """The stretches that have the words of this row."""
        end = self._ends[row]
        return self.order[end - self.occurrences[row] : end]

    @cached_property
    def _ends(self) -> Whole:
        return np.cumsum(self.occurrences)


def windows(document: Document) -> Windows:
    """All stretches of up to WIDEST words, within a passage and without words that are fixed."""
    room = _room(document)
    starts, widths = [], []
    for size in range(1, WIDEST + 1):
        fitting = np.flatnonzero(room >= size)
        starts.append(fitting)
        widths.append(np.full(len(fitting), size))
    plain = np.concatenate(starts), np.concatenate(widths)
    last = plain[0] + plain[1] - 1
    owning = document.endings[last] > 0 if len(last) else np.zeros(0, bool)
    start = np.concatenate([plain[0], plain[0][owning]])
    width = np.concatenate([plain[1], plain[1][owning]])
    stemmed = np.concatenate([np.zeros(len(last), bool), np.ones(int(owning.sum()), bool)])
    kind = _kinds(document, start, width, stemmed)
    order = np.argsort(kind, kind="stable")
    begins = runs.begins(kind[order])
    first = order[begins]
    kinds = np.empty_like(order)
    kinds[order] = np.cumsum(begins) - 1
    rows = np.full((WIDEST, len(room)), -1, np.int64)
    rows[width[~stemmed] - 1, start[~stemmed]] = kinds[~stemmed]
    end = document.phone_ends[start + width] - stemmed * document.endings[start + width - 1]
    return Windows(
        start[first],
        width[first],
        stemmed[first],
        document.phone_ends[start[first]],
        end[first],
        np.bincount(kinds, minlength=len(first)),
        (start, width, stemmed),
        order,
        rows,
    )


def _room(document: Document) -> Whole:
    """How many words from each on may be in one window."""
    size = len(document.numbers)
    passages = np.array(document.tokens.passages, np.int64)
    ends = np.searchsorted(passages, passages, "right")
    stops = np.append(np.flatnonzero(document.fixed), size)
    return np.minimum(ends, stops[np.searchsorted(stops, np.arange(size))]) - np.arange(size)


def _kinds(document: Document, start: Whole, width: Whole, stemmed: NDArray[np.bool_]) -> Whole:
    """A number for each stretch that is the same where the words are."""
    padded = np.concatenate([document.numbers, np.zeros(WIDEST, np.int64)])
    kind = width * 2 + stemmed
    for at in range(WIDEST):
        there = np.where(at < width, padded[start + at] + 1, 0)
        # wraps around, which is as good as any other hash
        kind = kind * 0x5851F42D4C957F2D + there
        kind ^= (kind >> 29) & 0x7FFFFFFFF
    return kind


def classes(document: Document, found: Windows) -> tuple[NDArray[np.uint8], Whole, Whole]:
    """The text as classes of sounds, and where the windows stand in it: starts and sizes."""
    symbols = CLASSES[document.phones]
    counted = np.concatenate([[0], np.cumsum(symbols > 0)])
    starts = counted[found.phone_starts]
    return symbols[symbols > 0], starts, counted[found.phone_ends] - starts
