"""Bytes of a file as text, and JSON with the lines that its items stand in. Pure."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

BLANKS = re.compile(r"[ \t\r\n]*")
# a list, by itself or as the "terms" of an object
OPENING = re.compile(r'\s*(\{\s*"terms"\s*:\s*)?\[')


class Unreadable(Exception):
    """The file cannot be taken at all; the message says why and what to do."""


def text_of(content: bytes) -> str:
    """UTF-8, or UTF-16 where its mark or its zeros show it. Raises Unreadable."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Unreadable("This file is in UTF-32. Save it as UTF-8 and try again.")
    encoding = _encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"Line {line} is not {encoding.removesuffix('-sig').upper()}. Save the file as UTF-8"
            " (in Excel: “CSV UTF-8”) and try again."
        ) from None


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = content[:2000]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.3 * len(start) / 2 and not min(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig"


def json_items(text: str) -> Iterator[tuple[int, Any]]:
    """The items of a JSON list, of an object's list "terms", or of JSON lines, each with the line
    that it begins in. Raises Unreadable."""
    decoder = json.JSONDecoder(parse_constant=no_constant)
    opening = OPENING.match(text)
    at, counted, line = opening.end() if opening else 0, 0, 1
    while True:
        at = _after_blanks(text, at)
        if opening and text[at : at + 1] == "]":
            _check_end(text[at + 1 :], wrapped=bool(opening.group(1)))
            return
        if at == len(text):
            if opening:
                raise Unreadable("The JSON ends within its list: the file is cut off.")
            return
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            wrong = error.lineno if isinstance(error, json.JSONDecodeError) else line
            raise Unreadable(f"Line {wrong} is no JSON ({reason}).") from None
        yield line, value
        at = _after_blanks(text, at)
        if opening and text[at : at + 1] == ",":
            at += 1
        elif opening and text[at : at + 1] != "]":
            wrong = text.count("\n", 0, at) + 1
            raise Unreadable(f"Line {wrong} is no JSON: a comma or the list's end is missing.")


def _after_blanks(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    return found.end() if found else at


def _check_end(rest: str, *, wrapped: bool) -> None:
    if rest.strip() != ("}" if wrapped else ""):
        raise Unreadable("There is something after the end of the JSON list. Take it out.")


def no_constant(name: str) -> None:
    raise ValueError(f"{name} cannot be stored")
