"""Celery's side of the pipeline: each task takes an id and does one step."""

from celery import shared_task

from transcription import pipeline, sweeping


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
