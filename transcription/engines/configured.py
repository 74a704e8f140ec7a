"""STT_MODELS: models of OpenAI-compatible servers, declared as JSON (docs/in-house.md).

Every mistake is refused with the entry, the field and what is allowed.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from transcription.engines.base import FORM_BYTES, Capabilities

TARGET_S = 30
LONGEST_SHARE = 1.5  # how much longer than its target a chunk may be, where nobody says
BYTES_PER_MB = 1_000_000
BYTES_PER_MS = 32  # of WAV, and of FLAC where it is nothing but noise


def parse(text: str, secret: Callable[[str], str]) -> tuple[Capabilities, ...]:
    """The models that STT_MODELS declares: a JSON list, or the path of a file that holds one.

    `secret` gives the value of an environment variable by its name, "" for none. ValueError for
    whatever is wrong; what an `api_key_env` holds is never repeated.
    """
    text = text.strip()
    if not text:
        return ()
    entries = _entries(text if text.startswith("[") else _file(text.removeprefix("@")))
    records = tuple(_record(at, entry, secret) for at, entry in enumerate(entries, 1))
    names = [record.model for record in records]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"model {twice!r} is there twice. Allowed: one entry a model.")
    return records


def undeclared(model: str) -> Capabilities:
    """The record of a model of which only the name is known: what an entry without more is."""
    return _record(1, {"model": model}, lambda _: "")


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"cannot read the file {path!r}: {error}. Allowed: a JSON list, or the path of a file "
            "that holds one."
        ) from error


def _entries(text: str) -> list[Any]:
    try:
        entries = json.loads(text, parse_float=Decimal, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON: {error}.") from error
    if not isinstance(entries, list):
        raise ValueError("the JSON is no list. Allowed: a list of objects, one a model.")
    return entries


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError(f"an entry has a field twice: {', '.join(name for name, _ in pairs)}.")
    return fields


def _record(at: int, entry: Any, secret: Callable[[str], str]) -> Capabilities:
    if not isinstance(entry, dict) or not entry.get("model"):
        raise ValueError(f'entry {at} has no model. Allowed: an object like {{"model": "name"}}.')
    where = f"entry {at} ({entry['model']})"
    if unknown := sorted(entry.keys() - _FIELDS):
        raise ValueError(
            f"{where}: {unknown[0]!r} is no field. Allowed: {', '.join(sorted(_FIELDS))}."
        )
    found = {name: _read(where, name, value) for name, value in entry.items()}
    if key_name := found.pop("api_key_env", ""):
        found["api_key"] = secret(key_name)
        if not found["api_key"]:
            raise ValueError(f"{where}: api_key_env names {key_name}, which is not set.")
    if "max_mb" in found:
        found["max_bytes"] = found.pop("max_mb") * BYTES_PER_MB - FORM_BYTES
    lengths = _lengths(where, found.pop("target_s", None), found.pop("longest_s", None))
    record = Capabilities(**{"label": found["model"]} | lengths | found)
    if record.longest_ms > record.max_bytes // BYTES_PER_MS:
        raise ValueError(
            f"{where}: chunks of {record.longest_ms / 1000:g} s do not fit into max_mb. Allowed: "
            f"longest_s of no more than {record.max_bytes // BYTES_PER_MS // 1000}."
        )
    return record


def _read(where: str, name: str, value: Any) -> Any:
    field = _FIELDS[name]
    try:
        return field.read(value)
    except (ValueError, TypeError, InvalidOperation):
        shown = json.dumps(value, default=float, ensure_ascii=False)
        said = "is not usable" if field.secret else f"is {shown}"
        raise ValueError(f"{where}: {name} {said}. Allowed: {field.allowed}.") from None


def _lengths(where: str, target_s: int | None, longest_s: int | None) -> dict[str, int]:
    """How long chunks should and may be; either follows from the other."""
    target = target_s or min(TARGET_S, longest_s or TARGET_S)
    longest = longest_s or target * LONGEST_SHARE
    if longest < target:
        raise ValueError(
            f"{where}: longest_s is {longest_s}. Allowed: no less than target_s, {target_s}."
        )
    return {"target_ms": target * 1000, "longest_ms": round(longest * 1000)}


class _Field(NamedTuple):
    """How one field is read: `read` raises ValueError or TypeError for what is not allowed."""

    allowed: str
    read: Callable[[Any], Any]
    secret: bool = False  # what was given may be a password in the wrong place


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _match(pattern: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError
        return str(value)

    return read


def _one_of(*allowed: str) -> _Field:
    return _Field(", ".join(allowed), lambda value: allowed[allowed.index(value)])


def _whole(least: int, most: int, unit: str) -> _Field:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return _Field(f"a whole number of {unit} from {least} to {most}", read)


def _address(value: Any) -> str:
    parts = urlsplit(value)
    _ = parts.port  # refuses what is no number
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    return str(value)


def _languages(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(map(_match("[a-z]{2,3}"), value))


def _price(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool):
        raise TypeError
    price = Decimal(value)
    if not price.is_finite() or price < 0:
        raise ValueError
    return price


_YES_NO = _Field("true or false", _flag)
_FIELDS: dict[str, _Field] = {
    "model": _Field("the name that the server knows it by", _match(r"\S{1,200}")),
    "label": _Field("a text for people", _match(r"\S.{0,199}")),
    "base_url": _Field(
        "an address like http://speech.example:8000/v1, without a password", _address, secret=True
    ),
    "api_key_env": _Field(
        "the name of an environment variable that holds the key",
        _match("[A-Za-z_][A-Za-z0-9_]*"),
        secret=True,
    ),
    "word_times": _YES_NO,
    "segment_times": _YES_NO,
    "languages": _Field('a list of ISO 639 codes like ["en", "de"], or null for many', _languages),
    "language_field": _one_of("none", "language", "languages"),
    "keywords_field": _one_of("none", "keywords", "hotwords"),
    "most_terms": _whole(0, 1000, "terms"),
    "prompt": _YES_NO,
    "switches_by": _one_of("none", "example", "words"),
    "speakers": _YES_NO,
    "logprobs": _YES_NO,
    "streams": _YES_NO,
    "audio_format": _one_of("flac", "wav"),
    "target_s": _whole(5, 1400, "seconds"),
    "longest_s": _whole(5, 1400, "seconds"),
    "max_mb": _whole(1, 1000, "megabytes"),
    "usd_per_minute": _Field('an amount like "0.006", or null where nobody has said', _price),
    "shutdown_date": _Field("a day like 2027-02-26", date.fromisoformat),
    "successor": _Field("the name of another model", _match(r"\S{1,200}")),
}
