"""The languages of a recording, as the desk shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lexicon.languages import name_of
from transcription import tags
from transcription.models import Job, Segment

MOST_COLOURS = 8


@dataclass(frozen=True)
class Shown:
    """A language: the number of its colour in desk.css, and its share of all letters."""

    code: str
    colour: int
    percent: int

    @property
    def name(self) -> str:
        return name_of(self.code)


class Palette:
    """Those of one recording, each with its colour. Of a single one nothing is shown."""

    def __init__(self, job: Job, segments: Iterable[Segment] = ()) -> None:
        letters: Counter[str] = Counter()
        for segment in segments:
            for run in tags.read(segment):
                letters[run.language] += run.end - run.start
        codes = dict.fromkeys([*(job.languages or job.heard_languages), *letters])
        whole = max(1, letters.total())
        self.shown = [
            Shown(code, at % MOST_COLOURS, round(100 * letters[code] / whole))
            for at, code in enumerate(codes)
        ]
        self.colours = {each.code: each.colour for each in self.shown}

    def __bool__(self) -> bool:
        return len(self.shown) > 1

    @property
    def codes(self) -> list[str]:
        return [each.code for each in self.shown]
