"""The lexicon's corrections put into a transcript: its texts, words and marks. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Any

from lexicon.matching import Compiled, Passage, Replacement, match, rewritten
from transcription.stitching import Draft, flows_on
from transcription.timing import TimedWord

APPLIED, SUGGESTED = "lexicon", "suggestion"  # kinds of marks
RULES = {
    "proven": "corrected so by reviewers before",
    "alternative": "a known mishearing",
    "sound": "sounds alike",
    "script": "the same in another script",
    "spelling": "written as the lexicon has it",
}
FIELDS = {each.name for each in fields(Replacement)}


@dataclass(frozen=True)
class Corrected:
    """A segment to be. `draft` is what the engine wrote, the rest what the lexicon made of it.

    `text.split()` are the words' texts; "start" and "end" of a mark are words of `words`.
    """

    draft: Draft
    text: str
    words: Sequence[TimedWord]
    marks: list[dict[str, Any]]
    replacements: Sequence[Replacement] = field(default=())


def as_heard(draft: Draft) -> Corrected:
    return Corrected(draft, draft.text, draft.words, draft.marks)


def corrected(
    drafts: Sequence[Draft],
    lexicon: Compiled,
    languages: Sequence[str],
    own_script: bool = False,
) -> list[Corrected]:
    """The drafts as the lexicon has them; `own_script` is that of `match`. It reads on where
    a segment was cut for its length: words that belong together then end up in one."""
    runs = list(_flowing(drafts))
    wholes = [_joined(run) for run in runs]
    passages = [_passage(whole) for whole in wholes]
    found = match(passages, lexicon, languages=languages, own_script=own_script)
    return [
        each
        for run, whole, replacements in zip(runs, wholes, found, strict=True)
        for each in _apart(run, whole, replacements)
    ]


def _flowing(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    run: list[Draft] = []
    for draft in drafts:
        if run and not flows_on(run[-1], draft):
            yield run
            run = []
        run.append(draft)
    if run:
        yield run


def _joined(run: Sequence[Draft]) -> Draft:
    if len(run) == 1:
        return run[0]
    starts = accumulate((len(draft.words) for draft in run), initial=0)
    return replace(
        run[0],
        end_ms=run[-1].end_ms,
        text=" ".join(draft.text for draft in run),
        words=[word for draft in run for word in draft.words],
        marks=[
            _shifted(m, by) for draft, by in zip(run, starts, strict=False) for m in draft.marks
        ],
    )


def _apart(
    run: Sequence[Draft], whole: Draft, replacements: Sequence[Replacement]
) -> Iterator[Corrected]:
    """What was joined, cut where it was cut before, or after the replacement that stands there."""
    if not replacements:
        yield from map(as_heard, run)
        return
    spans = _spans(whole)
    edges = list(accumulate((len(draft.words) for draft in run), initial=0))
    for each in replacements:
        first, last = _met(spans, each)
        edges = [last if first < edge < last else edge for edge in edges]
    for first, last in pairwise(sorted(set(edges))):
        start, end = spans[first][0], spans[last - 1][1]
        inside = _within(replacements, start, end)
        yield replaced(_part(whole, first, last, whole.text[start:end]), inside)


def _part(whole: Draft, first: int, last: int, text: str) -> Draft:
    words = whole.words[first:last]
    if len(words) == len(whole.words):
        return whole
    marks = [
        _shifted(mark, -first, most=len(words))
        for mark in whole.marks
        if (
            first == 0
            if mark.get("start") is None
            else mark["start"] < last and first < mark["end"]
        )
    ]
    return replace(
        whole,
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text=text,
        words=words,
        marks=marks,
    )


def _shifted(mark: dict[str, Any], by: int, most: int | None = None) -> dict[str, Any]:
    """A finding about words, counted from elsewhere, of which there are at most so many."""
    if mark.get("start") is None:
        return mark
    end = mark["end"] + by
    return mark | {"start": max(0, mark["start"] + by), "end": min(end, most or end)}


def _within(replacements: Sequence[Replacement], start: int, end: int) -> list[Replacement]:
    return [
        replace(each, start=each.start - start, end=each.end - start)
        for each in replacements
        if start <= each.start and each.end <= end
    ]


def _passage(draft: Draft) -> Passage:
    confidences = [word.confidence for word in draft.words for _ in word.text.split()]
    return Passage(draft.text, confidences)


def replaced(draft: Draft, replacements: Sequence[Replacement]) -> Corrected:
    """The draft with its replacements. Raises ValueError where they do not fit its text."""
    if not replacements:
        return as_heard(draft)
    _check(draft.text, replacements)
    words: list[TimedWord] = []
    moved: list[tuple[int, int]] = []  # of each of the draft's words: from where to where it is now
    for first, last, start, end in _runs(draft, replacements):
        inside = _within(replacements, start, end)
        texts = rewritten(draft.text[start:end], inside).split()
        at = len(words)
        words += _retimed(draft.words[first:last], texts)
        moved += [(at, len(words))] * (last - first)
    marks = [_moved(mark, moved) for mark in draft.marks]
    marks += _marks(draft, replacements, moved)
    return Corrected(draft, rewritten(draft.text, replacements), words, marks, replacements)


def _check(text: str, replacements: Sequence[Replacement]) -> None:
    """What does not fit its text would damage it."""
    at = 0
    for each in replacements:
        if each.start < at or each.before != text[each.start : each.end]:
            raise ValueError(f"A replacement does not fit the text: {each}")
        at = each.end


def _spans(draft: Draft) -> list[tuple[int, int]]:
    """Where each of its words stands in the draft's text."""
    spans, end = [], 0
    for word in draft.words:
        start = draft.text.index(word.text, end)
        end = start + len(word.text)
        spans.append((start, end))
    return spans


def _met(spans: Sequence[tuple[int, int]], each: Replacement) -> tuple[int, int]:
    """From which of the words to which the replacement reaches; at least one."""
    first = bisect_right(spans, each.start, key=itemgetter(1))
    last = bisect_left(spans, each.end, key=itemgetter(0))
    return min(first, last - 1), last


def _runs(draft: Draft, replacements: Sequence[Replacement]) -> Iterator[tuple[int, int, int, int]]:
    """The words, one by one, but together where replacements that are applied bind them: first
    word, word after the last, and the characters they stand in."""
    spans = _spans(draft)
    bound = {
        i
        for each in replacements
        if each.applied
        for i in range(_met(spans, each)[0] + 1, _met(spans, each)[1])
    }
    starts = [i for i in range(len(spans)) if i not in bound]
    for first, last in pairwise([*starts, len(spans)]):
        yield first, last, spans[first][0], spans[last - 1][1]


def _retimed(words: Sequence[TimedWord], texts: Sequence[str]) -> list[TimedWord]:
    """The texts in the words' place: as many keep their times, others share them by length. An
    engine's confidence is in what it heard, so the lowest of the words holds for what is new."""
    if len(texts) == len(words):
        return [replace(word, text=text) for word, text in zip(words, texts, strict=True)]
    known = [word.confidence for word in words if word.confidence is not None]
    whole = replace(
        words[0],
        end_ms=words[-1].end_ms,
        confidence=min(known, default=None),
        estimated=len(texts) > 1 or any(word.estimated for word in words),
    )
    span, letters = whole.end_ms - whole.start_ms, sum(map(len, texts))
    edges = [
        whole.start_ms + span * done // max(1, letters)
        for done in accumulate(map(len, texts), initial=0)
    ]
    return [
        replace(whole, text=text, start_ms=start, end_ms=end)
        for text, (start, end) in zip(texts, pairwise(edges), strict=True)
    ]


def _moved(mark: dict[str, Any], moved: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A finding about words, counted as they are now."""
    if mark.get("start") is None:
        return mark
    return mark | {"start": moved[mark["start"]][0], "end": moved[mark["end"] - 1][1]}


def _marks(
    draft: Draft, replacements: Sequence[Replacement], moved: Sequence[tuple[int, int]]
) -> Iterator[dict[str, Any]]:
    spans = _spans(draft)
    for each in replacements:
        first, last = _met(spans, each)
        kind = APPLIED if each.applied else SUGGESTED
        reason = f"“{each.after}” for “{each.before}”: {why(each)}."
        yield _moved({"kind": kind, "reason": reason, "start": first, "end": last}, moved)


def why(replacement: Replacement) -> str:
    """By which rule, and how sure, for people."""
    rule = RULES.get(replacement.rule, replacement.rule)
    percent = round(100 * replacement.score)
    return rule if percent >= 100 else f"{rule}, {percent}\u00a0%\u00a0sure"


# --- As they are stored ---------------------------------------------------------------------------


def stored(replacement: Replacement) -> dict[str, Any]:
    return asdict(replacement) | {"score": round(replacement.score, 3)}


def read(rows: Sequence[Mapping[str, Any]]) -> list[Replacement]:
    return [Replacement(**{name: row[name] for name in FIELDS & row.keys()}) for row in rows]
