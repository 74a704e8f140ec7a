"""The same pipeline inside one process, without a broker: for the terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from transcription import pipeline, wakeups
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
    """Inside the block, this process's own threads do what it would have asked workers to do."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="step") as pool:
        with wakeups.delivered_to(lambda task, pk: pool.submit(_step, task, pk)):
            yield
        pool.shutdown(cancel_futures=True)


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
        pipeline.sweep(job.pk)
        time.sleep(POLL_S)
