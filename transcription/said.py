"""When each word of a text was said, also where people have changed the text since. Pure.

The words that the engine gave times for keep them for ever. What people wrote in the place of some
shares their time; what they added stands between its neighbours. Nothing is stored about it: it
is read off the engine's words and the text, so that times cannot drift with one edit after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import accumulate, groupby, pairwise
from typing import Any

from rapidfuzz.distance import Levenshtein

from lexicon.borders import is_unspaced, words
from transcription.timing import bare

Row = Sequence[Any]  # an engine's word as stored: [text, start_ms, end_ms, confidence, estimated]


@dataclass(frozen=True)
class Said:
    """A word of the text: its characters `start` to `end`, and when it was said.

    `confidence` is the engine's, None where it gave none or people wrote the word; `estimated`:
    the time is not the engine's own.
    """

    text: str
    start: int
    end: int
    start_ms: int
    end_ms: int
    confidence: float | None = None
    estimated: bool = False


@dataclass(frozen=True)
class _Heard:
    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    estimated: bool


def said(text: str, heard: Sequence[Row], start_ms: int, end_ms: int) -> list[Said]:
    """Of each word of a segment's text, in order; words have the punctuation around them, and in
    scripts without blanks they are ICU's. `heard`: the segment's words as stored; `start_ms` and
    `end_ms`: the segment's, which hold where nothing was heard."""
    then = [part for row in heard for part in _parts(row)]
    now = [Said(text[a:b], a, b, start_ms, end_ms, None, True) for a, b in words(text)]
    if [each.text for each in then] == [each.text for each in now]:
        found = list(map(_as_heard, now, then))
    else:
        found = list(_laid_over(then, now, start_ms, end_ms))
    return _within(found, start_ms, end_ms)


def _laid_over(
    then: Sequence[_Heard], now: Sequence[Said], start_ms: int, end_ms: int
) -> Iterator[Said]:
    one, other = [bare(each.text) for each in then], [bare(each.text) for each in now]
    ops = Levenshtein.opcodes(one, other)
    for same, group in groupby(ops, lambda op: op.tag == "equal"):
        run = list(group)
        first, last = run[0].src_start, run[-1].src_end
        mine = now[run[0].dest_start : run[-1].dest_end]
        theirs = then[first:last]
        if same:
            yield from map(_as_heard, mine, theirs)
        elif len(mine) == len(theirs):
            for word, each in zip(mine, theirs, strict=True):
                yield replace(word, start_ms=each.start_ms, end_ms=each.end_ms)
        elif mine:
            yield from _sharing(mine, *_span(then, first, last, start_ms, end_ms))


def _within(found: list[Said], start_ms: int, end_ms: int) -> list[Said]:
    """The words within the segment, whose times people may have moved; where none of them is in
    it any more, they share its time."""
    if not found or (found[0].start_ms >= start_ms and found[-1].end_ms <= end_ms):
        return found
    moved = [
        replace(
            word,
            start_ms=min(max(word.start_ms, start_ms), end_ms),
            end_ms=min(max(word.end_ms, start_ms), end_ms),
        )
        for word in found
    ]
    if any(word.start_ms < word.end_ms for word in moved):
        return moved
    shared = _sharing(found, start_ms, end_ms)
    return [replace(word, estimated=True) for word in shared]


def parted(heard: Sequence[Row]) -> list[list[Any]]:
    """Words as stored, those that are long and written without blanks as the words in them."""
    return [list(astuple(part)) for row in heard for part in _parts(row)]


def _as_heard(word: Said, heard: _Heard) -> Said:
    return Said(
        word.text,
        word.start,
        word.end,
        heard.start_ms,
        heard.end_ms,
        heard.confidence,
        heard.estimated,
    )


def _span(then: Sequence[_Heard], a: int, b: int, start_ms: int, end_ms: int) -> tuple[int, int]:
    """When the heard words `a` to `b` were said; of none, what is between their neighbours."""
    if a < b:
        return then[a].start_ms, then[b - 1].end_ms
    first = then[a - 1].end_ms if a else min([start_ms, *(each.start_ms for each in then[:1])])
    last = then[b].start_ms if b < len(then) else max(end_ms, first)
    return first, max(first, last)


def _parts(row: Row) -> Iterator[_Heard]:
    """A heard word, or its words where it is long and written without blanks."""
    text, start_ms, end_ms, confidence, *rest = row
    heard = _Heard(text, start_ms, end_ms, confidence, bool(rest and rest[0]))
    borders = words(text) if is_unspaced(text) else []
    if len(borders) < 2:
        yield heard
        return
    texts = [text[a:b] for a, b in borders]
    for part, (first, last) in zip(texts, _edges(texts, start_ms, end_ms), strict=True):
        yield replace(heard, text=part, start_ms=first, end_ms=last, estimated=True)


def _sharing(mine: Sequence[Said], start_ms: int, end_ms: int) -> Iterator[Said]:
    edges = _edges([word.text for word in mine], start_ms, end_ms)
    for word, (first, last) in zip(mine, edges, strict=True):
        yield replace(word, start_ms=first, end_ms=last)


def _edges(texts: Sequence[str], start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """A stretch of time, shared by the texts by their length."""
    letters = list(accumulate(map(len, texts), initial=0))
    span = end_ms - start_ms
    return pairwise(start_ms + span * done // max(1, letters[-1]) for done in letters)
