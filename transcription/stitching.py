"""From the answers to single chunks to the segments of a transcript. Pure: no Django, no I/O.

The engine's text is never changed here, but that words which two chunks heard where they overlap
are written once: each channel's segments, joined by single spaces, are its chunks' texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from lexicon.borders import graphemes, words
from transcription.timing import TimedWord, bare

PAUSE_MS = 700  # a silence this long ends a segment
LONGEST_MS = 12_000  # a segment longer than this is cut at its longest pause near the middle,
FEWEST_WORDS = 8  # unless it is of so few words that the pieces would make no sense
MOST_LETTERS = 40  # of a segment in a script without spaces
WORD = re.compile(r"\S+")
SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]」』）]*$")
# a letter with a point ("B.") and these end no sentence
ABBREVIATION = re.compile(r"^\W*(\w|dr|mr|mrs|ms|prof|st|sr|jr|no|vs|etc|e\.g|i\.e|z\.b)\.$", re.I)
# Thai, Lao, Burmese, Khmer, Kana and Han: words without spaces between them
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
SENTENCE = re.compile(r".+?(?:[。！？]+[\"'”’」』）]*|$)", re.S)
CLAUSE_END = re.compile("[，、；：,;:]")
SLACK_MS = 1500  # how far apart two chunks may time the same word, as times may be estimates
LEAST_OF_WORD = 2  # so many letters are taken for the half of a word that an edge has cut


@dataclass(frozen=True)
class HeardChunk:
    """A chunk and its answer. Times of chunk and words count from the recording's start.

    `marks` are findings {"kind", "reason", ...}; with "start" and "end" (exclusive) that are not
    None, they are about these of the chunk's words only.
    """

    id: int
    start_ms: int
    end_ms: int
    words: Sequence[TimedWord] = ()  # their texts are `text.split()`
    text: str = ""
    language: str = ""
    failure: str = ""  # why there is no answer
    overlap_ms: int = 0  # how much of its start repeats the end of the one before
    channel: int | None = None  # from 0; None: all are mixed
    marks: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Draft:
    """A segment to be, of one chunk's words. "start" and "end" of a mark are words of it."""

    chunk_id: int
    start_ms: int
    end_ms: int
    text: str
    words: list[TimedWord] = field(default_factory=list)
    language: str = ""
    speaker: str = ""
    marks: list[dict[str, Any]] = field(default_factory=list)
    channel: int | None = None


class Heard(NamedTuple):
    """A word of a chunk, or a part of it where it is long and written without spaces."""

    chunk: HeardChunk
    at: int  # which of the chunk's words
    word: TimedWord
    start: int = -1  # where it stands in the chunk's text
    cut: bool = False  # it goes on with the word of the one before


def transcript(chunks: Sequence[HeardChunk]) -> list[Draft]:
    """All segments of a recording, by their start: of each channel apart, never overlapping in it.

    A chunk that failed is a marked gap, and removes nothing of its neighbours; silence is nothing,
    unless something was found in it.
    """
    ordered = sorted(chunks, key=lambda chunk: (_track(chunk), chunk.start_ms))
    parts = sorted(chunks, key=lambda chunk: (chunk.start_ms, _track(chunk)))
    numbers = {chunk.id: number for number, chunk in enumerate(parts, 1)}
    found: list[Draft] = []
    for _, track in groupby(ordered, key=_track):
        found += _segments(list(track), numbers)
    return sorted(found, key=lambda draft: (draft.start_ms, draft.channel or 0, draft.end_ms))


def _text(group: list[Heard]) -> str:
    """As the engine wrote it, with what stands between the words; where words of its were left to
    another chunk, there is a blank in their place."""
    text = group[0].chunk.text
    result, end = "", 0
    for heard in group:
        between = text[end : heard.start]
        if result:
            result += between if between.isspace() or heard.start == end else " "
        result += heard.word.text
        end = heard.start + len(heard.word.text)
    return result


def _track(chunk: HeardChunk) -> int:
    return -1 if chunk.channel is None else chunk.channel


def _segments(track: list[HeardChunk], numbers: dict[int, int]) -> Iterator[Draft]:
    """The segments of one channel."""
    parts = [part for heard in _in_order(_joined(track)) for part in _parts(heard)]
    groups: dict[int, list[list[Heard]]] = {}
    for group in _groups(parts):
        groups.setdefault(group[0].chunk.id, []).append(group)
    for chunk in track:
        mine = groups.get(chunk.id, [])
        whole = _whole_marks(chunk)
        if whole and not mine:
            speaker = _speaker("", chunk, numbers)
            yield Draft(
                chunk.id,
                chunk.start_ms,
                chunk.end_ms,
                "",
                speaker=speaker,
                marks=whole,
                channel=chunk.channel,
            )
        for group in mine:
            words = [heard.word for heard in group]
            yield Draft(
                chunk.id,
                words[0].start_ms,
                words[-1].end_ms,
                _text(group),
                words,
                chunk.language,
                _speaker(words[0].speaker, chunk, numbers),
                [*(whole if group is mine[0] else []), *_marks(group)],
                chunk.channel,
            )


def _speaker(name: str, chunk: HeardChunk, numbers: dict[int, int]) -> str:
    """A label for people. Whoever is A in one chunk need not be A in another."""
    if not name:
        return "" if chunk.channel is None else f"Channel {chunk.channel + 1}"
    if len(name) > 2:  # a name that the engine was told
        return name
    return f"Speaker {name}" + (f" (part {numbers[chunk.id]})" if len(numbers) > 1 else "")


def _whole_marks(chunk: HeardChunk) -> list[dict[str, Any]]:
    """The findings about all of a chunk, as all are where it has no words."""
    if chunk.failure:
        return [{"kind": "gap", "reason": chunk.failure}]
    return [
        {key: mark[key] for key in mark if key not in ("start", "end")}
        for mark in chunk.marks
        if mark.get("start") is None or not chunk.words
    ]


def _marks(group: list[Heard]) -> Iterator[dict[str, Any]]:
    """The findings about words of a segment, counted within it."""
    chunk = group[0].chunk
    for mark in chunk.marks:
        if mark.get("start") is not None:
            start = min(mark["start"], len(chunk.words) - 1)
            end = max(mark.get("end") or 0, start + 1)  # between two words: the one after
            inside = [i for i, heard in enumerate(group) if start <= heard.at < end]
            if inside:
                yield {**mark, "start": inside[0], "end": inside[-1] + 1}


# --- Neighbours that overlap ---------------------------------------------------------------------


def _joined(track: list[HeardChunk]) -> list[Heard]:
    """The words of a channel, those that two chunks heard written once."""
    result: list[Heard] = []
    before: HeardChunk | None = None
    for chunk in track:
        starts = [match.start() for match in WORD.finditer(chunk.text)]
        words = [
            Heard(chunk, at, word, starts[at] if at < len(starts) else -1)
            for at, word in enumerate(chunk.words)
        ]
        if before and chunk.overlap_ms and not before.failure and not chunk.failure:
            words = _merged(result, words, chunk.start_ms, chunk.start_ms + chunk.overlap_ms)
        result += words
        before = chunk
    return result


def _merged(left: list[Heard], right: list[Heard], start_ms: int, end_ms: int) -> list[Heard]:
    """What follows `left`, from whose end the overlap's words are taken away.

    Up to one of the doubled words, the one with the fewest lost words and nearest to the middle,
    the left chunk is followed, then the right one: so each word comes from the chunk whose edge is
    far. Where the other one has more words, it is followed there: rather doubled than lost.
    """
    first = len(left)
    while first and left[first - 1].word.end_ms > start_ms - SLACK_MS:
        first -= 1
    last = sum(heard.word.start_ms < end_ms + SLACK_MS for heard in right)
    tail, head, rest = left[first:], right[:last], right[last:]
    pairs = _pairs(tail, head)
    if not pairs:
        return right
    del left[first:]
    edges = [(-1, -1), *pairs, (len(tail), len(head))]
    gaps = [(tail[i + 1 : k], head[j + 1 : m]) for (i, j), (k, m) in pairwise(edges)]
    turn = _turn(tail, pairs, gaps, (start_ms + end_ms) / 2)
    result: list[Heard] = []
    for number, (mine, theirs) in enumerate(gaps):
        result += _followed(mine, theirs, number, turn, number in (0, len(pairs)))
        if number < len(pairs):
            i, j = pairs[number]
            result.append(_whole(tail[i], head[j], number < turn))
    return result + rest


def _pairs(tail: list[Heard], head: list[Heard]) -> list[tuple[int, int]]:
    """Which words are the same: the longest common subsequence, halves of words counting half."""
    best = [[0] * (len(head) + 1) for _ in range(len(tail) + 1)]
    same = [[_same(tail, i, head, j) for j in range(len(head))] for i in range(len(tail))]
    for i in reversed(range(len(tail))):
        for j in reversed(range(len(head))):
            met = same[i][j] + best[i + 1][j + 1] if same[i][j] else 0
            best[i][j] = max(met, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(tail) and j < len(head):
        if same[i][j] and best[i][j] == same[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _same(tail: list[Heard], i: int, head: list[Heard], j: int) -> int:
    """2: the same word; 1: half of it was cut off by an edge of a chunk; 0: another one."""
    one, other = tail[i].word, head[j].word
    if abs(one.start_ms + one.end_ms - other.start_ms - other.end_ms) > 2 * SLACK_MS:
        return 0
    left, right = bare(one.text), bare(other.text)
    if left == right:
        return 2
    begun = i == len(tail) - 1 and len(left) >= LEAST_OF_WORD and right.startswith(left)
    ended = j == 0 and len(right) >= LEAST_OF_WORD and left.endswith(right)
    return int(begun or ended)


def _turn(
    tail: list[Heard],
    pairs: list[tuple[int, int]],
    gaps: list[tuple[list[Heard], list[Heard]]],
    middle_ms: float,
) -> int:
    """After how many of the pairs the right chunk is followed."""

    def price(turn: int) -> tuple[int, float]:
        lost = sum(len(theirs) > len(mine) for mine, theirs in gaps[:turn])
        lost += sum(len(mine) > len(theirs) for mine, theirs in gaps[turn:])
        return lost, abs(tail[pairs[turn - 1][0]].word.end_ms - middle_ms)

    return min(range(1, len(pairs) + 1), key=price)


def _followed(
    mine: list[Heard], theirs: list[Heard], number: int, turn: int, outside: bool
) -> list[Heard]:
    """What two chunks heard between two doubled words: of one of them, or outside of all, both."""
    followed, other = (mine, theirs) if number < turn else (theirs, mine)
    if len(other) <= len(followed):
        return followed
    return [*mine, *theirs] if outside else other


def _whole(one: Heard, other: Heard, left: bool) -> Heard:
    """Of a doubled word the one that no edge has cut, or else the one of the chunk followed."""
    lengths = len(bare(one.word.text)), len(bare(other.word.text))
    if lengths[0] != lengths[1]:
        left = lengths[0] > lengths[1]
    return one if left else other


def _in_order(words: Iterable[Heard]) -> Iterator[Heard]:
    """The same with times that never run backwards."""
    clock = 0
    for heard in words:
        start = max(heard.word.start_ms, clock)
        clock = max(heard.word.end_ms, start)
        yield heard._replace(word=replace(heard.word, start_ms=start, end_ms=clock))


# --- Where segments end --------------------------------------------------------------------------


def _parts(heard: Heard) -> Iterator[Heard]:
    """A word; one without spaces in pieces of a sentence, or of MOST_LETTERS, by its letters."""
    word = heard.word
    texts = [word.text]
    if UNSPACED.search(word.text):
        texts = [t for sentence in SENTENCE.findall(word.text) for t in _pieces(sentence)]
    done, span = 0, word.end_ms - word.start_ms
    for text in texts:
        start = word.start_ms + span * done // len(word.text)
        cut, place = done > 0, heard.start + done
        done += len(text)
        end = word.start_ms + span * done // len(word.text)
        part = replace(word, text=text, start_ms=start, end_ms=end)
        yield heard._replace(word=part, start=place, cut=cut)


def _pieces(sentence: str) -> Iterator[str]:
    """Cut behind the last comma that fits, else behind the last word, else behind a letter."""
    begun = 0
    while len(sentence) - begun > MOST_LETTERS:
        part = sentence[begun : begun + MOST_LETTERS]
        commas = [match.end() for match in CLAUSE_END.finditer(part)]
        ends = commas or [end for _, end in words(part)[:-1]]
        at = begun + (ends[-1] if ends else len("".join(graphemes(part)[:-1])) or MOST_LETTERS)
        yield sentence[begun:at]
        begun = at
    yield sentence[begun:]


def _groups(words: list[Heard]) -> Iterator[list[Heard]]:
    """Words of one segment each: cut at pauses, sentence ends, and where another one speaks."""
    group: list[Heard] = []
    for heard in words:
        if group and _ends(group[-1], heard):
            yield from _halved(group)
            group = []
        group.append(heard)
    if group:
        yield from _halved(group)


def _ends(last: Heard, following: Heard) -> bool:
    return (
        following.cut
        or following.chunk is not last.chunk
        or following.word.speaker != last.word.speaker
        or following.word.start_ms - last.word.end_ms >= PAUSE_MS
        or _ends_sentence(last.word.text)
    )


def flows_on(one: Draft, other: Draft) -> bool:
    """The second goes on where the first was cut for nothing but its length, or at a pause that
    is only an estimate."""
    if one.chunk_id != other.chunk_id or not (one.words and other.words):
        return False
    estimated = one.words[-1].estimated or other.words[0].estimated
    pause_ms = PAUSE_MS + (SLACK_MS if estimated else 0)
    return (
        one.speaker == other.speaker
        and other.start_ms - one.end_ms < pause_ms
        and not _ends_sentence(one.words[-1].text)
        and not UNSPACED.search(one.text[-1] + other.text[0])
    )


def _ends_sentence(word: str) -> bool:
    return bool(SENTENCE_END.search(word)) and not ABBREVIATION.match(word)


def _halved(group: list[Heard]) -> Iterator[list[Heard]]:
    span = group[-1].word.end_ms - group[0].word.start_ms
    if len(group) < FEWEST_WORDS or span <= LONGEST_MS:
        yield group
        return
    middle = (group[0].word.start_ms + group[-1].word.end_ms) / 2

    def worth(at: int) -> float:
        """Long pauses are good places to cut, and so is the middle."""
        pause = group[at].word.start_ms - group[at - 1].word.end_ms
        return pause / PAUSE_MS - abs(group[at].word.start_ms - middle) / span

    cut = max(range(1, len(group)), key=worth)
    yield from _halved(group[:cut])
    yield from _halved(group[cut:])
