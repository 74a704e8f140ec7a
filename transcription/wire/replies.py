"""The bodies of answers, as OpenAI's clients read them. Pure: no Django, no I/O."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any

from lexicon.borders import blank_between
from lexicon.languages import name_of
from transcription.exporting.document import DEMO, Document, Options, Passage, joined
from transcription.exporting.subtitles import srt, vtt

LEAST_CONFIDENCE = 1e-6  # whose logarithm is still a number
FRAME_MS = 10  # in which whisper counts `seek`
WITHOUT_SPEAKERS = Options()

JSON, TEXT = "application/json", "text/plain; charset=utf-8"
Body = tuple[str, bytes]  # content type and content


def body(document: Document, wanted: str, granularities: Collection[str] = ("segment",)) -> Body:
    """An answer in a response_format of FORMATS. All but json and text need the document's words;
    `granularities`, of "segment" and "word", are for verbose_json."""
    return FORMATS[wanted](document, granularities)


def text_of(document: Document) -> str:
    return joined(passage.text for passage in document.passages)


def usage(document: Document) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(document.duration_ms / 1000)}


def note(document: Document) -> str:
    """What a reader of the text must know; empty where there is nothing."""
    gaps = sum(passage.gap for passage in document.passages)
    parts = "part of the recording" if gaps == 1 else "parts of the recording"
    return "; ".join(
        filter(
            None,
            [
                DEMO if document.demo and not document.reviewed_at else "",
                f"{gaps} {parts} could not be transcribed" if gaps else "",
            ],
        )
    )


def _json(document: Document, _: Collection[str]) -> Body:
    return JSON, _encoded(
        {
            "text": text_of(document),
            "languages": [{"code": code} for code in document.languages],
            "usage": usage(document),
        }
    )


def _text(document: Document, _: Collection[str]) -> Body:
    return TEXT, f"{text_of(document)}\n".encode()


def _srt(document: Document, _: Collection[str]) -> Body:
    return TEXT, srt(document, WITHOUT_SPEAKERS)


def _vtt(document: Document, _: Collection[str]) -> Body:
    return TEXT, vtt(document, WITHOUT_SPEAKERS)


def _verbose(document: Document, granularities: Collection[str]) -> Body:
    spoken = [passage for passage in document.passages if passage.text]
    found: dict[str, Any] = {
        "task": "transcribe",
        "language": name_of(_language(document)).lower(),
        "duration": _seconds(document.duration_ms),
        "text": text_of(document),
    }
    if "segment" in granularities:
        found["segments"] = list(_segments(spoken))
    if "word" in granularities:
        found["words"] = [
            {"word": word.text, "start": _seconds(word.start_ms), "end": _seconds(word.end_ms)}
            for passage in spoken
            for word in passage.words
        ]
    return JSON, _encoded(found | {"usage": usage(document)})


FORMATS: dict[str, Callable[[Document, Collection[str]], Body]] = {
    "json": _json,
    "text": _text,
    "srt": _srt,
    "verbose_json": _verbose,
    "vtt": _vtt,
}


def _segments(spoken: list[Passage]) -> Iterator[dict[str, Any]]:
    """Their texts, one after the other, are the whole text. What only whisper knows is as it would
    be of a segment that it is sure of."""
    before = ""
    for number, passage in enumerate(spoken):
        yield {
            "id": number,
            "seek": passage.start_ms // FRAME_MS,
            "start": _seconds(passage.start_ms),
            "end": _seconds(passage.end_ms),
            "text": blank_between(before, passage.text) + passage.text,
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": _avg_logprob(passage),
            "compression_ratio": _compression_ratio(passage.text),
            "no_speech_prob": 0.0,
        }
        before = passage.text


def _avg_logprob(passage: Passage) -> float:
    """By the engine's confidence in its words; 0 where it told none."""
    sure = [confidence for _, _, _, confidence, *_ in passage.heard if confidence is not None]
    found = [math.log(max(confidence, LEAST_CONFIDENCE)) for confidence in sure]
    return round(sum(found) / len(found), 4) if found else 0.0


def _compression_ratio(text: str) -> float:
    coded = text.encode()
    return round(len(coded) / len(zlib.compress(coded)), 3)


def _language(document: Document) -> str:
    """The one that most of the text is in, else the first that is expected."""
    letters: Counter[str] = Counter()
    for passage in document.passages:
        if passage.language:
            letters[passage.language] += len(passage.text)
    most = letters.most_common(1)
    return most[0][0] if most else next(iter(document.languages), "")


def _seconds(ms: int) -> float:
    return round(ms / 1000, 3)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# --- Server-sent events --------------------------------------------------------------------------

COMMENT = b": still at work\n\n"
DONE = b"data: [DONE]\n\n"


def delta(text: str) -> bytes:
    return event({"type": "transcript.text.delta", "delta": text})


def done(document: Document) -> bytes:
    found = {"type": "transcript.text.done", "text": text_of(document), "usage": usage(document)}
    told = note(document)
    return event(found | ({"note": told} if told else {}))


def event(value: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % _encoded(value)
