"""What a check of an engine's answer gives and takes. Pure: no Django, no I/O."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from transcription.spoken import Spoken


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong. `start` and `end` (exclusive) count the blank-separated words
    of the text; both are None where the whole answer is meant."""

    kind: str  # a key of HELPED_BY
    reason: str  # one or two sentences for the reviewer: what it is and what to do
    severity: float  # 0 to 1: how much of the answer is presumably wrong
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Circumstances:
    """What is known about the chunk and the request that was answered."""

    audio_ms: int
    speech_ms: int  # how much of it is speech by its energy: music and noise count too
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1 codes expected; empty for unknown
    policy: Mapping[str, str] = field(default_factory=dict)  # the scripts wished, see policies
    around: tuple[str, ...] = ()  # what was heard in the chunks before and after
    detected: str = ""  # as the engine wrote it: "fr" or "french"
    output_tokens: int | None = None
    most_output_tokens: int | None = None
    usual_rate: float | None = None  # as spoken.speech_rate, in the rest of the recording


def finding(answer: Spoken, kind: str, reason: str, first: int, end: int, wrong: float) -> Finding:
    """A finding about the tokens from `first` up to `end`, of which `wrong` units are."""
    start, last = answer.tokens[first].word, answer.tokens[end - 1].word
    return Finding(kind, reason, min(1.0, wrong / answer.units), start, last + 1)


def words_within(text: str, start: int, end: int) -> tuple[int, int]:
    """From offsets in the text to the words that they touch."""
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    return max(0, bisect_right(starts, start) - 1), bisect_left(starts, end)
