"""What the audio API accepts: the service's refusals, by model."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from tests.standin.form import Form

BODY_BYTES = 26_214_400
SHORTEST_S = 0.1
MOST_SPEAKERS = 4
GRANULARITIES = frozenset({"word", "segment"})
FILE_ENDINGS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
REFUSED_LANGUAGES = frozenset(
    {"am", "km", "lo", "mn", "my", "nn", "pa", "si", "so", "sq", "uz", "yo"}
)


@dataclass(frozen=True)
class Model:
    """What one model takes."""

    formats: tuple[str, ...] = ("json", "text")
    prompt: bool = True
    hints: bool = False  # keywords[] and languages[]
    logprobs: bool = True
    streams: bool = True  # where not, stream=true is ignored
    chunking: bool = False  # chunking_strategy must be given
    longest_s: float | None = None
    most_tokens: int | None = None  # of output: the rest is cut off without a word
    usage: str = "tokens"
    shutdown_date: str | None = "2027-02-26"


MODELS = {
    "whisper-1": Model(
        ("json", "text", "srt", "verbose_json", "vtt"),
        logprobs=False,
        streams=False,
        usage="duration",
    ),
    "gpt-4o-transcribe": Model(longest_s=1400, most_tokens=2000),
    "gpt-4o-mini-transcribe": Model(longest_s=1400, most_tokens=2000),
    "gpt-4o-transcribe-diarize": Model(
        ("json", "text", "diarized_json"),
        prompt=False,
        logprobs=False,
        chunking=True,
        longest_s=1400,
    ),
    "gpt-transcribe": Model(hints=True, longest_s=1800, usage="duration", shutdown_date=None),
}


class Refusal(Exception):
    """An error status and the four fields of its body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = HTTPStatus(status)
        self.error = {"message": message, "type": kind, "param": param, "code": code}


def check_size(length: int) -> None:
    if length > BODY_BYTES:
        message = f"Maximum content size limit ({BODY_BYTES}) exceeded ({length} bytes read)"
        raise Refusal(413, message, kind="server_error")


def check_key(authorization: str, key: str) -> None:
    if authorization != f"Bearer {key}":
        raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key")


def check_form(form: Form) -> None:
    """Every rule that needs no look into the audio; unknown fields pass, as at the service."""
    name = form.one("model")
    if not name:
        raise Refusal(400, "you must provide a model parameter")
    if name not in MODELS:
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise Refusal(404, message, code="model_not_found", param="model")
    _check_format(form, name, MODELS[name])
    _check_hints(form, name, MODELS[name])
    _check_speech(form, name, MODELS[name])
    check_file(form)
    if form.file_name.rpartition(".")[2].lower() not in FILE_ENDINGS:
        message = f"Invalid file format. Supported formats: {list(FILE_ENDINGS)}"
        raise Refusal(400, message, param="file")


def _check_format(form: Form, name: str, model: Model) -> None:
    wanted = form.one("response_format", "json")
    if wanted not in model.formats:
        message = f"response_format '{wanted}' is not compatible with model '{name}'."
        raise Refusal(400, message, code="unsupported_value", param="response_format")
    granularities = form.all("timestamp_granularities[]")
    if granularities and wanted != "verbose_json":
        message = "timestamp_granularities needs response_format verbose_json."
        raise Refusal(400, message, param="timestamp_granularities")
    if not GRANULARITIES.issuperset(granularities):
        message = f"timestamp_granularities are {sorted(GRANULARITIES)}."
        raise Refusal(400, message, param="timestamp_granularities")
    if "logprobs" in form.all("include[]") and not (model.logprobs and wanted == "json"):
        message = f"include logprobs is not supported with {name} and {wanted}."
        raise Refusal(400, message, code="unsupported_value", param="include")


def _check_hints(form: Form, name: str, model: Model) -> None:
    keywords, languages = form.all("keywords[]"), form.all("languages[]")
    if form.one("prompt") and not model.prompt:
        raise Refusal(400, f"prompt is not supported with {name}.", param="prompt")
    for param, given in (("keywords", keywords), ("languages", languages)):
        if given and not model.hints:
            raise Refusal(400, f"{param} is not supported with {name}.", param=param)
    if any(re.search(r"[<>\r\n]", keyword) or not keyword.strip() for keyword in keywords):
        raise Refusal(400, "A keyword is one line without < or >.", param="keywords")
    if languages and form.one("language"):
        raise Refusal(400, "language and languages cannot be given together.", param="languages")
    for code in (*languages, *form.all("language")):
        if not re.fullmatch("[a-z]{2,3}", code) or code in REFUSED_LANGUAGES & {*languages}:
            raise Refusal(400, f"Language '{code}' is not supported.", param="language")


def _check_speech(form: Form, name: str, model: Model) -> None:
    """How the audio is to be cut, and who speaks in it."""
    strategy = _strategy(form)
    # the service is known to insist on it above 30 s; a client that always sends it is right
    # whatever the service does below
    if model.chunking and not strategy:
        message = f"chunking_strategy is required for {name}."
        raise Refusal(400, message, param="chunking_strategy")
    if model.streams and strategy not in ("", "auto", "server_vad"):
        message = "chunking_strategy is auto or server_vad."
        raise Refusal(400, message, code="invalid_value", param="chunking_strategy")
    if model.chunking and len(form.all("known_speaker_names[]")) > MOST_SPEAKERS:
        message = f"At most {MOST_SPEAKERS} speakers may be known."
        raise Refusal(400, message, param="known_speaker_names")


def _strategy(form: Form) -> str:
    """The chunking strategy, which the SDK writes as a word or as fields of an object."""
    given = form.one("chunking_strategy") or form.one("chunking_strategy[type]")
    if given.startswith("{"):
        try:
            return str(json.loads(given).get("type"))
        except ValueError:
            return given
    return given


def check_file(form: Form) -> None:
    if form.audio is None:
        raise Refusal(400, "file is a required field", param="file")


def check_length(seconds: float, longest_s: float | None) -> None:
    if seconds < SHORTEST_S:
        message = f"Audio file is too short. Minimum audio length is {SHORTEST_S} seconds."
        raise Refusal(400, message, code="audio_too_short", param="file")
    if longest_s and seconds > longest_s:
        message = f"audio duration {seconds} seconds is longer than {longest_s} seconds"
        raise Refusal(400, message, code="invalid_value", param="file")
