"""Trains the weights of lexicon/matching/judging.py, and writes lexicon/data/weights.json.

    python -m benchmarks.train_lexicon_matching FOLDER

FOLDER holds recognisers' real output with references: librispeech_test_clean_{b1,b2}.tsv.gz,
librispeech_test_clean_union_terms.txt, earnings21/{google,amazon,rev_kaldi}.tsv.gz and
earnings21/terms_distractor.txt (columns as `manage.py evaluate_lexicon` takes them).

Beside them stand texts that teach restraint: the references themselves, in which nothing is to be
corrected, and recognisers' texts with half or most of their errors mended, as a better recogniser
would have written them. Each pair of words heard and a term counts as right as often as putting
the term in brings the text nearer to the reference, and the reference has the term there; where it
leaves the text as far from it, a wrong word in the place of another, it counts less than where it
does harm.

The figures printed, one JSON line, are of cross-validation by speaker and by call, for each set:
number and precision of what would be applied and suggested, and the error rates before and after.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from benchmarks.lexicon_matching import made_up
from lexicon import tokens
from lexicon.evaluating import Count, count, indexed
from lexicon.matching import (
    Compiled,
    Entry,
    Passage,
    compile_lexicon,
    deciding,
    documents,
    judging,
    rewritten,
)
from lexicon.matching.evidence import Evidence
from lexicon.matching.searching import Search, search_in

Figures = NDArray[np.float32]
Model = Callable[[Figures], Figures]

FOLDS = 5
AROUND = 4  # words on each side of a change that are held against the reference
BATCH_WORDS = 10_000  # utterances with one lexicon, read together as the segments of a recording
RIDGE = 2.0
MOST_TIMES = 4  # that one pair counts, however often its words stand in a text
NEUTRAL = 0.5  # what a change counts that does no harm and no good
# of sets, 1 where nothing is said; then, of those with strangers' terms
WEIGHTS = {"b1": 1.5, "b2": 1.5, "union": 2, "google 100% mended": 2}
STRANGERS = ("call, few strangers", "call, words of books", "call, strangers",
             "book, names of business", "book, strangers", "sentence, strangers")  # fmt: skip
STRANGERS_WEIGHT = 0.3


@dataclass
class Labels:
    """Of each pair: in how many places its words stand, and in how many of them the term is right,
    or does harm; in the others a wrong word takes the place of another."""

    places: Figures
    good: Figures
    bad: Figures

    def take(self, rows: NDArray[np.intp]) -> Labels:
        return Labels(self.places[rows], self.good[rows], self.bad[rows])

    def counted(self) -> Figures:
        return self.good + self.bad + NEUTRAL * (self.places - self.good - self.bad)


@dataclass
class Example:
    """A text, its reference, and what the lexicon's search found in it."""

    set: str
    group: str
    texts: list[str]
    said: list[str]  # the words of the reference
    search: Search
    likely: Evidence
    labels: Labels
    first: Figures  # judging.first_figures
    second: Figures = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def fold(self) -> int:
        return zlib.crc32(self.group.encode()) % FOLDS

    @property
    def right(self) -> Figures:
        return self.labels.good / self.labels.counted()

    @property
    def weight(self) -> Figures:
        often = np.minimum(1, MOST_TIMES / self.labels.places)
        of_set = STRANGERS_WEIGHT if self.set in STRANGERS else WEIGHTS.get(self.set, 1)
        return self.labels.counted() * often * of_set

    def take(self, rows: NDArray[np.intp]) -> None:
        self.likely, self.labels = self.likely.take(rows), self.labels.take(rows)
        self.first = self.first[rows]


def main() -> None:
    started = time.perf_counter()
    examples = [example for example in read(Path(sys.argv[1])) if len(example.first)]
    first = fit([e.first for e in examples], examples)
    for example in examples:  # as the product will, before the second regression
        example.take(np.flatnonzero(first.model(example.first) >= judging.WORTH_A_SECOND_LOOK))
    first = fit([e.first for e in examples], examples)
    for example, scores in zip(examples, validated(examples, "first"), strict=True):
        more = judging.second_figures(example.search, example.likely, scores)
        example.second = np.concatenate([example.first, more], axis=1)
    probable = validated(examples, "second")
    second = fit([e.second for e in examples], examples)
    weights = {
        "first": first.named(judging.FIRST),
        "second": second.named(judging.SECOND),
    }
    judging.WEIGHTS_FILE.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    report = {
        name: precision(examples, probable, name) | rates(examples, probable, name)
        for name in sorted({e.set for e in examples})
    }
    print(json.dumps({"seconds": round(time.perf_counter() - started), "sets": report}))


# --- Data -----------------------------------------------------------------------------------------


def read(folder: Path) -> Iterator[Example]:
    union = compiled((folder / "librispeech_test_clean_union_terms.txt").read_text().splitlines())
    for name in ("b1", "b2"):
        rows = table(folder / f"librispeech_test_clean_{name}.tsv.gz")
        for row in rows:
            own = compiled(json.loads(row["terms_json"]))
            yield example(name, speaker(row), [row["hypothesis"]], row["reference"], own)
        if name == "b1":
            for batch in batches(rows):
                texts = [row["hypothesis"] for row in batch]
                reference = " ".join(row["reference"] for row in batch)
                yield example("union", speaker(batch[0]), texts, reference, union)
    calls = folder / "earnings21"
    everyone = compiled((calls / "terms_distractor.txt").read_text().splitlines())
    for name, mended in (
        ("google", 0.0), ("amazon", 0.0), ("rev_kaldi", 0.0),
        ("amazon", 0.5), ("google", 0.8), ("google", 1.0),
    ):  # fmt: skip
        for row in table(calls / f"{name}.tsv.gz"):
            label = f"{name} {mended:.0%} mended" if mended else name
            text = better(row, mended) if mended else row["hypothesis"]
            yield example(label, row["id"], [text], row["reference"], everyone)
    yield from strangers(folder)


def strangers(folder: Path) -> Iterator[Example]:
    """Texts with the terms of others, which cannot be right, and with few of their own."""
    calls = folder / "earnings21"
    business = (calls / "terms_distractor.txt").read_text().splitlines()
    words = (folder / "librispeech_test_clean_union_terms.txt").read_text().splitlines()
    chance = random.Random(1)
    invented = list(made_up(4_000, chance))
    for row in table(calls / "google.tsv.gz"):
        said = f" {' '.join(tokens.split(row['reference']))} "
        own = [term for term in business if f" {' '.join(tokens.split(term))} " in said]
        others = [term for term in words if f" {term} " not in said]
        few = chance.sample(own, min(15, len(own))) + chance.sample(business, 100)
        for label, terms in (
            ("call, few terms", list(dict.fromkeys(few))),
            ("call, few strangers", chance.sample(invented, 150)),
            ("call, words of books", others),
            ("call, some and strangers", own + chance.sample(invented, 1_500)),
        ):
            yield example(label, row["id"], [row["hypothesis"]], row["reference"], compiled(terms))
    lists = {size: compiled(chance.sample(invented, size)) for size in (100, 1_000, 4_000)}
    for row in table(calls / "rev_kaldi.tsv.gz"):
        lexicon = lists[4_000]
        yield example("call, strangers", row["id"], [row["hypothesis"]], row["reference"], lexicon)
    rows = table(folder / "librispeech_test_clean_b2.tsv.gz")
    names = compiled([term for term in business if " " in term])
    for number, batch in enumerate(batches(rows)):
        texts = [row["hypothesis"] for row in batch]
        reference = " ".join(row["reference"] for row in batch)
        who = speaker(batch[0])
        yield example("book, names of business", who, texts, reference, names)
        yield example(
            "book, strangers", who, texts, reference, lists[(100, 1_000, 4_000)[number % 3]]
        )
    for row in rows[::4]:
        texts = [row["hypothesis"]]
        yield example("sentence, strangers", speaker(row), texts, row["reference"], lists[100])


def table(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def speaker(row: dict[str, str]) -> str:
    return row["id"].partition("-")[0]


def compiled(terms: Sequence[str]) -> Compiled:
    return compile_lexicon(Entry(number, term) for number, term in enumerate(terms))


def batches(rows: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    batch: list[dict[str, str]] = []
    for row in rows:
        batch.append(row)
        if sum(len(each["hypothesis"].split()) for each in batch) >= BATCH_WORDS:
            yield batch
            batch = []
    if batch:
        yield batch


def better(row: dict[str, str], share: float) -> str:
    """The hypothesis with this share of its errors mended."""
    chance = random.Random(row["id"])
    heard, said = tokens.split(row["hypothesis"]), tokens.split(row["reference"])
    words: list[str] = []
    for edit in Levenshtein.opcodes(heard, said):
        keep = edit.tag == "equal" or chance.random() > share
        words += (
            heard[edit.src_start : edit.src_end] if keep else said[edit.dest_start : edit.dest_end]
        )
    return " ".join(words)


def example(name: str, group: str, texts: list[str], reference: str, lexicon: Compiled) -> Example:
    search = search_in(documents.read(texts, lexicon, ("en",)), lexicon)
    said = tokens.split(reference)
    first = judging.first_figures(search.likely)
    return Example(name, group, texts, said, search, search.likely, labels(search, said), first)


def labels(search: Search, said: list[str]) -> Labels:
    some, heard = search.likely.pairs, search.document.words
    names = {number: word for word, number in search.lexicon.numbers.items()}
    places = boundaries(heard, said)
    number, good, bad = np.zeros((3, len(some)), np.float32)
    starts, _, stemmed = search.windows.spans
    for row in range(len(some)):
        first, words = some.before[row], some.term_words[row]
        numbers = search.lexicon.words[some.entry[row]][first : first + words]
        term = [names[number] for number in numbers.tolist()]
        spans = search.windows.where(some.window[row])[:12]
        for span in spans:
            begin = int(starts[span] + first)
            end = begin + int(some.heard_words[row])
            owning = stemmed[span] and not some.after[row]
            meant = [*term[:-1], term[-1] + documents.POSSESSIVE] if owning else term
            nearer, there = mends(heard, said, places, begin, end, meant)
            good[row] += there and nearer > 0
            bad[row] += nearer < 0
        number[row] = len(spans)
    return Labels(number, good, bad)


def boundaries(heard: list[str], said: list[str]) -> list[int]:
    """For each place between words heard the place in what was said."""
    places = [0] * (len(heard) + 1)
    for edit in Levenshtein.opcodes(heard, said):
        for at in range(edit.src_start, edit.src_end + 1):
            along = at - edit.src_start
            if edit.tag == "equal" or at < edit.src_end:
                places[at] = min(edit.dest_start + along, edit.dest_end)
            else:
                places[at] = edit.dest_end
    places[len(heard)] = len(said)
    return places


def mends(
    heard: list[str], said: list[str], places: list[int], begin: int, end: int, meant: list[str]
) -> tuple[int, bool]:
    """By how many words the text comes nearer to the reference, and whether that has the term."""
    first, last = max(0, begin - AROUND), min(len(heard), end + AROUND)
    truth = said[max(0, places[first] - 1) : places[last] + 1]
    there = any(truth[at : at + len(meant)] == meant for at in range(len(truth)))
    before, after = heard[first:begin], heard[end:last]
    mended = Levenshtein.distance(before + meant + after, truth)
    return Levenshtein.distance(heard[first:last], truth) - mended, there


# --- Regression -----------------------------------------------------------------------------------


@dataclass
class Fitted:
    weights: NDArray[np.float64]
    bias: float

    def model(self, figures: Figures) -> Figures:
        return judging.logistic(figures, self.weights.astype(np.float32), self.bias)

    def named(self, names: Sequence[str]) -> dict[str, float]:
        rounded = (round(float(weight), 4) for weight in self.weights)
        return {"bias": round(self.bias, 4)} | dict(zip(names, rounded, strict=True))


def fit(figures: list[Figures], examples: list[Example]) -> Fitted:
    """Logistic regression with a ridge, by Newton's method with halved steps."""
    x = np.concatenate(figures).astype(np.float64)
    y = np.concatenate([example.right for example in examples])
    w = np.concatenate([example.weight for example in examples])
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.concatenate([np.ones((len(x), 1)), (x - middle) / spread], axis=1).astype(np.float32)
    ridge = np.diag([1e-3] + [RIDGE] * x.shape[1])
    at = np.array([-5.0] + [0.0] * x.shape[1])

    def loss(at: NDArray[np.float64]) -> float:
        odds = (z @ at.astype(np.float32)).astype(np.float64)
        return float((w * (np.logaddexp(0, odds) - y * odds)).sum() + 0.5 * at @ ridge @ at)

    now = loss(at)
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(z @ at.astype(np.float32), -30, 30)))
        slope = (z.T @ (w * (y - p)).astype(np.float32)).astype(np.float64) - ridge @ at
        bend = ((z * (w * p * (1 - p) + 1e-7).astype(np.float32)[:, None]).T @ z) + ridge
        step = np.linalg.solve(bend.astype(np.float64), slope)
        while (then := loss(at + step)) > now and np.abs(step).max() > 1e-5:
            step /= 2
        at, gain, now = at + step, now - then, then
        if gain < 1e-5 * abs(now):
            break
    weights = at[1:] / spread
    return Fitted(weights, float(at[0] - weights @ middle))


def validated(examples: list[Example], which: str) -> list[Figures]:
    """Probabilities of each pair by a regression that has not seen its speaker or call."""
    models = {}
    for fold in range(FOLDS):
        others = [example for example in examples if example.fold != fold]
        models[fold] = fit([getattr(example, which) for example in others], others)
    return [models[example.fold].model(getattr(example, which)) for example in examples]


def precision(examples: list[Example], scores: list[Figures], name: str) -> dict[str, float]:
    """Of the places of a set: how many would be changed and have suggestions, and the share that
    is right. Of several terms for the same words only the best counts."""
    counts = {"applied": [0.0, 0.0], "suggested": [0.0, 0.0]}
    for example, score in zip(examples, scores, strict=True):
        if example.set != name:
            continue
        best: set[int] = set()
        least = judging.apply_from(example.likely)
        for row in np.argsort(-score):
            window = int(example.likely.pairs.window[row])
            if score[row] < judging.SUGGEST or window in best:
                continue
            best.add(window)
            kind = "applied" if score[row] >= least[row] else "suggested"
            counts[kind][0] += example.labels.places[row]
            counts[kind][1] += example.labels.good[row]
    return {
        f"{kind}_{what}": round(float(value), 3)
        for kind, (count, good) in counts.items()
        for what, value in (("count", count), ("precision", good / max(count, 1)))
    }


def rates(examples: list[Example], scores: list[Figures], name: str) -> dict[str, Any]:
    """The error rates of a set before and after, as lexicon/evaluating.py counts them; of texts in
    which there is nothing to find nothing is counted."""
    before = after = Count()
    for example, score in zip(examples, scores, strict=True):
        if example.set != name:
            continue
        terms = indexed(plain(entry.text) for entry in example.search.lexicon.entries)
        passages = [Passage(text) for text in example.texts]
        found = deciding.decided(passages, example.search, example.likely, score)
        texts = [rewritten(text, each) for text, each in zip(example.texts, found, strict=True)]
        said = " ".join(example.said)
        before += count(said, plain(" ".join(example.texts)), terms)
        after += count(said, plain(" ".join(texts)), terms)
    return {"before": before.rates(), "after": after.rates()}


def plain(text: str) -> str:
    return " ".join(tokens.split(text))


if __name__ == "__main__":
    main()
