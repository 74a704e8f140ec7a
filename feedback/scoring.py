"""How far the engine's text was from the corrected one. Pure: no Django, no I/O.

WER as NIST defines it: substituted, deleted and inserted words over the words of the reference.
The reference is the corrected text. What counts as the same word is a normaliser's to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add

from rapidfuzz.distance import Levenshtein

from feedback.alignment import understood
from feedback.normalisers import BASIC, NORMALISERS
from lexicon import tokens
from lexicon.evaluating import Terms, indexed, occurrences


@dataclass(frozen=True)
class Score:
    """`wer` and `cer` are shares, 0 for a perfect text; insertions can take them over 1."""

    reference_words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_characters: int = 0
    character_errors: int = 0

    @property
    def word_errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

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
        return Score(*map(add, vars(self).values(), vars(other).values()))


NOTHING = Score()


def score(reference: str, hypothesis: str, normaliser: str = BASIC) -> Score:
    """Errors of the hypothesis against the reference, of which what is marked as inaudible is no
    word: what was heard there is one too many."""
    words_of = NORMALISERS[normaliser]
    right = words_of(understood(reference))
    right_text = " ".join(right)
    heard = right if reference == hypothesis else words_of(hypothesis)
    if right == heard:
        return Score(len(right), reference_characters=len(right_text))
    heard_text = " ".join(heard)
    made = Counter(op.tag for op in Levenshtein.editops(heard, right))
    return Score(
        reference_words=len(right),
        substitutions=made["replace"],
        deletions=made["insert"],  # the reference has it, and the hypothesis would have to get it
        insertions=made["delete"],
        reference_characters=len(right_text),
        character_errors=Levenshtein.distance(right_text, heard_text),
    )


# --- Terms -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TermScore:
    """`occurrences` of terms in the reference, and how many of them are not `wrong`."""

    occurrences: int = 0
    wrong: int = 0

    @property
    def rate(self) -> float | None:
        return self.wrong / self.occurrences if self.occurrences else None

    def __add__(self, other: TermScore) -> TermScore:
        return TermScore(self.occurrences + other.occurrences, self.wrong + other.wrong)


@dataclass(frozen=True)
class TermIndex:
    """Terms as `term_score` looks for them. `exact`: by words, how those are written that are
    meant only in just these capitals; "US" is no "us"."""

    terms: Terms
    exact: dict[tuple[str, ...], str]


def term_index(terms: Sequence[tuple[str, bool]]) -> TermIndex:
    """Of terms, and whether their capitals count."""
    split = [(tuple(tokens.split(term)), term, exact) for term, exact in terms]
    any_way = {words for words, _, exact in split if not exact}
    return TermIndex(
        indexed(" ".join(words) for words, _, _ in split),
        {words: term for words, term, exact in split if exact and words not in any_way},
    )


def term_score(reference: str, hypothesis: str, index: TermIndex) -> TermScore:
    """Case, accents and punctuation do not count."""
    right = tokens.split(understood(reference))
    there = _there(right, reference, index)
    if not there:
        return TermScore()
    heard = right if reference == hypothesis else tokens.split(hypothesis)
    found = occurrences(right, heard, there)
    return TermScore(len(found), sum(not is_right for _, is_right in found))


def _there(words: Sequence[str], text: str, index: TermIndex) -> Terms:
    """Those of the terms that may be in the text."""
    found = {
        word: [term for term in index.terms[word] if index.exact.get(term, text) in text]
        for word in dict.fromkeys(words)
        if word in index.terms
    }
    return {word: terms for word, terms in found.items() if terms}
