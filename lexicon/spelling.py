"""How a language spells: the probability of a word by its letters. Pure: no Django, no I/O.

Each letter is predicted from the up to four before it, by counts that are interpolated as Witten
and Bell (1991, "The zero-frequency problem", method C) have it. All words at once, in arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]

LONGEST = 24  # letters; of longer words, so many are looked at
ORDER = 5
BITS = 6  # of one letter in a key
NONE, OTHER, EDGE = 0, 62, 63  # no letter, one that is rare, either end of the word
LETTERS = 200  # about as many there are: what an unseen letter has to share


class Spelling:
    """Learned from a language's words, each of which counts the same."""

    def __init__(self, words: Sequence[str]) -> None:
        text = _matrix([word for word in words if word.isalpha() and len(word) <= LONGEST])
        letters, counts = np.unique(text[text > 0], return_counts=True)
        self._letters = np.sort(letters[np.argsort(-counts)[: OTHER - 1]])
        codes = self._codes(text)
        self._tables = [_table(_grams(codes, order)) for order in range(1, ORDER + 1)]

    def log_probabilities(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of each word among all words, in nats."""
        codes = self._codes(_matrix(words))
        likely: npt.NDArray[Any] = np.full((len(codes), LONGEST + 1), 1 / LETTERS)
        for order, (keys, shares, contexts, rests) in enumerate(self._tables, 1):
            grams = _grams(codes, order)
            at, known = _found(contexts, grams >> BITS)
            place, seen = _found(keys, grams)
            with_context = likely * rests[at] + np.where(seen, shares[place], 0)
            likely = np.where(known & (grams >= 0), with_context, likely)
        total: npt.NDArray[np.float64] = np.where(codes[:, 1:] == NONE, 0, np.log(likely)).sum(1)
        return total

    def _codes(self, text: npt.NDArray[np.uint32]) -> Codes:
        """The letters by number, between two edges."""
        at, known = _found(self._letters, text)
        codes = np.zeros((len(text), LONGEST + 2), np.int64)
        codes[:, 0] = EDGE
        codes[:, 1:-1] = np.where(text == 0, NONE, np.where(known, at + 1, OTHER))
        codes[np.arange(len(text)), (text > 0).sum(1) + 1] = EDGE
        return codes


def _matrix(words: Sequence[str]) -> npt.NDArray[np.uint32]:
    """A row of code points for each word, filled up with 0."""
    row = np.array([word[:LONGEST] for word in words], f"U{LONGEST}")
    return row.view(np.uint32).reshape(len(words), LONGEST)


def _grams(codes: Codes, order: int) -> Codes:
    """For each letter and the last edge: it and those before it, as one number; -1 for none."""
    found = np.zeros((len(codes), LONGEST + 1), np.int64)
    for back in range(order - 1, -1, -1):
        found <<= BITS
        from_ = max(0, back - 1)
        found[:, from_:] |= codes[:, from_ + 1 - back : LONGEST + 2 - back]
    found[codes[:, 1:] == NONE] = -1
    found[:, : max(0, order - 2)] = -1  # so near the beginning, shorter ones say all
    return found


def _table(grams: Codes) -> tuple[Codes, npt.NDArray[Any], Codes, npt.NDArray[Any]]:
    """All n-grams with the share of each in its context; all contexts, and what each leaves to
    what was never seen in it."""
    keys, counts = np.unique(grams[grams >= 0], return_counts=True)
    contexts, first, of = np.unique(keys >> BITS, return_index=True, return_inverse=True)
    kinds = np.diff(first, append=len(keys))
    whole = np.add.reduceat(counts, first) + kinds
    return keys, counts / whole[of], contexts, kinds / whole


def _found(known: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> tuple[Any, Any]:
    """Where each stands in a sorted array, and whether it does."""
    at = np.searchsorted(known, wanted).clip(0, len(known) - 1)
    return at, known[at] == wanted
