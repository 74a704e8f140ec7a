"""How many errors a text has, in all and on the lexicon's terms. Pure: no Django, no I/O.

As Le et al. (2021) count them: B-WER is the errors on words of terms over the number of such
words, U-WER the other errors over the other words. A word belongs to a term where a whole
occurrence of the term covers it, so the "of" of "Bank of America" does and any other "of" does
not. A substituted or deleted word is judged in the reference, an inserted one in the hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import jiwer
from rapidfuzz.distance import Levenshtein

Terms = dict[str, list[tuple[str, ...]]]  # by their first word
Span = tuple[int, int]  # words, from and to


@dataclass(frozen=True)
class Count:
    """Rates are in percent with two decimals, None where there is nothing to divide by;
    insertions can take them over 100."""

    words: int = 0
    errors: int = 0
    term_words: int = 0
    term_errors: int = 0
    occurrences: int = 0  # of terms in the reference, also those inside one another
    found: int = 0  # of these, with each word right

    @property
    def wer(self) -> float | None:
        return _percent(self.errors, self.words)

    @property
    def u_wer(self) -> float | None:
        return _percent(self.errors - self.term_errors, self.words - self.term_words)

    @property
    def b_wer(self) -> float | None:
        return _percent(self.term_errors, self.term_words)

    @property
    def term_recall(self) -> float | None:
        return _percent(self.found, self.occurrences)

    def rates(self) -> dict[str, float | None]:
        return {
            "wer": self.wer,
            "u_wer": self.u_wer,
            "b_wer": self.b_wer,
            "term_recall": self.term_recall,
        }

    def __add__(self, other: Count) -> Count:
        return Count(
            self.words + other.words,
            self.errors + other.errors,
            self.term_words + other.term_words,
            self.term_errors + other.term_errors,
            self.occurrences + other.occurrences,
            self.found + other.found,
        )


def indexed(terms: Iterable[str]) -> Terms:
    """Terms as `count` looks for them; those without a word are left out, doubles counted once."""
    index: Terms = {}
    for term in sorted({tuple(term.split()) for term in terms} - {()}):
        index.setdefault(term[0], []).append(term)
    return index


def count(reference: str, hypothesis: str, terms: Terms) -> Count:
    """Errors of the hypothesis. All texts are compared as they are: case and punctuation count."""
    right, heard = reference.split(), hypothesis.split()
    spans = list(_occurrences(right, terms))
    of_terms = _covered(spans)
    if right == heard:
        return Count(len(right), 0, len(of_terms), 0, len(spans), len(spans))
    heard_of_terms = _covered(_occurrences(heard, terms))
    errors = term_errors = 0
    correct: set[int] = set()
    for run in jiwer.process_words(" ".join(right), " ".join(heard)).alignments[0]:
        words = range(run.ref_start_idx, run.ref_end_idx)
        inserted = range(run.hyp_start_idx, run.hyp_end_idx)
        if run.type == "equal":
            correct.update(words)
        elif run.type == "insert":
            errors += len(inserted)
            term_errors += len(heard_of_terms.intersection(inserted))
        else:
            errors += len(words)
            term_errors += len(of_terms.intersection(words))
    found = sum(correct.issuperset(range(*span)) for span in spans)
    return Count(len(right), errors, len(of_terms), term_errors, len(spans), found)


def occurrences(
    reference: Sequence[str], hypothesis: Sequence[str], terms: Terms
) -> list[tuple[tuple[str, ...], bool]]:
    """The terms in the words of the reference, in order, and whether each is right there."""
    correct: set[int] = set()
    for op in Levenshtein.opcodes(reference, hypothesis):
        if op.tag == "equal":
            correct.update(range(op.src_start, op.src_end))
    return [
        (tuple(reference[start:end]), correct.issuperset(range(start, end)))
        for start, end in _occurrences(reference, terms)
    ]


def _occurrences(words: Sequence[str], terms: Terms) -> Iterator[Span]:
    for at, word in enumerate(words):
        for term in terms.get(word, ()):
            if tuple(words[at : at + len(term)]) == term:
                yield at, at + len(term)


def _covered(spans: Iterable[Span]) -> set[int]:
    return {word for span in spans for word in range(*span)}


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
