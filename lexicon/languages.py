"""Codes of languages and scripts. Pure: no Django, no I/O."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import langcodes
import regex

# ISO 15924, those that are told apart; both Japanese syllabaries count as Kana
SCRIPTS = (
    "Arab", "Armn", "Beng", "Bopo", "Cans", "Cher", "Cyrl", "Deva", "Ethi", "Geor", "Grek", "Gujr",
    "Guru", "Hang", "Hani", "Hebr", "Kana", "Khmr", "Knda", "Laoo", "Latn", "Mlym", "Mong", "Mymr",
    "Orya", "Sinh", "Syrc", "Taml", "Telu", "Thaa", "Thai", "Tibt",
)  # fmt: skip
_BY_CODE = r"\p{Script=%s}"
_NAMED = {"Kana": r"[\p{Script=Hira}\p{Script=Kana}]"}
_LETTERS = regex.compile(
    "|".join(f"(?P<{code}>{_NAMED.get(code, _BY_CODE % code)})" for code in SCRIPTS)
)


@lru_cache(maxsize=1000)
def language_code(text: str) -> str:
    """The ISO 639 code for a code as people write it (`DE`, `deu`, `pt-BR`); empty for empty.

    Raises ValueError for what is no code, and says what is.
    """
    written = text.strip()
    if not written:
        return ""
    try:
        # of two letters: as it is, for engines and jobs say `tl` where today's code is `fil`
        found = langcodes.Language.get(written, normalize=len(written) > 2)
    except langcodes.LanguageTagError:
        found = None
    if found is None or not found.language or not found.is_valid():
        raise ValueError(
            f"The language “{written}” is not known. Allowed: an ISO 639 code, such as en, de, hi"
            " or zh; empty for any language."
        )
    return found.language


@lru_cache(maxsize=1000)
def script_code(text: str) -> str:
    """The ISO 15924 code, in its usual capitals; empty for empty. Raises ValueError."""
    code = text.strip().capitalize()
    if code and not langcodes.tag_is_valid(f"und-{code}"):
        raise ValueError(
            f"The script “{text.strip()}” is not known. Allowed: an ISO 15924 code, such as Latn,"
            " Deva, Arab or Hani; empty for the term's own."
        )
    return code


def script_of(text: str) -> str:
    """The script of most of its letters; empty where it has none of them."""
    if text.isascii():
        return "Latn" if any(map(str.isalpha, text)) else ""
    found = Counter(match.lastgroup for match in _LETTERS.finditer(text))
    return str(found.most_common(1)[0][0]) if found else ""
