"""A local stand-in for OpenAI's audio API, for tests: strict as the service, and scripted.

    python -m tests.standin.server --port 0 [--key KEY] [--script FILE.json]

prints {"base_url": ...} as one line of JSON and serves until it is ended.

- POST /v1/audio/transcriptions, GET /v1/models: as the service
- POST /_control: any of text, latency_s and faults (see Script.control), as in FILE.json
- GET /_log: every transcription request so far
"""

import argparse
import hashlib
import json
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.standin import rules
from tests.standin.answers import answer
from tests.standin.form import Form, parse_form
from tests.standin.script import Fault, Script

KEY = "sk-standin"
BUDGET_HEADERS = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "199000",
    "x-ratelimit-reset-tokens": "300ms",
}


class StandIn(ThreadingHTTPServer):
    """The server; closing it ends whatever still waits in it."""

    daemon_threads = True
    block_on_close = False

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
    server: StandIn

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send_json({"object": "list", "data": _models()})
        elif self.path == "/_log":
            self._send_json(self.server.script.log)
        else:
            self._send_json({"error": {"message": f"Invalid URL (GET {self.path})"}}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v1/audio/transcriptions":
            Exchange(self, body).run()
        elif self.path == "/_control":
            self.server.script.control(json.loads(body))
            self._send_json({})
        else:
            self._send_json({"error": {"message": f"Invalid URL (POST {self.path})"}}, 404)

    def _send_json(self, value: Any, status: int = 200) -> None:
        self.send(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log that matters is at /_log."""


class Exchange:
    """One transcription request, from its body to its answer."""

    def __init__(self, handler: Handler, body: bytes) -> None:
        self.handler = handler
        self.body = body
        self.script = handler.server.script
        self.entry = self.script.begin()
        self.began = time.monotonic()

    def run(self) -> None:
        self.script.closing.wait(self.script.latency_s)
        try:
            rules.check_size(len(self.body))
            form = self._read_form()
            if fault := self.script.next_fault():
                self._misbehave(fault)
            else:
                self._send(200, *self._answer(form))
        except rules.Refusal as refusal:
            body = json.dumps({"error": refusal.error}).encode()
            self._send(refusal.status, refusal.content_type, body)

    def _read_form(self) -> Form:
        try:
            form = parse_form(self.handler.headers.get("Content-Type", ""), self.body)
        except ValueError as error:
            raise rules.Refusal(400, f"Could not parse multipart form: {error}") from error
        self.entry["model"] = form.one("model")
        self.entry["fields"] = form.fields
        self.entry["file_name"] = form.file_name
        self.entry["sha256"] = hashlib.sha256(form.audio or b"").hexdigest()
        return form

    def _answer(self, form: Form) -> tuple[str, bytes]:
        rules.check_key(self.handler.headers.get("Authorization", ""), self.handler.server.key)
        rules.check_form(form)
        seconds = self.entry["audio_s"] = rules.audio_seconds(form.audio or b"")
        rules.check_length(seconds, rules.MODELS[form.one("model")].longest_s)
        return answer(form, self.script.next_text(self.entry["sha256"]), seconds)

    def _misbehave(self, fault: Fault) -> None:
        match fault.get("act"):
            case "reset":
                # a socket closed with no time to linger sends RST rather than FIN
                linger = struct.pack("ii", 1, 0)
                self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.handler.close_connection = True
            case "hang":
                self.script.closing.wait()
                self.handler.close_connection = True
            case "cut":
                self._send(200, "application/json", b'{"text": "cut', {"Content-Length": "1000"})
                self.handler.close_connection = True
            case _:
                headers, body = fault.get("headers", {}), fault["body"].encode()
                self._send(fault["status"], "application/json", body, headers)

    def _send(
        self, status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.entry["status"] = int(status)
        spent_ms = round((time.monotonic() - self.began) * 1000)
        own = {
            "Content-Type": content_type,
            "x-request-id": self.entry["request_id"],
            "openai-processing-ms": str(spent_ms),
        }
        self.handler.send(status, own | BUDGET_HEADERS | (headers or {}), body)


def _models() -> list[dict[str, Any]]:
    return [
        {"id": name, "object": "model", "owned_by": "openai"}
        | ({"shutdown_date": model.shutdown_date} if model.shutdown_date else {})
        for name, model in rules.MODELS.items()
    ]


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
