"""What the transcription API answers, read leniently: compatible servers leave out or bend much."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from transcription.engines.base import Answer, Stretch, Word

_LONGEST_SAID = 300  # characters of a server's own words worth showing
_NANOSECONDS_FROM = 1e6  # no chunk lasts so many seconds, and 1 ms is already so many nanoseconds


def parsed(body: str) -> dict[str, Any]:
    """The body of a 200 as an object with a text; ValueError, saying what came, otherwise."""
    try:
        raw = storable(json.loads(body))
    except ValueError:
        raise ValueError(said(body) or "an empty body") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise ValueError(said(raw) or "JSON without a text")
    return raw


def storable(value: Any) -> Any:
    """Without NUL, half characters and NaN, which no database takes: the answer is paid for."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def said(body: object) -> str:
    """A server's own words, whatever it wrapped them in; "" for none."""
    if isinstance(body, Mapping):
        wrapped: Iterable[object] = (body.get(key) for key in ("message", "error", "detail", "msg"))
        return next((found for found in map(said, wrapped) if found), "")
    if isinstance(body, list):  # FastAPI's list of what did not validate
        return said(body[0]) if body else ""
    words = " ".join(str(body or "").split())
    return "an HTML page" if words.startswith("<") else words[:_LONGEST_SAID]


def read(
    raw: dict[str, Any], audio_ms: int, *, told_language: bool = False, request_id: str = ""
) -> Answer:
    """The answer in an object that `parsed` gave, or one put together from a stream.

    `told_language`: the request named languages, so that the service only echoes the first.
    """
    text = one_line_end(raw["text"].strip())
    return Answer(
        text=text,
        words=_timed_words(raw, audio_ms) or _scored_words(raw, text),
        stretches=_stretches(raw, audio_ms),
        language="" if told_language else _language(raw),
        usage=_usage(raw),
        request_id=request_id,
        raw=raw,
    )


def one_line_end(text: str) -> str:
    """With the ends of lines as browsers have them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _language(raw: Mapping[str, Any]) -> str:
    """The language detected: a code, or its English name."""
    codes = [str(each.get("code") or "") for each in dicts(raw.get("languages"))]
    return codes[0] if codes else str(raw.get("language") or "")


def _usage(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The usage as given, else what whisper and its kin tell of it: the duration."""
    usage = raw.get("usage")
    if isinstance(usage, dict):
        return usage
    seconds = _number(raw.get("duration"))
    return {} if seconds is None else {"type": "duration", "seconds": seconds}


def _timed_words(raw: Mapping[str, Any], audio_ms: int) -> tuple[Word, ...]:
    """The words with times; whisper.cpp nests them in its segments."""
    found = dicts(raw.get("words")) or [
        word for segment in dicts(raw.get("segments")) for word in dicts(segment.get("words"))
    ]
    words = []
    for word in found:
        text = str(word.get("word") or "").strip()
        start_ms, end_ms = (time_ms(word.get(edge), audio_ms) for edge in ("start", "end"))
        if text and start_ms is not None and end_ms is not None:
            confidence = _number(word.get("probability"))
            words.append(Word(text, start_ms, max(start_ms, end_ms), confidence))
    return tuple(words)


def _stretches(raw: Mapping[str, Any], audio_ms: int) -> tuple[Stretch, ...]:
    """The segments that have text and times, with their speaker where one is told."""
    stretches = []
    for segment in dicts(raw.get("segments")):
        text = str(segment.get("text") or "").strip()
        start_ms, end_ms = (time_ms(segment.get(edge), audio_ms) for edge in ("start", "end"))
        if text and start_ms is not None and end_ms is not None:
            speaker = str(segment.get("speaker") or "")
            stretches.append(Stretch(text, start_ms, max(start_ms, end_ms), speaker))
    return tuple(stretches)


def time_ms(value: Any, audio_ms: int) -> int | None:
    """A time in seconds (LocalAI: nanoseconds) as milliseconds within the chunk."""
    seconds = _number(value)
    if seconds is None:
        return None
    if seconds >= _NANOSECONDS_FROM:
        seconds /= 1e9
    return min(max(round(seconds * 1000), 0), audio_ms)


def _scored_words(raw: Mapping[str, Any], text: str) -> tuple[Word, ...]:
    """The words without times, each as sure as its tokens; none where tokens are not the text."""
    words: list[tuple[bytes, list[float]]] = []
    for token in dicts(raw.get("logprobs")):
        spelled, logprob = _token_bytes(token), _number(token.get("logprob"))
        if logprob is None:
            return ()
        if not words or spelled[:1].isspace():
            words.append((b"", []))
        written, logprobs = words[-1]
        words[-1] = (written + spelled, [*logprobs, logprob])
    spoken = [(written.decode(errors="replace").strip(), scores) for written, scores in words]
    if [word for word, _ in spoken] != text.split():
        return ()
    return tuple(
        Word(word, None, None, math.exp(min(0.0, math.fsum(scores) / len(scores))))
        for word, scores in spoken
    )


def _token_bytes(token: Mapping[str, Any]) -> bytes:
    """The bytes of a token: beyond ASCII a token may be a part of a character."""
    try:
        spelled = bytes(token.get("bytes") or ())
    except (TypeError, ValueError):
        spelled = b""
    return spelled or str(token.get("token") or "").encode()


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in what should be a list of objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    """A finite number, also from a string; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
