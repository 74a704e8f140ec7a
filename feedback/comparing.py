"""A second transcript of a recording, cut so that it can be read beside the first. Pure.

Two runs rarely have the same segments. The words of the second are dealt out to the segments of
the first: roughly by their time, and around each border by which words stand on either side of it.
Each word is dealt out once, and none is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Any

from feedback.alignment import bare, word_edits
from lexicon.borders import Border, blank_between, words
from transcription.placed import Row, shifted, within
from transcription.said import said

AROUND = 5  # words on either side of a border, which tell where it is in the other transcript
REACH = 8  # words around the moment of a border, among which it is looked for,
REACH_MS = 5_000  # unless they are said so much earlier or later
SURE = 2  # words on either side that are the same: then it is looked for no further
AWAY = 0.05  # what a border costs for each word between it and its moment; an edit costs 1

_bare = lru_cache(maxsize=50_000)(bare)


@dataclass(frozen=True)
class Place:
    """A segment of the first transcript, for which there may be text in the second. `lane`: the
    channel it was recorded on, where channels were transcribed apart."""

    text: str
    start_ms: int
    end_ms: int
    lane: int | None = None


@dataclass(frozen=True)
class Heard:
    """A segment of the second transcript; `words` and `tags` are rows as segments store them."""

    text: str
    start_ms: int
    end_ms: int
    lane: int | None = None
    words: Sequence[Sequence[Any]] = ()
    tags: Sequence[Row] = ()


class Passage:
    """What the second transcript has for a place."""

    def __init__(self, text: str = "", tags: Sequence[Row] = ()) -> None:
        self.text = text
        self._tags = list(tags)
        self._pieces: list[tuple[Heard, int, int, int]] = []

    def add(self, heard: Heard, start: int, end: int) -> None:
        piece = heard.text[start:end]
        self.text += blank_between(self.text, piece)
        self._pieces.append((heard, start, end, len(self.text)))
        self.text += piece

    @cached_property
    def tags(self) -> list[Row]:
        """The languages of its words; of most passages nobody asks."""
        rows = list(self._tags)
        for heard, start, end, by in self._pieces:
            rows += shifted(within(heard.tags, start, end), by)
        return rows


def dealt(places: Sequence[Place], heard: Sequence[Heard]) -> list[Passage]:
    """For each place what the second transcript has there."""
    found = [Passage() for _ in places]
    lanes = _lanes(places)
    if not {each.lane for each in heard} <= set(lanes):
        lanes = [None] * len(places)  # who was recorded on which channel, nobody knows
    for lane in dict.fromkeys(lanes):
        mine = [at for at, each in enumerate(lanes) if each == lane]
        theirs = [each for each in heard if each.lane == lane] if len(set(lanes)) > 1 else heard
        passages = _dealt([places[at] for at in mine], list(theirs))
        for at, passage in zip(mine, passages, strict=True):
            found[at] = passage
    return found


def _lanes(places: Sequence[Place]) -> list[int | None]:
    """What people put in is on the channel of what stands before it."""
    last = next((each.lane for each in places if each.lane is not None), None)
    found: list[int | None] = []
    for each in places:
        last = last if each.lane is None else each.lane
        found.append(last)
    return found


def _dealt(places: Sequence[Place], heard: Sequence[Heard]) -> list[Passage]:
    said = [word for number, each in enumerate(heard) for word in _timed(number, each)]
    edges = [0, *_cuts(places, said), len(said)]
    return [_passage(heard, said[first:last]) for first, last in pairwise(edges)]


_Word = tuple[int, int, int, int, str]  # number of its segment, start, end, its middle in ms, bare
_MIDDLE = itemgetter(3)


def _timed(number: int, heard: Heard) -> Iterator[_Word]:
    text = heard.text
    borders = words(text)
    if len(borders) == len(heard.words) and all(
        text[a:b] == row[0] for (a, b), row in zip(borders, heard.words, strict=True)
    ):
        for (a, b), row in zip(borders, heard.words, strict=True):
            yield number, a, b, (row[1] + row[2]) // 2, _bare(row[0])
        return
    for each in said(text, heard.words, heard.start_ms, heard.end_ms):
        middle = (each.start_ms + each.end_ms) // 2
        yield number, each.start, each.end, middle, _bare(each.text)


def _cuts(places: Sequence[Place], said: Sequence[_Word]) -> Iterator[int]:
    """Before which word each place but the first begins."""
    moments = list(accumulate(map(_MIDDLE, said), max))  # they may overlap
    spoken = [each[4] for each in said]
    ends = [_ends(place.text) for place in places]
    last = 0
    for at, (one, other) in enumerate(pairwise(places)):
        moment = (one.end_ms + other.start_ms) // 2
        rough = max(last, bisect_left(moments, moment))
        before, after = ends[at][1], ends[at + 1][0]
        last = _cut(before, after, spoken, moments, rough, last, moment)
        yield last


def _ends(text: str) -> tuple[list[str], list[str]]:
    """The words with which it begins, and with which it ends."""
    borders = words(text)
    first, last = (
        [_bare(text[a:b]) for a, b in each] for each in (borders[:AROUND], borders[-AROUND:])
    )
    return first, last


def _cut(
    before: list[str],
    after: list[str],
    spoken: list[str],
    moments: list[int],
    rough: int,
    least: int,
    moment: int,
) -> int:
    """The place near `rough` where the words on both sides fit best."""

    if _same(before[-SURE:], spoken[max(least, rough - SURE) : rough]) and _same(
        after[:SURE], spoken[rough : rough + SURE]
    ):
        return rough
    first = max(least, rough - REACH - AROUND)
    near = spoken[first : rough + REACH + AROUND]
    left, right = _errors(before, near), _errors(after[::-1], near[::-1])[::-1]
    ways = range(max(least, rough - REACH), min(len(spoken), rough + REACH) + 1)
    return min(
        (at for at in ways if _is_near(moments, at, moment)),
        key=lambda at: left[at - first] + right[at - first] + AWAY * abs(at - rough),
        default=rough,
    )


def _errors(wanted: Sequence[str], said: Sequence[str]) -> list[int]:
    """Of these words, heard up to each word of what was said, wherever in it they begin."""
    row = [0] * (len(said) + 1)
    for count, word in enumerate(wanted, 1):
        before, here = row[0], count
        row[0] = here
        for at, other in enumerate(said, 1):
            above = row[at]
            here = here + 1 if here < above else above + 1
            same = before if word == other else before + 1
            if same < here:
                here = same
            before, row[at] = above, here
    return row


def _same(wanted: list[str], found: list[str]) -> bool:
    return len(wanted) == SURE and wanted == found


def _is_near(moments: list[int], at: int, moment: int) -> bool:
    """Nothing that a border there would put on the other side is said far from it."""
    early = at < len(moments) and moments[at] < moment - REACH_MS
    late = at > 0 and moments[at - 1] > moment + REACH_MS
    return not (early or late)


def _passage(heard: Sequence[Heard], said: Sequence[_Word]) -> Passage:
    """The words as they stand in their segments, with what is between them."""
    passage = Passage()
    at = 0
    while at < len(said):
        number, start = said[at][0], said[at][1]
        while at < len(said) and said[at][0] == number:
            end = said[at][2]
            at += 1
        passage.add(heard[number], start, end)
    return passage


@dataclass(frozen=True)
class Sides:
    """Which characters of two texts are in words that the other has not."""

    before: list[Border]
    after: list[Border]


def differing(before: str, after: str) -> Sides:
    edits = [edit for edit in word_edits(before, after) if edit.kind != "equal"]
    return Sides(
        [(e.before_at, e.before_at + len(e.before)) for e in edits if e.before],
        [(e.after_at, e.after_at + len(e.after)) for e in edits if e.after],
    )


def same(one: str, other: str) -> bool:
    """But for blanks."""
    return one == other or one.split() == other.split()
