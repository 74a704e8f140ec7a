"""What each guard of the lexicon's matching gives: the same texts with one of them taken away.

    python -m benchmarks.lexicon_guards FOLDER

FOLDER as for benchmarks.train_lexicon_matching. The weights stay as they are: what is shown is how
much the shipped matching leans on each guard, not what could be made of the rest. Prints one JSON
line: for each guard and set WER, U-WER, B-WER, how many points of term recall are gained, and the
edits; the references themselves as hypotheses ("right") must stay as they are.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from lexicon.evaluating import Count, Terms, count, indexed
from lexicon.matching import (
    Compiled,
    Entry,
    Passage,
    compile_lexicon,
    deciding,
    judging,
    match,
    pairs,
    rewritten,
    searching,
)
from lexicon.matching.evidence import NAMES, Evidence
from lexicon.matching.searching import Found, Search

normalise = EnglishTextNormalizer()
COMMONNESS = [
    at for at, name in enumerate(NAMES) if name.startswith(("heard_", "term_", "less_", "rarer"))
]
RIVALRY = [NAMES.index(name) for name in ("rank", "rivals", "margin")]


def main() -> None:
    folder = Path(sys.argv[1]) / "earnings21"
    terms = (folder / "terms_distractor.txt").read_text(encoding="utf-8").splitlines()
    lexicon = compile_lexicon(Entry(number, term) for number, term in enumerate(terms))
    scored = indexed(map(normalise, terms))
    sets = {name: list(texts(folder / f"{name}.tsv.gz")) for name in ("google", "rev_kaldi")}
    sets["right"] = [(reference, reference) for reference, _ in sets["google"]]
    report = {
        guard: {name: figures(rows, lexicon, scored, without) for name, rows in sets.items()}
        for guard, without in guards().items()
    }
    print(json.dumps(report))


def texts(path: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
        for line in file:
            row = dict(zip(names, line.rstrip("\n").split("\t"), strict=True))
            yield row["reference"], row["hypothesis"]


def figures(
    rows: list[tuple[str, str]],
    lexicon: Compiled,
    scored: Terms,
    without: AbstractContextManager[Any],
) -> dict[str, Any]:
    before = after = Count()
    edits = 0
    with without:
        for reference, heard in rows:
            [found] = match([Passage(heard)], lexicon)
            edits += sum(each.applied for each in found)
            truth = normalise(reference)
            before += count(truth, normalise(heard), scored)
            after += count(truth, normalise(rewritten(heard, found)), scored)
    gained = round((after.term_recall or 0) - (before.term_recall or 0), 2)
    return {"wer": after.wer, "u_wer": after.u_wer, "b_wer": after.b_wer, "gained": gained,
            "edits": edits}  # fmt: skip


def guards() -> dict[str, AbstractContextManager[Any]]:
    return {
        "all": nullcontext(),
        "without vetoes": Again(patch.object(deciding, "_vetoed", lambda *_: False)),
        "without the document": Again(patch.object(judging, "judged", by_themselves)),
        "without the words around": Again(patch.object(judging, "fits", unknown)),
        "without the words beside": Again(patch.object(pairs, "_anchored", nowhere)),
        "without how complete the list is": Again(levelled([NAMES.index("listed")])),
        "without how common words are": Again(levelled(COMMONNESS)),
        "without rivals": Again(levelled(RIVALRY)),
        "without leaving terms that stand": Again(patch.object(searching, "_exact", nothing)),
    }


class Again(ExitStack):
    """A patch that can be put on more than once."""

    def __init__(self, patched: Any) -> None:
        super().__init__()
        self.patched = patched

    def __enter__(self) -> Again:
        self.enter_context(self.patched)
        return self


def by_themselves(search: Search) -> tuple[Evidence, judging.Figures]:
    known = judging.weights()
    first = judging.first_figures(search.likely)
    return search.likely, judging.logistic(first, known.first, known.first_bias)


def levelled(columns: list[int]) -> Any:
    """The figures of these columns as they are on average among a document's pairs."""
    plain = searching.evidence

    def level(*given: Any) -> Evidence:
        likely = plain(*given)
        if len(likely.figures):
            likely.figures[:, columns] = np.mean(likely.figures[:, columns], axis=0)
        return likely

    return patch.object(searching, "evidence", level)


def unknown(document: Any, found: Any, lexicon: Any, some: pairs.Pairs) -> judging.Figures:
    return np.zeros((len(some), 2), np.float32)


def nowhere(*_: Any) -> tuple[pairs.Whole, pairs.Whole]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def nothing(*_: Any) -> list[Found]:
    return []


if __name__ == "__main__":
    main()
