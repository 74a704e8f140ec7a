"""How much speech a text stands for, in any script. Pure: no Django, no I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from lexicon.scripts import script_of_letter

# How many letters (without marks) of a script without blanks say as much as one English word: near
# enough those of the first article of the Universal Declaration of Human Rights, which has 30
# words in English. Chinese is terser there than in talk, and kana only ever fill in between.
LETTERS_A_WORD = {
    "Hani": 1.5, "Kana": 4.0, "Thai": 3.4, "Laoo": 4.4, "Khmr": 3.7, "Mymr": 3.4, "Tibt": 3.0,
}  # fmt: skip
DIGITS_A_WORD = 2  # "2024" is said in two words or more
LONGEST_WORD = 40  # letters; what is longer ("hahaha...") is taken letter by letter
LETTERS_OF_A_LONG_WORD = 5


class Token(NamedTuple):
    """A bare word, or one character of a script without blanks."""

    text: str
    word: int  # of which word of the text it is part
    units: float  # what it counts, in words


@dataclass(frozen=True)
class Spoken:
    """A text as so many spoken words."""

    text: str
    tokens: tuple[Token, ...]
    units: float

    @classmethod
    @lru_cache(maxsize=64)  # a recording's pace is taken from the same texts again and again
    def of(cls, text: str) -> Spoken:
        tokens = tuple(tokens_of(text))
        return cls(text, tokens, sum(token.units for token in tokens))


def tokens_of(text: str) -> Iterator[Token]:
    """The words of a text as they compare: folded, without punctuation."""
    for at, word in enumerate(text.split()):
        folded = unicodedata.normalize("NFKC", word).casefold()
        bare = "".join(letter for letter in folded if _category(letter) in "LMN")
        if len(bare) > LONGEST_WORD and not any(map(_unspaced_units, bare)):
            yield from (Token(letter, at, 1 / LETTERS_OF_A_LONG_WORD) for letter in bare)
            continue
        for unspaced, letters in groupby(bare, _unspaced_units):
            run = "".join(letters)
            if unspaced:
                yield from (Token(c, at, unspaced) for c in run if _category(c) != "M")
            else:
                digits = sum(map(str.isdigit, run))
                yield Token(run, at, max(1.0, digits / DIGITS_A_WORD))


@cache
def _category(letter: str) -> str:
    return unicodedata.category(letter)[0]


@cache
def _unspaced_units(letter: str) -> float:
    """What a letter counts in words; 0 for letters of scripts that put blanks between words."""
    letters = LETTERS_A_WORD.get(script_of_letter(letter))
    return 1 / letters if letters else 0.0


def speech_rate(text: str, speech_ms: int) -> float | None:
    """Words per second of speech, or what says as much; None without speech."""
    return Spoken.of(text).units * 1000 / speech_ms if speech_ms > 0 else None
