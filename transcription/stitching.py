"""From the answers to single chunks to the segments of a transcript. Pure: no Django, no I/O.

The engine's text is never changed here: the segments of a chunk, joined by single spaces, are
the chunk's text. Engines without word times get estimates between the times that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from transcription.engines.base import Word

PAUSE_MS = 700  # a silence this long ends a segment
LONGEST_MS = 12_000  # a segment longer than this is cut at its longest pause near the middle,
FEWEST_WORDS = 8  # unless it is of so few words that the pieces would make no sense
SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]]*$")
# a letter with a point ("B.") and these end no sentence
ABBREVIATION = re.compile(r"^\W*(\w|dr|mr|mrs|ms|prof|st|sr|jr|no|vs|etc|e\.g|i\.e|z\.b)\.$", re.I)


@dataclass(frozen=True)
class HeardChunk:
    """A chunk and its answer. Times of chunk and words count from the recording's start."""

    id: int
    start_ms: int
    end_ms: int
    text: str
    words: Sequence[Word] = ()
    language: str = ""
    failure: str = ""  # why there is no answer


@dataclass(frozen=True)
class TimedWord:
    """A word as written in the text, with its punctuation; `start_ms` <= `end_ms`."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


@dataclass(frozen=True)
class Draft:
    """A segment to be. `marks` are {"kind", "reason"}."""

    chunk_id: int
    start_ms: int
    end_ms: int
    text: str
    words: list[TimedWord] = field(default_factory=list)
    language: str = ""
    marks: list[dict[str, str]] = field(default_factory=list)


def drafts(chunk: HeardChunk) -> list[Draft]:
    """The segments of one chunk; a marked gap for a chunk that failed, nothing for silence."""
    if chunk.failure:
        mark = {"kind": "gap", "reason": chunk.failure}
        return [Draft(chunk.id, chunk.start_ms, chunk.end_ms, "", marks=[mark])]
    timed = time_words(chunk)
    return [
        Draft(
            chunk.id,
            group[0].start_ms,
            group[-1].end_ms,
            " ".join(word.text for word in group),
            group,
            chunk.language,
        )
        for group in _groups(timed)
    ]


def time_words(chunk: HeardChunk) -> list[TimedWord]:
    """Each word of the chunk's text with a start and an end.

    The engine's own times are taken where its words are those of the text (it may leave out
    punctuation and capitals); between them, time is shared out by length of writing.
    """
    written = chunk.text.split()
    known: list[Word | None] = [None] * len(written)
    matcher = SequenceMatcher(
        None, [_bare(word) for word in written], [_bare(w.text) for w in chunk.words], False
    )
    for at, heard_at, count in matcher.get_matching_blocks():
        for step in range(count):
            known[at + step] = chunk.words[heard_at + step]
    return _fill(written, known, chunk.start_ms, chunk.end_ms)


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or word


def _fill(
    written: list[str], known: list[Word | None], start_ms: int, end_ms: int
) -> list[TimedWord]:
    """Times for all words; those that are known stay, the rest share the time in between."""
    result: list[TimedWord] = []
    clock = start_ms
    waiting: list[tuple[str, float | None]] = []
    for text, word in zip(written, known, strict=True):
        confidence = word.confidence if word else None
        if word is None or word.start_ms is None or word.end_ms is None:
            waiting.append((text, confidence))
            continue
        begin = min(max(word.start_ms, clock), end_ms)
        result += _share(waiting, clock, begin)
        waiting = []
        clock = min(max(word.end_ms, begin), end_ms)
        result.append(TimedWord(text, begin, clock, confidence))
    return [*result, *_share(waiting, clock, end_ms)]


def _share(
    waiting: list[tuple[str, float | None]], start_ms: int, end_ms: int
) -> Iterator[TimedWord]:
    total = sum(len(text) + 1 for text, _ in waiting)
    done = 0
    for text, confidence in waiting:
        begin = start_ms + (end_ms - start_ms) * done // total
        done += len(text) + 1
        yield TimedWord(text, begin, start_ms + (end_ms - start_ms) * done // total, confidence)


def _groups(words: list[TimedWord]) -> Iterator[list[TimedWord]]:
    """Words of one segment each: cut at pauses and sentence ends, and where it grows too long."""
    group: list[TimedWord] = []
    for word in words:
        if group and (
            word.start_ms - group[-1].end_ms >= PAUSE_MS or _ends_sentence(group[-1].text)
        ):
            yield from _halved(group)
            group = []
        group.append(word)
    if group:
        yield from _halved(group)


def _ends_sentence(word: str) -> bool:
    return bool(SENTENCE_END.search(word)) and not ABBREVIATION.match(word)


def _halved(group: list[TimedWord]) -> Iterator[list[TimedWord]]:
    if len(group) < FEWEST_WORDS or group[-1].end_ms - group[0].start_ms <= LONGEST_MS:
        yield group
        return
    middle = (group[0].start_ms + group[-1].end_ms) / 2
    span = group[-1].end_ms - group[0].start_ms

    def worth(at: int) -> float:
        """Long pauses are good places to cut, and so is the middle."""
        pause = group[at].start_ms - group[at - 1].end_ms
        return pause / PAUSE_MS - abs(group[at].start_ms - middle) / span

    cut = max(range(1, len(group)), key=worth)
    yield from _halved(group[:cut])
    yield from _halved(group[cut:])
