"""gunicorn for a benchmark, with the very command that `make run` starts it with."""

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from urllib.parse import quote

import psutil

from benchmarks.product import ROOT
from speech_project import database
from speech_project.serve import HOST, SUPERVISORD_CONF, answers

PATIENCE_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(port: int) -> Iterator[psutil.Process]:
    """One worker, on the database that this process reached; yields gunicorn's master."""
    config = ConfigParser(interpolation=None)
    config.read(SUPERVISORD_CONF)
    line = config["program:web"]["command"] % {"ENV_PORT": port, "ENV_WEB_CONCURRENCY": 1}
    command = [sys.executable, *shlex.split(line)[1:], "--log-level", "warning"]
    host = quote(database.reach(), safe="")
    address = f"postgresql://postgres@/{database.EMBEDDED_NAME}?host={host}"
    server = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, stdout=sys.stderr
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("gunicorn does not start. What it said is above.")
            time.sleep(0.1)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(10)


def p95(values: Sequence[float]) -> float:
    return round(sorted(values)[-(-95 * len(values) // 100) - 1], 1)
