"""How common words are: the lists of the wordfreq package. Pure, but for its files.

The package takes as long to load as all of lexicon/, and few processes look a word up: it is
loaded by the first that does. `size`: "small", or "best" for the longest that a language has.
"""

from __future__ import annotations

from functools import cache


@cache
def languages(size: str = "best") -> frozenset[str]:
    """The codes of those that have a list."""
    import wordfreq

    return frozenset(wordfreq.available_languages(size))


def shares(language: str, size: str = "best") -> dict[str, float]:
    """Each word's share of all that is written and said, the commonest first."""
    import wordfreq

    return wordfreq.get_frequency_dict(language, size)


def steps(language: str) -> list[list[str]]:
    """The words of the small list by how common they are: each step is 10^-0.01 of the one before,
    and the first is a share of 1."""
    import wordfreq

    return wordfreq.get_frequency_list(language, "small")


def commonest(language: str, count: int) -> list[str]:
    """The first of the small list, without numbers."""
    import wordfreq

    return wordfreq.top_n_list(language, count, "small")


def in_latin(word: str) -> str:
    """A Serbian word as it stands in the list, which is in Latin letters."""
    from wordfreq.transliterate import SR_LATN_TABLE

    return word.translate(SR_LATN_TABLE)
