"""OpenAI's transcription models, and servers that speak the same API, through the official SDK."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import openai

from transcription.engines.base import Answer, Capabilities, EngineError, Request, Word

DEFAULT_BASE_URL = "https://api.openai.com/v1"
FILE_NAME = "chunk.flac"  # the service tells the format by the ending
CONNECT_TIMEOUT_S = 10.0

# ISO 639-1 codes that `languages[]` refuses, and the whole request with them.
REFUSED_LANGUAGES = frozenset(
    {"am", "km", "lo", "mn", "my", "nn", "pa", "si", "so", "sq", "uz", "yo"}
)

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

_LONGEST_SAID = 300  # characters of a server's own words worth showing
_NANOSECONDS_FROM = 1e6  # no chunk lasts so many seconds, and 1 ms is already so many nanoseconds
_BARE_SECONDS = re.compile(r"\d+(\.\d+)?")
_SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SPAN_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


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

    def transcribe(self, request: Request) -> Answer:
        """One request to the service; see EngineError for all that may go wrong."""
        try:
            # The raw response: parsed by the SDK, HTML would come back as if it were the text.
            response = self._client.audio.transcriptions.with_raw_response.create(
                file=(FILE_NAME, request.audio, "audio/flac"),
                model=self.capabilities.model,
                **_fields(self.capabilities, request),
            )
            raw = _json_object(response.text)
        except (openai.OpenAIError, ValueError) as error:
            raise engine_error(error, self.capabilities.model) from error
        return _answer(raw, request, response.headers.get("x-request-id", ""))


def _fields(capabilities: Capabilities, request: Request) -> dict[str, Any]:
    """The form's fields beside file and model, as the SDK's keyword arguments."""
    fields: dict[str, Any] = {"response_format": "json"}
    if capabilities.word_times:
        fields |= {"response_format": "verbose_json", "timestamp_granularities": ["word"]}
    if capabilities.model.startswith("gpt-4o"):
        fields["include"] = ["logprobs"]
    if request.prompt:
        fields["prompt"] = request.prompt
    if capabilities.keywords and (keywords := [k for k in request.keywords if _sendable(k)]):
        fields["keywords"] = keywords
    return fields | _language_fields(capabilities, request.languages)


def _sendable(keyword: str) -> bool:
    """Whether the service takes it: one bad keyword fails the whole request."""
    return bool(keyword.strip()) and not set(keyword) & set("<>\r\n")


def _language_fields(capabilities: Capabilities, languages: tuple[str, ...]) -> dict[str, Any]:
    """What is told of the languages: all or nothing, since a part would be forced on the rest."""
    if capabilities.language_field == "languages" and languages:
        if REFUSED_LANGUAGES.isdisjoint(languages):
            # The first weighs most, and English is found without help.
            return {"languages": sorted(languages, key=lambda code: code == "en")}
    elif capabilities.language_field == "language" and len(languages) == 1:
        return {"language": languages[0]}
    return {}


def _json_object(body: str) -> dict[str, Any]:
    """The body of a 200 as an object with a text; ValueError, saying what came, otherwise."""
    try:
        raw = _storable(json.loads(body, parse_constant=lambda _: None))
    except ValueError:
        raise ValueError(_said(body) or "an empty body") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise ValueError(_said(raw) or "JSON without a text")
    return raw


def _storable(value: Any) -> Any:
    """Without NUL and half characters, which no database takes: the answer is paid for already."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def _answer(raw: dict[str, Any], request: Request, request_id: str) -> Answer:
    """Read leniently: compatible servers leave out every field but the text."""
    text = raw["text"].strip()
    return Answer(
        text=text,
        words=_timed_words(raw, request.audio_ms) or _scored_words(raw, text),
        language=_language(raw, request),
        usage=_usage(raw),
        request_id=request_id,
        raw=raw,
    )


def _language(raw: Mapping[str, Any], request: Request) -> str:
    """The language detected; with hints given the service only echoes the first of them."""
    if request.languages:
        return ""
    codes = [str(each.get("code") or "") for each in _dicts(raw.get("languages"))]
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
    found = _dicts(raw.get("words")) or [
        word for segment in _dicts(raw.get("segments")) for word in _dicts(segment.get("words"))
    ]
    words = []
    for word in found:
        text = str(word.get("word") or "").strip()
        start_ms, end_ms = (_time_ms(word.get(edge), audio_ms) for edge in ("start", "end"))
        if text and start_ms is not None and end_ms is not None:
            confidence = _number(word.get("probability"))
            words.append(Word(text, start_ms, max(start_ms, end_ms), confidence))
    return tuple(words)


def _time_ms(value: Any, audio_ms: int) -> int | None:
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
    for token in _dicts(raw.get("logprobs")):
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
        Word(word, None, None, min(1.0, math.exp(math.fsum(scores) / len(scores))))
        for word, scores in spoken
    )


def _token_bytes(token: Mapping[str, Any]) -> bytes:
    """The bytes of a token: beyond ASCII a token may be a part of a character."""
    spelled = token.get("bytes")
    return bytes(spelled) if spelled else str(token.get("token") or "").encode()


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in what should be a list of objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    """A finite number, also from a string; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def engine_error(error: Exception, model: str) -> EngineError:
    """What an exception of the SDK, or an answer that cannot be read, means for the work."""
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, model)
    if isinstance(error, openai.APITimeoutError):
        return EngineError("timeout", "The speech service did not answer in time. Try again later.")
    if isinstance(error, openai.APIConnectionError):
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
    status, code, said = error.status_code, _code(error), _said(error.body) or "nothing"
    retry_after_s = _retry_after_s(error.response.headers)
    account = partial(EngineError, scope="account")

    if status == 401:
        message = "The speech service refused the API key. Set OPENAI_API_KEY to a valid one."
        return account("invalid_api_key", message, permanent=True)
    if status in (403, 404):
        message = (
            f"The speech service has no model {model!r} for this key. Check STT_MODEL, the key's "
            f"permissions and OPENAI_BASE_URL. It said: {said}"
        )
        return account("model_not_found", message, permanent=True)
    if status == 402 or code in QUOTA_CODES:
        message = f"The account's quota is used up. Raise its limit or add credit. It said: {said}"
        return account(code or "insufficient_quota", message, permanent=True)
    if status == 429:
        message = "The speech service asks for fewer requests. Work goes on after a pause."
        return account("rate_limit_exceeded", message, retry_after_s=retry_after_s)
    if status == 413:
        message = "The chunk is larger than the speech service takes. Cut the recording finer."
        return EngineError("audio_too_large", message, permanent=True)
    if status >= 500 or status in PASSING_STATUSES:
        message = f"The speech service has trouble of its own (HTTP {status}). Try again later."
        return EngineError(code or "server_error", message, retry_after_s=retry_after_s)
    message = f"The speech service refused the chunk (HTTP {status}). It said: {said}"
    return EngineError(code or "invalid_request", message, permanent=True)


def _code(error: openai.APIStatusError) -> str:
    """The code, or the type where there is none; vLLM's code is the status over again."""
    named = (str(name) for name in (error.code, error.type) if name)
    return next((name for name in named if not name.isdigit()), "")


def _said(body: object) -> str:
    """A server's own words, whatever it wrapped them in; "" for none."""
    if isinstance(body, Mapping):
        wrapped: Iterable[object] = (body.get(key) for key in ("message", "error", "detail", "msg"))
        return next((said for said in map(_said, wrapped) if said), "")
    if isinstance(body, list):  # FastAPI's list of what did not validate
        return _said(body[0]) if body else ""
    said = " ".join(str(body or "").split())
    return "an HTML page" if said.startswith("<") else said[:_LONGEST_SAID]


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
