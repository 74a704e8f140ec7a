"""Scripts, and the languages that are written in them. Pure: no Django, no I/O."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache, lru_cache

import langcodes
import regex

# ISO 15924, those that are told apart; both Japanese syllabaries count as Kana
SCRIPTS = (
    "Arab", "Armn", "Beng", "Bopo", "Cans", "Cher", "Cyrl", "Deva", "Ethi", "Geor", "Grek", "Gujr",
    "Guru", "Hang", "Hani", "Hebr", "Khmr", "Knda", "Laoo", "Latn", "Mlym", "Mong", "Mymr", "Orya",
    "Sinh", "Syrc", "Taml", "Telu", "Thaa", "Thai", "Tibt",
)  # fmt: skip
RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Syrc", "Thaa"})
RIGHT_LETTERS = "".join(rf"\p{{{code}}}" for code in sorted(RIGHT_TO_LEFT))  # in a class of regex
FROM_RIGHT = regex.compile(f"[{RIGHT_LETTERS}]")
OTHER = "Zzzz"  # a script that is none of them
_LETTER = regex.compile(
    r"(?P<Kana>[\p{Script=Hira}\p{Script=Kana}\u30fc\uff70])|(?P<None>[\p{Zyyy}\p{Zinh}])|"
    + "|".join(rf"(?P<{code}>\p{{Script={code}}})" for code in SCRIPTS)
)

# script -> the languages written in it; several scripts where each is in use today
WRITTEN_IN = {
    "Latn": "af ak ay az bi bm br bs ca ceb co cs cy da de ee en eo es et eu fi fj fo fr fy ga gd"
    " gl gn gv ha haw hmn hr ht hu id ig io is it jv kk kl ku la lb lg ln lt lv mg mh mi ms mt na"
    " nl no ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq sr ss st su sv sw tk tl tn to"
    " tr ts tt tw ty uz vi vo wa wo xh yo za zu",
    "Cyrl": "ab av az ba be bg bs ce cv kk kv ky mk mn os ru sr tg tk tt uk uz",
    "Arab": "ar az fa ha kk ks ku ms pa ps sd ug ur",
    "Deva": "bh hi ks mr ne pi sa sd",
    "Beng": "as bn",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Thai": "th",
    "Laoo": "lo",
    "Tibt": "bo dz",
    "Mymr": "my",
    "Khmr": "km",
    "Mong": "mn",
    "Cans": "cr iu oj",
    "Ethi": "am ti",
    "Thaa": "dv",
    "Hebr": "he yi",
    "Grek": "el",
    "Armn": "hy",
    "Geor": "ka",
    "Hani": "ja zh",
    "Bopo": "zh",
    "Kana": "ja",
    "Hang": "ko",  # Han characters have left today's Korean
}

# other codes of what is written in the same way
SAME = {"nb": "no", "nn": "no", "fil": "tl", "sh": "hr", "cmn": "zh", "yue": "zh"}
# where another one is usual
RARELY = {
    "kk": {"Latn", "Arab"},
    "az": {"Cyrl", "Arab"},
    "tt": {"Latn"},
    "ms": {"Arab"},
    "ha": {"Arab"},
    "bs": {"Cyrl"},
    "tk": {"Cyrl"},
}

_SCRIPTS_OF: dict[str, frozenset[str]] = {
    code: frozenset(s for s, codes in WRITTEN_IN.items() if code in codes.split())
    for code in " ".join(WRITTEN_IN.values()).split()
}


@cache
def script_of_letter(letter: str) -> str:
    """ISO 15924, or "" for what tells of none: digits of any kind, signs, shared marks."""
    if unicodedata.category(letter)[0] not in "LM":
        return ""
    found = _LETTER.match(letter)
    code = str(found.lastgroup) if found else OTHER
    return "" if code == "None" else code


def script_of(text: str) -> str:
    """The script of most of its letters; empty where it has none of them."""
    if text.isascii():
        return "Latn" if text.isalpha() or any(map(str.isalpha, text)) else ""
    found = Counter(filter(None, map(script_of_letter, text)))
    return found.most_common(1)[0][0] if found else ""


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


def scripts_of(language: str) -> frozenset[str]:
    """The scripts in which a language (ISO 639-1) is written today; empty where not known."""
    return _SCRIPTS_OF.get(SAME.get(language, language), frozenset())


def usual_scripts_of(language: str) -> frozenset[str]:
    """Without those that it is rarely written in."""
    return scripts_of(language) - RARELY.get(language, set())


def direction_of(text: str) -> str:
    """ "rtl" or "ltr", by most of its letters; empty where it has none."""
    if not text.isascii() and FROM_RIGHT.search(text) and script_of(text) in RIGHT_TO_LEFT:
        return "rtl"
    return "ltr" if any(map(str.isalpha, text)) else ""
