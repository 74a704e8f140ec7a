"""Servers that speak the same API with an accent: what each takes, answers and refuses with.

All of them take any name of a model and no key, and ignore what they do not know; terms come under
`hotwords` or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.standin.answers import LANGUAGES, Answer
from tests.standin.faults import HTML
from tests.standin.hearing import Word
from tests.standin.rules import MODELS, Model, Refusal
from tests.standin.stream import chunks, events

Body = dict[str, Any]
Error = str | Body  # text is sent as it is: HTML too

NANOSECONDS = 1_000_000_000
WHISPER = Model(
    ("json", "text", "srt", "verbose_json", "vtt"),
    logprobs=False,
    usage="duration",
    shutdown_date=None,
)


@dataclass(frozen=True)
class Dialect:
    """What one kind of server does in its own way; `passes_on`: OpenAI itself stands behind it."""

    models: tuple[str, ...]  # that it lists; a server without a list answers 404
    reshape: Callable[[Body, Answer], Body]
    error: Callable[[Refusal], Error]
    retry_after: str | None = "2"
    passes_on: bool = False
    headers: bool = False  # x-request-id, x-ratelimit-* and their kin
    events: Callable[[Answer], list[Body]] | None = None  # None: stream=true is ignored
    wav_only: bool = False

    def model(self, name: str) -> Model:
        return MODELS.get(name, WHISPER) if self.passes_on else WHISPER


def _as_it_is(body: Body, answer: Answer) -> Body:
    return body


def _text_alone(body: Body, answer: Answer) -> Body:
    return {"text": body["text"]}


def _language_code(body: Body, answer: Answer) -> Body:
    """speaches: the ISO code for the full name, and words that tell how sure they are."""
    body.pop("usage")
    if "language" in body:
        body["language"] = answer.language
    return _with(body, "words", lambda word: {**word, "probability": 0.9})


def _text_duration(body: Body, answer: Answer) -> Body:
    """vLLM: the duration is text, nothing is known of silence, and usage is for json alone."""
    if "duration" not in body:
        return body
    del body["task"], body["usage"]
    body |= {"duration": str(body["duration"]), "language": answer.language}
    return _with(body, "segments", lambda segment: segment | {"no_speech_prob": None})


def _nanoseconds(body: Body, answer: Answer) -> Body:
    """LocalAI: segments whatever the format, with times as Go writes them, and no words."""

    def bare(segment: Body) -> Body:
        times = {edge: round(segment[edge] * NANOSECONDS) for edge in ("start", "end")}
        return {"id": segment["id"], **times, "text": segment["text"], "tokens": [50364]}

    return {"segments": [bare(each) for each in answer.segments()], "text": body["text"]}


def _nested_words(body: Body, answer: Answer) -> Body:
    """whisper.cpp: spaces around the text, and words in the segments that they belong to."""
    text = f" {body['text']}\n"
    if "duration" not in body:
        return {"text": text}
    kept = ("task", "language", "duration")
    segments = answer.segments()
    for segment in segments:
        inside = (w for w in answer.heard.words if _inside(w, segment))
        segment["words"] = [
            {
                "word": f" {word.text}",
                "start": round(word.start_s, 2),
                "end": round(word.end_s, 2),
                "t_dtw": -1,
                "probability": 0.9,
            }
            for word in inside
        ]
        del segment["seek"], segment["compression_ratio"]
    return {key: body[key] for key in kept} | {"text": text, "segments": segments}


def _inside(word: Word, segment: Body) -> bool:
    return bool(segment["start"] <= (word.start_s + word.end_s) / 2 < segment["end"])


def _groq(body: Body, answer: Answer) -> Body:
    body.pop("usage")
    if "language" in body:
        body["language"] = LANGUAGES.get(answer.language, answer.language).capitalize()
    return body | {"x_groq": {"id": "req_of_groq"}}


def _with(body: Body, key: str, change: Callable[[Body], Body]) -> Body:
    return body | ({key: [change(each) for each in body[key]]} if key in body else {})


def _openai_error(refusal: Refusal) -> Error:
    return {"error": refusal.error}


def _detail(refusal: Refusal) -> Error:
    return {"detail": str(refusal)}


def _flat(refusal: Refusal) -> Error:
    """vLLM: no wrapping, and for a code the status over again."""
    kind = "BadRequestError" if refusal.status < 500 else "InternalServerError"
    whole = {"object": "error", "message": str(refusal), "type": kind, "param": None}
    return whole | {"code": int(refusal.status)}


def _bare_message(refusal: Refusal) -> Error:
    return {"error": str(refusal)}


def _go_error(refusal: Refusal) -> Error:
    return {"error": {"code": int(refusal.status), "message": str(refusal), "type": ""}}


def _proxy_error(refusal: Refusal) -> Error:
    """LiteLLM: its own name before the message, and None as a word."""
    message = f"litellm.APIError: OpenAIException - {refusal}"
    error = {"message": message, "type": "None", "param": "None"}
    return {"error": error | {"code": str(int(refusal.status))}}


def _azure_error(refusal: Refusal) -> Error:
    code = {404: "DeploymentNotFound"}.get(refusal.status, str(int(refusal.status)))
    return {"error": {"code": code, "message": str(refusal)}} if refusal.status < 500 else HTML


def _words(refusal: Refusal) -> Error:
    return str(refusal) if refusal.status < 500 else HTML


ALL = tuple(MODELS)
OPENAI = Dialect(ALL, _as_it_is, _openai_error, passes_on=True, headers=True, events=events)
DIALECTS: dict[str, Dialect] = {
    "openai": OPENAI,
    "speaches": Dialect(
        ("Systran/faster-whisper-small",), _language_code, _detail, None, events=events
    ),
    "vllm": Dialect(("openai/whisper-large-v3",), _text_duration, _flat, None, events=chunks),
    "localai": Dialect(("whisper-1",), _nanoseconds, _go_error, None),
    "whispercpp": Dialect((), _nested_words, _bare_message, None, wav_only=True),
    "litellm": Dialect(ALL, _as_it_is, _proxy_error, passes_on=True, headers=True, events=events),
    "groq": Dialect(("whisper-large-v3",), _groq, _openai_error, "2m59.56s", headers=True),
    "azure": Dialect(ALL, _as_it_is, _azure_error, passes_on=True, headers=True, events=events),
    "bare": Dialect((), _text_alone, _words, None),
}
