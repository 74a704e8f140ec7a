"""One transcription request, from its body to its answer."""

import hashlib
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tests.standin import rules, stream
from tests.standin.answers import Answer, encoded
from tests.standin.dialects import OPENAI
from tests.standin.faults import Fault, Request, misheard
from tests.standin.form import Form, parse_form
from tests.standin.rules import Refusal
from tests.standin.sound import Sound, decode

if TYPE_CHECKING:
    from tests.standin.server import Handler

JSON = "application/json"
BUDGET_HEADERS = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "199000",
    "x-ratelimit-reset-tokens": "300ms",
}


class Exchange:
    """Reads, waits as long as the service would, then answers, refuses or misbehaves."""

    def __init__(self, handler: "Handler", body: bytes) -> None:
        self.handler = handler
        self.body = body
        self.script = handler.server.script
        self.dialect = self.script.orders.dialect
        self.latency = self.script.orders.latency
        self.entry = self.script.begin(handler.arrived)

    def run(self) -> None:
        try:
            if self.dialect.passes_on:
                rules.check_size(len(self.body))
            form = self._read_form()
            sound = self._decode(form)
            seconds = sound.seconds if isinstance(sound, Sound) else 0.0
            request = Request(form, seconds, self.entry["sha256"])
            fault = self.script.next_fault(request) or {}
            cuts_stream = fault.get("act") == "cut_stream" and self._streams(form)
            if not fault or "text" in fault or cuts_stream:
                self._answer(request, sound, fault)
            else:
                self._misbehave(fault)
        except Refusal as refusal:
            self._refuse(refusal)

    def _read_form(self) -> Form:
        try:
            form = parse_form(self.handler.headers.get("Content-Type", ""), self.body)
        except ValueError as error:
            raise Refusal(400, f"Could not parse multipart form: {error}") from error
        self.entry["model"] = form.one("model")
        self.entry["fields"] = form.fields
        self.entry["file_name"] = form.file_name
        self.entry["sha256"] = hashlib.sha256(form.audio or b"").hexdigest()
        return form

    def _decode(self, form: Form) -> Sound | Refusal:
        """The sound, or why there is none: the rules and the faults come before that."""
        try:
            sound = decode(form.audio or b"")
        except Refusal as refusal:
            return refusal
        self.entry["audio_s"] = sound.seconds
        return sound

    def _answer(self, request: Request, sound: Sound | Refusal, fault: Fault) -> None:
        answer = self._heard(request, self._checked(request.form, sound), fault)
        self.entry["text"] = answer.heard.text
        latency_s = self.latency.of(request.seconds)
        if self.dialect.events and self._streams(request.form):
            pace = stream.cut_off if "act" in fault else stream.paced
            self._stream(pace(self.dialect.events(answer)), latency_s)
            return
        body = answer.body()
        if isinstance(body, dict):
            body = self.dialect.reshape(body, answer)
        self._send(200, *encoded(body), latency_s=latency_s)

    def _checked(self, form: Form, sound: Sound | Refusal) -> Sound:
        """The sound, of a request that keeps the rules of this server."""
        name = form.one("model")
        if self.dialect is OPENAI:
            rules.check_key(self.handler.headers.get("Authorization", ""), self.handler.server.key)
        if self.dialect is OPENAI or (self.dialect.passes_on and name in rules.MODELS):
            rules.check_form(form)
        rules.check_file(form)
        if self.dialect.wav_only and form.audio and not form.audio.startswith(b"RIFF"):
            raise Refusal(400, "failed to read audio data")
        if isinstance(sound, Refusal):
            raise sound
        if self.dialect.passes_on:
            rules.check_length(sound.seconds, self.dialect.model(name).longest_s)
        return sound

    def _heard(self, request: Request, sound: Sound, fault: Fault) -> Answer:
        heard = self.script.hear(sound, request.sha256)
        self.entry["recording"] = heard.source or None
        self.entry["spans"] = [list(span) for span in heard.spans]
        self.entry["fault"] = fault.get("name")
        if "text" in fault:
            spoilt = misheard(fault, heard, request)
            if spoilt.text == heard.text:
                self.entry["fault"] = None  # it found nothing to do
            heard = spoilt
        model = self.dialect.model(request.form.one("model"))
        return Answer(request.form, model, heard, sound.seconds, self.script.orders.language)

    def _streams(self, form: Form) -> bool:
        wanted = form.one("stream") == "true"
        return (
            wanted and bool(self.dialect.events) and self.dialect.model(form.one("model")).streams
        )

    def _misbehave(self, fault: Fault) -> None:
        self.entry["fault"] = fault["name"] or "custom"
        match fault.get("act"):
            case "reset":
                self._wait(self.latency.fixed_s)
                # a socket closed with no time to linger sends RST rather than FIN
                linger = struct.pack("ii", 1, 0)
                self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.handler.close_connection = True
            case "hang":
                self.script.closing.wait()
                self.handler.close_connection = True
            case "cut" | "cut_stream":
                self._send(200, JSON, b'{"text": "cut', {"Content-Length": "1000"})
                self.handler.close_connection = True
            case _:
                self._send_fault(fault)

    def _send_fault(self, fault: Fault) -> None:
        """A status with a body: of the fault's own, or the dialect's way to say its error."""
        headers = dict(fault.get("headers", {}))
        if fault.get("retry_after") and not headers and self.dialect.retry_after:
            headers = {"Retry-After": self.dialect.retry_after}
        if "body" in fault:
            self._send(fault["status"], JSON, fault["body"].encode(), headers)
            return
        error = fault["error"]
        refusal = Refusal(fault["status"], error["message"], code=error["code"], kind=error["type"])
        self._refuse(refusal, headers)

    def _refuse(self, refusal: Refusal, headers: dict[str, str] | None = None) -> None:
        content_type, content = encoded(self.dialect.error(refusal))
        if content.startswith(b"<html"):
            content_type = "text/html"
        if self.dialect is OPENAI and refusal.status == 401:
            content_type = "text/plain"  # seen on the real service: this one JSON is sent as text
        self._send(refusal.status, content_type, content, headers)

    def _send(
        self,
        status: int,
        content_type: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        latency_s: float | None = None,
    ) -> None:
        self._wait(self.latency.fixed_s if latency_s is None else latency_s)
        self._close_entry(status)
        own = {"Content-Type": content_type} | self._headers() | (headers or {})
        self.handler.send(status, own, body)

    def _stream(self, timed: Iterable[stream.Timed], latency_s: float) -> None:
        headers = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
        self.handler.send_head(200, headers | self._headers())
        self.handler.send_chunks(self._on_time(timed, latency_s))

    def _on_time(self, timed: Iterable[stream.Timed], latency_s: float) -> Iterator[bytes]:
        for share, content in timed:
            self._wait(latency_s * share)
            yield content
        self._close_entry(200)

    def _wait(self, latency_s: float) -> None:
        """Until so long after the request came."""
        left_s = self.handler.arrived + latency_s - time.time()
        if left_s > 0:
            self.script.closing.wait(left_s)

    def _close_entry(self, status: int) -> None:
        self.entry["status"] = int(status)
        self.entry["answered"] = time.time()
        self.entry["latency_s"] = round(self.entry["answered"] - self.entry["arrived"], 4)

    def _headers(self) -> dict[str, str]:
        if not self.dialect.headers:
            return {}
        spent_ms = round((time.time() - self.handler.arrived) * 1000)
        own = {"x-request-id": self.entry["request_id"], "openai-processing-ms": str(spent_ms)}
        return own | BUDGET_HEADERS
