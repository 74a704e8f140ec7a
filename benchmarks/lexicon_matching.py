"""Matching a lexicon against a transcript: how fast, how it grows, and what is found.

    python -m benchmarks.lexicon_matching [--terms 100000] [--words 10000] [--most 1000000]

Terms are names that nobody bears, made letter by letter in the manner of the pronouncing
dictionary; the transcript is words drawn by how common they are and how well they follow each
other, in which one in a hundred is a term misspelt as it sounds. Prints one JSON line. All times
are the least of three, in one run, without the garbage collector (as timeit measures):

match_ms, match_2k_ms   all terms, and the first 2,000, against the transcript, once compiled
rapidfuzz_ms            finding the candidates alone, 2,000 terms, by comparing each with each
ahocorasick_ms          exact occurrences of all terms, by pyahocorasick
recall_of_brute_force   of the replacements that follow from comparing each with each (2,000
                        terms), the share that matching finds too, to apply or to suggest
recall_of_errors        of the misspelt terms, the share that each puts right
growth                  match_ms from 1,000 terms up
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import ahocorasick
import numpy as np
import wordfreq
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from lexicon import pronouncing
from lexicon.matching import (
    Compiled,
    Entry,
    Passage,
    Replacement,
    compile_lexicon,
    match,
    surroundings,
)
from lexicon.matching.compiling import classes_of
from lexicon.matching.neighbours import Text

FEW = 2_000
MISSPELT = 0.01
DRAWN = 20  # words of which one is chosen to follow those before it
SEGMENT_WORDS = 20
ORDER = 3  # letters that the next one depends on
LEAST_ALIKE = 0.5  # of classes of sounds, for the comparison of each with each
AT_ONCE = 500
MISHEARD = (("c", "k"), ("k", "c"), ("ph", "f"), ("f", "ph"), ("y", "i"), ("i", "y"), ("s", "z"),
            ("z", "s"), ("ee", "ea"), ("o", "oe"), ("e", "a"), ("a", "e"), ("t", "d"), ("d", "t"),
            ("b", "p"), ("n", "m"), ("l", "ll"), ("r", "rr"), ("v", "f"), ("ou", "oo"))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--terms", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    names = list(made_up(max(asked.terms, asked.most), random.Random(1)))
    planted, text = transcript(asked.words, names[:FEW], random.Random(2))
    few, _ = compiled(names[:FEW])
    match(text, few)  # words' sounds and frequencies are read once in a process
    found, match_2k_ms = timed(lambda: match(text, few))
    many, compile_s = compiled(names[: asked.terms])
    _, match_ms = timed(lambda: match(text, many))
    _, rapidfuzz_ms = timed(lambda: brute_candidates(few, text), times=1)
    each_with_each: Any = EachWithEach.of(few)
    brute = match(text, replace(few, index=each_with_each))
    exact, ahocorasick_ms = timed(exactly(names[: asked.terms]), text)
    growth = {}
    size = 1_000
    while size <= asked.most:
        lexicon, _ = compiled(names[:size])
        growth[str(size)] = timed(lambda: match(text, lexicon))[1]  # noqa: B023
        size *= 10
    wanted, got, suggested = applied(brute), applied(found), applied(found, also_suggested=True)
    print(
        json.dumps(
            {
                "terms": asked.terms,
                "words": asked.words,
                "compile_s": compile_s,
                "match_ms": match_ms,
                "match_2k_ms": match_2k_ms,
                "rapidfuzz_ms": rapidfuzz_ms,
                "ahocorasick_ms": ahocorasick_ms,
                "recall_of_brute_force": share(suggested & wanted, wanted),
                "recall_of_errors": {
                    "matching": share(got & planted, planted),
                    "each_with_each": share(wanted & planted, planted),
                    "exact": share(exact & planted, planted),
                },
                "growth": growth,
            }
        )
    )


# --- Made-up names and text -----------------------------------------------------------------------


def made_up(count: int, chance: random.Random) -> Iterator[str]:
    following: dict[str, Counter[str]] = defaultdict(Counter)
    for word in pronouncing.dictionary():
        if word.isalpha() and len(word) > 4:
            padded = "^" * ORDER + word + "$"
            for at in range(len(padded) - ORDER):
                following[padded[at : at + ORDER]][padded[at + ORDER]] += 1
    choices = {key: (list(next), list(next.values())) for key, next in following.items()}
    seen: set[str] = set()
    while len(seen) < count:
        name = " ".join(one_name(choices, chance) for _ in range(1 + (chance.random() < 0.4)))
        if name not in seen and not all(wordfreq.zipf_frequency(w, "en") for w in name.split()):
            seen.add(name)
            yield name.title()


def one_name(choices: dict[str, tuple[list[str], list[int]]], chance: random.Random) -> str:
    while True:
        name = "^" * ORDER
        while not name.endswith("$") and len(name) < 16:
            letters, weights = choices[name[-ORDER:]]
            name += chance.choices(letters, weights)[0]
        if name.endswith("$") and len(name) > ORDER + 6:
            return name[ORDER:-1]


def transcript(
    words: int, names: list[str], chance: random.Random
) -> tuple[set[tuple[int, str]], list[Passage]]:
    """Which term is meant in which segment, and the segments."""
    common = wordfreq.get_frequency_dict("en", wordlist="small")
    choices = chance.choices(list(common), list(common.values()), k=words * DRAWN)
    ordinary: list[str] = []
    for at in range(0, len(choices), DRAWN):
        before, drawn = ordinary[-2:], choices[at : at + DRAWN]
        gains = [surroundings.made_likelier([*before, word], len(before)) for word in drawn]
        ordinary += chance.choices(drawn, [surroundings.BASE**gain for gain in gains])
    planted: set[tuple[int, str]] = set()
    segments: list[Passage] = []
    for at in range(0, words, SEGMENT_WORDS):
        segment = [word for word in ordinary[at : at + SEGMENT_WORDS] if word.isalpha()]
        for place in range(len(segment)):
            if chance.random() < MISSPELT:
                name = chance.choice(names)
                planted.add((len(segments), name))
                segment[place] = misheard(name.lower(), chance)
        segments.append(Passage(" ".join(segment)))
    return planted, segments


def misheard(name: str, chance: random.Random) -> str:
    able = [(before, after) for before, after in MISHEARD if before in name[1:]]
    for before, after in chance.sample(able, min(len(able), chance.choice((1, 1, 2)))):
        name = name[0] + name[1:].replace(before, after, 1)
    return name


# --- What is compared -----------------------------------------------------------------------------


def compiled(names: list[str]) -> tuple[Compiled, float]:
    started = time.perf_counter()
    lexicon = compile_lexicon(Entry(number, name) for number, name in enumerate(names))
    return lexicon, round(time.perf_counter() - started, 2)


def timed(what: Callable[..., Any], *given: Any, times: int = 3) -> tuple[Any, float]:
    least = float("inf")
    gc.collect()
    gc.disable()
    for _ in range(times):
        started = time.perf_counter()
        result = what(*given)
        least = min(least, time.perf_counter() - started)
    gc.enable()
    return result, round(1000 * least, 1)


@dataclass
class EachWithEach:
    """In the place of the index of neighbours: each window compared with each way to say a term."""

    ways: list[str]

    @classmethod
    def of(cls, lexicon: Compiled) -> EachWithEach:
        phones = lexicon.way_phones[lexicon.way_phones > 0]
        symbols, starts, sizes = classes_of(phones, lexicon.way_sizes)
        return cls(as_text(symbols, starts, sizes))

    def find(
        self, text: Text, starts: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        windows = as_text(text.symbols, starts, sizes)
        found = []
        for at in range(0, len(windows), AT_ONCE):
            alike = cdist(
                windows[at : at + AT_ONCE],
                self.ways,
                scorer=Levenshtein.normalized_similarity,
                score_cutoff=LEAST_ALIKE,
                dtype=np.float32,
            )
            window, way = np.nonzero(alike)
            found.append((window + at, way))
        return np.concatenate([w for w, _ in found]), np.concatenate([w for _, w in found])


def as_text(
    symbols: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> list[str]:
    letters = "".join(chr(97 + symbol) for symbol in symbols)
    return [letters[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def brute_candidates(lexicon: Compiled, text: list[Passage]) -> None:
    from lexicon.matching import documents

    document = documents.read([each.text for each in text], lexicon, ("en",))
    found = documents.windows(document)
    symbols, starts, sizes = documents.classes(document, found)
    EachWithEach.of(lexicon).find(Text.of(symbols), starts, sizes)


def exactly(names: list[str]) -> Callable[[list[Passage]], set[tuple[int, str]]]:
    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(f" {name.lower()} ", name)
    automaton.make_automaton()
    return lambda text: {
        (number, name)
        for number, passage in enumerate(text)
        for _, name in automaton.iter(f" {passage.text} ")
    }


def applied(found: list[list[Replacement]], also_suggested: bool = False) -> set[tuple[int, str]]:
    return {
        (number, each.after)
        for number, replacements in enumerate(found)
        for each in replacements
        if each.applied or also_suggested
    }


def share(part: set[Any], whole: set[Any]) -> float:
    return round(len(part) / max(1, len(whole)), 3)


if __name__ == "__main__":
    main()
