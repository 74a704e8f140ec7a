"""The fixtures `openai_standin` and `openai_standin_process`, by pytest_plugins in a conftest."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from tests.standin.client import Control, StandInProcess
from tests.standin.server import StandIn


class OpenAIStandIn(Control):
    """A stand-in in the test's own process."""

    def __init__(self, server: StandIn) -> None:
        self.base_url = server.base_url
        self._script = server.script

    def control(self, **orders: Any) -> None:
        self._script.control(orders)

    def log(self) -> list[dict[str, Any]]:
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


@pytest.fixture
def openai_standin_process() -> Iterator[StandInProcess]:
    """The same as a process of its own, whose work does not hold up the test's."""
    with StandInProcess() as standin:
        yield standin
