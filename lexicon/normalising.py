"""What makes two terms the same, and what a term is found by. Pure: no Django, no I/O."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from anyascii import anyascii

# nothing is seen of these: soft hyphens, joiners, marks of direction, variation selectors
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
HYPHENS = re.compile(r"[\s\-_\u2010-\u2015\u2212]+")
# the last as NFKC makes it of the acute accent that stands for one
APOSTROPHES = re.compile("['\u2018\u2019\u02bc`]| \u0301")
# scripts whose marks are accents; elsewhere (Devanagari, Arabic, Thai) they are letters' parts
ACCENTED = ("LATIN", "GREEK", "CYRILLIC")
LINE_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")


def normalise(text: str) -> str:
    """Invisible characters off; NFKC and casefold; accents off Latin, Greek and Cyrillic letters;
    apostrophes dropped; hyphens, underscores and runs of blanks become one space.

    Twice is the same as once, and any Unicode form or capitals of a text give the same.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold()
    plain = APOSTROPHES.sub("", HYPHENS.sub(" ", folded))
    return " ".join((plain if plain.isascii() else _without_accents(plain)).split())


def _without_accents(text: str) -> str:
    kept: list[str] = []
    base_is_accented = False
    for letter in unicodedata.normalize("NFD", text):
        if unicodedata.combining(letter):
            if base_is_accented:
                continue
        else:
            base_is_accented = _takes_accents(letter)
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))


@cache
def _takes_accents(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(ACCENTED)


def romanise(text: str) -> str:
    """The normalised text in lower-case Latin letters, whatever script it is in."""
    normalized = normalise(text)
    return normalized if normalized.isascii() else normalise(anyascii(normalized))


def one_line(text: str) -> str:
    """As a term is kept: without line breaks and tabs, nor blanks around it."""
    return LINE_BREAKS.sub(" ", text).strip()
