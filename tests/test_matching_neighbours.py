"""Strings a few deletions apart are found, all of them, among many."""

from __future__ import annotations

import random

import numpy as np

from lexicon.matching.neighbours import ONE_FROM, Index, Text

TWO_FROM = 6


def leftovers(string: bytes) -> set[bytes]:
    deep = 0 if len(string) < ONE_FROM else 1 if len(string) < TWO_FROM else 2
    left = {string}
    for _ in range(deep):
        left |= {each[:at] + each[at + 1 :] for each in left for at in range(len(each))}
    return left


def rows(strings: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sizes = np.array([len(string) for string in strings])
    symbols = np.frombuffer(b"".join(strings), np.uint8)
    return symbols, np.cumsum(sizes) - sizes, sizes


def some(count: int, chance: random.Random) -> list[bytes]:
    return [bytes(chance.choices(range(1, 6), k=chance.randint(1, 9))) for _ in range(count)]


def test_the_same_pairs_as_by_comparing_what_is_left_of_each():
    chance = random.Random(1)
    known, asked = some(300, chance), some(300, chance)
    index = Index.of(*rows(known), TWO_FROM, TWO_FROM)
    symbols, starts, sizes = rows(asked)
    found = index.find(Text.of(symbols), starts, sizes)
    left = [leftovers(string) for string in known]
    wanted = {
        (at, number)
        for at, string in enumerate(asked)
        for number in range(len(known))
        if leftovers(string) & left[number]
    }
    assert len(wanted) > 500
    assert set(zip(*(column.tolist() for column in found), strict=True)) == wanted


def test_each_pair_comes_once():
    known = [b"\1\2\3\4\1\2\3"] * 2
    symbols, starts, sizes = rows([b"\1\2\3\4\1\2\3"])
    slices, strings = Index.of(*rows(known), TWO_FROM, TWO_FROM).find(
        Text.of(symbols), starts, sizes
    )
    assert slices.tolist() == [0, 0] and strings.tolist() == [0, 1]


def test_an_empty_index_finds_nothing():
    nothing = np.zeros(0, np.int64)
    index = Index.of(np.zeros(0, np.uint8), nothing, nothing, TWO_FROM, TWO_FROM)
    symbols, starts, sizes = rows([b"\1\2\3\4"])
    assert [column.tolist() for column in index.find(Text.of(symbols), starts, sizes)] == [[], []]
