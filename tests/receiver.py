"""The fixtures `receiver` and `webhook`: a client's own server, which webhooks are sent to."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from speech_project.access.keys import create_key
from speech_project.webhooks import services
from speech_project.webhooks.models import Webhook

# a certificate for receiver.test that signs itself, with its key
CERTIFICATE = Path(__file__).with_name("receiver.pem")


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`got`: the requests; `answers`: those to the next ones, each a status, headers and the parts
    of a body; then 204. `before`: called with each request before it is answered."""

    port: int
    got: list[Got] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str], Iterable[bytes]]] = field(default_factory=deque)
    before: Callable[[Got], Any] = lambda got: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?of=clinic"

    def answer(self, status: int, *body: bytes, times: int = 1, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.extend([(status, named, body)] * times)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got = Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        receiver.got.append(got)
        receiver.before(got)
        status, headers, answer = receiver.answers.popleft() if receiver.answers else (204, {}, ())
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # who asked has heard enough
            for part in answer:
                self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(*, tls: bool = False) -> Iterator[Receiver]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.receiver = Receiver(server.server_port)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.receiver
        server.shutdown()
        thread.join()


@pytest.fixture
def house(settings: Any) -> None:
    """This machine is a network of the house that webhooks may be sent to."""
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.1")]


@pytest.fixture
def receiver(house: None) -> Iterator[Receiver]:
    yield from serve()


@pytest.fixture
def tls_receiver(house: None) -> Iterator[Receiver]:
    yield from serve(tls=True)


@pytest.fixture
def webhook(db: None, receiver: Receiver) -> Webhook:
    """Of a key, for all events, to the receiver."""
    key, _ = create_key("clinic", scopes=["jobs:read", "lexicon:read"])
    return services.create(key, url=receiver.url)
