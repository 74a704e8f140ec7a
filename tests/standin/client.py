"""The stand-in as a process of its own, for tests and benchmarks that need its CPU elsewhere.

with StandInProcess() as standin:
    standin.control(latency={"fixed_s": 0.7, "per_audio_s": 0.03})
    ...  # requests to standin.base_url with standin.api_key
    print(len(standin.log()))
"""

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-standin"


class Control(ABC):
    """What can be told to a stand-in and asked of it, wherever it runs."""

    api_key = KEY
    base_url: str

    @abstractmethod
    def control(self, **orders: Any) -> None:
        """Give orders, see Script.control; ValueError for what is none."""

    @abstractmethod
    def log(self) -> list[dict[str, Any]]:
        """Every transcription request so far, in order of arrival; see script.LOGGED."""

    def set_text(self, text: str | list[str] | dict[str, str]) -> None:
        """What it hears: one text always, a list in order, or a dict by the file's SHA-256."""
        self.control(text=text)

    def set_latency(self, fixed_s: float, per_audio_s: float = 0.0) -> None:
        """How long an answer takes: `per_audio_s` is for each second of audio."""
        self.control(latency={"fixed_s": fixed_s, "per_audio_s": per_audio_s})

    def fault(self, name: str = "", **changes: Any) -> None:
        """Queue a fault for one request: a name, or status=, body=, headers=; see faults."""
        self.control(faults=[{"name": name, **changes}])


class StandInProcess(Control):
    """Starts the server and ends it; also a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "StandInProcess":
        command = [sys.executable, "-m", "tests.standin.server", "--key", self.api_key]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stand-in did not start: exit status {self._process.wait()}")
        self.base_url = json.loads(line)["base_url"]
        return self

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    def control(self, **orders: Any) -> None:
        try:
            self._ask("/_control", json.dumps(orders).encode())
        except HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def log(self) -> list[dict[str, Any]]:
        return self._ask("/_log")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        with urlopen(self.base_url.removesuffix("/v1") + path, body, timeout=60) as response:
            return json.load(response)

    def __enter__(self) -> "StandInProcess":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
