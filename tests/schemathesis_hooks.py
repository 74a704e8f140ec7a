"""What the tool of tests/test_schemathesis.py cannot guess: recordings."""

from __future__ import annotations

import io
import wave

import schemathesis
from hypothesis import strategies


def tone(seconds: float, rate: int = 8000) -> bytes:
    """A WAV file with a square wave."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((b"\x00\x20" * 20 + b"\x00\xe0" * 20) * int(seconds * rate / 40))
    return out.getvalue()


FILES = (tone(0.5), b"", b"not a recording")
schemathesis.openapi.format("binary", strategies.sampled_from(FILES))
