"""Kombu's filesystem transport, made safe for several processes.

As it comes, a reader can take a message between its creation and its writing, and an empty or
broken file stops the worker. Here a message, and a table of bindings, is written under another
name and renamed into place: it is there whole, or not at all.
"""

import fcntl
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

LOOK_UP_S = 0.2  # how long a worker is asleep at most

logger = logging.getLogger(__name__)


def register() -> None:
    TRANSPORT_ALIASES["verbatimfs"] = f"{__name__}:Transport"


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # wall time, so that messages from before a restart of the machine stay first
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        _write_whole(folder / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(entry.name for entry in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".taken-{name}"
            try:
                (folder / name).rename(taken)  # whoever renames it has it
                content = taken.read_text(encoding="utf-8")
                taken.unlink()
            except FileNotFoundError:
                continue
            try:
                return loads(content)
            except ValueError:
                logger.warning("Dropped the unreadable message %s", name)
        raise Empty

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        control = Path(self.control_folder)
        control.mkdir(exist_ok=True)
        entry = [routing_key or "", pattern or "", queue or ""]
        with _locked(control / ".lock"):
            table = [list(row) for row in self.get_table(exchange)]
            if entry not in table:
                _write_whole(control / f"{exchange}.exchange", dumps([entry, *table]))


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(  # type: ignore[override]
        self, connection: Any, timeout: float | None = None
    ) -> None:
        # a worker looks whether it shall stop only when this returns, and gives it two seconds
        shortest = LOOK_UP_S if timeout is None else min(timeout, LOOK_UP_S)
        super().drain_events(connection, timeout=shortest)


def _write_whole(target: Path, content: str) -> None:
    draft = target.with_name(f".draft-{uuid.uuid4().hex}")
    draft.write_text(content, encoding="utf-8")
    draft.rename(target)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
