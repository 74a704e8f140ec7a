"""The words of a language, and how it makes them. Pure, but for the files of the lists."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property, lru_cache

import regex

from lexicon import wordlists
from lexicon.spelling import Spelling

# languages that share a list, or have it under another code
COUNTED_AS = {"no": "nb", "nn": "nb", "tl": "fil", "hr": "sh", "sr": "sh", "bs": "sh", "cmn": "zh"}
VOWEL_SIGNS = regex.compile(r"(?<=[\p{Arabic}\p{Hebrew}]\p{M}*)\p{M}|\u0640")  # and the tatweel
APOSTROPHES = regex.compile("[\u2018\u2019\u201b\u02bc\u05f3]")
UNSEEN = regex.compile("[\u00ad\u200d\u200e\u200f]")
JOINER = "\u200c"  # stands in Persian words, and in a list of them

SHORTEST_STEM = 3  # letters
SHORTEST_BEFORE_APOSTROPHE = 2  # as in "TV'de"; "c'est" is no stem with an ending
LONGEST_ENDING = 9
FEWEST_STEMS = 20  # with which an ending is met
FREQUENT = 0.3  # to which power words count for endings: frequent ones more, but not all
ELIDING = frozenset({"fr", "it", "ca"})  # "l'homme" is two words of their lists,
ELIDED = 0.1  # and so frequent, against the rarer of them
USUAL_LETTER = 1e-4  # of all letters; rarer ones come from foreign names
MOST_KEPT = 16  # languages; each takes some 20 MB


def folded(word: str) -> str:
    """Any form of Unicode, any capitals and apostrophes as one; without soft hyphens, and without
    the vowel signs that Arabic and Hebrew mostly leave out."""
    if word.isascii():
        return word.lower()
    form = unicodedata.normalize("NFKC", UNSEEN.sub("", word)).replace("İ", "i").casefold()
    return VOWEL_SIGNS.sub("", APOSTROPHES.sub("'", form))


class Vocabulary:
    """One language's. Frequencies are shares of all the words in films, books and pages."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._list = listed_as(language)
        self._shares = wordlists.shares(self._list, "small")

    @property
    def words(self) -> Iterable[str]:
        """All of the list, the commonest first."""
        return self._shares

    def fold(self, word: str) -> str:
        """As it stands in the lists."""
        if self._list == "tr" and "I" in word:  # which is the capital of "ı"
            word = unicodedata.normalize("NFC", word).replace("I", "ı")
        form = folded(word)
        if self._list == "sh":
            return wordlists.in_latin(form)
        return form if self._list == "fa" else form.replace(JOINER, "")

    def share(self, form: str) -> float:
        """How frequent the folded word is; 0 where the list has not got it."""
        found = self._shares.get(form, 0.0)
        if not found and "'" in form and self._list in ELIDING:
            return ELIDED * min(self._shares.get(part, 0.0) for part in form.split("'"))
        return found

    def derived(self, form: str, stems: Vocabulary | None = None) -> float:
        """The best of a stem's frequency times its ending's; the stem may be another language's."""
        share, ending = (stems or self)._shares.get, self.endings.get
        return max((share(stem, 0.0) * ending(end, 0.0) for stem, end in _cuts(form)), default=0.0)

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(list(self._shares))

    @cached_property
    def endings(self) -> Mapping[str, float]:
        """What stands behind stems that are words themselves, with its share."""
        met: dict[str, float] = defaultdict(float)
        stems = Counter[str]()
        for word, share in self._shares.items():
            for stem, end in _inside(word):
                if stem in self._shares:
                    met[end] += share**FREQUENT
                    stems[end] += 1
        usual = {end: weight for end, weight in met.items() if stems[end] >= FEWEST_STEMS}
        whole = sum(usual.values())
        return {end: weight / whole for end, weight in usual.items()}

    @cached_property
    def letters(self) -> Mapping[str, float]:
        """Those that its own words are written with, each with its share."""
        found: dict[str, float] = defaultdict(float)
        for word, share in self._shares.items():
            for letter in word:
                found[letter] += share
        whole = sum(found.values())
        return {letter: share / whole for letter, share in found.items()}

    def writes(self, form: str) -> bool:
        """Whether it uses all these letters."""
        return all(self.letters.get(letter, 0.0) > USUAL_LETTER for letter in form)


@cache
def listed_as(language: str) -> str:
    """The code of its list; empty for a language (ISO 639) whose words were not counted."""
    code = COUNTED_AS.get(language, language)
    return code if code in wordlists.languages("small") else ""


@lru_cache(MOST_KEPT)
def vocabulary(language: str) -> Vocabulary | None:
    """None for a language (ISO 639) whose words were not counted."""
    return Vocabulary(language) if listed_as(language) else None


def _cuts(form: str) -> Iterable[tuple[str, str]]:
    """Where a stem may end: at the apostrophe, else wherever."""
    stem, apostrophe, end = form.partition("'")
    if apostrophe:
        return [(stem, end)] if len(stem) >= SHORTEST_BEFORE_APOSTROPHE and end else []
    return _inside(form)


def _inside(word: str) -> Iterator[tuple[str, str]]:
    for at in range(max(SHORTEST_STEM, len(word) - LONGEST_ENDING), len(word)):
        yield word[:at], word[at:]
