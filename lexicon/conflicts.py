"""What may go wrong with a term or its alternatives. Warnings: none of them stops anybody. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from lexicon import wordlists
from lexicon.normalising import normalise
from lexicon.vocabulary import listed_as

ORDINARY = 4.0  # zipf: said once in 100,000 words or more often
COMMON = 4.5  # of single words that a term might be taken for: once in 30,000
SHORTEST = 4  # shorter terms are one letter from everything
MOST_ALIKE = 100  # so many that sound the same are looked through, no more


@dataclass(frozen=True)
class Subject:
    """A term, as far as conflicts go. `alternatives` are those in use: as written, normalised."""

    id: int
    text: str
    normalized: str
    sound: str
    language: str = ""
    api_key_id: int | None = None
    approved: bool = False
    alternatives: tuple[tuple[str, str], ...] = ()

    def meets(self, other: Subject) -> bool:
        """Whether both may be used for the same recording. No term meets itself."""
        return (
            self.id != other.id
            and (not self.language or not other.language or self.language == other.language)
            and (None in (self.api_key_id, other.api_key_id) or self.api_key_id == other.api_key_id)
        )


class Known:
    """The terms that others are compared with."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self.terms: dict[str, list[Subject]] = defaultdict(list)
        self.alternatives: dict[str, list[Subject]] = defaultdict(list)
        self.sounds: dict[tuple[str, str], list[Subject]] = defaultdict(list)
        for each in subjects:
            self.terms[each.normalized].append(each)
            self.sounds[_alike(each)].append(each)
            for _, normalized in each.alternatives:
                self.alternatives[normalized].append(each)


def conflicts(term: Subject, known: Known) -> list[str]:
    """Sentences for curators, the worst first; empty where nothing is wrong."""
    found = [*_of_alternatives(term, known), *_of_spelling(term), *_of_others(term, known)]
    return list(dict.fromkeys(found))


def _of_alternatives(term: Subject, known: Known) -> Iterator[str]:
    for text, normalized in term.alternatives:
        if is_ordinary(normalized, term.language):
            yield (
                f"The alternative “{text}” is ordinary language: wherever it is said, it might"
                f" become “{term.text}”."
            )
        for other in known.terms.get(normalized, ()):
            if other.approved and term.meets(other):
                yield f"The alternative “{text}” of “{term.text}” is a term itself: “{other.text}”."
        for other in known.alternatives.get(normalized, ()):
            if term.meets(other):
                yield f"“{text}” is an alternative of “{term.text}” and of “{other.text}”."


def _of_spelling(term: Subject) -> Iterator[str]:
    common = common_words(term.language or "en", COMMON)
    if term.normalized in common:
        yield f"“{term.text}” is a common word."
    elif len(term.normalized) >= SHORTEST and (near := _near(term.normalized, term.language)):
        yield f"“{term.text}” is one letter from the common word “{near}”."


def _of_others(term: Subject, known: Known) -> Iterator[str]:
    for other in known.alternatives.get(term.normalized, ()):
        if term.meets(other):
            yield f"“{term.text}” is an alternative of “{other.text}”."
    if not term.sound:
        return
    for other in known.sounds.get(_alike(term), ())[:MOST_ALIKE]:
        near = OSA.distance(term.normalized, other.normalized, score_cutoff=1) == 1
        if near and term.meets(other):
            yield f"“{term.text}” sounds like “{other.text}”, and is one letter from it."


def _alike(term: Subject) -> tuple[str, str]:
    """Terms that differ in their digits are not taken for doubles."""
    return term.sound, re.sub(r"\D", "", term.normalized)


def is_ordinary(text: str, language: str = "") -> bool:
    """Whether all its words are often said in that language; empty: in English."""
    words, common = normalise(text).split(), common_words(language or "en", ORDINARY)
    return bool(words) and all(word in common for word in words)


@cache
def common_words(language: str, zipf: float) -> frozenset[str]:
    """Normalised; empty for languages whose words were not counted."""
    counted = listed_as(language)
    if not counted:
        return frozenset()
    # the list goes down in steps of a hundredth of a zipf, from 9
    steps = wordlists.steps(counted)[: round((9 - zipf) * 100) + 1]
    return frozenset(normalise(word) for step in steps for word in step)


def _near(word: str, language: str) -> str:
    """The common word that it is one letter from; empty: none."""
    shortened = _shortened(language or "en")
    for form in {word, *_without_one(word)}:
        for common in shortened.get(form, ()):
            if OSA.distance(word, common, score_cutoff=1) == 1:
                return common
    return ""


@cache
def _shortened(language: str) -> dict[str, list[str]]:
    """Common words by themselves, and by themselves without one letter."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(common_words(language, COMMON)):
        if len(word) >= SHORTEST - 1:
            for form in {word, *_without_one(word)}:
                found[form].append(word)
    return found


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))
