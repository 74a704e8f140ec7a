"""What recognisers wrote of calls and of read sentences, cut into pieces whose errors are known.
The ranking is trained and measured on it (train_ranking.py, ranking.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from whisper_normalizer.english import EnglishTextNormalizer

from benchmarks.train_lexicon_matching import batches, speaker, table
from transcription import oddness
from transcription.oddness import Text

Figures = NDArray[np.float64]

RECOGNISERS = ("google", "amazon", "rev_kaldi")
PIECE = 30  # words
normalised = EnglishTextNormalizer()


@dataclass
class Replay:
    """A text that a recogniser wrote, cut into pieces."""

    recogniser: str
    call: str
    words: list[str]
    edges: list[int]  # of the pieces, in words
    errors: Figures  # of each piece
    wrong: NDArray[np.bool_]  # of each word
    text: Text

    def sums(self, values: Figures) -> Figures:
        return np.add.reduceat(values, self.edges[:-1], axis=0)

    @cached_property
    def figures(self) -> Figures:
        """A row for each piece: the mean figures of its words, and of those far around it."""
        near = self.text.figures
        far = np.stack([oddness.around(column, oddness.FAR) for column in near.T], axis=1)
        means = np.concatenate([self.sums(near), self.sums(far)], axis=1)
        return means / np.diff(self.edges)[:, None]


def read_calls(folder: Path) -> Iterator[Replay]:
    for name in RECOGNISERS:
        for row in table(folder / "earnings21" / f"{name}.tsv.gz"):
            yield replay(name, row["id"], row["hypothesis"].split(), row["reference"])


def read_sentences(folder: Path) -> Iterator[Replay]:
    for batch in batches(table(folder / "librispeech_test_clean_b1.tsv.gz")):
        words = " ".join(row["hypothesis"] for row in batch).split()
        yield replay("rnnt", speaker(batch[0]), words, " ".join(row["reference"] for row in batch))


def replay(recogniser: str, call: str, words: list[str], reference: str) -> Replay:
    edges = [*range(0, max(1, len(words) - PIECE // 2), PIECE), len(words)]
    errors, wrong = errors_of(words, edges, normalised(reference).split())
    return Replay(recogniser, call, words, edges, errors, wrong, Text(words, ["en"]))


def with_kind(of: Replay, kind: str) -> Replay:
    text = Text(of.words, ["en"], kind)
    return Replay(of.recogniser, of.call, of.words, of.edges, of.errors, of.wrong, text)


def errors_of(
    words: list[str], edges: list[int], said: list[str]
) -> tuple[Figures, NDArray[np.bool_]]:
    """Of each piece the words substituted, inserted, and left out after one of its words; and of
    each word whether one of the first two. Pieces are normalised each by itself, so that it is
    known whose words those are."""
    heard: list[str] = []
    owners: list[int] = []  # which word each belongs to
    for first, last in pairwise(edges):
        plain = normalised(" ".join(words[first:last])).split()
        heard += plain
        owners += _owners(plain, words, first, last)
    errors, wrong = np.zeros(len(words)), np.zeros(len(words), bool)
    for edit in Levenshtein.opcodes(heard, said):
        if edit.tag == "insert":
            errors[owners[max(0, edit.src_start - 1)]] += edit.dest_end - edit.dest_start
        elif edit.tag != "equal":
            own = owners[edit.src_start : edit.src_end]
            np.add.at(errors, own, 1)
            wrong[own] = True
    return np.add.reduceat(errors, edges[:-1]), wrong


def _owners(plain: list[str], words: list[str], first: int, last: int) -> list[int]:
    """Which of the words each normalised one comes from; numbers may be made of several."""
    single = [(part, at) for at in range(first, last) for part in normalised(words[at]).split()]
    owners, at = [], first
    for edit in Levenshtein.opcodes(plain, [part for part, _ in single]):
        for along in range(edit.src_end - edit.src_start):
            place = min(edit.dest_start + along, edit.dest_end - 1)
            at = max(at, single[place][1]) if edit.dest_end > edit.dest_start else at
            owners.append(at)
    return owners
