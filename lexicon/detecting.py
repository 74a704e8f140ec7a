"""Which languages a text is in, where nobody says. Pure, but for wordfreq's files.

A script that only one language is written in tells by itself. Of the others, the languages are
taken whose commonest words explain most of the text: first the one that explains most, then each
that explains a good deal of what is left, so that a text may well be in two or three. Where all of
them leave much unexplained, it is in a language whose words were not counted, and nothing is said.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from lexicon import wordlists
from lexicon.scripts import WRITTEN_IN, scripts_of
from lexicon.tagging import JAPANESE, spans
from lexicon.vocabulary import folded

COMMONEST = 10_000  # words of each language
UNKNOWN = 1e-7  # the share that a word has where it is none of them
FEWEST = 3  # words that speak for a language, at least; or letters, where the script speaks
COVERED = 0.7  # of a text's words are common ones of its languages; of next of kin, half are
ADDED = 0.04  # of the words are explained by a further language alone
BETTER = 30.0  # so many times as frequent as in those found before
MOST_LANGUAGES = 3  # of one script
SIGNS = 0.02  # of all letters: fewer in a script of their own are symbols, as in "β blocker"
WITH_KANA = 0.05  # of Japanese letters
# what a list of several languages' words stands for; Croatian also for what is so near to it
NAMED = {"nb": "no", "fil": "tl", "sh": "hr"}

Shares = Mapping[str, float]  # language -> of all its words


def languages_of(texts: Iterable[str]) -> list[str]:
    """ISO 639 codes, the language of most letters first; empty where none can be told."""
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        found = [(span.script, text[span.start : span.end]) for span in spans(text)]
        written = _letters(word for script, word in found if script in JAPANESE)
        kana = _letters(word for script, word in found if script == "Kana")
        japanese = bool(kana) and kana >= WITH_KANA * written
        for script, word in found:
            if script in JAPANESE:
                script = "Kana" if japanese else "Hani"
            words[script][folded(word)] += 1
    letters = {script: _letters(counts.elements()) for script, counts in words.items() if script}
    shares: Counter[str] = Counter()
    for script, count in letters.items():
        if count >= max(FEWEST, SIGNS * sum(letters.values())):
            for language, share in _of_script(script, words[script]):
                shares[language] += round(share * count)
    return [language for language, _ in shares.most_common()]


def _letters(words: Iterable[str]) -> int:
    return sum(map(len, words))


def _of_script(script: str, counts: Counter[str]) -> list[tuple[str, float]]:
    """The languages, each with the share of the words that it is the first to explain."""
    candidates = {"Kana": "ja", "Hani": "zh"}.get(script, WRITTEN_IN.get(script, "")).split()
    if len(candidates) == 1:
        return [(candidates[0], 1.0)]
    counts = _parted(script, counts)
    shares = {word: known for word in counts if (known := _commonest(script).get(word))}
    best: dict[str, float] = dict.fromkeys(shares, UNKNOWN)
    found: list[tuple[str, float]] = []
    for _ in range(MOST_LANGUAGES):
        language = _most_telling(shares, best, counts)
        new = [w for w, known in shares.items() if known.get(language, 0) > BETTER * best[w]]
        explained = sum(counts[word] for word in new) / counts.total()
        if len(new) < FEWEST or explained < ADDED:
            break
        found.append((language, explained))
        for word in new:
            best[word] = shares[word][language]
    return found if sum(share for _, share in found) >= COVERED else []


def _parted(script: str, counts: Counter[str]) -> Counter[str]:
    """Words with an apostrophe that no list has, as what is before and after it."""
    parted: Counter[str] = Counter()
    for word, count in counts.items():
        whole = "'" not in word or word in _commonest(script)
        for part in [word] if whole else filter(None, word.split("'")):
            parted[part] += count
    return parted


def _most_telling(
    shares: Mapping[str, Shares], best: Mapping[str, float], counts: Counter[str]
) -> str:
    """The language that makes the words likeliest, beside those that are found."""
    gains: dict[str, float] = defaultdict(float)
    for word, known in shares.items():
        for language, share in known.items():
            if share > best[word]:
                gains[language] += counts[word] * math.log(share / best[word])
    return max(gains, key=gains.__getitem__, default="")


@cache
def _commonest(script: str) -> Mapping[str, Shares]:
    """The commonest words of the languages that are written in a script."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for counted in wordlists.languages("small"):
        language = NAMED.get(counted, counted)
        if script not in scripts_of(language):
            continue
        steps = enumerate(wordlists.steps(counted))
        words = ((word, 10 ** (-step / 100)) for step, words in steps for word in words)
        for (word, share), _ in zip(words, range(COMMONEST), strict=False):
            found[word][language] = share
    return found
