"""What makes two terms the same. Pure: no Django, no I/O."""

from __future__ import annotations

import re
import unicodedata

HYPHENS = re.compile(r"[\s\-_\u00ad\u2010-\u2015\u2212]+")
APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
# scripts whose marks are accents; elsewhere (Devanagari, Arabic, Thai) they are letters' parts
ACCENTED = ("LATIN", "GREEK", "CYRILLIC")


def normalise(text: str) -> str:
    """NFKC and casefold; accents off Latin, Greek and Cyrillic letters; apostrophes dropped;
    hyphens and runs of blanks become one space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = APOSTROPHES.sub("", _without_accents(folded))
    return HYPHENS.sub(" ", plain).strip()


def _without_accents(text: str) -> str:
    kept: list[str] = []
    base_is_accented = False
    for letter in unicodedata.normalize("NFD", text):
        if unicodedata.combining(letter):
            if base_is_accented:
                continue
        else:
            base_is_accented = unicodedata.name(letter, "").startswith(ACCENTED)
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))
