"""What the lexicon came to in a reviewed text: errors gone and made, terms confirmed and undone.

Pure: no Django, no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from feedback.scoring import NOTHING, Score, score
from lexicon.matching import Replacement, rewritten
from transcription.standing import UNDONE, Standing


@dataclass(frozen=True)
class Gain:
    """`score` is that of the text as the lexicon had it, before people corrected it; `took` and
    `made` are the word errors of the engine's that are gone there, and those that are new."""

    score: Score = NOTHING
    applied: int = 0
    took: int = 0
    made: int = 0
    confirmed: Counter[int] = field(default_factory=Counter)  # by term
    undone: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Gain) -> Gain:
        return Gain(
            self.score + other.score,
            self.applied + other.applied,
            self.took + other.took,
            self.made + other.made,
            self.confirmed + other.confirmed,
            self.undone + other.undone,
        )


def gain(engine_text: str, found: Sequence[Standing], text: str) -> Gain:
    """Of a segment with this reviewed text."""
    replacements = [standing.replacement for standing in found]
    steps = [score(text, step).word_errors for step in _steps(engine_text, replacements)]
    differences = [after - before for before, after in pairwise(steps)]
    return Gain(
        score=score(text, rewritten(engine_text, replacements)),
        applied=sum(each.applied for each in replacements),
        took=-sum(difference for difference in differences if difference < 0),
        made=sum(difference for difference in differences if difference > 0),
        confirmed=Counter(s.replacement.term for s in found if s.stands),
        undone=Counter(s.replacement.term for s in found if s.state == UNDONE),
    )


def _steps(engine_text: str, replacements: Sequence[Replacement]) -> Iterable[str]:
    """The engine's text, and again with one replacement more each time, so that what each did
    adds up to what all did."""
    made = [replace(each, applied=False) for each in replacements]
    yield engine_text
    for number, each in enumerate(replacements):
        if each.applied:
            made[number] = each
            yield rewritten(engine_text, made)


def with_standing(engine_text: str, found: Iterable[Standing]) -> str:
    """The engine's text with what stands of the lexicon's: all else in the reviewed text is
    people's doing."""
    return rewritten(engine_text, [replace(s.replacement, applied=s.stands) for s in found])
