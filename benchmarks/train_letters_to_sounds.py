"""Learns how English spelling sounds, and writes lexicon/data/letters_to_sounds.tsv.

    python -m benchmarks.train_letters_to_sounds

From the pronouncing dictionary in the PocketSphinx wheel: letters are aligned with none, one or two
phones each by expectation maximisation; then a decision list is grown, from a letter alone to a
letter with four neighbours on each side, that keeps a longer context only where it tells something
else than the shorter ones. Prints one JSON line: rules, and the errors on 5,000 words held out.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rapidfuzz.distance import Levenshtein

from lexicon import pronouncing

Phones = tuple[str, ...]
Aligned = list[tuple[str, list[Phones]]]  # a word, and the phones of each of its letters

HELD_OUT = 5_000
ROUNDS = 5
SEEN_TWICE = 2  # a context must be, to be told from chance
VOWEL_LETTERS = set("aeiouy")
# log probabilities of no, one, two phones for a letter, before anything is known
UNSEEN = {0: -9.0, 1: -10.0, 2: -14.0}


def main() -> None:
    started = time.perf_counter()
    words = list(dictionary())
    random.Random(1).shuffle(words)
    held_out, train = words[:HELD_OUT], words[HELD_OUT:]
    learned = pronouncing.nested(grow(align(train)))
    errors = total = 0
    for word, phones in held_out:
        errors += Levenshtein.distance(pronouncing.by_rule(word, learned), phones)
        total += len(phones)
    rules = grow(align(words))
    lines = (f"{context}\t{' '.join(phones)}\n" for context, phones in sorted(rules.items()))
    pronouncing.RULES_FILE.write_text("".join(lines), encoding="ascii")
    print(
        json.dumps(
            {
                "rules": len(rules),
                "phone_errors": round(errors / total, 4),
                "seconds": round(time.perf_counter() - started, 1),
            }
        )
    )


def dictionary() -> Iterator[tuple[str, Phones]]:
    for word, phones in pronouncing.dictionary().items():
        if word.isalpha() and word.isascii():
            yield word, tuple(phones[0].split())


def align(words: list[tuple[str, Phones]]) -> Aligned:
    phones = {phone for _, spoken in words for phone in spoken}
    odds: dict[str, dict[Phones, float]] = {
        letter: {(phone,): first_guess(letter, phone) for phone in phones} | {(): -3.0}
        for letter in "abcdefghijklmnopqrstuvwxyz"
    }
    aligned: Aligned = []
    for _ in range(ROUNDS):
        found = ((word, best_split(word, spoken, odds)) for word, spoken in words)
        aligned = [(word, split) for word, split in found if split is not None]
        counts: dict[str, Counter[Phones]] = defaultdict(Counter)
        for word, split in aligned:
            for letter, part in zip(word, split, strict=True):
                counts[letter][part] += 1
        odds = {
            letter: {part: math.log(n / seen.total()) for part, n in seen.items()}
            for letter, seen in counts.items()
        }
    return aligned


def first_guess(letter: str, phone: str) -> float:
    return -2.0 if (letter in VOWEL_LETTERS) == pronouncing.is_vowel(phone) else -5.0


def best_split(
    word: str, spoken: Phones, odds: dict[str, dict[Phones, float]]
) -> list[Phones] | None:
    """The most probable share of the phones among the letters; None where there are too many."""
    size = len(spoken)
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]  # phones used: (log odds, taken)
    for at, letter in enumerate(word):
        known = odds[letter]
        reached: dict[int, tuple[float, int]] = {}
        for used, (score, _) in best[-1].items():
            if size - used > 2 * (len(word) - at):
                continue
            for taken in range(min(2, size - used) + 1):
                part = spoken[used : used + taken]
                total = score + known.get(part, UNSEEN[taken])
                if used + taken not in reached or total > reached[used + taken][0]:
                    reached[used + taken] = (total, taken)
        best.append(reached)
    if size not in best[-1]:
        return None
    split, end = [], size
    for reached in reversed(best[1:]):
        taken = reached[end][1]
        split.append(spoken[end - taken : end])
        end -= taken
    return split[::-1]


def longest_rule(context: str, at: int, rules: Mapping[str, Phones]) -> Phones | None:
    """What the rules say of the letter at `at`, by the longest context within this one."""
    for left, right in reversed(pronouncing.CONTEXTS):
        if left <= at and right < len(context) - at:
            part = rules.get(context[at - left : at + right + 1])
            if part is not None:
                return part
    return None


def grow(aligned: Aligned) -> dict[str, Phones]:
    rules: dict[str, Phones] = {}
    for left, right in pronouncing.CONTEXTS:
        seen: dict[str, Counter[Phones]] = defaultdict(Counter)
        for word, split in aligned:
            padded = pronouncing.padded(word)
            for at, part in enumerate(split, pronouncing.PADDING):
                seen[padded[at - left : at + right + 1]][part] += 1
        for context, parts in seen.items():
            part, count = parts.most_common(1)[0]
            if parts.total() < SEEN_TWICE and left + right:
                continue
            shorter = longest_rule(context, left, rules)
            if shorter is None or count > parts[shorter]:
                rules[context] = part
    return rules


if __name__ == "__main__":
    main()
