"""The words of a language, and how it makes them. From the lists of the wordfreq package; pure,
but for its files."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property

import wordfreq
from wordfreq.transliterate import SR_LATN_TABLE

from lexicon.spelling import Spelling

# languages that share a list, or have it under another code
COUNTED_AS = {"no": "nb", "nn": "nb", "tl": "fil", "hr": "sh", "sr": "sh", "bs": "sh"}
DOTTED_I = frozenset({"tr", "az"})  # "I" is the capital of "ı", "İ" that of "i"
UNWRITTEN = frozenset({"ar", "fa", "he", "ur"})  # whose vowel signs are mostly left out
TATWEEL = "\u0640"

SHORTEST_STEM = 3  # letters
LONGEST_ENDING = 9
FEWEST_STEMS = 20  # with which an ending is met
FREQUENT = 0.3  # to which power words count for endings: frequent ones more, but not all
USUAL_LETTER = 1e-4  # of all letters; rarer ones come from foreign names


class Vocabulary:
    """One language's. Frequencies are shares of all words that are said."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._code = listed_as(language)
        self._shares = wordfreq.get_frequency_dict(self._code)

    def fold(self, word: str) -> str:
        """As it stands in the lists."""
        if word.isascii() and (word.islower() or self.language not in DOTTED_I):
            return word.lower()
        if self.language in DOTTED_I:
            word = word.replace("I", "ı").replace("İ", "i")
        folded = unicodedata.normalize("NFKC", word).casefold().replace("\u2019", "'")
        if self._code == "sh":
            return folded.translate(SR_LATN_TABLE)
        if self.language in UNWRITTEN:
            bare = (c for c in folded if c != TATWEEL and not unicodedata.combining(c))
            return "".join(bare)
        return folded

    def share(self, folded: str) -> float:
        """How frequent the word is; 0 where the list has not got it."""
        return self._shares.get(folded, 0.0)

    def derived(self, folded: str, stems: Vocabulary | None = None) -> float:
        """The best of a stem's frequency times its ending's; the stem may be another language's."""
        share, ending = (stems or self)._shares.get, self.endings.get
        return max(
            (share(stem, 0.0) * ending(end, 0.0) for stem, end in _cuts(folded)), default=0.0
        )

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(self._words)

    @cached_property
    def endings(self) -> dict[str, float]:
        """What stands behind stems that are words themselves, with its share."""
        met: dict[str, float] = defaultdict(float)
        stems = Counter[str]()
        words = set(self._words)
        for word in words:
            weight = self.share(word) ** FREQUENT
            for stem, end in _inside(word):
                if stem in words:
                    met[end] += weight
                    stems[end] += 1
        usual = {end: weight for end, weight in met.items() if stems[end] >= FEWEST_STEMS}
        whole = sum(usual.values())
        return {end: weight / whole for end, weight in usual.items()}

    @cached_property
    def letters(self) -> frozenset[str]:
        """Those that its own words are written with."""
        found: dict[str, float] = defaultdict(float)
        for word in self._words:
            for letter in word:
                found[letter] += self.share(word)
        whole = sum(found.values())
        return frozenset(letter for letter, share in found.items() if share > USUAL_LETTER * whole)

    @cached_property
    def _words(self) -> Sequence[str]:
        """The more frequent ones."""
        steps = wordfreq.get_frequency_list(self._code, "small")
        return [word for step in steps for word in step]


@cache
def listed_as(language: str) -> str:
    """The code of its list; empty for a language (ISO 639) whose words were not counted."""
    code = COUNTED_AS.get(language, language)
    return code if code in wordfreq.available_languages("small") else ""


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """None for a language (ISO 639) whose words were not counted."""
    return Vocabulary(language) if listed_as(language) else None


def _cuts(folded: str) -> Iterable[tuple[str, str]]:
    """Where a stem may end: at the apostrophe, else wherever."""
    stem, apostrophe, end = folded.partition("'")
    return [(stem, end)] if apostrophe and stem and end else _inside(folded)


def _inside(word: str) -> Iterator[tuple[str, str]]:
    for at in range(max(SHORTEST_STEM, len(word) - LONGEST_ENDING), len(word)):
        yield word[:at], word[at:]
