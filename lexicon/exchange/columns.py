"""What a term has in a file: its columns and what may stand in each. Pure.

A reader raises ValueError with a sentence that follows the column's name, or stands alone where
it begins with a capital.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lexicon.exchange.decoding import no_constant
from lexicon.languages import language_code
from lexicon.normalising import one_line
from lexicon.scripts import script_code

KINDS = ("drug", "brand", "person", "organisation", "place", "acronym", "other")
STATUSES = ("suggested", "approved", "rejected", "retired")
SOURCES = ("admin", "api", "import", "learned")
LONGEST_TERM = 200
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
KEYS_OF_ALTERNATIVES = ("text", "source", "count", "enabled", "undone_count", "proven")
# texts in which even blanks alone are something
VERBATIM = ("sounds_like", "note", "example", "created_by_name")


@dataclass(frozen=True)
class Heard:
    """An alternative. None: the file does not say."""

    text: str
    source: str | None = None
    count: int | None = None
    enabled: bool | None = None
    undone_count: int | None = None
    proven: bool | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {json.dumps(value)[:40]}.")
    if "\x00" in value:
        raise ValueError("holds a NUL character, which cannot be stored. Take it out.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("holds half a character, which cannot be stored. Take it out.")
    return value


def line(value: Any) -> str:
    """A term or an alternative, as it is kept."""
    kept = one_line(_text(value))
    if len(kept) > LONGEST_TERM:
        raise ValueError(f"has {len(kept):,} characters; {LONGEST_TERM} are allowed. Shorten it.")
    return kept


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        found = _text(value).strip().lower()
        if found not in allowed:
            raise ValueError(f"is “{found}”. Allowed: {', '.join(allowed)}.")
        return found

    return read


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        try:
            found = value if isinstance(value, int) else int(_text(value))
        except ValueError:
            found = None
        if found is None or isinstance(value, bool) or not least <= found <= most:
            raise ValueError(f"must be a whole number from {least} to {most}.")
        return found

    return read


def _share(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = -1
    if isinstance(value, bool) or not 0 <= found <= 1:
        raise ValueError("must be a number from 0 to 1.")
    return found


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in YES + NO:
        raise ValueError(f"is “{value}”. Allowed: true or false.")
    return word in YES


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value).strip())
    except ValueError:
        raise ValueError("must be a date and time such as 2026-11-22T10:15:00+00:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _object(value: Any) -> dict[str, Any]:
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError('must be a JSON object, such as {"department": "cardiology"}.')
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON.") from None


def _alternatives(value: Any) -> tuple[Heard, ...]:
    """`a | b`, or a JSON list of texts and of objects with some of KEYS_OF_ALTERNATIVES."""
    if isinstance(value, str):
        bare = value.strip()
        if not bare.startswith("["):
            return tuple(Heard(line(each)) for each in bare.split("|") if each.strip())
        value = _json(bare)
    if not isinstance(value, list):
        raise ValueError("must be a list, such as us and paid | oh some pig.")
    return tuple(map(_heard, value))


def _heard(value: Any) -> Heard:
    if isinstance(value, str):
        return Heard(line(value))
    if not isinstance(value, dict) or "text" not in value:
        raise ValueError("must be texts, or objects with a “text”.")
    if unknown := value.keys() - set(KEYS_OF_ALTERNATIVES):
        raise ValueError(f"have no “{min(unknown)}”. Allowed: {', '.join(KEYS_OF_ALTERNATIVES)}.")
    return Heard(
        line(value["text"]),
        *(
            None if value.get(key) is None else COLUMNS[key](value[key])
            for key in KEYS_OF_ALTERNATIVES[1:]
        ),
    )


COUNT = _whole(0, 2**31 - 1)
# in the order in which they are written, and read where a file has no header
COLUMNS: dict[str, Callable[[Any], Any]] = {
    "term": line, "language": lambda value: language_code(_text(value)),
    "kind": _one_of(*KINDS), "status": _one_of(*STATUSES), "alternatives": _alternatives,
    "sounds_like": _text, "script": lambda value: script_code(_text(value)),
    "case_sensitive": _flag, "priority": _whole(-(2**15), 2**15 - 1), "pinned": _flag,
    "api_key": lambda value: _text(value).strip(), "note": _text, "example": _text,
    "metadata": _object, "source": _one_of(*SOURCES), "frequency": COUNT, "sent_count": COUNT,
    "matched_count": COUNT, "confirmed_count": COUNT, "undone_count": COUNT,
    "created_by_name": _text, "created_at": _moment, "updated_at": _moment,
    "confidence": _share,
}  # fmt: skip
HEADER = tuple(COLUMNS)
COLUMNS |= {"count": COUNT, "enabled": _flag, "proven": _flag}


def said(column: str, error: ValueError) -> str:
    """The error of a column as a sentence."""
    text = str(error)
    return text if text[:1].isupper() else f"{column} {text}"
