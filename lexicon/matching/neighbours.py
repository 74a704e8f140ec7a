"""Finds strings that are a few deletions apart, among very many, without comparing each. Pure.

The idea is that of symmetric deletion (Wolf Garbe's SymSpell): two strings within `depth` edits
share a string that is left when up to `depth` symbols are deleted from each. Here the symbols are
classes of sounds, and what is left is kept as a hash in a sorted array. Hashes are polynomial, so
that the hash of any slice of a long text with any symbols deleted comes from sums over the text;
all of them are computed at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexicon.matching import runs

Hashes = NDArray[np.uint64]
Whole = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_WRAP = (1 << 64) - 1
_MIX = np.uint64(0xD6E8FEB86659FD93)
LONGEST = 24  # symbols of a string that is looked up
ONE_FROM = 4  # symbols of a string from which one may be deleted
_POWERS = np.array([pow(_BASE, power, 1 << 64) for power in range(LONGEST + 1)], np.uint64)
_BITS_AN_ENTRY = 64
_AT_ONCE = 2_048


def depth(size: int, two_from: int) -> int:
    """How many symbols may be deleted from a string of this size; two from so many on."""
    return 0 if size < ONE_FROM else 1 if size < two_from else 2


@dataclass(frozen=True, eq=False)
class Text:
    """Symbols (1 and up) in a row, of which slices are looked up."""

    symbols: NDArray[np.uint8]
    # sums[k] is the polynomial of the first k symbols
    sums: Hashes

    @classmethod
    def of(cls, symbols: NDArray[np.uint8]) -> Text:
        # made by doubling, for numpy has no cumulative product-and-sum
        values = (symbols.astype(np.uint64) + np.uint64(1)) * _MIX
        sums = np.concatenate([np.zeros(1, np.uint64), values])
        step, power = 1, _BASE
        while step < len(sums):
            sums[step:] += sums[:-step] * np.uint64(power)
            step, power = step * 2, power * power & _WRAP
        return cls(symbols, sums)

    def left_over(self, starts: Whole, size: int, deep: int) -> Hashes:
        """The hashes of the slices of this size with up to `deep` (0 to 2) symbols deleted: a row
        for each way of deleting, a column for each slice.

        What a deletion changes in the polynomial is one term for the symbol and one power less for
        those before it; so those of two deletions are sums of two such changes.
        """
        at = np.arange(size + 1)[:, None]
        sums = self.sums[starts + at] * _MIX
        begin, end, steps = sums[0], sums[-1], sums[:-1] - sums[1:]
        ways = 1 + (deep > 0) * size + (deep > 1) * size * (size - 1) // 2
        left = np.empty((ways, len(starts)), np.uint64)
        left[0] = end - begin * _POWERS[size]
        if deep:
            changes = steps * _POWERS[size - 1 - at[:-1]]
            left[1 : size + 1] = changes + (end - begin * _POWERS[size - 1])
        if deep > 1:
            row = size + 1
            earlier = steps[:-1] * _POWERS[size - 2 - at[:-2]]
            later = changes + (end - begin * _POWERS[size - 2])
            for first in range(size - 1):
                rows = size - 1 - first
                np.add(later[first + 1 :], earlier[first], out=left[row : row + rows])
                row += rows
        return left


def _by_size(sizes: Whole) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Which strings have each size, of those that are looked up; not too many at once."""
    for size in np.unique(sizes[(sizes > 0) & (sizes <= LONGEST)]):
        mine = np.flatnonzero(sizes == size).astype(np.int32)
        for at in range(0, len(mine), _AT_ONCE):
            yield int(size), mine[at : at + _AT_ONCE]


@dataclass(frozen=True, eq=False)
class Index:
    """Strings, ready for being found."""

    hashes: Hashes  # sorted, each once
    ends: Whole  # where the owners of each end, after a first 0
    owners: NDArray[np.int32]
    filter: NDArray[np.uint8]  # a bit for each hash's top bits: most that is asked is not there
    shift: np.uint64
    asked_two_from: int

    @classmethod
    def of(
        cls,
        symbols: NDArray[np.uint8],
        starts: Whole,
        sizes: Whole,
        two_from: int,
        asked_two_from: int,
    ) -> Index:
        text = Text.of(symbols)
        found, whose = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for size, mine in _by_size(sizes):
            left = text.left_over(starts[mine], size, depth(size, two_from))
            found.append(left.ravel())
            whose.append(np.broadcast_to(mine, left.shape).ravel())
        hashes, owners = np.concatenate(found), np.concatenate(whose)
        order = np.argsort(hashes, kind="stable")
        hashes, owners = hashes[order], owners[order]
        fresh = runs.begins(hashes) | runs.begins(owners)
        hashes, owners = hashes[fresh], owners[fresh]
        first = np.flatnonzero(runs.begins(hashes))
        ends, hashes = np.append(first, len(hashes)), hashes[first]
        bits = max(16, int(len(hashes) * _BITS_AN_ENTRY).bit_length())
        shift = np.uint64(64 - bits)
        places = hashes >> shift
        table = np.zeros(1 << (bits - 3), np.uint8)
        np.bitwise_or.at(table, places >> np.uint64(3), _bit(places))
        return cls(hashes, ends, owners, table, shift, asked_two_from)

    def find(self, text: Text, starts: Whole, sizes: Whole) -> tuple[Whole, Whole]:
        """Pairs (slice of the text, string of the index), each once."""
        hashes, asked = self._probable(text, starts, sizes)
        place = np.searchsorted(self.hashes, hashes)
        found = place < len(self.hashes)
        found[found] = self.hashes[place[found]] == hashes[found]
        place, asked = place[found], asked[found]
        first = self.ends[place]
        counts = self.ends[place + 1] - first
        slices = np.repeat(asked.astype(np.int64), counts)
        places = np.arange(len(slices)) - np.repeat(np.cumsum(counts) - counts, counts)
        strings = self.owners[np.repeat(first, counts) + places].astype(np.int64)
        pairs = runs.distinct(slices << 32 | strings)
        return pairs >> 32, pairs & 0xFFFFFFFF

    def _probable(
        self, text: Text, starts: Whole, sizes: Whole
    ) -> tuple[Hashes, NDArray[np.int32]]:
        hashes, asked = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for size, mine in _by_size(sizes):
            left = text.left_over(starts[mine], size, depth(size, self.asked_two_from))
            places = left >> self.shift
            there = np.flatnonzero(self.filter[places >> np.uint64(3)] & _bit(places))
            hashes.append(left.ravel()[there])
            asked.append(mine[there % len(mine)])
        return np.concatenate(hashes), np.concatenate(asked)


def _bit(places: Hashes) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
