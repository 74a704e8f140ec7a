"""The languages of a recording, as the desk shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lexicon.languages import name_of
from lexicon.scripts import script_of_letter
from lexicon.tagging import Run, cannot_tell
from transcription import tags
from transcription.models import Job, Segment
from transcription.segments import SegmentRow
from transcription.spoken import LETTERS_A_WORD

MOST_COLOURS = 8
LETTERS_OF_A_WORD = 5  # in scripts with blanks, and without the blank


@dataclass(frozen=True)
class Shown:
    """A language: the number of its colour in desk.css, and its share of what is said."""

    code: str
    colour: int
    percent: int

    @property
    def name(self) -> str:
        return name_of(self.code)


class Palette:
    """Those of one recording, each with its colour. Of a single one nothing is shown."""

    def __init__(self, job: Job, segments: Iterable[Segment | SegmentRow] = ()) -> None:
        said: dict[str, float] = defaultdict(float)  # in words, roughly
        for segment in segments:
            for run in filter(_told, tags.read(segment)):
                said[run.language] += (run.end - run.start) / _letters_a_word(segment, run)
        codes = dict.fromkeys([*(job.languages or job.heard_languages), *said])
        whole = max(1.0, sum(said.values()))
        self.shown = [
            Shown(code, at % MOST_COLOURS, round(100 * said[code] / whole))
            for at, code in enumerate(codes)
        ]
        self.colours = {each.code: each.colour for each in self.shown}

    def __bool__(self) -> bool:
        return len(self.shown) > 1

    @property
    def cannot_tell(self) -> list[str]:
        """Which of them no word is tagged with, as sentences."""
        return [
            f"Words in {name_of(code)} cannot be told from words in "
            f"{' or '.join(map(name_of, others))}."
            for code, others in cannot_tell(self.codes).items()
        ]

    @property
    def codes(self) -> list[str]:
        return [each.code for each in self.shown]


def _told(run: Run) -> bool:
    """A person may have said that it is in none of the languages."""
    return bool(run.language)


def _letters_a_word(segment: Segment | SegmentRow, run: Run) -> float:
    script = script_of_letter(segment.text[run.start])
    return LETTERS_A_WORD.get(script, LETTERS_OF_A_WORD)
