"""Word error rate of real clips through the whole product, with the engine that is configured.

    python -m benchmarks.clips FOLDER [--model pocketsphinx] [--normaliser basic]

FOLDER holds clips and their `refs.tsv` (file, lang, ref). Each clip is uploaded with its language
as the one expected; speakers on channels of their own are put one after the other, as in the
reference. Prints a line of JSON: for each clip its words, errors and WER, or why it was refused,
and the WER over all words. By "basic" case and punctuation do not count; "english" is Whisper's
normaliser, in which engines are mostly compared (feedback/normalisers.py).
"""

import csv
import json
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from benchmarks.product import product
from feedback.normalisers import BASIC, NORMALISERS

SIDES = re.compile(r"LEFT: (.*) RIGHT: (.*)")


def heard(path: Path, model: str, language: str) -> Any:
    """The finished job of one clip. Raises JobRefused."""
    from django.core.files.base import File

    from transcription import inline
    from transcription.services import create_job

    with inline.workers():
        with path.open("rb") as stream:
            job = create_job(
                File(stream, name=str(path)), source="command", model=model, languages=[language]
            )
        inline.wait(job, lambda job: None)
    return job


def scored(path: Path, model: str, row: dict[str, str], normaliser: str) -> dict[str, Any]:
    from feedback.scoring import score
    from transcription.services import JobRefused

    about = {"file": row["file"], "language": row["lang"]}
    try:
        job = heard(path, model, row["lang"])
    except JobRefused as error:
        return about | {"refused": error.message}
    segments = job.segments.filter(retired_at=None).order_by("speaker", "position")
    text = " ".join(segments.values_list("text", flat=True))
    sides = SIDES.match(row["ref"])
    found = score(" ".join(sides.groups()) if sides else row["ref"], text, normaliser)
    return about | {
        "words": found.reference_words,
        "errors": found.word_errors,
        "wer": round(found.wer, 3),
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="clips with their refs.tsv")
    parser.add_argument("--model", default="pocketsphinx")
    parser.add_argument("--normaliser", default=BASIC, choices=NORMALISERS)
    options = parser.parse_args()
    with (options.folder / "refs.tsv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    with product():
        clips = [
            scored(options.folder / row["file"], options.model, row, options.normaliser)
            for row in rows
        ]
    words, errors = (sum(clip.get(name, 0) for clip in clips) for name in ("words", "errors"))
    wer = round(errors / words, 3) if words else None
    print(
        json.dumps(
            {"model": options.model, "normaliser": options.normaliser, "clips": clips, "wer": wer}
        )
    )


if __name__ == "__main__":
    main()
