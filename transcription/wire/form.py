"""The form of a transcription request, as OpenAI's SDKs write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from transcription import choosing
from transcription.engines import capabilities, in_force
from transcription.wire.errors import WireError, unknown_model
from transcription.wire.replies import FORMATS

GRANULARITIES = ("segment", "word")
STREAMED = ("json", "text")  # a stream has one form, whichever of these is wished
ARRAYS = ("languages", "keywords", "timestamp_granularities")
FIELDS = ("file", "model", "response_format", "stream", "prompt", "language", *ARRAYS)
YES_NO = {"true": True, "1": True, "false": False, "0": False, "": False}
MOST_NAMED, LONGEST_NAME = 20, 40


@dataclass(frozen=True)
class Wish:
    """What a client asks for; `settings` are create_job's."""

    upload: UploadedFile
    settings: Mapping[str, Any]
    response_format: str
    granularities: frozenset[str]
    stream: bool


def read(data: QueryDict) -> Wish:
    """Raises WireError, which names the field at fault. Fields that are not known are left alone,
    as OpenAI does: see `ignored`."""
    wanted = _one(data, "response_format") or "json"
    if wanted not in FORMATS:
        raise _invalid("response_format", f"response_format is one of: {', '.join(FORMATS)}.")
    return Wish(
        settings={"model": _model(data), "prompt": _one(data, "prompt")} | _told(data),
        upload=_upload(data),
        response_format=wanted,
        granularities=_granularities(data, wanted),
        stream=_stream(data, wanted),
    )


def ignored(data: QueryDict) -> str:
    """The names of fields that are left alone, for a header: none that would break it."""
    names = (name for name in data if name.removesuffix("[]") not in FIELDS)
    plain = (re.sub(r"[^\w.\[\]-]", "?", name[:LONGEST_NAME], flags=re.ASCII) for name in names)
    return ", ".join(list(filter(None, plain))[:MOST_NAMED])


def _all(data: QueryDict, name: str) -> list[str]:
    """All values of a field, whether its name is written as an array's or not."""
    found = [*data.getlist(name), *data.getlist(f"{name}[]")]
    return [value for value in found if isinstance(value, str)]


def _one(data: QueryDict, name: str) -> str:
    return next(reversed(_all(data, name)), "").strip()


def _invalid(param: str, message: str) -> WireError:
    return WireError(400, message, code="invalid_value", param=param)


def _model(data: QueryDict) -> str:
    name = _one(data, "model")
    if not name:
        raise WireError(400, "You must provide a model parameter.", param="model")
    try:
        known = choosing.reachable(in_force(capabilities(name), choosing.today()))
    except ValueError:
        known = False
    if not known:
        raise unknown_model(name, [record.model for record in choosing.offered_models()])
    return name


def _told(data: QueryDict) -> dict[str, list[str]]:
    language, languages = _one(data, "language"), _all(data, "languages")
    if language and languages:
        message = "language and languages cannot be given together. Give languages alone."
        raise _invalid("languages", message)
    return {
        "languages": [language] if language else languages,
        "keywords": _all(data, "keywords"),
    }


def _upload(data: QueryDict) -> UploadedFile:
    upload = data.get("file")
    if not isinstance(upload, UploadedFile):
        raise WireError(400, "file is a required field: the recording.", param="file")
    return upload


def _granularities(data: QueryDict, wanted: str) -> frozenset[str]:
    found = frozenset(_all(data, "timestamp_granularities"))
    if not found <= set(GRANULARITIES):
        message = f"timestamp_granularities are: {', '.join(GRANULARITIES)}."
        raise _invalid("timestamp_granularities", message)
    if found and wanted != "verbose_json":
        message = "timestamp_granularities need response_format=verbose_json."
        raise _invalid("timestamp_granularities", message)
    return found or frozenset({"segment"})


def _stream(data: QueryDict, wanted: str) -> bool:
    stream = YES_NO.get(_one(data, "stream").lower())
    if stream is None:
        raise _invalid("stream", "stream is true or false.")
    if stream and wanted not in STREAMED:
        raise _invalid("stream", f"A stream has no {wanted}. Leave response_format out, or stream.")
    return stream
