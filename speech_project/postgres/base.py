import itertools
import math
import select
import time
from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base

ASKED_EVERY_S = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Each request begins with a check that the connection is still there. A server that closes it
    says so, which can be read off the socket: there is something to read though nothing was asked.
    A network that is gone says nothing, so that every few seconds the server is asked as well."""

    _usable_at = -math.inf
    _numbers = itertools.count()

    def init_connection_state(self) -> None:
        """Many short queries run side by side: one that would take several of the server's
        processes to itself is answered later, not sooner."""
        super().init_connection_state()
        self._prepared: dict[str, str] = {}
        with self.connection.cursor() as cursor:
            cursor.execute("SET max_parallel_workers_per_gather = 0")

    def is_usable(self) -> bool:
        usable = bool(super().is_usable())
        if usable:
            self._usable_at = time.monotonic()
        return usable

    def close_if_health_check_failed(self) -> None:
        if time.monotonic() - self._usable_at < ASKED_EVERY_S and self._is_silent():
            self.health_check_done = True
        super().close_if_health_check_failed()

    def _is_silent(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def first(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The first row of a statement with $1, $2 and so on for the values, which the server
        parses and plans when it is first asked it in a connection."""
        places = ", ".join(["%s"] * len(values))
        with self.cursor() as cursor:
            if name := self._prepared.get(sql):
                cursor.execute(f"EXECUTE {name} ({places})", values)
            else:
                # a new name each time: whether one that failed half way was kept is not known
                name = f"prepared_{next(self._numbers)}"
                cursor.execute(f"PREPARE {name} AS {sql}; EXECUTE {name} ({places})", values)
                self._prepared[sql] = name
            return cursor.fetchone()
