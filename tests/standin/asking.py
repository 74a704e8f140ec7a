"""How the stand-in's own tests ask it: the official SDK, or the bare bytes of HTTP."""

import io
import json
import wave
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
import openai
from numpy.typing import NDArray

from tests.standin.client import Control
from tests.standin.sound import SAMPLE_RATE

Samples = NDArray[np.int16]
BOUNDARY = "a-boundary"


def noise(seconds: float, seed: int = 1) -> Samples:
    """Sound that occurs once in the world."""
    rng = np.random.default_rng(seed)
    return rng.integers(-9000, 9000, round(seconds * SAMPLE_RATE), np.int16)


def wav(samples: Samples) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return target.getvalue()


def flac(samples: Samples) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


CLIP = wav(noise(2.0))  # two seconds


def sdk(standin: Control, api_key: str | None = None) -> openai.OpenAI:
    key = api_key or standin.api_key
    return openai.OpenAI(api_key=key, base_url=standin.base_url, max_retries=0, timeout=20)


def ask(standin: Control, model: str = "gpt-transcribe", audio: bytes = CLIP, **fields: Any) -> Any:
    """The answer as the SDK gives it; a stream keeps its client."""
    file = (f"audio.{fields.pop('ending', 'wav')}", audio)
    return sdk(standin).audio.transcriptions.create(file=file, model=model, **fields)


def post(
    standin: Control, *fields: tuple[str, str], audio: bytes = CLIP, key: str | None = ""
) -> HTTPResponse:
    """The answer as it comes over the wire; its body is not read yet."""
    where = urlsplit(standin.base_url)
    assert where.hostname
    connection = HTTPConnection(where.hostname, where.port, timeout=20)
    parts = [_part(f'name="{name}"', value.encode()) for name, value in fields]
    parts.append(_part('name="file"; filename="audio.wav"', audio))
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key or standin.api_key}"
    connection.request("POST", f"{where.path}/audio/transcriptions", body, headers)
    return connection.getresponse()


def answered(standin: Control, *fields: tuple[str, str], **how: Any) -> dict[str, Any]:
    """The JSON of an answer, whatever the SDK would make of it."""
    return json.loads(post(standin, *fields, **how).read())


def _part(head: str, content: bytes) -> bytes:
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        + content
        + b"\r\n"
    )
