"""How long it takes to score a review of 30,000 words.

    python -m benchmarks.scoring [--segments 2000] [--words 15]

Sentences of common English words as an engine might have heard them: every other one has a word
misheard, another heard as two, a capital and a number that was written otherwise; every tenth has a
change of the lexicon's, half of which were taken back. Everything that a submission writes is
computed, from rows as they are read from the database, against a lexicon of 1,000 terms. Prints one
JSON line; the least of five, in seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from wordfreq import top_n_list

from benchmarks.product import product

WORD_MS, PAUSE_MS, TERMS = 320, 600, 1_000


def review(segments: int, words: int) -> tuple[list[Any], dict[int, list[Any]]]:
    """Its segments, and the words that were heard in them."""
    from transcription.segments import SegmentRow

    draw, vocabulary = random.Random(7), top_n_list("en", 5000)
    rows, heard, at = [], {}, 0
    for number in range(segments):
        right = draw.choices(vocabulary, k=words)
        engine, replacements = list(right), []
        if number % 2:
            engine[3], engine[7:8] = draw.choice(vocabulary), draw.choices(vocabulary, k=2)
            right[0], right[5], engine[5] = right[0].capitalize(), "25", "twenty-five"
        elif not number % 10:
            start = len(" ".join(engine[:4])) + 1
            written = engine[4] if number % 20 else right[4].upper()
            right[4] = written
            replacements = [
                {"start": start, "end": start + len(engine[4]), "before": engine[4],
                 "after": right[4].upper(), "term": 1, "rule": "sound", "score": 0.9,
                 "applied": True}
            ]  # fmt: skip
        begins = [at + n * WORD_MS for n in range(len(engine))]
        heard[number] = [
            [word, begin, begin + 300, 0.9, False]
            for word, begin in zip(engine, begins, strict=True)
        ]
        text = " ".join(right)
        rows.append(
            SegmentRow(
                pk=number,
                position=at,
                start_ms=at,
                end_ms=begins[-1] + 300,
                speaker="",
                language="en",
                engine_text=" ".join(engine),
                text=text,
                replacements=replacements,
                marks=[],
                tags=[[0, len(text), "en", "", 0.98, False]],
                doubts=[],
                version=2,
                accepted=True,
            )
        )
        at = rows[-1].end_ms + PAUSE_MS
    changed = [row.pk for row in rows if row.text != row.engine_text or row.replacements]
    return rows, {pk: heard[pk] for pk in changed}


def least(call: Callable[[], Any]) -> float:
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return round(min(taken), 3)


def terms_of(rows: Sequence[Any]) -> list[tuple[str, bool]]:
    words = [word for row in rows for word in row.text.split()]
    return [(word, False) for word in list(dict.fromkeys(words))[:TERMS]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=2_000)
    parser.add_argument("--words", type=int, default=15, help="of a segment")
    wishes = parser.parse_args()
    with product():
        from feedback import scoring, services

        rows, words = review(wishes.segments, wishes.words)
        terms = scoring.term_index(terms_of(rows))
        taken = least(lambda: services.summed(rows, words, terms, ["en"]))
        count = sum(len(row.text.split()) for row in rows)
        print(json.dumps({"words": count, "seconds": taken}))


if __name__ == "__main__":
    main()
