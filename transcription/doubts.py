"""The words that the engine was least sure of, for reviewers to look at. Pure.

Marks that are everywhere are switched off: with what the lexicon marks, about a tenth of a
recording's words are marked at most, the least sure first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transcription.timing import TimedWord

Row = list[Any]  # a doubt as stored: [start, end, confidence], in characters of the text
MOST = 0.1  # of all words
UNSURE = 0.5  # a word that the engine is surer of than this is no doubt


def doubts(
    texts: Sequence[str], heard: Sequence[Sequence[TimedWord]], marked: int
) -> list[list[Row]]:
    """Of each text its doubtful words, in order. `heard`: the words of each, whose texts follow
    each other in it; `marked`: how many words are marked already, for other reasons."""
    unsure = sorted(
        (word.confidence, part, at)
        for part, each in enumerate(heard)
        for at, word in enumerate(each)
        if word.confidence is not None and word.confidence < UNSURE
    )
    most = int(MOST * sum(map(len, heard))) - marked
    chosen: list[set[int]] = [set() for _ in texts]
    for _, part, at in unsure[: max(0, most)]:
        chosen[part].add(at)
    return list(map(_rows, texts, heard, chosen))


def _rows(text: str, heard: Sequence[TimedWord], chosen: set[int]) -> list[Row]:
    rows: list[Row] = []
    end = 0
    for at, word in enumerate(heard):
        start = text.find(word.text, end)
        if start < 0:
            continue
        end = start + len(word.text)
        if at in chosen:
            rows.append([start, end, round(word.confidence or 0, 2)])
    return rows
