"""How common a word is, in Zipf figures: log10 of its uses in 10^9 words. "The" has 7.7, rare words
have 1 to 3, unknown ones 0. Pure, but for the files of the lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from lexicon import wordlists

UNKNOWN = 0.0
POSSESSIVE = 0.7  # so much rarer than the word alone
# which are tried where nobody says what is spoken; each costs 3 MB once it is
_TOLD_APART = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "tr", "ru", "hi", "ar")
_COMMONEST = 100
_SHARE_OF_BEST = 0.6
_COVERED = 0.6  # of the words of a text are at least fairly common in its language
_FAIRLY_COMMON = 3.0


@cache
def _list(language: str) -> Mapping[str, float]:
    return wordlists.shares(language)


@lru_cache(maxsize=400_000)
def zipf(word: str, languages: tuple[str, ...] = ("en",)) -> float:
    """In that of the languages in which it is commonest; UNKNOWN where none has it."""
    most = max((_list(language).get(word, 0.0) for language in languages), default=0.0)
    if most:
        return max(UNKNOWN, math.log10(most) + 9)
    stem, apostrophe, _ = word.partition("'")
    return max(UNKNOWN, zipf(stem, languages) - POSSESSIVE) if apostrophe and stem else UNKNOWN


@cache
def _commonest(language: str) -> frozenset[str]:
    return frozenset(wordlists.commonest(language, _COMMONEST))


def covered(words: Sequence[str], languages: tuple[str, ...]) -> bool:
    """Whether the words are of these languages, by and large."""
    common = sum(zipf(word, languages) >= _FAIRLY_COMMON for word in words)
    return common >= _COVERED * len(words)


def spoken(words: Sequence[str], expected: Sequence[str] = ()) -> tuple[str, ...]:
    """The languages whose lists are to be used for these words: those expected, else English
    where it covers them, else by their commonest words; empty where no list fits."""
    if expected:
        known = wordlists.languages()
        return tuple(code for code in expected if code in known)
    if covered(words, ("en",)):
        return ("en",)
    counts = {code: sum(map(_commonest(code).__contains__, words)) for code in _TOLD_APART}
    most = max(counts.values())
    likely = tuple(code for code, count in counts.items() if count > _SHARE_OF_BEST * most)
    return likely if covered(words, likely) else ()
