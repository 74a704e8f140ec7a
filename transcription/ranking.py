"""Which transcripts are worth a reviewer's time first: how much of each is presumably wrong, and
what place that gives it in the queue. Pure: no Django, no I/O.

Each word may be wrong: by the engine's own doubt or else by what is usual for the client and the
language, both the likelier the odder the word is (`oddness`); or by the lexicon's, where it was at
work. What the checks found holds for a share of a chunk. Where nothing was transcribed, all is
wrong. Chunks count by how long people speak in them. Whatever is doubted more never makes the sum
less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import log, prod
from typing import Any

from lexicon.matching.judging import shifted
from transcription.correcting import APPLIED, SUGGESTED, Corrected

USUAL_ERRORS = 0.05  # of the words of engines that do not tell how sure they are
REVIEWED_ENOUGH = 3_000  # words; with so many, reviews tell as much as what is usual elsewhere
DOUBTED_ALREADY = 0.5  # to which power oddness counts where the engine doubts by itself
HOURS_A_PERCENT = 2.0  # of waiting: a transcript with half its words wrong is four days ahead


def usual_errors(wrong: int, words: int) -> float:
    """The share of words that are presumably wrong where so many of those that were reviewed were:
    of few words the usual share is believed rather than theirs."""
    return min(1.0, (wrong + USUAL_ERRORS * REVIEWED_ENOUGH) / (words + REVIEWED_ENOUGH))


def word_errors(
    transcript: Sequence[Corrected],
    odd: Sequence[Sequence[float]] | None = None,
    usual: float = USUAL_ERRORS,
) -> list[list[float]]:
    """Of each segment, how probable it is of each of its words that it is wrong. `odd`: how odd
    they are; without it all are as usual."""
    odd = [[1.0] * len(each.words) for each in transcript] if odd is None else odd
    return [_doubts(each, how, usual) for each, how in zip(transcript, odd, strict=True)]


def expected_errors(
    speech_ms: Mapping[int, int],
    transcript: Sequence[Corrected],
    by_word: Sequence[Sequence[float]] | None = None,
) -> float:
    """The share, 0 to 1, of a transcript that is presumably wrong; 0 where nothing was said.

    `speech_ms`: by chunk, how much of it is speech; `transcript`: the segments of all chunks;
    `by_word`: their `word_errors`.
    """
    by_word = word_errors(transcript) if by_word is None else by_word
    ordered = sorted(zip(transcript, by_word, strict=True), key=_chunk)
    wrong = total = 0.0
    for chunk, group in groupby(ordered, key=_chunk):
        segments, words = zip(*group, strict=True)
        # a gap has no words, but lasts; of a hole the speech is longer than its words
        lasts = sum(each.draft.end_ms - each.draft.start_ms for each in segments)
        weight = max(lasts, speech_ms.get(chunk, 0))
        wrong += weight * _share_wrong(segments, [doubt for each in words for doubt in each])
        total += weight
    return min(1.0, max(0.0, wrong / total)) if total else 0.0


def rank_at(finished_at: datetime, errors: float) -> datetime:
    """The place in the queue, the earliest first: errors are as good as having waited longer."""
    return finished_at - timedelta(hours=HOURS_A_PERCENT * 100 * errors)


def _chunk(segment: tuple[Corrected, Sequence[float]]) -> int:
    return segment[0].draft.chunk_id


def _share_wrong(segments: Sequence[Corrected], words: Sequence[float]) -> float:
    """Of one chunk: by what its checks found, and by its words."""
    by_words = sum(words) / len(words) if words else 0.0
    # a finding about words of several segments is marked in each of them
    found = {
        (mark["kind"], mark.get("reason"), _severity(mark))
        for segment in segments
        for mark in segment.marks
    }
    return 1 - (1 - by_words) * prod(1 - severity for *_, severity in found)


def _severity(mark: Mapping[str, Any]) -> float:
    if mark["kind"] == "gap":
        return 1.0
    return min(1.0, max(0.0, mark.get("severity") or 0.0))


def _doubts(segment: Corrected, odd: Sequence[float], usual: float) -> list[float]:
    """How probable it is of each word that it is wrong."""
    doubts = [
        min(1.0, usual * how)
        if word.confidence is None
        else shifted(min(1.0, max(0.0, 1 - word.confidence)), DOUBTED_ALREADY * log(how))
        for word, how in zip(segment.words, odd, strict=True)
    ]
    marks = [mark for mark in segment.marks if mark["kind"] in (APPLIED, SUGGESTED)]
    for mark, replacement in zip(marks, segment.replacements, strict=False):
        for at in range(mark["start"], min(mark["end"], len(doubts))):
            # what the lexicon wrote is as sure as it was; what it suggests tells of an error
            applied = replacement.applied
            doubts[at] = 1 - replacement.score if applied else max(doubts[at], replacement.score)
    return doubts
