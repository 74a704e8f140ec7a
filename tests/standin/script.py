"""What the stand-in will say and do next, and what it was asked."""

import json
from collections import deque
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from tests.standin.rules import Refusal

Fault = dict[str, Any]  # {"status", "headers", "body"}, or {"act": "reset" | "hang" | "cut"}
Text = str | list[str] | dict[str, str]  # always; in order; by the SHA-256 of the file


def _error(kind: str, code: str, message: str) -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


_HTML = "<html><body><h1>Bad gateway</h1></body></html>"
_QUOTA = _error("insufficient_quota", "insufficient_quota", "You exceeded your current quota.")
_RATE = _error("requests", "rate_limit_exceeded", "Rate limit reached for requests.")
_BUSY = _error("server_error", "server_is_overloaded", "The server is overloaded.")

FAULTS: dict[str, Fault] = {
    "rate_limit": {"status": 429, "body": _RATE, "headers": {"Retry-After": "2"}},
    "quota": {"status": 429, "body": _QUOTA},
    "html_500": {"status": 500, "body": _HTML, "headers": {"Content-Type": "text/html"}},
    "overloaded": {"status": 503, "body": _BUSY},
    "empty_200": {"status": 200, "body": ""},
    "html_200": {"status": 200, "body": _HTML, "headers": {"Content-Type": "text/html"}},
    "bad_json": {"status": 200, "body": '{"text": "cut of'},
    "reset": {"act": "reset"},
    "cut": {"act": "cut"},
    "hang": {"act": "hang"},
}


def make_fault(name: str = "", **changes: Any) -> Fault:
    """A fault by its name in FAULTS, with changes; or one of `changes` alone."""
    return (FAULTS[name] if name else {}) | changes


@dataclass
class Script:
    """One for a server; its threads share it."""

    text: Text = ""
    latency_s: float = 0.0
    faults: deque[Fault] = field(default_factory=deque)
    log: list[dict[str, Any]] = field(default_factory=list)
    closing: Event = field(default_factory=Event)  # ends every wait
    _lock: Lock = field(default_factory=Lock)

    def control(self, orders: dict[str, Any]) -> None:
        """Take any of text, latency_s and faults: [{"name": one of FAULTS, ...changes}]."""
        with self._lock:
            self.text = orders.get("text", self.text)
            self.latency_s = orders.get("latency_s", self.latency_s)
            self.faults.extend(make_fault(**fault) for fault in orders.get("faults", ()))

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self.faults.popleft() if self.faults else None

    def next_text(self, sha256: str) -> str:
        """The text for this file; Refusal where the script has none, so that a test notices."""
        with self._lock:
            if isinstance(self.text, str):
                return self.text
            try:
                return self.text.pop(0) if isinstance(self.text, list) else self.text[sha256]
            except (IndexError, KeyError):
                raise Refusal(501, "The script has no text for this file.") from None

    def begin(self) -> dict[str, Any]:
        """A new entry in the log, all keys there, for one request to fill in."""
        keys = ("model", "fields", "file_name", "sha256", "audio_s", "status")
        with self._lock:
            entry: dict[str, Any] = dict.fromkeys(keys)
            self.log.append(entry | {"request_id": f"req_{len(self.log) + 1}"})
            return self.log[-1]
