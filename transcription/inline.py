"""The same pipeline inside one process, without a broker: for the terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any

from django.db import connection

from speech_project import wakeups
from transcription import pipeline, sweeping
from transcription.models import Job

logger = logging.getLogger(__name__)

THREADS = 8
POLL_S = 0.2
STEPS: dict[str, Callable[[Any], None]] = {
    "prepare_job": pipeline.prepare,
    "transcribe_chunk": pipeline.transcribe,
    "finish_job": pipeline.finish,
    "make_playback": pipeline.make_playback,
}


@contextmanager
def workers() -> Iterator[None]:
    """Inside the block, this process's own threads do what it would have asked workers to do.

    What is still to be done is done at its end, unless it ends by an exception.
    """
    steps: Queue[tuple[str, str] | None] = Queue()
    for _ in range(THREADS):  # daemons: Ctrl-C need not wait for an engine's answer
        Thread(target=_work, args=(steps,), daemon=True).start()
    with wakeups.delivered_to(lambda task, pk: steps.put((task, pk))):
        try:
            yield
            steps.join()
        finally:
            for _ in range(THREADS):
                steps.put(None)


def _work(steps: Queue[tuple[str, str] | None]) -> None:
    while step := steps.get():
        _step(*step)
        steps.task_done()


def _step(task: str, pk: str) -> None:
    try:
        STEPS[task](pk)
    except Exception:
        # the sweep tries again, as it does after a worker's crash
        logger.exception("%s of %s failed", task, pk)
    finally:
        connection.close()


def wait(job: Job, on_progress: Callable[[Job], None]) -> None:
    """Until the job is at rest. Running workers may do parts of it, too."""
    while True:
        job.refresh_from_db()
        on_progress(job)
        if not job.working:
            return
        sweeping.sweep(job.pk)
        time.sleep(POLL_S)
