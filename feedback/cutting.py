"""A segment's content cut in two, and two put together: what the engine heard goes with the text
that it became. Pure: no Django, no I/O.

Contents are what split and merged segments begin with; the segments they were made from stay as
they were, retired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from feedback.alignment import word_edits
from lexicon.borders import blank_between, words
from lexicon.matching import Replacement, rewritten
from transcription.placed import shifted, within
from transcription.said import parted, said
from transcription.standing import standings

Row = list[Any]
Mark = dict[str, Any]
SHORTEST_MS = 50  # of a segment
SPAN = ("start", "end")  # of a mark: which of the words it is about


@dataclass(frozen=True)
class Content:
    """All of a segment that has a place in its text or its time. `words`, `tags`, `doubts` and
    `marks` are rows as segments store them."""

    text: str
    engine_text: str
    start_ms: int
    end_ms: int
    words: Sequence[Row]
    replacements: Sequence[Replacement]
    tags: Sequence[Row]
    doubts: Sequence[Row]
    marks: Sequence[Mark]


def cut(whole: Content, at: int) -> tuple[Content, Content]:
    """Before and after a place in the text, where neither part is empty."""
    heard = _cut_of_heard(whole, at)
    before = [each for each in whole.replacements if each.end <= heard]
    after = [each for each in whole.replacements if each.start >= heard]
    rows, spoken = parted(whole.words), rewritten(whole.engine_text[:heard], before)
    count = len(words(spoken))
    until_ms, from_ms = _times_around(whole, at)
    marks = _marks(whole.marks, len(spoken.split()))
    first = replace(whole, end_ms=until_ms, words=rows[:count], replacements=before, marks=marks[0])
    second = replace(
        whole, start_ms=from_ms, words=rows[count:], replacements=after, marks=marks[1]
    )
    return (
        _part(first, 0, at, 0, heard),
        _part(second, at, len(whole.text), heard, len(whole.engine_text)),
    )


def _part(content: Content, start: int, end: int, heard_from: int, heard_to: int) -> Content:
    """With these characters of its two texts alone, without blanks around them."""
    start, end = _bare(content.text, start, end)
    heard_from, heard_to = _bare(content.engine_text, heard_from, heard_to)
    return replace(
        content,
        text=content.text[start:end],
        engine_text=content.engine_text[heard_from:heard_to],
        replacements=[_moved(each, -heard_from) for each in content.replacements],
        tags=within(content.tags, start, end),
        doubts=within(content.doubts, start, end),
    )


def _marks(marks: Sequence[Mark], before: int) -> tuple[list[Mark], list[Mark]]:
    """Findings about words go with them, those about the whole with both parts."""
    about_all = [mark for mark in marks if mark.get("start") is None]
    about_words = [mark for mark in marks if mark.get("start") is not None]
    first = [
        mark | {"end": min(mark["end"], before)} for mark in about_words if mark["start"] < before
    ]
    second = [
        mark | {"start": max(0, mark["start"] - before), "end": mark["end"] - before}
        for mark in about_words
        if mark["end"] > before
    ]
    return about_all + first, about_all + second


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    inside = text[start:end]
    return start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip())


def _times_around(whole: Content, at: int) -> tuple[int, int]:
    """When the word before a place in the text ends, and when the one after it begins; where a part
    would last no time, by the length of the texts."""
    timed = said(whole.text, whole.words, whole.start_ms, whole.end_ms)
    until = max((word.end_ms for word in timed if word.start < at), default=whole.start_ms)
    begin = min((word.start_ms for word in timed if word.start >= at), default=whole.end_ms)
    begin = max(begin, until)  # an engine's words may overlap
    if until - whole.start_ms >= SHORTEST_MS <= whole.end_ms - begin:
        return until, begin
    edge = whole.start_ms + (whole.end_ms - whole.start_ms) * at // len(whole.text)
    return edge, edge


def joined(first: Content, second: Content) -> Content:
    text = first.text + blank_between(first.text, second.text)
    engine_text = first.engine_text + blank_between(first.engine_text, second.engine_text)
    return Content(
        text=text + second.text,
        engine_text=engine_text + second.engine_text,
        start_ms=min(first.start_ms, second.start_ms),
        end_ms=max(first.end_ms, second.end_ms),
        words=[*first.words, *second.words],
        replacements=[
            *first.replacements,
            *(_moved(each, len(engine_text)) for each in second.replacements),
        ],
        tags=[*first.tags, *shifted(second.tags, len(text))],
        doubts=[*first.doubts, *shifted(second.doubts, len(text))],
        marks=[*first.marks, *_later(second.marks, len(first.words), first.marks)],
    )


def _later(marks: Sequence[Mark], by: int, known: Sequence[Mark]) -> list[Mark]:
    """The marks of a part that others stand before now; what is said of both is said once."""
    return [
        mark if mark.get("start") is None else mark | {name: mark[name] + by for name in SPAN}
        for mark in marks
        if mark.get("start") is not None or mark not in known
    ]


def _cut_of_heard(whole: Content, at: int) -> int:
    """Where in the engine's text what stands before the place ends."""
    heard = _aligned(whole, at)
    found = standings(whole.engine_text, whole.replacements, whole.text)
    for each in found:  # none is cut
        if each.replacement.start < heard < each.replacement.end:
            return each.replacement.end if each.start < at else each.replacement.start
    return heard


def _aligned(whole: Content, at: int) -> int:
    """By words; inside of what people wrote anew, by the share of its words that stands before."""
    for edit in word_edits(whole.engine_text, whole.text):
        if at > edit.after_at + len(edit.after):
            continue
        old, new = words(edit.before), words(edit.after)
        share = sum(start < at - edit.after_at for start, _ in new) / max(1, len(new))
        count = round(share * len(old))
        return edit.before_at + (old[count - 1][1] if count > 0 else 0)
    return len(whole.engine_text)


def _moved(each: Replacement, by: int) -> Replacement:
    return replace(each, start=each.start + by, end=each.end + by)
