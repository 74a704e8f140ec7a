"""Texts made alike before their words are compared, by name; and numbers written alike. Pure.

"none" leaves words as they stand; "basic", by which error rates are computed, takes case and
punctuation off (alignment.bare), in any language; "numbers-de" writes numbers in digits besides;
"english" is Whisper's, in which English is usually measured: it also knows spellings ("colour"),
contractions and currencies, and leaves hesitations out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import cache, partial

from text_to_num import alpha2digit
from whisper_normalizer.english import EnglishTextNormalizer

from feedback.alignment import bare

# languages whose number words text2num knows, and how they say "%"
PERCENT = {
    "da": "procent",
    "de": "prozent",
    "en": "per ?cent",
    "es": "por ciento",
    "fr": "pour ?cent",
    "it": "per ?cento",
    "nl": "procent",
    "pt": "por cento",
}
_PERCENT_WORDS = {
    language: re.compile(rf"\b{words}\b", re.IGNORECASE) for language, words in PERCENT.items()
}
_DIGIT = re.compile(r"\d")


def _plain(text: str) -> list[str]:
    return [bare(word) for word in text.split()]


def _numbers(language: str, text: str) -> list[str]:
    return _plain(in_digits(text, language))


@cache
def _whisper() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def _english(text: str) -> list[str]:
    return _whisper()(text).split()


NORMALISERS: Mapping[str, Callable[[str], list[str]]] = {
    "none": str.split,
    "basic": _plain,
    "english": _english,
    **{f"numbers-{language}": partial(_numbers, language) for language in PERCENT},
}
BASIC = "basic"


def for_language(language: str) -> str:
    """The name of the one that knows most of the language; "basic" where none does."""
    name = f"numbers-{language}"
    return name if name in NORMALISERS else BASIC


def in_digits(text: str, language: str = "") -> str:
    """With its numbers in ASCII digits: in words too where the language is known."""
    plain = text if text.isascii() else "".join(map(_ascii_digit, text))
    if language in PERCENT:
        # before "cent" becomes a number
        plain = _PERCENT_WORDS[language].sub("%", plain)
        plain = alpha2digit(plain, language, threshold=0)
    return plain.replace("%", " % ")


def _ascii_digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def same_number(one: str, other: str, languages: Collection[str]) -> bool:
    """Whether both are the same number, or words with the same number, written otherwise."""
    known = [language for language in PERCENT if language in languages]
    if any(_same(one, other, language) for language in known or [""]):
        return True
    if "en" not in languages or not _DIGIT.search(one + other):
        return False
    return _has_number(found := _english(one)) and found == _english(other)


def _same(one: str, other: str, language: str) -> bool:
    left = _numbers(language, one)
    if not _has_number(left):
        return False
    right = _numbers(language, other)
    # "nineteen eighty-four" is 19 84, and "5 000" is 5000; "2 hundred" is not 2100
    mixed = any(_DIGIT.search(side) and in_digits(side, language) != side for side in (one, other))
    return left == right or (not mixed and "".join(left) == "".join(right))


def _has_number(words: Collection[str]) -> bool:
    return any("%" in word or _DIGIT.search(word) for word in words)
