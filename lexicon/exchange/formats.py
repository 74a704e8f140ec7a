"""Terms in files: CSV, TSV, JSON and plain lists, read and written without loss. Pure.

docs/lexicon.md has the table of columns and the rules. What a file does not say of a term is not
in `Row.given`: there an import leaves a term as it is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from lexicon.exchange.columns import COLUMNS, HEADER, VERBATIM, Heard, said
from lexicon.exchange.decoding import Unreadable, json_items, text_of

FORMATS = ("csv", "tsv", "json", "txt")
# those that are written
TYPES = {"csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/json"}
# a spreadsheet program takes a cell that begins so for a formula; our apostrophe tells it not to
FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
DELIMITERS = {"csv": ",", "tsv": "\t"}
LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Row:
    """A term in a file, in line `line`. `api_key` as it stands there; `given` by column."""

    term: str
    language: str = ""
    api_key: str = ""
    alternatives: tuple[Heard, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Problem:
    """Why a line was not taken, or what is odd about it."""

    line: int
    message: str


@dataclass
class Read:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unit: str = "line"  # how what is numbered is called


# --- Reading -----------------------------------------------------------------------------------


def read(content: bytes, name: str = "", format: str = "") -> Read:
    """The terms of a file, and what is wrong with its other lines.

    `name` tells the format by its ending where `format` is empty; else the content does.
    Raises Unreadable where the file cannot be read at all.
    """
    text = text_of(content)
    found = Read()
    for line, cells in RECORDS[format or _format(text, name)](text):
        _take(found, line, cells)
    return found


def read_items(items: Iterable[Any]) -> Read:
    """The same of a JSON list that is parsed already; its rows are counted from 0."""
    found = Read(unit="row")
    for number, item in enumerate(items):
        _take(found, number, _object(item))
    return found


def _format(text: str, name: str) -> str:
    ending = PurePath(name).suffix.lower().lstrip(".")
    first = LINE.split(text, maxsplit=1)[0]
    if ending in ("csv", "tsv", "json"):
        return ending
    if ending == "jsonl" or (ending != "txt" and text.lstrip()[:1] in ("[", "{")):
        return "json"
    if "\t" in first:  # no term has one; Excel's “Unicode text” ends in .txt
        return "tsv"
    return "csv" if ending != "txt" and ("," in first or ";" in first) else "txt"


def _take(found: Read, line: int, cells: dict[str, Any] | str) -> None:
    """Add a record to what was read, as a row or as a problem."""
    if isinstance(cells, str):
        found.problems.append(Problem(line, cells))
        return
    values, wrong = {}, []
    for column, cell in cells.items():
        if _is_empty(column, cell):
            continue
        try:
            values[column] = COLUMNS[column](cell)
        except ValueError as error:
            wrong.append(said(column, error))
    if not wrong and not values.get("term"):
        wrong.append(f"There is no term in this {found.unit}.")
    if wrong:
        found.problems.append(Problem(line, " ".join(wrong)))
        return
    named = {key: values.pop(key) for key in ("term", "language", "api_key") if key in values}
    alternatives = values.pop("alternatives", ())
    found.rows.append(Row(**named, alternatives=alternatives, given=values, line=line))


def _is_empty(column: str, cell: Any) -> bool:
    """Then the file does not say it of the term."""
    if not isinstance(cell, str):
        return cell is None
    return not (cell if column in VERBATIM else cell.strip())


Records = Iterator[tuple[int, dict[str, Any] | str]]


def _lines(text: str) -> Records:
    for number, line in enumerate(LINE.split(text), 1):
        if line.strip():
            yield number, {"term": line}


def _objects(text: str) -> Records:
    for line, value in json_items(text):
        yield line, _object(value)


def _object(value: Any) -> dict[str, Any] | str:
    if isinstance(value, str):
        return {"term": value}
    if not isinstance(value, dict):
        return "This is neither a term nor an object with a “term”."
    if unknown := value.keys() - set(HEADER):
        return f"There is no column “{min(unknown)}”. Allowed: {', '.join(HEADER)}."
    return value


def _comma_separated(text: str) -> Records:
    first = next(csv.reader(io.StringIO(text, newline=""), delimiter=";"), [])
    yield from _table(text, ";" if len(first) > 1 and _is_header(first) else ",")


def _table(text: str, delimiter: str = "\t") -> Records:
    header: list[str] | None = None
    for line, cells in _records(text, delimiter):
        if not any(map(str.strip, cells)):
            continue
        if header is None:
            if _is_header(cells):
                header = _checked_header(cells)
                continue
            header = list(HEADER)
            _check_without_header(cells)
        if len(cells) > len(header) and any(cells[len(header) :]):
            told = f"This line has {len(cells)} cells for {len(header)} columns."
            yield line, f"{told} Put cells that hold a “{delimiter}” in double quotes."
        else:
            yield line, dict(zip(header, map(_unescaped, cells), strict=False))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in. Raises Unreadable."""
    csv.field_size_limit(10**8)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            f"From line {begins} on this file cannot be read ({error}). A double quote within a"
            " quoted cell is written twice, and each quoted cell needs a quote at its end."
        ) from None


def _name(cell: str) -> str:
    return re.sub(r"[\s\-]+", "_", cell.strip().lower())


def _is_header(cells: list[str]) -> bool:
    return "term" in map(_name, cells)


def _checked_header(cells: list[str]) -> list[str]:
    names = list(map(_name, cells))
    for name in names:
        if name not in HEADER:
            raise Unreadable(
                f"There is no column “{name}”. Rename it or take it out. Allowed:"
                f" {', '.join(HEADER)}."
            )
        if names.count(name) > 1:
            raise Unreadable(f"The column “{name}” is there twice.")
    return names


def _check_without_header(cells: list[str]) -> None:
    """Say at once, not in each line, where a table lacks its header."""
    try:
        for column, cell in zip(HEADER[1:], cells[1:], strict=False):
            if not _is_empty(column, cell):
                COLUMNS[column](_unescaped(cell))
    except ValueError as error:
        raise Unreadable(
            "The first line is no header, for none of its cells is “term”. Without one the columns"
            f" are {', '.join(HEADER)}; but then: {said(column, error)} Put a header line first."
        ) from None


def _unescaped(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell


RECORDS: dict[str, Callable[[str], Records]] = {
    "csv": _comma_separated, "tsv": _table, "json": _objects, "txt": _lines
}  # fmt: skip


# --- Writing -----------------------------------------------------------------------------------


def written(rows: Iterable[Row], format: str) -> Iterator[str]:
    """The file, piece by piece. `given` must have all columns that rows do not hold themselves."""
    return _json_file(rows) if format == "json" else _table_file(rows, DELIMITERS[format])


def _cells(row: Row) -> dict[str, Any]:
    alternatives = [vars(each) for each in row.alternatives]
    own = {"term": row.term, "language": row.language, "api_key": row.api_key}
    values = row.given | own | {"alternatives": alternatives}
    return {column: values[column] for column in HEADER}


def _table_file(rows: Iterable[Row], delimiter: str) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow(map(as_cell, _cells(row).values()))
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def as_cell(value: Any) -> str:
    """What stands in a table for it, which no spreadsheet program takes for a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and FORMULA.match(text) else text


def _json_file(rows: Iterable[Row]) -> Iterator[str]:
    mark = "[\n"
    for row in rows:
        yield mark + json.dumps(_cells(row), ensure_ascii=False, default=datetime.isoformat)
        mark = ",\n"
    yield "\n]\n" if mark == ",\n" else "[]\n"
