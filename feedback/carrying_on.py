"""What was corrected in a recording so far, found again in the rest of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from feedback.gains import with_standing
from feedback.mining import Reviewed, entries, lessons
from feedback.replacing import Place, Replaced, change_places
from lexicon.borders import Border
from lexicon.matching import Passage, Replacement, compile_lexicon, match, rewritten
from transcription.correcting import read
from transcription.exports import standings_of
from transcription.models import Job, Segment
from transcription.segments import SegmentRow, segment_rows

AROUND = 40  # characters that are shown beside a place


@dataclass(frozen=True)
class Proposal:
    """A place in a segment that nobody has corrected or accepted yet. `sure`: it would be changed
    without asking, were it learned."""

    segment: SegmentRow
    start: int
    end: int
    before: str
    after: str
    sure: bool

    @property
    def left(self) -> str:
        return self.segment.text[max(0, self.start - AROUND) : self.start]

    @property
    def following(self) -> str:
        return self.segment.text[self.end : self.end + AROUND]


def proposals(job: Job) -> list[Proposal]:
    """In the order of the text. What was corrected so far is mined as a whole review would be, and
    looked for as the lexicon's terms are."""
    segments = segment_rows(job)
    done = [segment for segment in segments if segment.accepted or _corrected(segment)]
    kept = {segment.pk for segment in done}
    rest = [segment for segment in segments if segment.pk not in kept]
    return [
        Proposal(segment, each.start, each.end, each.before, each.after, each.applied)
        for segment, found in zip(rest, _found(job, done, rest), strict=True)
        for each in found
        if each.before != each.after
    ]


def _corrected(segment: SegmentRow) -> bool:
    return segment.text != rewritten(segment.engine_text, read(segment.replacements))


def _found(
    job: Job, done: Sequence[SegmentRow], rest: Sequence[SegmentRow]
) -> list[list[Replacement]]:
    languages = job.languages or job.heard_languages
    reviewed = [
        Reviewed(with_standing(each.engine_text, standings_of(each)), each.text) for each in done
    ]
    lexicon = compile_lexicon(entries(lessons(reviewed, languages=languages)))
    return match([Passage(each.text) for each in rest], lexicon, languages=languages)


def change_rest(user: Any, job: Job, places: Iterable[Place]) -> Replaced:
    """Make the changes that were chosen; what was changed since stays. Raises Refused."""
    proposed: dict[int, dict[Border, Proposal]] = {}
    for each in proposals(job):
        proposed.setdefault(each.segment.pk, {})[each.start, each.end] = each

    def text_of(segment: Segment, chosen: Collection[Border]) -> tuple[str, int]:
        there = [each for at, each in proposed.get(segment.pk, {}).items() if at in chosen]
        made = [
            Replacement(each.start, each.end, each.before, each.after, 0, "proven", 1.0, True)
            for each in there
            if segment.text[each.start : each.end] == each.before
        ]
        return rewritten(segment.text, made), len(made)

    return change_places(user, job, places, text_of)
