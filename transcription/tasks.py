"""Celery's side of the pipeline: each task takes an id and does one step.

Beat has these tasks too, and runs the sweeps alone: what the others need is loaded by workers.
"""

from contextlib import suppress
from importlib import import_module
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings

from speech_project.api import idempotency
from transcription import choosing, sweeping
from transcription.engines import capabilities
from transcription.engines.base import EngineError


@worker_init.connect
def load(sender: Any, **_: Any) -> None:
    """Before the first recording comes, and before a worker forks: all that, ffmpeg and an SDK
    take two seconds to load."""
    import_module("transcription.pipeline")
    import_module("av")
    record = capabilities(settings.STT_MODEL)
    if record.queue in sender.app.amqp.queues.consume_from:
        with suppress(EngineError):  # the jobs that meet it will tell
            choosing.engine_for(record)


@shared_task(name="prepare_job")
def prepare_job(job_id: str) -> None:
    from transcription import pipeline

    pipeline.prepare(job_id)
    sweeping.wake_next_job()


@shared_task(name="transcribe_chunk")
def transcribe_chunk(chunk_id: str) -> None:
    from transcription import pipeline

    pipeline.transcribe(int(chunk_id))
    sweeping.wake_next_chunk(int(chunk_id))


@shared_task(name="finish_job")
def finish_job(job_id: str) -> None:
    from transcription import pipeline

    pipeline.finish(job_id)


@shared_task(name="make_playback")
def make_playback(job_id: str) -> None:
    from transcription import pipeline

    pipeline.make_playback(job_id)


@shared_task(name="sweep")
def sweep() -> None:
    sweeping.sweep()
    idempotency.forget()
