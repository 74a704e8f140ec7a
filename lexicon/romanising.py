"""Words of a language that is usually written in another script, in Latin letters. Pure.

People romanise as they like ("zaroori", "jaruri"), so words are compared by their consonants alone:
one word tells little, several in a row tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import islice

import regex
from anyascii import anyascii

from lexicon.vocabulary import Vocabulary, vocabulary

COMMONEST = 10_000  # words that are looked for
SHORTEST = 2  # consonants
COMMON = 3e-5  # the share of a word that is taken for one of its language at once
ALIKE = (
    ("ph", "f"), ("ck", "k"), ("q", "k"), ("x", "ks"), ("z", "j"), ("w", "v"), ("c", "k"),
)  # fmt: skip
VOWELS = regex.compile(r"(?<!^)[aeiouyh]+|[^a-z]")
DOUBLED = regex.compile(r"(.)\1+")


@lru_cache(maxsize=100_000)
def skeleton(word: str) -> str:
    """What most ways to write a word in Latin letters have in common."""
    text = anyascii(word).lower()
    for written, said in ALIKE:
        text = text.replace(written, said)
    return DOUBLED.sub(r"\1", VOWELS.sub("", text))


@cache
def skeletons(language: str) -> frozenset[str]:
    """Of its commonest words; none for a language whose words were not counted."""
    known = vocabulary(language)
    words = islice(known.words, COMMONEST) if known else ()
    return frozenset(found for word in words if len(found := skeleton(word)) >= SHORTEST)


def may_be(word: str, language: str, known: Iterable[Vocabulary | None]) -> bool:
    """Whether a word in Latin letters may be one of the language, and is not common in any of those
    whose words are `known`."""
    if any(each and each.share(each.fold(word)) >= COMMON for each in known):
        return False
    return skeleton(word) in skeletons(language)
