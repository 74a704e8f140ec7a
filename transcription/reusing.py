"""A recording that is there already: jobs that share it, and answers that need not be paid for."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from speech_project.wakeups import wake
from transcription.models import Chunk, Job

# what a job has of its recording, whatever is made of it
OF_RECORDING = (
    "audio_file",
    "audio_name",
    "audio_sha256",
    "audio_bytes",
    "audio_format",
    "audio_codec",
    "audio_sample_rate",
    "audio_channels",
    "playback_file",
)
# what people wished for it, and who looks after it
OF_WISHES = (
    "title",
    "source",
    "group_id",
    "options",
    "script_policy",
    "budget_usd",
    "priority",
    "metadata",
)
# where an administrator decided; who took the source has no claim to this one
OF_ASSIGNMENT = ("assigned_to_id", "assigned_to_name")
OF_TEXT = ("own_script",)  # options of which the engine does not hear
# what of a transcribed job stands in another with the same wishes
OF_TRANSCRIPT = ("duration_ms", "peaks_file", "speech_dbfs", "chunk_count")
OF_CHUNK = (
    "position",
    "channel",
    "start_ms",
    "end_ms",
    "spans",
    "overlap_ms",
    "speech_ms",
    "status",
    "text",
    "words",
    "language",
    "checks",
    "completed_at",
)


def same_recording(source: Job, *, proposal: bool = False) -> Job:
    """A new job of the source's recording and wishes, not saved. Hold the source's lock: files are
    shared, and go with the last job."""
    kept = source.assigned_at is None and not proposal
    names = OF_RECORDING + OF_WISHES + (OF_ASSIGNMENT if kept else ())
    values = {name: getattr(source, name) for name in names}
    return Job(source_job=source, proposal=proposal, **values)


def take_over(job: Job) -> bool:
    """Save the job with an earlier one's answers, where there is one that has them all.

    The segments are made anew, so that today's lexicon corrects them; reviews are not taken over.
    That the engine would be told of other terms today is no other wish: with each change of the
    lexicon the same sound would be paid for again. Who wants that transcribes it again. Nor are
    wishes about the text alone, of which the engine never hears.
    """
    with transaction.atomic():
        source = _earlier(job)
        if source is None:
            return False
        name = job.audio_name
        for field in OF_RECORDING + OF_TRANSCRIPT:
            setattr(job, field, getattr(source, field))
        job.source_job, job.audio_name = source, name
        job.status = Job.Status.TRANSCRIBING
        job.started_at = job.prepared_at = timezone.now()
        job.save(force_insert=True)
        Chunk.objects.bulk_create(
            Chunk(job=job, **{field: getattr(chunk, field) for field in OF_CHUNK})
            for chunk in source.chunks.all()
        )
        wake("finish_job", job.pk, queue="engine")
    return True


def _of_engine(options: dict[str, Any]) -> dict[str, Any]:
    return {name: wish for name, wish in options.items() if name not in OF_TEXT}


def _earlier(job: Job) -> Job | None:
    """The newest finished job of the same owner with the same audio and wishes, locked."""
    if job.api_key is None and job.owner_id is None:
        return None
    finished = Job.objects.select_for_update().filter(
        owner_id=job.owner_id,
        api_key=job.api_key,
        audio_sha256=job.audio_sha256,
        model=job.model,
        languages=job.languages,
        script_policy=job.script_policy,
        status=Job.Status.COMPLETED,
    )
    wishes = _of_engine(job.options)
    for found in finished.order_by("-created_at", "pk"):
        if _of_engine(found.options) != wishes:
            continue
        if not found.chunks.exclude(status=Chunk.Status.COMPLETED).exists():
            return found
    return None
