"""What the stand-in will say and do next, and what it was asked."""

from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from tests.standin import pocketsphinx, recordings
from tests.standin.dialects import DIALECTS, OPENAI, Dialect
from tests.standin.faults import Fault, RandomFaults, Request, make_fault, strikes
from tests.standin.hearing import Heard
from tests.standin.recordings import Recording
from tests.standin.rules import Refusal
from tests.standin.sound import Sound

Text = str | list[str] | dict[str, str]  # always; in order; by the SHA-256 of the file
LOGGED = (
    "model",
    "fields",  # name: list of values
    "file_name",
    "sha256",
    "audio_s",
    "status",
    "fault",
    "recording",  # the file in which the audio was found,
    "spans",  # and where in it: [start_ms, end_ms] of each stretch
    "text",  # as answered
    "latency_s",
    "answered",  # and "arrived": time.time()
)


@dataclass(frozen=True)
class Latency:
    """How long an answer takes; an error takes `fixed_s`."""

    fixed_s: float = 0.0
    per_audio_s: float = 0.0  # for each second of audio

    def of(self, audio_s: float) -> float:
        return self.fixed_s + self.per_audio_s * audio_s


@dataclass
class Orders:
    """All that can be told to the stand-in."""

    hear: str = "text"  # or "recording", "pocketsphinx"
    text: Text = ""
    language: str = "en"  # ISO 639-1, as detected
    recordings: list[Recording] = field(default_factory=list)
    latency: Latency = Latency()
    dialect: Dialect = OPENAI
    faults: list[Fault] = field(default_factory=list)
    random_faults: RandomFaults | None = None

    def take(self, orders: dict[str, Any]) -> None:
        """Orders as Script.control describes them; ValueError for what is none."""
        for name, value in orders.items():
            match name:
                case "text" | "recording" | "hear":
                    self._hear(name, value)
                case "language":
                    self.language = value
                case "latency_s":
                    self.latency = Latency(value)
                case "latency":
                    self.latency = Latency(**value)
                case "dialect":
                    self.dialect = DIALECTS[value]
                case "faults":
                    self.faults += [make_fault(**fault) for fault in value]
                case "random_faults":
                    self.random_faults = RandomFaults.ordered(**value) if value else None
                case _:
                    raise ValueError(f"no such order: {name}")

    def _hear(self, name: str, value: Any) -> None:
        if name == "text":
            self.text = value
        elif name == "recording":
            self.recordings.append(Recording(**value))
        elif value not in ("text", "recording", "pocketsphinx"):
            raise ValueError(f"hears by text, recording or pocketsphinx, not {value}")
        self.hear = value if name == "hear" else name


class Script:
    """One for a server; its threads share it."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.log: list[dict[str, Any]] = []
        self.closing = Event()  # ends every wait
        self._lock = Lock()

    def control(self, orders: dict[str, Any]) -> None:
        """Take any of these; of the first three the last one given decides what is heard.

        text: see Text. recording: {"pcm": file, "words": rows}, see Recording; one for each
        channel. hear: "text", "recording" or "pocketsphinx". language: of the speech, ISO 639-1.
        latency: {"fixed_s", "per_audio_s"}, or latency_s: fixed. dialect: one of DIALECTS.
        faults: [fault, ...], see the module faults, each for one request, the first that fits.
        random_faults: {"seed", "share", "names", "when"}, or null. reset: true, before the
        others: forget all orders and empty the log.
        """
        orders = dict(orders)
        with self._lock:
            if orders.pop("reset", False):
                self.orders, self.log = Orders(), []
            self.orders.take(orders)

    def next_fault(self, request: Request) -> Fault | None:
        """The first in the queue that fits, else perhaps a random one."""
        with self._lock:
            faults, drawn = self.orders.faults, self.orders.random_faults
            found = next((each for each in faults if strikes(each, request)), None)
            if found is None:
                return drawn.draw(request) if drawn else None
            if not found.get("always"):
                faults.remove(found)
            return found

    def hear(self, sound: Sound, sha256: str) -> Heard:
        """What is spoken in the audio; Refusal where nobody said, so that a test notices."""
        orders = self.orders
        if orders.hear == "pocketsphinx":
            return pocketsphinx.hear(sound)
        if orders.hear == "text":
            return Heard.spread(self._next_text(sha256), 0.0, sound.seconds)
        try:
            return recordings.hear(orders.recordings, sound)
        except recordings.NotFound:
            message = "The stand-in finds this audio in none of its recordings."
            raise Refusal(500, message, kind="server_error") from None

    def _next_text(self, sha256: str) -> str:
        with self._lock:
            text = self.orders.text
            if isinstance(text, str):
                return text
            try:
                return text.pop(0) if isinstance(text, list) else text[sha256]
            except (IndexError, KeyError):
                raise Refusal(501, "The script has no text for this file.") from None

    def begin(self, arrived: float) -> dict[str, Any]:
        """A new entry in the log, all keys there, for one request to fill in."""
        with self._lock:
            entry: dict[str, Any] = dict.fromkeys(LOGGED)
            entry |= {"arrived": arrived, "request_id": f"req_{len(self.log) + 1}"}
            self.log.append(entry)
            return entry
