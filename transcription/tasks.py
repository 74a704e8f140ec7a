"""Celery's side of the pipeline: each task takes an id and does one step."""

from contextlib import suppress
from importlib import import_module
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings

from speech_project.api import idempotency
from transcription import choosing, pipeline, sweeping
from transcription.engines import capabilities
from transcription.engines.base import EngineError


@worker_init.connect
def load_engine(**_: Any) -> None:
    """Before the first recording comes: the SDK and ffmpeg take two seconds to load."""
    import_module("av")
    with suppress(EngineError):  # the jobs that meet it will tell
        choosing.engine_for(capabilities(settings.STT_MODEL))


@shared_task(name="prepare_job")
def prepare_job(job_id: str) -> None:
    pipeline.prepare(job_id)
    sweeping.wake_next_job()


@shared_task(name="transcribe_chunk")
def transcribe_chunk(chunk_id: str) -> None:
    pipeline.transcribe(int(chunk_id))
    sweeping.wake_next_chunk(int(chunk_id))


@shared_task(name="finish_job")
def finish_job(job_id: str) -> None:
    pipeline.finish(job_id)


@shared_task(name="make_playback")
def make_playback(job_id: str) -> None:
    pipeline.make_playback(job_id)


@shared_task(name="sweep")
def sweep() -> None:
    sweeping.sweep()
    idempotency.forget()
