import math
import select
import time

from django.db.backends.postgresql import base

ASKED_EVERY_S = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Each request begins with a check that the connection is still there. A server that closes it
    says so, which can be read off the socket: there is something to read though nothing was asked.
    A network that is gone says nothing, so that every few seconds the server is asked as well."""

    _usable_at = -math.inf

    def init_connection_state(self) -> None:
        """Many short queries run side by side: one that would take several of the server's
        processes to itself is answered later, not sooner."""
        super().init_connection_state()
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
