"""How words sound, in the phones of the CMU pronouncing dictionary (ARPABET). Pure, but for two
files of data read once: that dictionary, out of the PocketSphinx wheel, and our rules for words
that are not in it (made by benchmarks/train_letters_to_sounds.py).

English, that is. Words of other languages and scripts are said as an English reader would say
them; since what was heard and what was meant go the same way, they still meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice, product
from pathlib import Path
from typing import TypeVar

from anyascii import anyascii
from pocketsphinx import get_model_path

RULES_FILE = Path(__file__).parent / "data" / "letters_to_sounds.tsv"
# letters before and after the one that is said; each pair sums to another length, so that a
# context's length tells which pair it is
CONTEXTS = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))
PADDING = 4
MOST_WAYS = 3  # in which a text is said

Way = TypeVar("Way")
# contexts -> the phones of the letter; None where only longer contexts around this one tell
Nested = Mapping[str, tuple[str, ...] | None]

VOWELS = "AA AE AH AO AW AY EH EY IH IY OW OY UH UW"
_SPELT = (
    "a EY; b B IY; c S IY; d D IY; e IY; f EH F; g JH IY; h EY CH; i AY; j JH EY; k K EY; l EH L; "
    "m EH M; n EH N; o OW; p P IY; q K Y UW; r AA R; s EH S; t T IY; u Y UW; v V IY; "
    "w D AH B AH L Y UW; x EH K S; y W AY; z Z IY; 0 Z IY R OW; 1 W AH N; 2 T UW; 3 TH R IY; "
    "4 F AO R; 5 F AY V; 6 S IH K S; 7 S EH V AH N; 8 EY T; 9 N AY N"
)
_NAMES = {name[0]: tuple(name[1:].split()) for name in _SPELT.split("; ")}
_PARTS = re.compile(r"[a-z']+|[0-9]")
_SAYABLE = re.compile(r"[aeiouy]")
_KEYS = {
    phone: key
    for key, phones in {
        "p": "P B", "t": "T D TH DH", "k": "K G", "f": "F V", "s": "S Z SH ZH CH JH",
        "m": "M N NG", "r": "R L ER",
    }.items()
    for phone in phones.split()
}  # fmt: skip


def is_vowel(phone: str) -> bool:
    return phone in VOWELS.split() or phone == "ER"


def pronunciations(text: str) -> list[list[str]]:
    """The ways to say a text, the likeliest first, at most MOST_WAYS; none where it has neither a
    letter nor a digit."""
    words = [said for part in _PARTS.findall(anyascii(text).lower()) if (said := _ways(part))]
    if not words:
        return []
    return [[phone for way in said for phone in way] for said in combined(words)]


def combined(words: Sequence[Sequence[Way]]) -> Iterator[tuple[Way, ...]]:
    """The ways to say several words, from the ways to say each; the likeliest first."""
    return islice(product(*words), MOST_WAYS)


@lru_cache(maxsize=200_000)
def ways(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to say one normalised word; none where it has neither letter nor digit."""
    if word.isascii():
        return _ways(word)
    return tuple(tuple(way) for way in pronunciations(word))


@lru_cache(maxsize=200_000)
def _ways(word: str) -> tuple[tuple[str, ...], ...]:
    if known := dictionary().get(word):
        return tuple(tuple(way.split()) for way in known)
    word = word.replace("'", "")
    if not word:
        return ()
    if len(word) == 1 or not _SAYABLE.search(word):
        return (tuple(phone for letter in word for phone in _NAMES[letter]),)
    if known := dictionary().get(word):
        return tuple(tuple(way.split()) for way in known)
    return (by_rule(word, _rules()),)


def by_rule(word: str, rules: Nested) -> tuple[str, ...]:
    """The phones of a word of the letters a to z."""
    text = padded(word)
    said: list[str] = []
    for at in range(PADDING, PADDING + len(word)):
        best: tuple[str, ...] = ()
        for left, right in CONTEXTS:
            context = text[at - left : at + right + 1]
            if context not in rules:
                break
            known = rules[context]
            best = best if known is None else known
        said += best
    return tuple(said)


def nested(rules: Mapping[str, tuple[str, ...]]) -> Nested:
    """The rules, and None for each context within one of theirs that has none of its own."""
    found: dict[str, tuple[str, ...] | None] = {}
    for context, phones in rules.items():
        center, _ = CONTEXTS[len(context) - 1]
        for left, right in CONTEXTS[: len(context) - 1]:
            found.setdefault(context[center - left : center + right + 1], None)
        found[context] = phones
    return found


def padded(word: str) -> str:
    return "#" * PADDING + word + "#" * PADDING


@cache
def dictionary() -> dict[str, tuple[str, ...]]:
    """Each word with its pronunciations, the phones parted by blanks."""
    words: dict[str, tuple[str, ...]] = {}
    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8")
    for line in lines.splitlines():
        word, _, phones = line.partition(" ")
        name = word.partition("(")[0]  # the second way to say it is told as "the(2)"
        words[name] = (*words.get(name, ()), phones)
    return words


@cache
def _rules() -> Nested:
    lines = RULES_FILE.read_text(encoding="ascii").splitlines()
    parted = (line.split("\t") for line in lines)
    return nested({context: tuple(phones.split()) for context, phones in parted})


def sound_key(text: str) -> str:
    """Texts that sound alike have the same key, or keys that begin alike: its consonants by
    class, and one letter for a vowel at its start; empty for a text that cannot be said."""
    ways = pronunciations(text)
    if not ways:
        return ""
    first = "a" if ways[0][0] in VOWELS.split() else ""
    kept = "".join(_KEYS.get(phone, "") for phone in ways[0])
    return first + re.sub(r"(.)\1+", r"\1", kept)
