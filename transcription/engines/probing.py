"""What a server that speaks the transcription API really does, found by asking it.

An answer of 200 does not prove that a field was read: most servers ignore what they do not know.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Literal

from transcription.engines.base import Answer, Capabilities, EngineError, Request
from transcription.engines.openai import Fields, OpenAIEngine

AudioFormat = Literal["flac", "wav"]
FORMATS: tuple[AudioFormat, ...] = ("flac", "wav")
MOST_REQUESTS = 15
FLAGS = ("word_times", "segment_times", "logprobs", "streams", "speakers")
PROMPT = "A visit to the heart clinic."
KEYWORD, BAD_KEYWORD = "heart attack", "<b>"
BAD_LANGUAGE = "nonsense"
_SAYS_NOTHING = frozenset({"timeout", "connection_failed", "rate_limit_exceeded"})


@dataclass(frozen=True)
class Finding:
    """What is known of one thing, named as in STT_MODELS where it is there.

    "accepted": there was an answer, as there may be from a server that ignores the field.
    "unknown": the request failed of something else.
    """

    name: str
    verdict: Literal["yes", "no", "read", "accepted", "unknown"]
    detail: str = ""


def probe(engine: OpenAIEngine, request: Request) -> Iterator[Finding]:
    """Ask up to MOST_REQUESTS times about the request's audio, which must hold English speech.

    Raises EngineError where the server answers neither FLAC nor WAV with a text; each finding
    comes as soon as it is known.
    """
    yield _listed(engine)
    server = _Server(engine, request)
    yield from server.formats()
    yield from server.times()
    yield server.told("logprobs", _tells_certainty, include=["logprobs"])
    yield server.prompt()
    yield server.hint("language", "en", BAD_LANGUAGE)
    yield server.hint("languages", ["en"], [BAD_LANGUAGE])
    yield server.hint("keywords", [KEYWORD], [BAD_KEYWORD])
    yield server.hotwords()
    yield server.streams()
    yield server.told(
        "speakers",
        lambda answer: any(stretch.speaker for stretch in answer.stretches),
        response_format="diarized_json",
        chunking_strategy="auto",
    )


def suggestion(record: Capabilities, findings: Iterable[Finding]) -> dict[str, Any]:
    """An entry of STT_MODELS that says what was found; the rest of it is for people to add.

    One request is of one format: the times of words are worth more than speakers, and speakers
    more than the times of segments.
    """
    found = {finding.name: finding.verdict for finding in findings}
    able = {name for name, verdict in found.items() if verdict == "yes"}
    if "word_times" in able:
        able -= {"speakers", "streams"}
    elif "segment_times" in able and "speakers" not in able:
        able -= {"streams"}
    entry: dict[str, Any] = {"model": record.model}
    if record.base_url:
        entry["base_url"] = record.base_url
    entry |= {flag: True for flag in FLAGS if flag in able}
    if found["prompt"] == "no":
        entry["prompt"] = False
    if found["languages"] == "read":
        entry["language_field"] = "languages"
    elif found["language"] == "no":
        entry["language_field"] = "none"
    if found["keywords"] == "read":
        entry["keywords_field"] = "keywords"
    if found["flac"] == "no":
        entry["audio_format"] = "wav"
    return entry


def _listed(engine: OpenAIEngine) -> Finding:
    try:
        models = engine.listed_models()
    except EngineError:
        return Finding("listed", "unknown", "the server gives no list of its models")
    name = engine.capabilities.model
    own = next((model for model in models if model.get("id") == name), None)
    if own is None:
        listed = ", ".join(str(model.get("id")) for model in models[:10])
        return Finding("listed", "no", f"the server lists: {listed or 'nothing'}")
    end = own.get("shutdown_date")
    return Finding("listed", "yes", f"it is shut down on {end}" if end else "")


class _Server:
    """One server and the speech that it is asked about."""

    def __init__(self, engine: OpenAIEngine, request: Request) -> None:
        self.engine, self.request = engine, request
        self.base: Fields = {"response_format": "json"}
        if engine.capabilities.speakers:
            self.base["chunking_strategy"] = "auto"  # such a model answers nothing without

    def ask(self, **fields: Any) -> Answer | EngineError:
        try:
            return self.engine.ask(self.request, self.base | fields)
        except EngineError as error:
            return error

    def formats(self) -> Iterator[Finding]:
        """Which sound it reads; the rest is asked in the first that works."""
        working, failures = [], []
        for name in FORMATS:
            engine, began = _sending(self.engine, name), time.monotonic()
            try:
                answer = engine.ask(self.request, self.base)
            except EngineError as error:
                if not error.permanent or error.scope == "account":
                    raise
                failures.append(error)
                yield _failed(name, error)
            else:
                working.append(engine)
                took = f"{time.monotonic() - began:.1f} s for {self.request.audio_ms / 1000:.1f} s"
                yield Finding(name, "yes", f"{took}: {answer.text}")
        if not working:
            raise failures[0]
        self.engine = working[0]

    def times(self) -> Iterator[Finding]:
        verbose = {"response_format": "verbose_json"}
        answer = self.ask(**verbose, timestamp_granularities=["word", "segment"])
        if isinstance(answer, EngineError):  # some know the times of segments only
            answer = self.ask(**verbose, timestamp_granularities=["segment"])
        if isinstance(answer, EngineError):
            yield _failed("word_times", answer)
            yield _failed("segment_times", answer)
            return
        timed = sum(word.start_ms is not None for word in answer.words)
        yield _counted("word_times", timed, "words")
        yield _counted("segment_times", len(answer.stretches), "segments")

    def told(self, name: str, shows: Callable[[Answer], bool], **fields: Any) -> Finding:
        """Whether these fields make it tell something."""
        answer = self.ask(**fields)
        if isinstance(answer, EngineError):
            return _failed(name, answer)
        return Finding(name, "yes") if shows(answer) else Finding(name, "no", "it tells nothing")

    def prompt(self) -> Finding:
        answer = self.ask(prompt=PROMPT)
        if isinstance(answer, EngineError):
            return _failed("prompt", answer)
        details = answer.usage.get("input_token_details")
        if isinstance(details, dict) and details.get("text_tokens"):
            return Finding("prompt", "read", f"it counted {details['text_tokens']} tokens")
        return Finding("prompt", "accepted")

    def hint(self, name: str, value: Any, nonsense: Any) -> Finding:
        """Whether a field is taken, and read: then nonsense in it is refused."""
        answer = self.ask(**{name: value})
        if isinstance(answer, EngineError):
            return _failed(name, answer)
        refusal = self.ask(**{name: nonsense})
        if isinstance(refusal, EngineError) and refusal.code not in _SAYS_NOTHING:
            return Finding(name, "read", "nonsense in it is refused")
        return Finding(name, "accepted", "nonsense in it is not refused")

    def hotwords(self) -> Finding:
        answer = self.ask(extra_body={"hotwords": KEYWORD})
        if isinstance(answer, EngineError):
            return _failed("hotwords", answer)
        return Finding("hotwords", "accepted", "its documentation must say whether it is read")

    def streams(self) -> Finding:
        pieces: list[str] = []
        request = replace(self.request, on_progress=lambda text, _: pieces.append(text))
        try:
            self.engine.ask(request, self.base | {"stream": True})
        except EngineError as error:
            return _failed("streams", error)
        if not pieces:
            return Finding("streams", "no", "it answers all at once")
        return Finding("streams", "yes", f"{len(pieces)} pieces")


def _sending(engine: OpenAIEngine, audio_format: AudioFormat) -> OpenAIEngine:
    other = copy(engine)  # with the same connections
    other.capabilities = replace(engine.capabilities, audio_format=audio_format)
    return other


def _tells_certainty(answer: Answer) -> bool:
    """Whether its words came out of tokens: those have no times."""
    return any(word.confidence is not None and word.start_ms is None for word in answer.words)


def _counted(name: str, count: int, things: str) -> Finding:
    return Finding(name, "yes" if count else "no", f"{things} with times: {count}")


def _failed(name: str, error: EngineError) -> Finding:
    refused = error.permanent or error.code == "bad_answer"
    return Finding(name, "no" if refused else "unknown", error.message)
