"""Phones as numbers, and how far apart two strings of them are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexicon.pronouncing import VOWELS

Phones = NDArray[np.uint8]  # padded with 0
Counts = NDArray[np.int64]
Figures = NDArray[np.float32]

PHONES = f"{VOWELS} ER P B T D TH DH K G F V S Z SH ZH CH JH M N NG R L HH W Y".split()
NUMBER = {phone: number for number, phone in enumerate(PHONES, 1)}

# Classes for looking up: what is often heard for each other is one. HH is left out.
_CLASSES = (VOWELS, "P B", "T D TH DH", "K G", "F V", "S Z SH ZH CH JH", "M", "N NG", "R ER", "L",
            "W", "Y")  # fmt: skip

# What it costs to take one phone for another; 1 where nothing is said. Set by hand: costs that
# were learned from a recogniser's errors did no better.
_CONFUSED = (
    (0.5, (f"{VOWELS} ER",)),
    (0.3, ("AA AH AO", "EH AE", "IH IY", "UH UW", "AH IH EH", "AH UH", "ER AH", "OW AO", "EY EH",
           "AY AA", "OW UW", "AW AA", "EY IY", "AE AA", "P B", "T D", "K G", "F V", "S Z",
           "SH ZH", "CH JH", "TH DH", "M N", "N NG", "T TH", "D DH")),
    (0.6, ("S SH", "Z ZH", "SH CH", "JH ZH", "S TH", "F TH", "V B", "P F", "V DH", "L R", "W L",
           "M NG", "Z JH", "T CH", "D JH", "Y IY", "W UW", "K T", "P T", "B D", "G D", "P K")),
    (0.2, ("R ER",)),
)  # fmt: skip
# What it costs to leave one out or put one in; 1 where nothing is said.
_SLIGHT = ((0.4, "AH IH UH HH"), (0.6, "AA AE AO AW AY EH EY IY OW OY UW"), (0.7, "Y W ER R L T D"),
           (0.8, "S Z N"))  # fmt: skip


def _classes() -> Phones:
    table = np.zeros(len(PHONES) + 1, np.uint8)
    for number, group in enumerate(_CLASSES, 1):
        table[[NUMBER[phone] for phone in group.split()]] = number
    return table


def _exchange() -> Figures:
    table = np.ones((len(PHONES) + 1,) * 2, np.float32)
    for cost, groups in _CONFUSED:
        for group in groups:
            both = np.ix_(*[[NUMBER[phone] for phone in group.split()]] * 2)
            table[both] = np.minimum(table[both], cost)
    np.fill_diagonal(table, 0)
    table[0, :] = table[:, 0] = 0
    return table


def _leave_out() -> Figures:
    table = np.ones(len(PHONES) + 1, np.float32)
    for cost, group in _SLIGHT:
        table[[NUMBER[phone] for phone in group.split()]] = cost
    table[0] = 0
    return table


CLASSES, EXCHANGE, LEAVE_OUT = _classes(), _exchange(), _leave_out()
AT_ONCE = 4_096  # pairs, so that the work fits into the processor's cache


@dataclass(frozen=True, eq=False)
class Slices:
    """Strings of phones, each a part of the row `phones`."""

    phones: Phones
    starts: Counts
    sizes: Counts

    def table(self, which: NDArray[np.intp]) -> Phones:
        """Some of them, a row each, padded with 0."""
        sizes = self.sizes[which, None]
        columns = np.arange(int(sizes.max(initial=0)))
        places = self.starts[which, None] + columns
        there = self.phones.take(places, mode="clip") if len(self.phones) else 0
        return np.where(columns < sizes, there, 0).astype(np.uint8)


def similarity(a: Slices, b: Slices) -> Figures:
    """For each pair 1 - cost / length of the longer one; 0 where one is empty."""
    cost = np.zeros(len(a.sizes), np.float32)
    longer = np.maximum(np.maximum(a.sizes, b.sizes), 1)
    order = np.argsort(longer, kind="stable")  # so that short ones are done with soon
    for at in range(0, len(order), AT_ONCE):
        rows = order[at : at + AT_ONCE]
        cost[rows] = _cost(a.table(rows), a.sizes[rows], b.table(rows), b.sizes[rows])
    either_empty = np.minimum(a.sizes, b.sizes) == 0
    return np.where(either_empty, 0, 1 - cost / longer).astype(np.float32)


def _cost(a: Phones, a_sizes: Counts, b: Phones, b_sizes: Counts) -> Figures:
    """Weighted edit distance, all pairs in step."""
    rows, columns = int(a_sizes.max(initial=0)), int(b_sizes.max(initial=0))
    across = np.ascontiguousarray(b.T).astype(np.intp)
    put_in = LEAVE_OUT[across]
    line = np.zeros((columns + 1, len(a)), np.float32)
    np.cumsum(put_in, axis=0, out=line[1:])
    result = line[b_sizes, np.arange(len(a))]
    flat = EXCHANGE.reshape(-1)
    for row in range(rows):
        phone = a[:, row]
        left_out = LEAVE_OUT[phone]
        exchanged = flat.take(across + phone.astype(np.intp) * EXCHANGE.shape[1])
        exchanged += line[:-1]
        np.minimum(exchanged, line[1:] + left_out, out=exchanged)
        line[0] += left_out
        for column in range(columns):
            np.minimum(exchanged[column], line[column] + put_in[column], out=line[column + 1])
        ended = np.flatnonzero(a_sizes == row + 1)
        result[ended] = line[b_sizes[ended], ended]
    return result
