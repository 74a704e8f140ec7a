"""How far the engine's text was from the corrected one. Pure: no Django, no I/O.

WER as NIST defines it: substituted, deleted and inserted words over the words of the reference.
The reference is the corrected text. Case and punctuation do not count (alignment.bare).
"""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from feedback.alignment import bare, understood


@dataclass(frozen=True)
class Score:
    """`wer` and `cer` are shares, 0 for a perfect text; insertions can take them over 1."""

    reference_words: int
    word_errors: int
    reference_characters: int
    character_errors: int

    @property
    def wer(self) -> float:
        return self.word_errors / max(1, self.reference_words)

    @property
    def cer(self) -> float:
        return self.character_errors / max(1, self.reference_characters)

    @property
    def accuracy(self) -> float:
        return max(0.0, 1.0 - self.wer)

    def __add__(self, other: Score) -> Score:
        return Score(
            self.reference_words + other.reference_words,
            self.word_errors + other.word_errors,
            self.reference_characters + other.reference_characters,
            self.character_errors + other.character_errors,
        )


NOTHING = Score(0, 0, 0, 0)


def score(reference: str, hypothesis: str) -> Score:
    """Errors of the hypothesis against the reference, of which what is marked as inaudible is no
    word: what was heard there is one too many."""
    right = [bare(word) for word in understood(reference).split()]
    heard = [bare(word) for word in hypothesis.split()]
    right_text, heard_text = " ".join(right), " ".join(heard)
    return Score(
        len(right),
        Levenshtein.distance(right, heard),
        len(right_text),
        Levenshtein.distance(right_text, heard_text),
    )
