"""Trains the weights of transcription/oddness.py, and writes transcription/data/oddness.json.

    python -m benchmarks.train_ranking FOLDER

FOLDER is that of benchmarks/ranking.py, which tells how good such weights are on calls that they
were not trained on. The errors of a piece are taken as a Poisson figure, whose logarithm is the sum
of the mean figures of its words and of those around it, in a ridge regression; as the words that
are common may be misheard more often than others, or be said where much is, each of them counts by
itself. All figures are against a usual piece.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.replayed_calls import Replay, read_calls, with_kind
from transcription.oddness import KINDS, WEIGHTS_FILE, Weights

Figures = NDArray[np.float64]

COMMON_WORDS = 120
MOST = 15  # errors of a piece that count; where more is left out nothing in the text tells it
RIDGE_NEAR, RIDGE_WORDS, RIDGE_FAR = 100, 300, 3_000  # there are few calls to learn the last from
ROUNDS = 8


def main() -> None:
    calls = list(read_calls(Path(sys.argv[1])))
    stored = {}
    for kind in KINDS:
        found = trained([with_kind(each, kind) for each in calls])
        stored[kind] = {
            "bias": round(found.bias, 4),
            "near": dict(zip(KINDS[kind], found.near.round(4).tolist(), strict=True)),
            "far": dict(zip(KINDS[kind], found.far.round(4).tolist(), strict=True)),
            "words": {word: round(weight, 4) for word, weight in found.words.items()},
        }
    WEIGHTS_FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def trained(replays: Sequence[Replay]) -> Weights:
    kind = replays[0].text.kind
    words = common(replays) if kind == "english" else []
    rows = np.concatenate([piece_figures(each, words) for each in replays])
    errors = np.minimum(MOST, np.concatenate([each.errors for each in replays]))
    figures = len(KINDS[kind])
    ridge = [RIDGE_NEAR] * figures + [RIDGE_FAR] * figures + [RIDGE_WORDS] * len(words)
    weights, bias = fit(rows, errors / errors.mean(), np.array(ridge) / errors.mean())
    near, far, own = np.split(weights, [figures, 2 * figures])
    return Weights(near, far, bias, dict(zip(words, own.tolist(), strict=True)))


def common(replays: Sequence[Replay]) -> list[str]:
    counts = Counter(form for each in replays for form in each.text.forms if form.isalpha())
    return [word for word, _ in counts.most_common(COMMON_WORDS)]


def piece_figures(replay: Replay, words: Sequence[str]) -> Figures:
    """A row for each piece: its figures, and how often each of the common words is there."""
    sizes = np.diff(replay.edges)
    pieces = np.repeat(np.arange(len(sizes)), sizes)
    place = {word: at for at, word in enumerate(words)}
    spots = np.array([place.get(form, len(words)) for form in replay.text.forms])
    width = len(words) + 1
    counts = np.bincount(pieces * width + spots, minlength=len(sizes) * width)
    own = counts.reshape(len(sizes), width)[:, :-1] / sizes[:, None]
    return np.concatenate([replay.figures, own], axis=1)


def fit(rows: Figures, target: Figures, ridge: Figures) -> tuple[Figures, float]:
    """Weights and bias, by Newton's method on standardised figures."""
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = np.inf  # what never varies weighs nothing
    x = np.append((rows - middle) / spread, np.ones((len(rows), 1)), axis=1)
    ridge = np.append(ridge, 0)
    found = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        expected = np.exp(np.clip(x @ found, -4, 4))
        slope = x.T @ (target - expected) - ridge * found
        found += np.linalg.solve((x * expected[:, None]).T @ x + np.diag(ridge), slope)
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ middle)


if __name__ == "__main__":
    main()
