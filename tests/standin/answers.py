"""What a model says: the bodies of its answers around a text that a test chose."""

import json
import math
from collections.abc import Iterator
from typing import Any

from tests.standin.form import Form
from tests.standin.rules import MODELS

AUDIO_TOKENS_PER_S = 10
PUNCTUATION = ".,;:!?\"'()"  # which whisper leaves out of its words
TOKEN_CHARACTERS = 5  # longer words are several tokens
TOKEN_LOGPROB = -0.05


def answer(form: Form, text: str, seconds: float) -> tuple[str, bytes]:
    """The content type and the body that the form asks for."""
    wanted = form.one("response_format", "json")
    if wanted == "text":
        return "text/plain; charset=utf-8", f"{text}\n".encode()
    if wanted in ("srt", "vtt"):
        return "text/plain; charset=utf-8", _captions(wanted, text, seconds).encode()
    body = _verbose(form, text, seconds) if wanted == "verbose_json" else _plain(form, text)
    body["usage"] = _usage(form, text, seconds)
    return "application/json", json.dumps(body).encode()


def _plain(form: Form, text: str) -> dict[str, Any]:
    body: dict[str, Any] = {"text": text}
    if MODELS[form.one("model")].hints:
        # the service echoes the first hint rather than telling what it heard
        body["languages"] = [{"code": code} for code in (form.all("languages[]") or ["en"])[:1]]
    if "logprobs" in form.all("include[]"):
        body["logprobs"] = [
            {"token": token, "logprob": TOKEN_LOGPROB, "bytes": list(token.encode())}
            for token in tokens(text)
        ]
    return body


def _verbose(form: Form, text: str, seconds: float) -> dict[str, Any]:
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": round(seconds, 2), "text": f" {text}"}
    quality = {"avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01}
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": "english",
        "duration": round(seconds, 2),
        "text": text,
    }
    granularities = form.all("timestamp_granularities[]") or ["segment"]
    if "segment" in granularities:
        body["segments"] = [segment | {"tokens": [50364], "temperature": 0.0} | quality]
    if "word" in granularities:
        body["words"] = list(_timed(text, seconds))
    return body


def _timed(text: str, seconds: float) -> Iterator[dict[str, Any]]:
    """The words over the whole of the audio, each as long as its letters are many."""
    words = text.split()
    per_letter = seconds / max(1, sum(map(len, words)))
    start = 0.0
    for word in words:
        end = start + len(word) * per_letter
        times = {"start": round(start, 2), "end": round(end, 2)}
        yield {"word": word.strip(PUNCTUATION), **times}
        start = end


def tokens(text: str) -> list[str]:
    """The text cut into pieces, spaces at their fronts, as a model's tokenizer would."""
    words = [word if not at else f" {word}" for at, word in enumerate(text.split())]
    return [
        word[at : at + TOKEN_CHARACTERS]
        for word in words
        for at in range(0, len(word), TOKEN_CHARACTERS)
    ]


def _usage(form: Form, text: str, seconds: float) -> dict[str, Any]:
    if MODELS[form.one("model")].usage == "duration":
        return {"type": "duration", "seconds": math.ceil(seconds)}
    audio = math.ceil(seconds * AUDIO_TOKENS_PER_S)
    prompt, output = len(tokens(form.one("prompt"))), len(tokens(text))
    return {
        "type": "tokens",
        "input_tokens": audio + prompt,
        "input_token_details": {"audio_tokens": audio, "text_tokens": prompt},
        "output_tokens": output,
        "total_tokens": audio + prompt + output,
    }


def _captions(wanted: str, text: str, seconds: float) -> str:
    """One caption over the whole."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    clock = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    if wanted == "srt":
        return f"1\n00:00:00,000 --> {clock},{milliseconds:03}\n{text}\n"
    return f"WEBVTT\n\n00:00:00.000 --> {clock}.{milliseconds:03}\n{text}\n"
