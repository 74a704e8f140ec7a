"""The whole product for a benchmark: a data folder and a database of its own, and real workers."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
CELERY = ("-m", "celery", "-A", "speech_project")
QUIET = ("-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")
FOREIGN = ("DATABASE_URL", "DB_HOST", "REDIS_URL", "CELERY_BROKER_URL", "STT_MODELS", "MEDIA_ROOT")


@contextmanager
def product(**settings: str) -> Iterator[None]:
    """Django, set up on an empty embedded database; all of it is gone after the block."""
    from speech_project import database

    with tempfile.TemporaryDirectory(prefix="verbatim-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as another user
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ |= {"VERBATIM_DATA": folder, "SECRET_KEY": "of-the-benchmark-" * 4} | settings
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speech_project.settings")
        import django

        django.setup()
        from django.db import connection

        from speech_project.upgrade import upgrade

        try:
            upgrade()
            yield
        finally:
            connection.close()
            database.stop()


class Workers:
    """Celery workers as `make run` starts them, and what they have used of the processor."""

    def __init__(self, *, media: int, engine: int, threads: int) -> None:
        self.commands = [
            ("worker", "-P", "prefork", "-c", str(media), "-Q", "media", "-n", "media@%h", *QUIET),
            *(
                (
                    "worker",
                    "-P",
                    "threads",
                    "-c",
                    str(threads),
                    "-Q",
                    "engine",
                    "-n",
                    f"e{n}@%h",
                    *QUIET,
                )
                for n in range(engine)
            ),
            ("beat", "-l", "WARNING", "--pidfile="),
        ]
        self.processes: list[psutil.Popen] = []
        self.stack = ExitStack()

    def __enter__(self) -> "Workers":
        for command in self.commands:
            process = psutil.Popen(
                [sys.executable, *CELERY, *command], cwd=ROOT, stdout=subprocess.DEVNULL
            )
            self.stack.callback(_end, process)
            self.processes.append(process)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def cpu_s(self) -> float:
        """Seconds of the processor so far, with those of children that have ended."""
        return sum(
            sum(process.cpu_times()[:4])
            for parent in self.processes
            for process in (parent, *parent.children(recursive=True))
        )


def _end(process: psutil.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
