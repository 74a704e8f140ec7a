import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lexicon.evaluating import Count, count, indexed
from lexicon.management.tables import Row, lines, positive, rows
from lexicon.matching import Compiled, Entry, Passage, compile_lexicon, match, rewritten

Terms = tuple[str, ...]

REQUIRED = ("id", "reference", "hypothesis")
REQUIRED_ALONE = (*REQUIRED, "terms_json (or give the terms by --terms)")
SEGMENT_WORDS = 500  # a line of more words is a recording of its own
RECORDING_WORDS = 10_000  # over an hour of speech
TITLES = {
    "wer": "WER",
    "u_wer": "U-WER (outside the terms)",
    "b_wer": "B-WER (words of terms)",
    "term_recall": "term recall",
}


@dataclass(frozen=True)
class Pair:
    id: str
    reference: str
    hypothesis: str
    terms: Terms  # the lexicon to correct with
    scored: Terms


class Command(BaseCommand):
    help = "Correct recognised texts with a lexicon, and tell by their references what it did."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "pairs",
            type=Path,
            help="tab-separated, or that in gzip, with a header line: id, reference, hypothesis; "
            "where wanted terms_json (the lexicon of that line) and scored_terms_json (the terms "
            "that count for U-WER, B-WER and recall; without it, the lexicon), JSON arrays",
        )
        parser.add_argument(
            "--terms",
            type=Path,
            help="one lexicon for all lines, in place of terms_json: a term a line",
        )
        parser.add_argument(
            "--normalise",
            choices=("none", "english"),
            default="none",
            help="of texts and terms before scoring; english as Whisper's authors do: without case "
            "and punctuation, numbers in digits",
        )
        parser.add_argument("--limit", type=positive, metavar="N", help="only the first N lines")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")
        parser.add_argument(
            "--output", type=Path, metavar="TSV", help="write id and corrected text of each line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shared = _read_terms(options["terms"]) if options["terms"] else None
        pairs = list(_read_pairs(options["pairs"], shared, options["limit"]))
        if not pairs:
            raise CommandError(f"{options['pairs']} has no lines after its header.")
        output = _free(options["output"], options["pairs"])
        corrected, edits, seconds = _corrected(pairs)
        if output:
            _write(output, pairs, corrected)
        before, after = _scored(pairs, corrected, _normaliser(options["normalise"]))
        report = {
            "utterances": len(pairs),
            "words": before.words,
            "before": before.rates(),
            "after": after.rates(),
            "edits": edits,
            "seconds": round(seconds, 3),
        }
        self.stdout.write(json.dumps(report) if options["json"] else _table(report))


def _corrected(pairs: list[Pair]) -> tuple[list[str], int, float]:
    """The hypotheses as corrected, how many changes that took, and the seconds of it."""
    compiled = lru_cache(maxsize=8)(_compiled)  # the same list often serves line after line
    texts, edits = [], 0
    started = time.perf_counter()
    for recording in recordings(pairs):
        passages = [Passage(pair.hypothesis) for pair in recording]
        found = match(passages, compiled(recording[0].terms))
        for passage, replacements in zip(passages, found, strict=True):
            texts.append(rewritten(passage.text, replacements))
            edits += sum(each.applied and each.before != each.after for each in replacements)
    return texts, edits, time.perf_counter() - started


def recordings(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """Short lines that follow each other and have the same terms are read together, as the
    segments of a recording are, until there are RECORDING_WORDS of them."""
    recording: list[Pair] = []
    words = longest = 0
    for pair in pairs:
        more = len(pair.hypothesis.split())
        words, longest = words + more, max(longest, more)
        full = words > RECORDING_WORDS or longest > SEGMENT_WORDS
        if recording and (full or pair.terms != recording[0].terms):
            yield recording
            recording, words, longest = [], more, more
        recording.append(pair)
    if recording:
        yield recording


def _compiled(terms: Terms) -> Compiled:
    return compile_lexicon(Entry(id, term) for id, term in enumerate(terms, 1))


def _scored(
    pairs: list[Pair], corrected: list[str], normalise: Callable[[str], str]
) -> tuple[Count, Count]:
    normalise_term = cache(normalise)
    index = lru_cache(maxsize=8)(lambda terms: indexed(map(normalise_term, terms)))
    before = after = Count()
    for pair, text in zip(pairs, corrected, strict=True):
        terms = index(pair.scored)
        reference = normalise(pair.reference)
        unchanged = count(reference, normalise(pair.hypothesis), terms)
        before += unchanged
        if text == pair.hypothesis:
            after += unchanged
        else:
            after += count(reference, normalise(text), terms)
    return before, after


def _normaliser(name: str) -> Callable[[str], str]:
    if name == "none":
        return str
    from whisper_normalizer.english import (
        EnglishTextNormalizer,
    )

    return EnglishTextNormalizer()


def _table(report: dict[str, Any]) -> str:
    def cell(rate: float | None) -> str:
        return f"{'-' if rate is None else f'{rate:.2f}':>8}"

    lines = [f"{'%':<26}{'before':>8}{'after':>8}"]
    for key, title in TITLES.items():
        lines.append(f"{title:<26}{cell(report['before'][key])}{cell(report['after'][key])}")
    lines.append(
        f"{report['utterances']:,} lines, {report['words']:,} words, "
        f"{report['edits']:,} edits in {report['seconds']:.1f} s"
    )
    return "\n".join(lines)


def _read_terms(path: Path) -> Terms:
    terms = []
    for number, line in lines(path):
        if "\t" in line:
            raise CommandError(f"Line {number} of {path} has a tab: write one term a line.")
        terms.append(" ".join(line.split()))
    if not any(terms):
        raise CommandError(f"{path} has no terms.")
    return tuple(dict.fromkeys(filter(None, terms)))


def _read_pairs(path: Path, shared: Terms | None, limit: int | None) -> Iterator[Pair]:
    for row in rows(path, REQUIRED if shared is not None else REQUIRED_ALONE, limit):
        cells = row.cells
        terms = shared if shared is not None else _terms(row, "terms_json")
        scored = _terms(row, "scored_terms_json") if "scored_terms_json" in cells else terms
        yield Pair(cells["id"], cells["reference"], cells["hypothesis"], terms, scored)


def _terms(row: Row, column: str) -> Terms:
    found = (" ".join(term.split()) for term in row.listed(column))
    return tuple(dict.fromkeys(filter(None, found)))


def _free(path: Path | None, source: Path) -> Path | None:
    """Where the output goes; looked at before the work, not after it."""
    if path is None:
        return None
    path = path.resolve()
    if not path.parent.is_dir():
        raise CommandError(f"--output: there is no folder {path.parent}.")
    try:
        taken = path.exists() and (not path.is_file() or path.samefile(source))
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from None
    if taken:
        raise CommandError(f"--output: {path} is in the way. Name a new file.")
    return path


def _write(path: Path, pairs: list[Pair], corrected: list[str]) -> None:
    """The file has its name only once all of it is written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write("id\thypothesis\n")
            for pair, text in zip(pairs, corrected, strict=True):
                stream.write(f"{pair.id}\t{text}\n")
        part.replace(path)
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror or error}.") from None
    finally:
        part.unlink(missing_ok=True)
