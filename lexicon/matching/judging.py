"""How probable it is that a term was meant. Pure, but for its weights, which it reads once.

Two logistic regressions, trained by benchmarks/train_lexicon_matching.py. The first weighs what
speaks for each pair alone; the second sees what the first made of all of them, and so the whole
document: the same term in other disguises, a better reading of the same words, and how much is
claimed in a text in which the engine wrote so many terms right.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lexicon.matching import runs
from lexicon.matching.documents import WIDEST, Windows
from lexicon.matching.evidence import NAMES, Evidence
from lexicon.matching.searching import Search
from lexicon.matching.surroundings import fits

Figures = NDArray[np.float32]

WEIGHTS_FILE = Path(__file__).parent.parent / "data" / "weights.json"
SUGGEST = 0.1
# From which probability a term is put into the text. Where most words that are as rare as the one
# heard are terms, that one was hardly said, and little can be lost.
APPLY, APPLY_LISTED = 0.38, 0.25
WORTH_A_SECOND_LOOK = 0.006  # of the first regression's probability

# what weighs differently in long lists and in texts that are full of terms
_VARYING = ("joined", "variant", "form_of", "elided", "sound", "letters", "heard_commonest",
            "heard_rarest", "several_heard", "more_heard", "term_rarest", "stands", "kept", "size",
            "less_likely", "term_unknown", "repeated", "listed", "bursting")  # fmt: skip
_TERMS, _DENSITY = NAMES.index("terms"), NAMES.index("density")
_MIDDLE = {"terms": 2.5, "density": 1.0}  # subtracted, so that weights can be read alone

FIRST = (
    *NAMES,
    *(f"{name} * terms" for name in _VARYING),
    *(f"{name} * density" for name in _VARYING),
    "terms * density",
)
SECOND = (
    *FIRST,
    "elsewhere",
    "rival",
    "often_and_elsewhere",
    "claimed_to_standing",
    "claimed_a_word",
    "standing",
    "heard_fits",
    "term_fits",
    "several_heard_fit",
    "several_meant_fit",
)


@dataclass(frozen=True)
class Weights:
    first: Figures
    second: Figures
    first_bias: float
    second_bias: float


@cache
def weights() -> Weights:
    read = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    first, second = read["first"], read["second"]
    return Weights(
        np.array([first[name] for name in FIRST], np.float32),
        np.array([second[name] for name in SECOND], np.float32),
        first["bias"],
        second["bias"],
    )


def first_figures(likely: Evidence) -> Figures:
    """A column for each of FIRST."""
    figures = likely.figures
    varying = figures[:, [NAMES.index(name) for name in _VARYING]]
    terms = figures[:, [_TERMS]] - _MIDDLE["terms"]
    density = figures[:, [_DENSITY]] - _MIDDLE["density"]
    return np.concatenate([figures, varying * terms, varying * density, terms * density], axis=1)


def second_figures(search: Search, likely: Evidence, first: Figures) -> Figures:
    """What is to be added to FIRST for SECOND. `first`: probabilities by the first regression."""
    times = np.minimum(search.windows.occurrences[likely.pairs.window], 12)
    _, meant = np.unique(likely.meant, return_inverse=True)
    _, both = np.unique(
        [f"{a} {b}" for a, b in zip(likely.heard, likely.meant, strict=True)], return_inverse=True
    )
    disguises = _most(first, both)  # of each disguise of a term the best, counted once
    counted = np.zeros(len(first), bool)
    counted[np.unique(both, return_index=True)[1]] = True
    support = np.bincount(meant, weights=np.where(counted, disguises[both], 0))
    elsewhere = np.maximum(support[meant] - disguises[both], 0)
    claimed = np.maximum(first.sum() - np.bincount(meant, weights=first)[meant], 0)
    some = likely.pairs
    heard_fit, term_fit = fits(search.document, search.windows, search.lexicon, some).T
    words, standing = len(search.document.words), search.standing
    columns = (
        np.log1p(elsewhere),
        _log_odds(np.clip(_rivals(likely, first, search.windows, meant), 0.001, 0.999)) / 3,
        np.log1p(times) * (elsewhere > 0),
        np.clip(np.log((1 + claimed) / (1 + standing)), -4, 4),
        np.clip(np.log((0.3 + claimed) / (words / 1000 + 0.3)), -4, 4),
        np.full(len(first), np.log1p(standing)),
        heard_fit,
        term_fit,
        heard_fit * (some.heard_words > 1),
        term_fit * (some.term_words > 1),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _most(values: Figures, group: NDArray[np.int64]) -> NDArray[np.float64]:
    most = np.zeros(int(group.max(initial=-1)) + 1)
    np.maximum.at(most, group, values)
    return most


def _rivals(
    likely: Evidence, first: Figures, found: Windows, meant: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The best probability of another term in any of the same words, for each pair."""
    some = likely.pairs
    starts = found.starts[some.window] + some.before
    widths = some.heard_words
    columns = [np.flatnonzero(widths > column) for column in range(WIDEST)]
    word = np.concatenate([starts[rows] + column for column, rows in enumerate(columns)])
    row = np.concatenate(columns)
    order = np.lexsort((-first[row], word))
    word, row = word[order], row[order]
    best = runs.begins(word)
    best_of = np.zeros(int(word.max(initial=0)) + 1, np.int64)  # by word: the likeliest pair
    best_of[word[best]] = row[best]
    others = np.flatnonzero(meant[row] != meant[best_of[word]])
    second = others[runs.begins(word[others])]
    second_score = np.zeros(len(best_of))
    second_score[word[second]] = first[row[second]]
    rival = np.where(meant[best_of[word]] == meant[row], second_score[word], first[best_of[word]])
    result = np.zeros(len(first))
    np.maximum.at(result, row, rival)
    return result


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(probability / (1 - probability))


def logistic(figures: Figures, weights: Figures, bias: float) -> Figures:
    return (1 / (1 + np.exp(-np.clip(figures @ weights + bias, -30, 30)))).astype(np.float32)


def apply_from(likely: Evidence) -> Figures:
    """For each pair the least probability with which it is put into the text."""
    listed = likely.figures[:, NAMES.index("listed")] > 0
    return np.where(listed, APPLY_LISTED, APPLY).astype(np.float32)


def shifted(probability: float, by: float) -> float:
    """The probability with so much added to its log odds."""
    odds = probability / max(1 - probability, 1e-9) * math.exp(by)
    return odds / (1 + odds)


def judged(search: Search) -> tuple[Evidence, Figures]:
    """The pairs that are worth it, and the probability of each."""
    known = weights()
    figures = first_figures(search.likely)
    first = logistic(figures, known.first, known.first_bias)
    rows = np.flatnonzero(first >= WORTH_A_SECOND_LOOK)
    likely = search.likely.take(rows)
    figures = np.concatenate([figures[rows], second_figures(search, likely, first[rows])], axis=1)
    return likely, logistic(figures, known.second, known.second_bias)
