"""Tab-separated files for evaluations: UTF-8, or that in gzip; a header line; no quoting."""

import gzip
import json
import zlib
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from django.core.management.base import CommandError

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    where: str  # for people
    cells: dict[str, str]

    def listed(self, column: str) -> tuple[str, ...]:
        """The texts of a JSON column; an empty cell has none."""
        try:
            found = json.loads(self.cells[column] or "[]")
            if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
                raise ValueError("that is no list of texts")
            "".join(found).encode()  # half a surrogate pair could not be written again
        except (ValueError, RecursionError) as error:
            raise CommandError(
                f'{self.where}: {column} is to be a JSON array such as ["one term", "another"]'
                f" ({error})."
            ) from None
        return tuple(found)


def rows(path: Path, required: Sequence[str], limit: int | None = None) -> Iterator[Row]:
    """The lines after the header, which names the columns; `required` may have a remark behind a
    column's name. CommandError for what cannot be read."""
    read = lines(path)
    number, header = next(read, (1, ""))
    columns = header.split("\t")
    missing = [column for column in required if column.split()[0] not in columns]
    if missing:
        raise CommandError(
            f"Line {number} of {path} has to name the columns, apart by tabs. Missing: "
            f"{', '.join(missing)}."
        )
    for count, (number, line) in enumerate(read):
        if count == limit:
            return
        where, cells = f"Line {number} of {path}", line.split("\t")
        if len(cells) != len(columns):
            raise CommandError(f"{where} has {len(cells)} columns, its header {len(columns)}.")
        yield Row(where, dict(zip(columns, cells, strict=True)))


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers, of a text or of a text in gzip."""
    try:
        with path.open("rb") as plain:
            zipped = plain.peek(len(GZIP)).startswith(GZIP)
            stream = gzip.GzipFile(fileobj=plain) if zipped else plain
            for number, line in enumerate(stream, 1):
                text = line.removeprefix(BOM if number == 1 else b"").rstrip(b"\r\n").decode()
                if text:
                    yield number, text
    except UnicodeDecodeError:
        raise CommandError(f"Line {number} of {path} is not UTF-8.") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"Cannot read {path}: {reason}.") from None


def positive(text: str) -> int:
    """For arguments."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("at least 1")
    return number
