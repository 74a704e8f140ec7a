"""Celery's side of the pipeline: each task takes an id and makes one call."""

from celery import shared_task

from transcription import pipeline


@shared_task(name="prepare_job")
def prepare_job(job_id: str) -> None:
    pipeline.prepare(job_id)


@shared_task(name="transcribe_chunk")
def transcribe_chunk(chunk_id: str) -> None:
    pipeline.transcribe(int(chunk_id))


@shared_task(name="finish_job")
def finish_job(job_id: str) -> None:
    pipeline.finish(job_id)


@shared_task(name="make_playback")
def make_playback(job_id: str) -> None:
    pipeline.make_playback(job_id)


@shared_task(name="sweep")
def sweep() -> None:
    pipeline.sweep()
