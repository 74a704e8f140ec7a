"""What was changed in a segment, of what kind, and when it was said. Pure: no Django, no I/O.

Alignment tells which words differ. Here it is told besides which of them are numbers written
otherwise, which were written in another language or script than they were said in, and which of
the lexicon's changes were taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from feedback.alignment import Edit
from feedback.normalisers import same_number
from lexicon.scripts import script_of
from lexicon.tagging import Run
from transcription.said import Row, said
from transcription.standing import UNDONE, Standing

NUMBER, LANGUAGE, TAKEN_BACK = "number form", "language", "lexicon undone"
IN_WORDS = {
    NUMBER: "number written otherwise",
    LANGUAGE: "other language or script",
    TAKEN_BACK: "the lexicon’s change undone",
}
# these count as no errors, whatever they change
LOOKS = ("case", "punctuation")


def told(
    edits: Iterable[Edit],
    before: str,
    after: str,
    *,
    languages: Collection[str] = (),
    heard: Sequence[Run] = (),
    runs: Sequence[Run] = (),
) -> list[Edit]:
    """The edits that turn `before` into `after`, equal ones included, with what more can be said of
    their kinds. `languages`: those that its numbers may be in; `heard` and `runs`: the languages
    of the words of both texts, as far as they are known."""
    found: list[Edit] = []
    for equal, group in groupby(edits, lambda edit: edit.kind == "equal"):
        run = list(group)
        if equal:
            found += run
            continue
        whole = _whole(run, before, after)
        if len(run) > 1 and same_number(whole.before, whole.after, languages):
            found.append(replace(whole, kind=NUMBER))
        else:
            found += [_of_kind(edit, _kind(edit, languages, heard, runs)) for edit in run]
    return found


def _of_kind(edit: Edit, kind: str) -> Edit:
    return edit if edit.kind == kind else replace(edit, kind=kind)


def _whole(run: Sequence[Edit], before: str, after: str) -> Edit:
    first, last = run[0], run[-1]
    return Edit(
        "substitution",
        before[first.before_at : last.before_at + len(last.before)],
        after[first.after_at : last.after_at + len(last.after)],
        first.before_at,
        first.after_at,
        first.blank,
    )


def _kind(edit: Edit, languages: Collection[str], heard: Sequence[Run], runs: Sequence[Run]) -> str:
    if edit.kind in LOOKS or not (edit.before and edit.after):
        return edit.kind
    if same_number(edit.before, edit.after, languages):
        return NUMBER
    scripts = script_of(edit.before), script_of(edit.after)
    spoken = (
        language_of(heard, edit.before_at, edit.before_at + len(edit.before)),
        language_of(runs, edit.after_at, edit.after_at + len(edit.after)),
    )
    differ = any(all(pair) and len(set(pair)) == 2 for pair in (scripts, spoken))
    return LANGUAGE if differ else edit.kind


def language_of(runs: Sequence[Run], start: int, end: int) -> str:
    """That of most of these characters; empty where it is not known."""
    letters: Counter[str] = Counter()
    for run in runs:
        letters[run.language] += max(0, min(end, run.end) - max(start, run.start))
    return next((language for language, count in letters.most_common(1) if count), "")


def taken_back(found: Iterable[Standing], text: str) -> Iterator[Edit]:
    """What the lexicon wrote and people undid: the text is the engine's again there, so that the
    edits from the engine's text do not show it."""
    for each in found:
        if each.state == UNDONE:
            now, place = text[each.start : each.end], each.replacement
            yield Edit(TAKEN_BACK, place.after, now, place.start, each.start)


def timed(
    edits: Sequence[Edit],
    before: str,
    after: str,
    words: Sequence[Row],
    start_ms: int,
    end_ms: int,
) -> Iterator[tuple[int, int]]:
    """When the words of each edit were said: those of the corrected text, or, of what was deleted,
    those that the engine wrote. `words` and times: as the segment has them."""
    now = said(after, words, start_ms, end_ms)
    gone = any(not edit.after for edit in edits)
    then = said(before, words, start_ms, end_ms) if gone else []
    for edit in edits:
        side, at, text = (
            (now, edit.after_at, edit.after) if edit.after else (then, edit.before_at, edit.before)
        )
        met = [word for word in side if word.start < at + len(text) and at < word.end]
        yield (met[0].start_ms, met[-1].end_ms) if met else (start_ms, end_ms)
