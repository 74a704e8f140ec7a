"""Which transcripts are worth a reviewer's time first: how much of each is presumably wrong, and
what place that gives it in the queue. Pure: no Django, no I/O.

Each word may be wrong: by the engine's own doubt, or by the lexicon's, where it was at work. What
the checks found holds for a share of a chunk. Where nothing was transcribed, all is wrong. Chunks
count by how long people speak in them. Whatever is doubted more never makes the sum less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import prod
from typing import Any

from transcription.correcting import APPLIED, SUGGESTED, Corrected

USUAL_ERRORS = 0.05  # of the words of engines that do not tell how sure they are
HOURS_A_PERCENT = 2.0  # of waiting: a transcript with half its words wrong is four days ahead


def expected_errors(speech_ms: Mapping[int, int], transcript: Sequence[Corrected]) -> float:
    """The share, 0 to 1, of a transcript that is presumably wrong; 0 where nothing was said.

    `speech_ms`: by chunk, how much of it is speech; `transcript`: the segments of all chunks.
    """
    ordered = sorted(transcript, key=_chunk)
    wrong = total = 0.0
    for chunk, group in groupby(ordered, key=_chunk):
        segments = list(group)
        # a gap has no words, but lasts; of a hole the speech is longer than its words
        lasts = sum(each.draft.end_ms - each.draft.start_ms for each in segments)
        weight = max(lasts, speech_ms.get(chunk, 0))
        wrong += weight * _share_wrong(segments)
        total += weight
    return min(1.0, max(0.0, wrong / total)) if total else 0.0


def rank_at(finished_at: datetime, errors: float) -> datetime:
    """The place in the queue, the earliest first: errors are as good as having waited longer."""
    return finished_at - timedelta(hours=HOURS_A_PERCENT * 100 * errors)


def _chunk(segment: Corrected) -> int:
    return segment.draft.chunk_id


def _share_wrong(segments: Sequence[Corrected]) -> float:
    """Of one chunk: by what its checks found, and by its words."""
    words = [doubt for segment in segments for doubt in _doubts(segment)]
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


def _doubts(segment: Corrected) -> list[float]:
    """How probable it is of each word that it is wrong."""
    doubts = [
        USUAL_ERRORS if word.confidence is None else min(1.0, max(0.0, 1 - word.confidence))
        for word in segment.words
    ]
    marks = [mark for mark in segment.marks if mark["kind"] in (APPLIED, SUGGESTED)]
    for mark, replacement in zip(marks, segment.replacements, strict=False):
        for at in range(mark["start"], min(mark["end"], len(doubts))):
            # what the lexicon wrote is as sure as it was; what it suggests tells of an error
            applied = replacement.applied
            doubts[at] = 1 - replacement.score if applied else max(doubts[at], replacement.score)
    return doubts
