"""Reads of one job with an API key, and of an empty view in turn (bare_urls.py)."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.web import p95
from speech_project.serve import HOST

CONNECTIONS = 8
WARM_UP_S, ROUND_S, ROUNDS, STEADY_S = 2.0, 4.0, 6, 10.0


class Caller:
    """A connection that stays open. Written by hand, to be cheap: the client has the same two cores
    as the server."""

    def __init__(self, port: int, key: str) -> None:
        self.headers = f" HTTP/1.1\r\nHost: {HOST}:{port}\r\nAuthorization: Bearer {key}\r\n\r\n"
        self.connection = socket.create_connection((HOST, port), timeout=30)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.connection.makefile("rb")

    def __call__(self, path: str) -> None:
        self.connection.sendall(f"GET {path}{self.headers}".encode())
        status = self.answers.readline()
        length = 0
        while (line := self.answers.readline()) not in (b"\r\n", b""):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        body = self.answers.read(length)
        if b" 200 " not in status:
            sys.exit(f"{path} answers {status!r}: {body[:500]!r}")

    def close(self) -> None:
        self.answers.close()
        self.connection.close()


def reads(port: int, key: str, path: str) -> dict[str, Any]:
    """Both as fast as they go, in turn, with CONNECTIONS open; then reads at half of their rate."""
    rates: dict[str, list[float]] = {path: [], "/empty/": []}
    for each in rates:
        _as_fast_as_it_goes(port, each, key, WARM_UP_S)
    for number in range(2 * ROUNDS):
        each = (path, "/empty/")[number % 2]
        rates[each].append(_as_fast_as_it_goes(port, each, key, ROUND_S))
    ours, empty = (median(found) for found in rates.values())
    return {
        "reads_per_s": round(ours),
        "empty_view_per_s": round(empty),
        "ratio": round(median(a / b for a, b in zip(*rates.values(), strict=True)), 3),
        "p95_ms": p95([1000 * took for took in _at_rate(port, path, key, ours / 2, STEADY_S)]),
    }


def _as_fast_as_it_goes(port: int, path: str, key: str, seconds: float) -> float:
    """Answers a second."""
    until = time.perf_counter() + seconds

    def moments() -> Iterator[float]:
        while (now := time.perf_counter()) < until:
            yield now

    return len(_call(port, path, key, [moments() for _ in range(CONNECTIONS)])) / seconds


def _at_rate(port: int, path: str, key: str, per_s: float, seconds: float) -> list[float]:
    """How many seconds each answer took. One that is late makes the next late: each is counted from
    the moment at which its request was due."""
    began = time.perf_counter() + 0.1
    due = [began + number / per_s for number in range(round(per_s * seconds))]
    return _call(port, path, key, [iter(due[n::CONNECTIONS]) for n in range(CONNECTIONS)])


def _call(port: int, path: str, key: str, plans: list[Iterator[float]]) -> list[float]:
    """Each plan has a connection of its own, and gives the moments at which requests are due."""
    took: list[list[float]] = []
    failed: list[BaseException] = []

    def follow(plan: Iterator[float]) -> None:
        found: list[float] = []
        took.append(found)
        caller = Caller(port, key)
        try:
            for due in plan:
                time.sleep(max(0, due - time.perf_counter()))
                caller(path)
                found.append(time.perf_counter() - due)
        except BaseException as error:
            failed.append(error)
        finally:
            caller.close()

    threads = [threading.Thread(target=follow, args=[plan]) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return list(itertools.chain(*took))
