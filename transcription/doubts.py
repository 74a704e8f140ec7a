"""The words that are likeliest wrong, for reviewers to look at. Pure.

Those that the engine was least sure of; of engines that do not tell, those that are oddest where
they stand (`oddness`). Marks that are everywhere are switched off: with what the lexicon marks,
about a tenth of a recording's words are marked at most, the least sure first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transcription.timing import TimedWord

# a doubt as stored: [start, end, confidence], in characters of the text; null: by the text alone
Row = list[Any]
MOST = 0.1  # of all words
UNSURE = 0.5  # a word that the engine is surer of than this is no doubt
ODD = 2.5  # times as likely wrong as a usual word; what is less so is no doubt


def doubts(
    texts: Sequence[str],
    heard: Sequence[Sequence[TimedWord]],
    marked: int,
    odd: Sequence[Sequence[float]] | None = None,
) -> list[list[Row]]:
    """Of each text its doubtful words, in order. `heard`: the words of each, whose texts follow
    each other in it; `marked`: how many words are marked already, for other reasons; `odd`: how
    odd each of the words is."""
    words = [
        (word.confidence, odd[part][at] if odd else 1.0, part, at)
        for part, each in enumerate(heard)
        for at, word in enumerate(each)
    ]
    # what an engine itself doubts goes first
    unsure = sorted(
        (UNSURE if sure is None else sure, -how, part, at)
        for sure, how, part, at in words
        if (how >= ODD if sure is None else sure < UNSURE)
    )
    most = int(MOST * len(words)) - marked
    chosen: list[set[int]] = [set() for _ in texts]
    for *_, part, at in unsure[: max(0, most)]:
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
            sure = word.confidence
            rows.append([start, end, None if sure is None else round(sure, 2)])
    return rows
