"""What speaks for and against each pair of words heard and a term. Pure."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from lexicon.matching import guards, runs
from lexicon.matching.compiling import Compiled
from lexicon.matching.documents import WIDEST, Document, Windows
from lexicon.matching.pairs import Pairs, heard_numbers

Whole = NDArray[np.int64]
Figures = NDArray[np.float32]

LEAST_BOTH = 1.0  # likeness of sound and letters together
LEAST_BOTH_BESIDE = 0.7  # the same where a word beside them is shared
FEWEST_TERMS = 100  # in shorter lists a term is no likelier; the weights were trained from there
# zipf: classes of words that are about as rare; unknown ones, which are mostly misheard, go with
# the rarest, and are not counted there
RARITIES = (2.0, 2.5, 3.0, 3.5, 4.2, 5.0)
FEW_LISTED, FEW_UNLISTED = 0.1, 1.0  # counted before any is seen
NAMES = (
    "sound", "letters", "skeleton", "both", "very_near", "very_near_letters", "size", "size_sound",
    "short", "errors", "heard_rarest", "heard_rarest_common", "heard_unknown", "heard_commonest",
    "term_rarest", "term_rarest_common", "term_unknown", "less_likely", "rarer", "several_heard",
    "many_heard", "more_heard", "more_meant", "kept", "kept_rarity", "kept_unlike", "kept_sound",
    "kept_letters", "kept_heard_common", "repeated", "repeated_common", "repeated_word", "bursting",
    "bursting_common", "stands", "listed", "rank", "rivals", "margin", "first_letter",
    "last_letter", "first_sound", "joined", "variant", "form_of", "elided", "terms", "density",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Evidence:
    """`figures`: a row for each pair, a column for each of NAMES."""

    pairs: Pairs
    heard: list[str]  # the parts that differ, in plain letters
    meant: list[str]
    figures: Figures

    def take(self, rows: Whole) -> Evidence:
        return Evidence(
            self.pairs.take(rows),
            [self.heard[row] for row in rows],
            [self.meant[row] for row in rows],
            self.figures[rows],
        )


def evidence(
    document: Document,
    found: Windows,
    lexicon: Compiled,
    some: Pairs,
    covered: NDArray[np.bool_],
    standing: int,
) -> Evidence:
    """`covered`: words that are a term already. `standing`: how many of the rarer terms are."""
    parts = _Parts(document, found, lexicon, some)
    heard, meant, spelt, rows = _likely(parts)
    some, parts = some.take(rows), parts.take(rows)
    columns = parts.likeness(spelt, heard, meant) | parts.commonness() | parts.context(covered)
    columns |= _rivalry(some, spelt)
    columns["terms"] = np.full(len(some), np.log10(max(len(lexicon.entries), FEWEST_TERMS) + 1))
    density = np.log((standing + 0.3) / (len(document.words) + 20) * 100)
    columns["density"] = np.full(len(some), np.clip(density, -3, 3))
    figures = np.stack([np.asarray(columns[name], np.float32) for name in NAMES], axis=1)
    return Evidence(some, heard, meant, figures)


def _likely(parts: _Parts) -> tuple[list[str], list[str], Figures, Whole]:
    """Which pairs are alike enough in sound and letters to be weighed, with the letters of what was
    heard and of the term, and how alike those are."""
    some, (heard, meant) = parts.some, parts.letters()
    spelt = cpdist(heard, meant, scorer=Levenshtein.normalized_similarity, dtype=np.float32)
    least = np.where(some.kept > 0, LEAST_BOTH_BESIDE, LEAST_BOTH)
    rows = np.flatnonzero(some.sound + spelt >= least)
    return [heard[at] for at in rows], [meant[at] for at in rows], spelt[rows], rows


class _Parts:
    """The parts that differ, word by word: tables of one row a pair, padded."""

    def __init__(self, document: Document, found: Windows, lexicon: Compiled, some: Pairs) -> None:
        self.document, self.found, self.lexicon, self.some = document, found, lexicon, some
        self.numbers = heard_numbers(document, found, some.window)
        self.heard = _shifted(self.numbers, some.before, some.heard_words)
        self.meant = _shifted(
            lexicon.words[some.entry].astype(np.int64), some.before, some.term_words
        )

    def take(self, rows: Whole) -> _Parts:
        taken = copy(self)
        taken.some, taken.numbers = self.some.take(rows), self.numbers[rows]
        taken.heard, taken.meant = self.heard[rows], self.meant[rows]
        return taken

    @cached_property
    def _zipf(self) -> Figures:
        return np.append(self.document.zipf_of, [0, 0])  # so that padding has its place

    @cached_property
    def heard_zipf(self) -> Figures:
        return np.where(self.heard >= 0, self._zipf[self.heard], np.nan)

    @cached_property
    def meant_zipf(self) -> Figures:
        return np.where(self.meant >= 0, self._zipf[self.meant], np.nan)

    @cached_property
    def kept_zipf(self) -> Figures:
        at, some = np.arange(WIDEST), self.some
        ends = some.before + some.heard_words
        kept = (at < some.before[:, None]) | (at >= ends[:, None])
        return np.where((self.numbers >= 0) & kept, self._zipf[self.numbers], np.nan)

    def letters(self) -> tuple[list[str], list[str]]:
        return self._spelt(self.heard), self._spelt(self.meant)

    def _spelt(self, numbers: Whole) -> list[str]:
        """Each row's words as one, in letters; each kind of row is spelt once."""
        kind = (numbers + 2) @ np.array(
            [0x9E3779B97F4A7C15 >> shift for shift in (1, 5, 9, 13, 17, 21)[: numbers.shape[1]]],
            np.int64,
        )
        _, first, inverse = np.unique(kind, True, True)
        own, above = self.lexicon.spelt, self.document.spelt_above
        spelt = [
            "".join([own[n] if n < len(own) else above[n - len(own)] for n in row if n >= 0])
            for row in numbers[first].tolist()
        ]
        return [spelt[at] for at in inverse.tolist()]

    def likeness(self, spelt: Figures, heard: list[str], meant: list[str]) -> dict[str, Any]:
        sound, some = self.some.sound, self.some
        shorter = np.minimum(some.heard_phones, some.term_phones)
        longer = np.maximum(some.heard_phones, some.term_phones)
        size = np.minimum(shorter, 12) / 10
        kept = some.kept > 0
        one_word = (some.heard_words == 1) & (some.term_words == 1)
        return {
            "sound": sound,
            "letters": spelt,
            "both": sound * spelt,
            "very_near": np.maximum(sound - 0.8, 0),
            "very_near_letters": np.maximum(spelt - 0.75, 0),
            "size": size,
            "size_sound": size * (sound - 0.7),
            "short": np.maximum(5 - shorter, 0) / 5,
            "errors": (1 - sound) * longer / 4,
            "first_letter": [a[:1] == b[:1] for a, b in zip(heard, meant, strict=True)],
            "last_letter": [a[-1:] == b[-1:] for a, b in zip(heard, meant, strict=True)],
            "skeleton": shorter / np.maximum(longer, 1),
            "first_sound": self._first_sound(),
            "kept_unlike": kept * np.maximum(0.65 - sound, 0),
            "kept_sound": kept * (sound - 0.7),
            "kept_letters": kept * (spelt - 0.6),
            "joined": spelt == 1,
            "elided": one_word
            & np.array([guards.elided(a, b) for a, b in zip(heard, meant, strict=True)], bool),
            "variant": [guards.spelling_variant(a, b) for a, b in zip(heard, meant, strict=True)],
            "form_of": [guards.same_stem(a, b) for a, b in zip(heard, meant, strict=True)],
        }

    def _first_sound(self) -> NDArray[np.bool_]:
        first = self.found.starts[self.some.window] + self.some.before
        heard = self.document.phones[
            np.minimum(self.document.phone_ends[first], len(self.document.phones) - 1)
        ]
        begins = self.lexicon.way_ends[self.some.way, self.some.before]
        meant = self.lexicon.way_phones[
            self.some.way, np.minimum(begins, self.lexicon.way_phones.shape[1] - 1)
        ]
        return heard == meant

    def commonness(self) -> dict[str, Any]:
        heard_rarest, heard_commonest = _extremes(self.heard_zipf)
        term_rarest, _ = _extremes(self.meant_zipf)
        some = self.some
        return {
            "heard_rarest": heard_rarest / 5,
            "heard_rarest_common": np.maximum(heard_rarest - 4, 0),
            "heard_unknown": heard_rarest < 1.5,
            "heard_commonest": heard_commonest / 5,
            "term_rarest": term_rarest / 5,
            "term_rarest_common": np.maximum(term_rarest - 3.5, 0),
            "term_unknown": term_rarest < 1,
            "less_likely": (np.nansum(self.heard_zipf - 7, 1) - np.nansum(self.meant_zipf - 7, 1))
            / 10,
            "rarer": (heard_rarest - term_rarest) / 5,
            "several_heard": some.heard_words > 1,
            "many_heard": np.maximum(some.heard_words - 2, 0),
            "more_heard": np.maximum(some.heard_words - some.term_words, 0),
            "more_meant": np.maximum(some.term_words - some.heard_words, 0),
            "kept": np.minimum(some.kept, 2),
            "kept_heard_common": (some.kept > 0) * heard_commonest / 5,
            "kept_rarity": np.minimum(np.nansum(np.maximum(5 - self.kept_zipf, 0), 1), 3),
        }

    def context(self, covered: NDArray[np.bool_]) -> dict[str, Any]:
        repeated = np.log(self.found.occurrences[self.some.window])
        rarest, _ = _extremes(self.heard_zipf)
        counts = np.append(self.document.counts, [0, 0])
        heard_counts = np.where(self.heard >= 0, counts[self.heard], 1 << 30).min(axis=1)
        expected = 10 ** (np.maximum(rarest, 1) - 9) * len(self.document.words)
        bursting = np.clip(np.log((heard_counts + 0.5) / (expected + 0.5)), -2, 4)
        stands = np.where(self.meant >= 0, counts[self.meant], 1 << 30).min(axis=1)
        return {
            "repeated": repeated,
            "repeated_common": repeated * (rarest > 3),
            "repeated_word": repeated * (self.some.heard_words == 1),
            "bursting": bursting,
            "bursting_common": bursting * np.clip(rarest - 2, 0, 2.5),
            "stands": np.minimum(np.log1p(stands), 2),
            "listed": _listed(self.document, covered)[np.digitize(rarest, RARITIES)],
        }


def _listed(document: Document, covered: NDArray[np.bool_]) -> Figures:
    """For each class of rarity the log odds that a word of this text is one of a term: where the
    list has nearly all the rare words, a rare one that is not listed was hardly said."""
    known = ~document.fixed & (document.zipf_of[document.numbers] > 0)
    kinds, first = np.unique(document.numbers[known], return_index=True)
    listed = covered[known][first]
    rarity = np.digitize(document.zipf_of[kinds], RARITIES)
    classes = len(RARITIES) + 1
    terms = np.bincount(rarity[listed], minlength=classes)
    others = np.bincount(rarity[~listed], minlength=classes)
    return np.clip(np.log((terms + FEW_LISTED) / (others + FEW_UNLISTED)), -4, 4)


def _shifted(numbers: Whole, first: Whole, count: Whole) -> Whole:
    """The words from `first` on of each row, `count` of them, padded with -1."""
    columns = np.arange(numbers.shape[1])
    places = np.minimum(first[:, None] + columns, numbers.shape[1] - 1)
    return np.where(columns < count[:, None], np.take_along_axis(numbers, places, 1), -1)


def _extremes(zipf: Figures) -> tuple[Figures, Figures]:
    return np.nanmin(zipf, axis=1), np.nanmax(zipf, axis=1)


def _rivalry(some: Pairs, spelt: Figures) -> dict[str, Any]:
    """How each pair compares with the other terms for the same words heard."""
    score = 0.6 * some.sound + 0.4 * spelt + 0.05 * np.minimum(some.kept, 2)
    group = some.window
    order = np.lexsort((-score, group))
    group, score_ = group[order], score[order]
    rank = runs.ranks(group)
    begins = np.arange(len(group)) - rank  # where each pair's rivals begin
    best = score_[begins]
    following = np.minimum(begins + 1, len(group) - 1)
    second = np.where(group[following] == group, score_[following], 0.4) if len(group) else best
    second = np.where(following == begins, 0.4, second)
    margin = np.where(rank == 0, score_ - second, score_ - best)
    key = group * 4.0 - score_
    rivals = np.searchsorted(key, group * 4.0 - (score_ - 0.1), "right") - begins - 1
    result = {
        "rank": np.minimum(rank, 2),
        "rivals": np.log1p(rivals),
        "margin": np.clip(margin, -0.3, 0.4),
    }
    return {name: _unsorted(values, order) for name, values in result.items()}


def _unsorted(values: NDArray[Any], order: Whole) -> NDArray[Any]:
    back = np.empty_like(values)
    back[order] = values
    return back
