"""What the tool of tests/test_schemathesis.py cannot guess."""

from __future__ import annotations

import io
import itertools
import wave
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis import Case, HookContext

SENT = itertools.count()


def tone(seconds: float, rate: int = 8000) -> bytes:
    """A WAV file with a square wave."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((b"\x00\x20" * 20 + b"\x00\xe0" * 20) * int(seconds * rate / 40))
    return out.getvalue()


FILES = (tone(0.5), tone(1), tone(2), b"not a recording")
schemathesis.openapi.format("binary", strategies.sampled_from(FILES))


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """A good Idempotency-Key is one that was not used yet, and If-Match fits half of the time:
    else most requests end there."""
    number = next(SENT)
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and key.isascii() and key.isprintable() and 0 < len(key) <= 150:
        case.headers["Idempotency-Key"] = f"{key}{number}"
    if "If-Match" in case.headers and number % 2:
        case.headers["If-Match"] = "*"
