"""The fixture `openai_standin`; a conftest takes it by pytest_plugins."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from tests.standin.script import Text
from tests.standin.server import KEY, StandIn


class OpenAIStandIn:
    """What a test tells the stand-in, and asks of it."""

    api_key = KEY

    def __init__(self, server: StandIn) -> None:
        self.base_url = server.base_url
        self._script = server.script

    def set_text(self, text: Text) -> None:
        """What it hears: one text always, a list in order, or a dict by the file's SHA-256."""
        self._script.control({"text": text})

    def set_latency(self, seconds: float) -> None:
        """How long every answer takes."""
        self._script.control({"latency_s": seconds})

    def fault(self, name: str = "", **changes: Any) -> None:
        """Queue a fault for one request: a name in script.FAULTS, or status=, body=, headers=."""
        self._script.control({"faults": [{"name": name, **changes}]})

    def log(self) -> list[dict[str, Any]]:
        """Every request: model, fields (lists), file_name, sha256, audio_s, status, request_id."""
        return list(self._script.log)


@pytest.fixture
def openai_standin() -> Iterator[OpenAIStandIn]:
    """A stand-in of the test's own, closed when the test ends."""
    with StandIn() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield OpenAIStandIn(server)
        server.shutdown()
        thread.join()
