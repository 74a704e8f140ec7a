"""A transcript as a table: one row for each segment. Pure."""

from __future__ import annotations

import csv
import io

from lexicon.exchange.formats import as_cell
from transcription.exporting.document import NOT_TRANSCRIBED, Document, Options, timestamp

HEADER = ("number", "start", "end", "speaker", "language", "text", "engine_text", "accepted")


def comma_separated(document: Document, _options: Options) -> bytes:
    """UTF-8 with a byte order mark, without which spreadsheet programs take it for something
    else; what they would take for a formula has an apostrophe before it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADER)
    for passage in document.passages:
        row = (
            passage.number,
            timestamp(passage.start_ms),
            timestamp(passage.end_ms),
            passage.speaker,
            passage.language,
            NOT_TRANSCRIBED if passage.gap else passage.text,
            passage.engine_text,
            passage.accepted,
        )
        writer.writerow(map(as_cell, row))
    return buffer.getvalue().encode("utf-8-sig")
