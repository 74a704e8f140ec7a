"""How long `make run` takes until its pages answer, and to stop again.

    python -m benchmarks.start

Prints one JSON line of seconds: `first`, with a data folder to make, and `again`, with one that is
there; `stop`; `processor`: what all processes of the second start, and its stop, took of it.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.product import FOREIGN, ROOT
from benchmarks.web import free_port


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="verbatim-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as another user
        first, _ = started_and_stopped(folder)
        before = processor_s()
        again, stop = started_and_stopped(folder)
        found = {"first": first, "again": again, "stop": stop, "processor": processor_s() - before}
    print(json.dumps({name: round(seconds, 1) for name, seconds in found.items()}))


def started_and_stopped(folder: str) -> tuple[float, float]:
    """Seconds of each."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "speech_project.serve"],
        cwd=ROOT,
        env=kept | {"VERBATIM_DATA": folder, "PORT": str(free_port())},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Verbatim runs at"):
                break
        else:
            sys.exit("The product does not start. What it said is above.")
        answered = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    return answered - began, time.monotonic() - answered


def processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
