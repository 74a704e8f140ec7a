"""What every speech engine takes and gives: dataclass in, dataclass out, or an EngineError."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol

FORM_BYTES = 65_536  # left for the rest of the form: services count the whole body
OPENAI_BYTES = 26_214_400 - FORM_BYTES
# ISO 639-1 codes that OpenAI's `languages[]` refuses, and the whole request with them
REFUSED_LANGUAGES = frozenset(
    {"am", "km", "lo", "mn", "my", "nn", "pa", "si", "so", "sq", "uz", "yo"}
)


@dataclass(frozen=True)
class Capabilities:
    """What one model can do, what it takes and what it costs."""

    model: str
    label: str  # for people
    target_ms: int  # how long its chunks should be,
    longest_ms: int  # and may be; within what the service takes
    engine: Literal["openai", "pocketsphinx"] = "openai"
    queue: Literal["media", "engine"] = "engine"  # the Celery queue whose workers suit it
    word_times: bool = False
    segment_times: bool = False
    languages: tuple[str, ...] | None = None  # ISO 639-1 codes; None for many
    language_field: Literal["none", "language", "languages"] = "language"  # how it is told of them
    # how it is told terms beside a prompt; "words": they join those that it can hear at all
    keywords_field: Literal["none", "keywords", "hotwords", "words"] = "none"
    most_terms: int = 100  # that it is told with one request
    prompt: bool = True
    # by what in its prompt it keeps several languages apart: a text that switches, or words
    switches_by: Literal["none", "example", "words"] = "none"
    prompt_tokens: int | None = None  # so many, the last, it hears of a prompt; None: all
    max_bytes: int = OPENAI_BYTES  # of one request's audio
    usd_per_minute: Decimal | None = None  # None where nobody has said
    speakers: bool = False  # tells who spoke
    logprobs: bool = False  # tells how sure it is of each token
    streams: bool = False  # can send the text while it hears
    most_output_tokens: int | None = None  # the text is cut there without a word
    audio_format: Literal["flac", "wav"] = "flac"  # in which a chunk is sent
    shutdown_date: date | None = None
    successor: str = ""  # the model to take after the shutdown
    base_url: str = ""  # of the server that has it; empty: the one that is configured for all
    api_key: str = field(default="", repr=False)  # for that server
    demo: bool = False  # its text must be labelled as of demo quality wherever it is shown

    @property
    def takes_terms(self) -> Literal["none", "prompt", "keywords", "hotwords", "words"]:
        """In what form."""
        if self.keywords_field == "none" and self.prompt:
            return "prompt"
        return self.keywords_field

    def cost_usd(self, audio_s: float) -> Decimal | None:
        """What so much audio costs, to a millionth; None where nobody has said."""
        if self.usd_per_minute is None:
            return None
        return (self.usd_per_minute * Decimal(audio_s) / 60).quantize(Decimal("0.000001"))


@dataclass(frozen=True)
class Request:
    """One chunk of audio and what is known about it."""

    audio: bytes = field(repr=False)  # FLAC, 16 kHz, mono
    audio_ms: int
    languages: tuple[str, ...] = ()  # ISO 639 codes to tell of, the one that weighs most first
    prompt: str = ""
    keywords: tuple[str, ...] = ()  # terms as they are to be written
    # of those that are not said as written: texts to read aloud, with commas between
    sounds_like: Mapping[str, str] = field(default_factory=dict)
    # called with all text so far and how much of the audio is heard (None: not known), in the
    # thread that asked, as often as the engine has news; an exception from it ends the request
    on_progress: Callable[[str, int | None], object] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Word:
    """One spoken word; the times, from the start of the chunk, are None where none were given."""

    text: str
    start_ms: int | None
    end_ms: int | None
    confidence: float | None = None  # a probability, 0 to 1


@dataclass(frozen=True)
class Stretch:
    """A run of the text whose times, and perhaps whose speaker, the engine told."""

    text: str
    start_ms: int  # from the start of the chunk
    end_ms: int
    speaker: str = ""


@dataclass(frozen=True)
class Answer:
    """What an engine heard in one chunk."""

    text: str
    words: tuple[Word, ...] = ()
    stretches: tuple[Stretch, ...] = ()  # in order; their texts, joined, are the text or close to
    language: str = ""  # as the engine detected and wrote it: "fr" or "french"
    usage: Mapping[str, Any] = field(default_factory=dict)  # the API's usage object, any key absent
    request_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)  # the JSON as received

    def later(self, by_ms: int) -> "Answer":
        """The same, of audio that begins `by_ms` later."""

        def moved(ms: int | None) -> int | None:
            return None if ms is None else ms + by_ms

        return replace(
            self,
            words=tuple(
                replace(word, start_ms=moved(word.start_ms), end_ms=moved(word.end_ms))
                for word in self.words
            ),
            stretches=tuple(
                replace(each, start_ms=each.start_ms + by_ms, end_ms=each.end_ms + by_ms)
                for each in self.stretches
            ),
        )


def joined(answers: Sequence[Answer]) -> Answer:
    """Answers to one part of the audio after the other as one, without what was counted."""
    return Answer(
        text=" ".join(answer.text for answer in answers if answer.text),
        words=tuple(word for answer in answers for word in answer.words),
        stretches=tuple(stretch for answer in answers for stretch in answer.stretches),
        language=next((answer.language for answer in answers if answer.language), ""),
    )


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
