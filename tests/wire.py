"""What the tests of OpenAI's wire share: a client with a key of its own, and its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from speech_project import wakeups
from speech_project.access.keys import create_key
from tests.conftest import STEPS

TRANSCRIPTIONS, MODELS = "/v1/audio/transcriptions", "/v1/models"


class Caller:
    """A client of the wire; `sound` is what it sends where nothing else is told."""

    def __init__(self, sound: bytes, **fields: Any) -> None:
        self.key, self.secret = create_key("client", **{"rate_limit_per_minute": 0} | fields)
        self.sound = sound
        self.http = Client(headers={"Authorization": f"Bearer {self.secret}"})

    def send(
        self, sound: bytes | None = None, environment: Mapping[str, Any] = {}, **fields: Any
    ) -> Any:
        """`fields` as SDKs write them; `languages=[...]` goes as languages[]. `environment`: of
        WSGI."""
        content = self.sound if sound is None else sound
        form: dict[str, Any] = {"model": "gpt-transcribe"}
        for name, value in fields.items():
            form[f"{name}[]" if isinstance(value, list) else name] = value
        upload = SimpleUploadedFile("visit.flac", content)
        return self.http.post(TRANSCRIPTIONS, form | {"file": upload}, **environment)


def error_of(response: Any) -> dict[str, Any]:
    """The error in a body, which has no other shape."""
    body = response.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"message", "type", "param", "code"}
    return body["error"]


def step(task: str, pk: str) -> None:
    """Be the worker that is told this."""
    STEPS.get(task, lambda _: None)(pk)


@contextmanager
def worked_off_at_once() -> Iterator[None]:
    """Whoever wakes a worker finds its work done."""
    with wakeups.delivered_to(step):
        yield
