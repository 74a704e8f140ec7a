"""What every speech engine takes and gives: dataclass in, dataclass out, or an EngineError."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Capabilities:
    """What one model can do, what it takes and what it costs."""

    model: str
    engine: Literal["openai", "pocketsphinx"]
    label: str  # for people
    queue: Literal["media", "engine"]  # the Celery queue whose workers suit it
    word_times: bool
    segment_times: bool
    languages: tuple[str, ...] | None  # ISO 639-1 codes; None for many
    language_field: Literal["none", "language", "languages"]  # how it is told what to expect
    keywords: bool
    prompt: bool
    max_audio_ms: int
    max_bytes: int  # of one request's audio
    shutdown_date: date | None
    usd_per_minute: Decimal | None  # None where nobody has said
    demo: bool = False  # its text must be labelled as of demo quality wherever it is shown


@dataclass(frozen=True)
class Request:
    """One chunk of audio and what is known about it."""

    audio: bytes = field(repr=False)  # FLAC, 16 kHz, mono
    audio_ms: int
    languages: tuple[str, ...] = ()  # ISO 639-1 codes expected; empty for unknown
    prompt: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Word:
    """One spoken word; the times, from the start of the chunk, are None where none were given."""

    text: str
    start_ms: int | None
    end_ms: int | None
    confidence: float | None = None  # a probability, 0 to 1


@dataclass(frozen=True)
class Answer:
    """What an engine heard in one chunk."""

    text: str
    words: tuple[Word, ...] = ()
    language: str = ""  # as the engine detected and wrote it: "fr" or "french"
    usage: Mapping[str, Any] = field(default_factory=dict)  # the API's usage object, any key absent
    request_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)  # the JSON as received


class EngineError(Exception):
    """Why there is no answer.

    `code` is for programs; `message` says to people what happened and what to do. `permanent`:
    trying again will not help. `scope`: "account" where every other chunk would meet the same
    (a rate limit, a quota, a wrong key, an unknown model), "chunk" where only this one is known
    to. `retry_after_s` is the pause that the service asked for, if it did.
    """

    def __init__(
        self,
        code: str,
        message: str,
        permanent: bool = False,
        scope: Literal["chunk", "account"] = "chunk",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message, permanent, scope, retry_after_s)  # so that it pickles
        self.code = code
        self.message = message
        self.permanent = permanent
        self.scope = scope
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return self.message


class Engine(Protocol):
    """One model, ready to hear; safe to share between threads."""

    @property
    def capabilities(self) -> Capabilities: ...

    def transcribe(self, request: Request) -> Answer:
        """Hear one chunk, or raise EngineError."""
        ...
