"""OpenAI's transcription models, and servers that speak the same API, through the official SDK."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import httpx2  # the SDK's client, whose errors while an answer is read the SDK lets through
import openai

from transcription import audio
from transcription.engines import answers
from transcription.engines.base import (
    REFUSED_LANGUAGES,
    Answer,
    Capabilities,
    EngineError,
    Request,
)

DEFAULT_BASE_URL = "https://api.openai.com/v1"
CONNECT_TIMEOUT_S = 10.0

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
    }
)
# Statuses below 500 that say "later" rather than "no": timeout, conflict, locked, too early.
PASSING_STATUSES = frozenset({408, 409, 423, 425})

_DELTA, _SEGMENT, _DONE = (f"transcript.text.{kind}" for kind in ("delta", "segment", "done"))
_UNREADABLE = re.compile("corrupted|failed to read", re.IGNORECASE)
_BARE_SECONDS = re.compile(r"\d+(\.\d+)?")
_SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SPAN_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

Fields = dict[str, Any]  # of the form, as the SDK's keyword arguments
Event = dict[str, Any]


class OpenAIEngine:
    """One model of one service; keeps its connections open and may be shared between threads."""

    def __init__(
        self,
        capabilities: Capabilities,
        *,
        api_key: str | None,
        base_url: str | None,
        timeout_s: float,
    ) -> None:
        if not api_key and not base_url:
            raise EngineError(
                "no_api_key",
                f"{capabilities.model} needs an API key. Set OPENAI_API_KEY, or OPENAI_BASE_URL "
                "for a server of your own.",
                permanent=True,
                scope="account",
            )
        self.capabilities = capabilities
        self._client = openai.OpenAI(
            api_key=api_key or "none",  # servers of one's own may ask for no key, the SDK does
            base_url=base_url or DEFAULT_BASE_URL,
            timeout=openai.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            max_retries=0,  # the retry policy is ours: each of the SDK's own may be billed
        )

    @property
    def address(self) -> str:
        """Where the audio goes."""
        return str(self._client.base_url)

    def transcribe(self, request: Request) -> Answer:
        """One request to the service; see EngineError for all that may go wrong."""
        return self.ask(request, form_fields(self.capabilities, request))

    def ask(self, request: Request, fields: Fields) -> Answer:
        """The answer to the request's audio with just these fields of the form."""
        file = _file(self.capabilities, request.audio)
        with ExitStack() as opened:
            with self._errors():
                # As it streams: parsed by the SDK, HTML would come back as if it were the text.
                response = opened.enter_context(
                    self._client.audio.transcriptions.with_streaming_response.create(
                        file=file,
                        model=self.capabilities.model,
                        **fields,
                    )
                )
            raw = _gathered(self._events(response), request)
        return answers.read(
            raw,
            request.audio_ms,
            told_language=not fields.keys().isdisjoint(("language", "languages")),
            request_id=response.headers.get("x-request-id", ""),
        )

    def listed_models(self) -> list[dict[str, Any]]:
        """What the service tells of its models ("id", "shutdown_date"); EngineError if nothing."""
        with self._errors():
            body = json.loads(self._client.models.with_raw_response.list().text)
        return answers.dicts(body.get("data") if isinstance(body, dict) else None)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise engine_error(error, self.capabilities.model) from error

    def _events(self, response: openai.APIResponse[Any]) -> Iterator[Event]:
        """The events of a stream; of a server that answers all at once the last one alone.

        A generator, so that errors of whoever takes the events are not taken for the service's.
        """
        with self._errors():
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                response.read()
                yield answers.parsed(response.text()) | {"type": _DONE}
                return
            stream = openai.Stream(
                cast_to=object, response=response.http_response, client=self._client
            )
            for event in stream:
                if isinstance(event, dict):
                    yield from _as_openai_streams(answers.storable(event))


def _as_openai_streams(event: Event) -> Iterator[Event]:
    """vLLM streams a chat: pieces of the text in choices, and in the end the reason to stop."""
    choices = answers.dicts(event.get("choices"))
    if not choices:
        yield event
    for choice in choices[:1]:
        for delta in answers.dicts([choice.get("delta")]):
            yield {"type": _DELTA, "delta": delta.get("content")}
        if choice.get("finish_reason"):
            yield {"type": _DONE}


def _gathered(events: Iterable[Event], request: Request) -> dict[str, Any]:
    """The answer as if it had come at once, telling what has come so far."""
    text, heard_ms = "", None
    segments: list[Event] = []
    for event in events:
        kind = event.pop("type", "")
        if kind == _DONE:
            whole = event if isinstance(event.get("text"), str) else event | {"text": text}
            return whole | ({"segments": segments} if segments else {})
        if kind == _SEGMENT:
            segments.append(event)
            heard_ms = answers.time_ms(event.get("end"), request.audio_ms)
        elif isinstance(event.get("delta"), str):
            text += event["delta"]
        else:
            continue
        if request.on_progress is not None:
            spoken = text or " ".join(str(each.get("text") or "").strip() for each in segments)
            request.on_progress(spoken, heard_ms)
    raise EngineError(
        "bad_answer",
        "The speech service broke off in the middle of its answer. Try again; if this stays, "
        "the server streams in a form of its own: declare the model without streams.",
    )


def form_fields(capabilities: Capabilities, request: Request) -> Fields:
    """The form's fields beside file and model."""
    fields = _format_fields(capabilities)
    listened_to = request.on_progress is not None and capabilities.streams
    if listened_to and fields["response_format"] != "verbose_json":  # a stream has no such times
        fields["stream"] = True
    if request.prompt and capabilities.prompt:
        fields["prompt"] = request.prompt
    fields |= _keyword_fields(capabilities, [k for k in request.keywords if _sendable(k)])
    return fields | _language_fields(capabilities, request.languages)


def _format_fields(capabilities: Capabilities) -> Fields:
    """What the answer is to hold: as much as the model can tell in one format."""
    if capabilities.speakers:
        return {"response_format": "diarized_json", "chunking_strategy": "auto"}
    timed = {"word": capabilities.word_times, "segment": capabilities.segment_times}
    if granularities := [name for name, told in timed.items() if told]:
        return {"response_format": "verbose_json", "timestamp_granularities": granularities}
    fields: Fields = {"response_format": "json"}
    return fields | ({"include": ["logprobs"]} if capabilities.logprobs else {})


def _keyword_fields(capabilities: Capabilities, keywords: list[str]) -> Fields:
    if not keywords or capabilities.keywords_field == "none":
        return {}
    if capabilities.keywords_field == "hotwords":
        return {"extra_body": {"hotwords": ", ".join(keywords)}}
    return {"keywords": keywords}


def _sendable(keyword: str) -> bool:
    """Whether the service takes it: one bad keyword fails the whole request."""
    return bool(keyword.strip()) and not set(keyword) & set("<>\r\n")


def _language_fields(capabilities: Capabilities, languages: tuple[str, ...]) -> Fields:
    """What is told of the languages: all or nothing, since a part would be forced on the rest."""
    if capabilities.language_field == "languages" and languages:
        if REFUSED_LANGUAGES.isdisjoint(languages):
            return {"languages": list(languages)}
    elif capabilities.language_field == "language" and len(languages) == 1:
        return {"language": languages[0]}
    return {}


def _file(capabilities: Capabilities, flac: bytes) -> tuple[str, bytes, str]:
    """The audio as the service takes it, which tells the format by the ending of the name."""
    if capabilities.audio_format == "wav":
        return "chunk.wav", audio.encode_wav(audio.read_flac(flac)), "audio/wav"
    return "chunk.flac", flac, "audio/flac"


def engine_error(error: Exception, model: str) -> EngineError:
    """What an exception of the SDK, or an answer that cannot be read, means for the work."""
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, model)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return EngineError("timeout", "The speech service did not answer in time. Try again later.")
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        return EngineError(
            "connection_failed",
            "The speech service cannot be reached. Check the network and OPENAI_BASE_URL.",
        )
    return EngineError(
        "bad_answer",
        f"The speech service answered with no transcript ({error}). Try again; if this stays, "
        "check OPENAI_BASE_URL.",
    )


def _refusal(error: openai.APIStatusError, model: str) -> EngineError:
    """The meaning of an error status: by its code where the code decides, else by the status."""
    status, code = error.status_code, _code(error)
    said = answers.said(error.body) or "nothing"
    retry_after_s = _retry_after_s(error.response.headers)
    if refusal := _account_refusal(status, code, said, model):
        return refusal
    if status == 429:
        return EngineError(
            "rate_limit_exceeded",
            "The speech service asks for fewer requests. Work goes on after a pause.",
            scope="account",
            retry_after_s=retry_after_s,
        )
    if status >= 500 or status in PASSING_STATUSES:
        message = f"The speech service has trouble of its own (HTTP {status}). Try again later."
        return EngineError(code or "server_error", message, retry_after_s=retry_after_s)
    return _chunk_refusal(status, code, said)


def _account_refusal(status: int, code: str, said: str, model: str) -> EngineError | None:
    """What every other chunk would meet too, until somebody does something."""
    refusal = partial(EngineError, permanent=True, scope="account")
    if status == 401:
        message = "The speech service refused the API key. Set OPENAI_API_KEY to a valid one."
        return refusal("invalid_api_key", message)
    if status in (403, 404):
        message = (
            f"The speech service has no model {model!r} for this key. Check STT_MODEL, the key's "
            f"permissions and OPENAI_BASE_URL. It said: {said}"
        )
        return refusal("model_not_found", message)
    if status == 402 or code in QUOTA_CODES:
        message = f"The account's quota is used up. Raise its limit or add credit. It said: {said}"
        return refusal(code or "insufficient_quota", message)
    return None


def _chunk_refusal(status: int, code: str, said: str) -> EngineError:
    """What is wrong with this chunk, for good."""
    if status == 413:
        code = "audio_too_large"
        message = "The chunk is larger than the speech service takes. Cut the recording finer."
    elif code == "audio_too_short":
        message = f"The chunk is too short for the speech service. It said: {said}"
    elif _UNREADABLE.search(said):
        code = "audio_unreadable"
        message = (
            "The speech service cannot read the chunk's sound. If it reads no FLAC, declare its "
            f"model with the audio format wav. It said: {said}"
        )
    else:
        message = f"The speech service refused the chunk (HTTP {status}). It said: {said}"
    return EngineError(code or "invalid_request", message, permanent=True)


def _code(error: openai.APIStatusError) -> str:
    """The code, or the type where there is none; vLLM's code is the status over again."""
    named = (str(name) for name in (error.code, error.type) if name)
    return next((name for name in named if not name.isdigit()), "")


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The pause asked for: seconds, a span as Groq writes it ("2m59.56s") or a date."""
    value = headers.get("retry-after", "").strip()
    if _BARE_SECONDS.fullmatch(value):
        return float(value)
    if re.fullmatch(f"({_SPAN_PART.pattern})+", value):
        return sum(float(count) * _SPAN_SECONDS[unit] for count, unit in _SPAN_PART.findall(value))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date in UTC may come without its zone.
    until = until.replace(tzinfo=until.tzinfo or UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
