"""How well the expected errors lead to the true ones: texts that recognisers wrote, cut into pieces
of 30 words and ranked by the product's own figure, from the text alone.

    python -m benchmarks.ranking FOLDER

FOLDER holds recognisers' real output with references: earnings21/{google,amazon,rev_kaldi}.tsv.gz
and librispeech_test_clean_b1.tsv.gz (columns as `manage.py evaluate_lexicon` takes them). Prints
one JSON line:

errors_in_first_30_percent  of all errors, the share in the first 30 % of pieces, the pieces of all
                            calls and recognisers ranked together; each call by weights that were
                            trained without it
oracle                      the same, were the pieces ranked by their errors
recognisers                 the same figures for each recogniser; within_calls is the mean over
                            calls that are ranked each by itself; unknown_recogniser is with weights
                            trained without that recogniser, too
without_english             the first figure, were English a language of which only word frequencies
                            are known (listed), or nothing (any)
read_sentences              the first figure for LibriSpeech, by weights from all calls
marked                      the share of the words that the desk marks by the text alone; of these,
                            and of all words, the share that is wrong
calls                       the first figure for each call, all recognisers together
seconds                     to judge 30,000 words, once lists and models are loaded
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.replayed_calls import RECOGNISERS, Replay, read_calls, read_sentences, with_kind
from benchmarks.train_ranking import trained
from transcription import doubts, oddness
from transcription.oddness import Weights, judged

Figures = NDArray[np.float64]

FIRST = 0.3
FOLDS = 11  # of the figures that are not the first one, which leaves out each call in turn


def main() -> None:
    folder = Path(sys.argv[1])
    calls = list(read_calls(folder))
    names = sorted({replay.call for replay in calls})
    fold = {name: at % FOLDS for at, name in enumerate(names)}
    left_out: dict[str, Any] = {
        name: trained([c for c in calls if c.call != name]) for name in names
    }
    by_word = [judged(each.text, left_out[each.call]) for each in calls]
    expected = [each.sums(rates) for each, rates in zip(calls, by_word, strict=True)]
    report: dict[str, Any] = {
        "errors_in_first_30_percent": pooled(calls, expected),
        "oracle": pooled(calls, [each.errors for each in calls]),
        "recognisers": {},
        "without_english": {},
        "calls": {},
    }
    for name in RECOGNISERS:
        own = [at for at, each in enumerate(calls) if each.recogniser == name]
        some, of_those = [calls[at] for at in own], [expected[at] for at in own]
        others = [each for each in calls if each.recogniser != name]
        report["recognisers"][name] = {
            "errors_in_first_30_percent": pooled(some, of_those),
            "oracle": pooled(some, [each.errors for each in some]),
            "within_calls": mean_within(some, of_those),
            "within_calls_oracle": mean_within(some, [each.errors for each in some]),
            "unknown_recogniser": pooled(some, crossed(some, others, fold)),
        }
    for kind in ("listed", "any"):
        again = [with_kind(each, kind) for each in calls]
        report["without_english"][kind] = pooled(again, crossed(again, again, fold))
    everything = trained(calls)
    read = list(read_sentences(folder))
    report["read_sentences"] = pooled(
        read, [each.sums(judged(each.text, everything)) for each in read]
    )
    report["marked"] = marked(calls, by_word)
    for name in names:
        own = [at for at, each in enumerate(calls) if each.call == name]
        report["calls"][name] = pooled([calls[at] for at in own], [expected[at] for at in own])
    report["seconds"] = seconds(calls)
    print(json.dumps(report))


def pooled(replays: Sequence[Replay], expected: Sequence[Figures]) -> float:
    errors = np.concatenate([each.errors for each in replays])
    order = np.argsort(-np.concatenate(expected), kind="stable")
    return round(float(errors[order[: round(FIRST * len(order))]].sum() / errors.sum()), 4)


def mean_within(replays: Sequence[Replay], expected: Sequence[Figures]) -> float:
    each = [pooled([r], [e]) for r, e in zip(replays, expected, strict=True)]
    return round(sum(each) / len(each), 4)


def crossed(
    replays: Sequence[Replay], teachers: Sequence[Replay], fold: dict[str, int]
) -> list[Figures]:
    by: dict[int, Weights] = {
        number: trained([each for each in teachers if fold[each.call] != number])
        for number in range(FOLDS)
    }
    return [each.sums(judged(each.text, by[fold[each.call]])) for each in replays]


def marked(replays: Sequence[Replay], by_word: Sequence[Figures]) -> dict[str, float]:
    chosen = []
    for rates in by_word:
        likeliest = np.zeros(len(rates), bool)
        likeliest[np.argsort(-rates)[: int(doubts.MOST * len(rates))]] = True
        chosen.append(likeliest & (rates >= doubts.ODD))
    marks, wrong = np.concatenate(chosen), np.concatenate([each.wrong for each in replays])
    shares = {"words": marks.mean(), "wrong": wrong[marks].mean(), "usual": wrong.mean()}
    return {name: round(float(share), 4) for name, share in shares.items()}


def seconds(replays: Sequence[Replay]) -> float:
    words = [word for each in replays[:6] for word in each.words][:30_000]
    oddness.oddness(words, ["en"])
    started = time.perf_counter()
    oddness.oddness(words, ["en"])
    return round(time.perf_counter() - started, 3)


# --- Data -----------------------------------------------------------------------------------------


if __name__ == "__main__":
    main()
