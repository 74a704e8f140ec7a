import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from feedback.mining import SURE
from feedback.normalisers import BASIC, NORMALISERS
from feedback.replaying import Options, Replayed, replay_halves, replay_in_order
from lexicon.management.tables import lines, rows
from lexicon.matching import frequency


class Command(BaseCommand):
    help = (
        "Play reviewing over recognised texts whose references are known: a first part is reviewed"
        " and mined, and the rest corrected by what that taught."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "pairs",
            type=Path,
            nargs="+",
            help="tab-separated, or that in gzip, with a header line: id, reference, hypothesis;"
            " each line is a recording",
        )
        parser.add_argument(
            "--terms",
            type=Path,
            help="a term a line: those whose errors are counted; without it, those that were"
            " learned",
        )
        parser.add_argument(
            "--part", type=share, default=0.5, help="of each recording that is reviewed (0.5)"
        )
        parser.add_argument(
            "--in-order",
            action="store_true",
            help="review whole recordings instead: each is corrected by what two or more"
            " before it taught",
        )
        parser.add_argument(
            "--accept",
            type=share,
            default=SURE,
            help=f"confidence from which on a lesson is taken without a curator ({SURE})",
        )
        parser.add_argument(
            "--normalise",
            choices=sorted(NORMALISERS),
            help="how texts are made alike before errors are counted (english where they are"
            f" English, else {BASIC})",
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        documents = [
            (row.cells["hypothesis"], row.cells["reference"])
            for path in options["pairs"]
            for row in rows(path, ("id", "reference", "hypothesis"))
        ]
        if len(documents) <= options["in_order"]:
            raise CommandError("There are too few recordings: to learn in order takes two.")
        wishes = Options(
            NORMALISERS[options["normalise"] or _usual(documents)],
            [line for _, line in lines(options["terms"])] if options["terms"] else (),
            options["part"],
            options["accept"],
        )
        play = replay_in_order if options["in_order"] else replay_halves
        began = time.perf_counter()
        report = _report(sum(play(documents, wishes), Replayed()))
        report["seconds"] = round(time.perf_counter() - began, 1)
        text = json.dumps(report)
        if not options["json"]:
            text = "\n".join(
                f"{name.replace('_', ' '):<20}{value}" for name, value in report.items()
            )
        self.stdout.write(text)


def _usual(documents: Sequence[tuple[str, str]]) -> str:
    words = " ".join(right for _, right in documents)[:100_000].lower().split()
    return "english" if frequency.covered(words, ("en",)) else BASIC


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 < value < 1:
        raise ArgumentTypeError(f"{text} is no number between 0 and 1, such as 0.5")
    return value


def _report(found: Replayed) -> dict[str, Any]:
    """Shares are of 1, error rates in percent."""
    return {
        "documents": found.documents,
        "term_errors": found.term_errors,
        "learnable_errors": found.learnable,
        "fixed": found.fixed,
        "fixed_share": round(found.fixed / found.learnable, 3) if found.learnable else None,
        "wer_before": _percent(found.errors_before, found.words),
        "wer_after": _percent(found.errors_after, found.words),
        "false_edits": found.false_edits,
        "terms_learned": found.terms_learned,
        "right_edits": found.right_edits,
        "neutral_edits": found.neutral_edits,
        "terms_broken": found.broken,
        "words": found.words,
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
