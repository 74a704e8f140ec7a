"""Errors on the words of each language, as a mixed error rate counts them. Pure.

Words count in scripts with blanks between, letters in those without. An error belongs to the
language of the word that was said; a word too many to that of the one before it. What is switched
is what is in another language than most of the recording: its error rate is PIER, as Ugan et al.
(2025, "PIER: a novel metric for evaluating what matters in code-switching") have it. NFKC, case
folding and leaving out punctuation hide no script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import Levenshtein

from feedback.alignment import bare, understood
from lexicon.borders import unit_borders
from lexicon.languages import name_of
from lexicon.scripts import script_of
from lexicon.tagging import Run

NORMALISED = "Unicode NFKC, without case and punctuation, for every language"


@dataclass(frozen=True)
class LanguageScores:
    """Counts, so that they add up. `said` and `wrong` are units by language, "" where it is not
    known; `paired` are units of which both texts have letters, `other_script` those of another."""

    said: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    paired: int = 0
    other_script: int = 0

    def __add__(self, other: LanguageScores) -> LanguageScores:
        return LanguageScores(
            self.said + other.said,
            self.wrong + other.wrong,
            self.paired + other.paired,
            self.other_script + other.other_script,
        )

    @property
    def mer(self) -> float:
        """Mixed error rate, a share."""
        return self.wrong.total() / max(1, self.said.total())

    @property
    def main(self) -> str:
        known = {language: count for language, count in self.said.items() if language}
        return max(known, key=known.__getitem__, default="")

    @property
    def switched(self) -> tuple[int, int]:
        """Units in another language than the main one, and the errors on them."""
        others = [language for language in self.said if language not in ("", self.main)]
        return sum(self.said[each] for each in others), sum(self.wrong[each] for each in others)

    def stored(self) -> dict[str, Any]:
        return {
            "said": dict(self.said),
            "wrong": dict(self.wrong),
            "paired": self.paired,
            "other_script": self.other_script,
        }


@dataclass(frozen=True)
class OfLanguage:
    name: str
    units: int
    errors: int

    @property
    def rate(self) -> float:
        return self.errors / max(1, self.units)


def languages(scores: LanguageScores) -> Iterator[OfLanguage]:
    """The language of most units first."""
    for code, units in scores.said.most_common():
        if code:
            yield OfLanguage(name_of(code), units, scores.wrong[code])


def read(stored: Mapping[str, Any]) -> LanguageScores:
    """As `stored` gave it; of what was stored before there was any, nothing."""
    said, wrong = Counter(stored.get("said", {})), Counter(stored.get("wrong", {}))
    return LanguageScores(said, wrong, stored.get("paired", 0), stored.get("other_script", 0))


def language_scores(reference: str, hypothesis: str, runs: Sequence[Run]) -> LanguageScores:
    """Of what an engine wrote, against a reference whose words' languages are known."""
    right = _units(understood(reference))
    languages = list(_languages(right, runs))
    heard = right if reference == hypothesis else _units(hypothesis)
    pairs, wrong = 0, Counter[str]()
    other_script = 0
    ops = Levenshtein.opcodes([unit for *_, unit in right], [unit for *_, unit in heard])
    for op in ops:
        if op.tag == "equal":  # in letters too
            pairs += sum(bool(script_of(unit)) for *_, unit in right[op.src_start : op.src_end])
            continue
        if op.tag == "insert":
            place = max(0, op.src_start - 1)
            language = languages[place] if languages else ""
            wrong[language] += op.dest_end - op.dest_start
            continue
        for at in range(op.src_start, op.src_end):
            wrong[languages[at]] += 1
            if op.tag == "replace":
                written = script_of(heard[op.dest_start + at - op.src_start][2])
                said = script_of(right[at][2])
                pairs += bool(said and written)
                other_script += bool(said and written and said != written)
    return LanguageScores(Counter(languages), +wrong, pairs, other_script)


Unit = tuple[int, int, str]  # where it is, and how it counts


def _languages(units: Sequence[Unit], runs: Sequence[Run]) -> Iterator[str]:
    """Of each unit, that of the first run that has any of it."""
    ordered = sorted(runs)
    first = 0
    for start, end, _ in units:
        while first < len(ordered) and ordered[first].end <= start:
            first += 1
        begun = first < len(ordered) and ordered[first].start < end
        yield ordered[first].language if begun else ""


def _units(text: str) -> list[Unit]:
    """Punctuation alone is none."""
    found = [(start, end, bare(text[start:end])) for start, end in unit_borders(text)]
    return [unit for unit in found if not _is_punctuation(unit[2])]


@lru_cache(maxsize=100_000)
def _is_punctuation(unit: str) -> bool:
    return all(unicodedata.category(letter)[0] == "P" for letter in unit)
