"""While Redis is away, or says nothing, people and clients go on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from speech_project.access.keys import create_key


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and answers nothing; gone after a while."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        gives_up = threading.Timer(60, server.close)
        gives_up.start()
        yield server.getsockname()[1]
        assert server.fileno() >= 0, "it was waited for until it was gone"
        gives_up.cancel()


@pytest.fixture
def gone() -> int:
    """The port of no server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(params=["gone", "silent"])
def redis_away(request: pytest.FixtureRequest, settings: Any) -> None:
    port = request.getfixturevalue(request.param)
    of_product = {"BACKEND": "speech_project.cache.RedisCache", "OPTIONS": settings.REDIS_PATIENCE}
    settings.CACHES = {"default": of_product | {"LOCATION": f"redis://127.0.0.1:{port}"}}
    assert caches["default"].get("any", "none") == "none"


@pytest.mark.usefixtures("redis_away")
def test_the_queue_is_shown(desk_client: Client) -> None:
    answer = desk_client.get("/")
    assert answer.status_code == 200
    assert "Upload recordings" in answer.content.decode()


@pytest.mark.usefixtures("redis_away", "db")
def test_clients_are_answered_and_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(headers={"X-API-Key": create_key("slow", rate_limit_per_minute=1)[1]})
    assert [client.get("/api/v1/jobs/").status_code for _ in range(2)] == [200, 200]
    assert "requests are not counted" in caplog.text
