"""What a model says: the bodies of its answers around what was heard."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from string import ascii_uppercase
from typing import Any

from tests.standin.form import Form
from tests.standin.hearing import Heard, Word, turns
from tests.standin.rules import Model

AUDIO_TOKENS_PER_S = 10
PUNCTUATION = ".,;:!?\"'()"  # which whisper leaves out of its words
TOKEN = re.compile("[\x00-\x7f]{1,5}|[^\x00-\x7f]{1,2}")  # other scripts take more of them
TOKEN_LOGPROB = -0.05
SEGMENT_S = 10  # about how long whisper's segments are
LANGUAGES = {
    "de": "german", "el": "greek", "en": "english", "es": "spanish", "fr": "french",
    "hi": "hindi", "it": "italian", "ja": "japanese", "pt": "portuguese", "ru": "russian",
    "tr": "turkish", "uk": "ukrainian", "zh": "chinese",
}  # fmt: skip


class Answer:
    """One model's answer to one form. `language` is the ISO code of what is spoken."""

    def __init__(
        self, form: Form, model: Model, heard: Heard, seconds: float, language: str
    ) -> None:
        self.form = form
        self.model = model
        self.tokens = tokens(heard.text)
        self.heard = heard
        if model.most_tokens and len(self.tokens) > model.most_tokens:
            self.tokens = self.tokens[: model.most_tokens]
            self.heard = replace(heard, text="".join(self.tokens))
        self.seconds = seconds
        self.language = form.one("language") or language

    def body(self) -> str | dict[str, Any]:
        """The answer in the form's response_format: text, or an object for JSON."""
        wanted, text = self.form.one("response_format", "json"), self.heard.text
        if wanted == "text":
            return f"{text}\n"
        if wanted in ("srt", "vtt"):
            return _captions(wanted, self.segments())
        body: dict[str, Any] = {"text": text}
        if wanted == "verbose_json":
            body = self._verbose()
        elif wanted == "diarized_json":
            whole = {"task": "transcribe", "duration": round(self.seconds, 2), "text": text}
            body = whole | {"segments": self.diarized()}
        return body | self.extras() | {"usage": self.usage()}

    def extras(self) -> dict[str, Any]:
        """What the newest model tells of languages, and logprobs where asked for."""
        extras: dict[str, Any] = {}
        if self.model.hints:
            # the service echoes the first hint rather than telling what it heard
            hints = self.form.all("languages[]") or [self.language]
            extras["languages"] = [{"code": code} for code in hints[:1]]
        if self.wants_logprobs:
            extras["logprobs"] = logprobs(self.tokens)
        return extras

    @property
    def wants_logprobs(self) -> bool:
        return self.model.logprobs and "logprobs" in self.form.all("include[]")

    def usage(self) -> dict[str, Any]:
        if self.model.usage == "duration":
            return {"type": "duration", "seconds": math.ceil(self.seconds)}
        audio = math.ceil(self.seconds * AUDIO_TOKENS_PER_S)
        prompt, output = len(tokens(self.form.one("prompt"))), len(self.tokens)
        return {
            "type": "tokens",
            "input_tokens": audio + prompt,
            "input_token_details": {"audio_tokens": audio, "text_tokens": prompt},
            "output_tokens": output,
            "total_tokens": audio + prompt + output,
        }

    def _verbose(self) -> dict[str, Any]:
        granularities = self.form.all("timestamp_granularities[]") or ["segment"]
        body: dict[str, Any] = {
            "task": "transcribe",
            "language": LANGUAGES.get(self.language, self.language),
            "duration": round(self.seconds, 2),
            "text": self.heard.text,
        }
        if "segment" in granularities:
            body["segments"] = self.segments()
        if "word" in granularities:
            body["words"] = [timed(word) for word in self.heard.words]
        return body

    def segments(self) -> list[dict[str, Any]]:
        """whisper's: of about ten seconds each; one over the whole for a script without spaces."""
        words = self.heard.words
        if len(words) < 2:
            words = (Word(self.heard.text, 0.0, self.seconds),) if self.heard.text else ()
        return [
            {
                "id": number,
                "seek": 0,
                "start": round(part[0].start_s, 2),
                "end": round(part[-1].end_s, 2),
                "text": "".join(f" {word.text}" for word in part),
                "tokens": [50364],
                "temperature": 0.0,
                "avg_logprob": -0.2,
                "compression_ratio": 1.2,
                "no_speech_prob": 0.01,
            }
            for number, part in enumerate(_parts(words))
        ]

    def diarized(self) -> list[dict[str, Any]]:
        """A segment for each turn; speakers are A, B and so on unless the form names them."""
        known = self.form.all("known_speaker_names[]")
        labels: dict[str, str] = {name: name for name in known}
        for word in self.heard.words:
            labels.setdefault(word.speaker, ascii_uppercase[len(labels) - len(known)])
        return [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number}",
                "start": round(turn[0].start_s, 3),
                "end": round(turn[-1].end_s, 3),
                "text": " ".join(word.text for word in turn),
                "speaker": labels[turn[0].speaker],
            }
            for number, turn in enumerate(turns(self.heard.words))
        ]


def encoded(body: str | dict[str, Any]) -> tuple[str, bytes]:
    """The content type and the bytes of a body."""
    if isinstance(body, str):
        return "text/plain; charset=utf-8", body.encode()
    return "application/json", json.dumps(body).encode()


def timed(word: Word) -> dict[str, Any]:
    times = {"start": round(word.start_s, 2), "end": round(word.end_s, 2)}
    return {"word": word.text.strip(PUNCTUATION), **times}


def tokens(text: str) -> list[str]:
    """The text cut into pieces, spaces at their fronts, as a model's tokenizer would."""
    words = [word if not at else f" {word}" for at, word in enumerate(text.split())]
    return [token for word in words for token in TOKEN.findall(word)]


def logprobs(tokens: list[str]) -> list[dict[str, Any]]:
    return [
        {"token": token, "logprob": TOKEN_LOGPROB, "bytes": list(token.encode())}
        for token in tokens
    ]


def _parts(words: tuple[Word, ...]) -> Iterator[list[Word]]:
    part: list[Word] = []
    for word in words:
        if part and word.end_s - part[0].start_s > SEGMENT_S:
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _captions(wanted: str, segments: list[dict[str, Any]]) -> str:
    comma = "," if wanted == "srt" else "."
    blocks = [
        (f"{number}\n" if wanted == "srt" else "")
        + f"{_clock(each['start'], comma)} --> {_clock(each['end'], comma)}\n"
        + f"{each['text'].strip()}\n"
        for number, each in enumerate(segments, 1)
    ]
    return "\n".join(blocks if wanted == "srt" else ["WEBVTT\n", *blocks])


def _clock(seconds: float, comma: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{comma}{milliseconds:03}"
