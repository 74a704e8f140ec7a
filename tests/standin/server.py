"""A local stand-in for OpenAI's audio API, for tests: strict as the service, and scripted.

    python -m tests.standin.server --port 0 [--key KEY] [--script FILE.json]

prints {"base_url": ...} as one line of JSON and serves until it is ended.

- POST /v1/audio/transcriptions, GET /v1/models: as the service, or as one that is like it
- POST /_control: orders, see Script.control, as in FILE.json
- GET /_log: every transcription request so far, see script.LOGGED
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.standin import rules
from tests.standin.client import KEY
from tests.standin.dialects import OPENAI, Dialect
from tests.standin.exchange import Exchange
from tests.standin.script import Script


class StandIn(ThreadingHTTPServer):
    """The server; closing it ends whatever still waits in it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512  # all workers of a benchmark may come at once

    def __init__(self, port: int = 0, key: str = KEY) -> None:
        self.key = key
        self.script = Script()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def server_close(self) -> None:
        self.script.closing.set()
        super().server_close()

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without the goodbye, which a reset has none of

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client may have given up
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn
    arrived = 0.0  # time.time() of the request that is answered now

    def do_GET(self) -> None:
        match urlsplit(self.path).path:
            case "/v1/models":
                self._send_models(self.server.script.orders.dialect)
            case "/_log":
                self._send_json(self.server.script.log)
            case _:
                self._send_json({"error": {"message": f"Invalid URL (GET {self.path})"}}, 404)

    def do_POST(self) -> None:
        self.arrived = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match urlsplit(self.path).path:
            case "/v1/audio/transcriptions":
                Exchange(self, body).run()
            case "/_control":
                self._control(body)
            case _:
                self._send_json({"error": {"message": f"Invalid URL (POST {self.path})"}}, 404)

    def _control(self, body: bytes) -> None:
        try:
            self.server.script.control(json.loads(body))
        except (ValueError, KeyError, TypeError, OSError) as error:
            self._send_json({"error": f"{type(error).__name__}: {error}"}, 400)
        else:
            self._send_json({})

    def _send_models(self, dialect: Dialect) -> None:
        try:
            if dialect is OPENAI:
                rules.check_key(self.headers.get("Authorization", ""), self.server.key)
            if not dialect.models:
                raise rules.Refusal(404, "Not Found")
        except rules.Refusal as refusal:
            self._send_json({"error": refusal.error}, refusal.status)
        else:
            self._send_json({"object": "list", "data": list(map(_listed, dialect.models))})

    def _send_json(self, value: Any, status: int = 200) -> None:
        self.send(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_head(status, {"Content-Length": str(len(body))} | headers)
        self.wfile.write(body)

    def send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send_chunks(self, contents: Iterable[bytes]) -> None:
        """A body of Transfer-Encoding chunked, each chunk sent as soon as it is there."""
        for content in contents:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log that matters is at /_log."""


def _listed(name: str) -> dict[str, Any]:
    entry = {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "openai"}
    model = rules.MODELS.get(name)
    return entry | ({"shutdown_date": model.shutdown_date} if model and model.shutdown_date else {})


def main() -> None:
    parser = argparse.ArgumentParser(description="A local stand-in for OpenAI's audio API.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default=KEY, help="the API key that it takes")
    parser.add_argument("--script", type=Path, help="a JSON file of orders, as for /_control")
    options = parser.parse_args()
    with StandIn(options.port, options.key) as server:
        if options.script:
            server.script.control(json.loads(options.script.read_text(encoding="utf-8")))
        print(json.dumps({"base_url": server.base_url}), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
