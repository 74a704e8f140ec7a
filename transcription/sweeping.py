"""The sweep: what is due, what its worker left behind, and what nobody was told of.

It must not flood the broker: while workers are busy, units that wait for their turn are not
lost, and further messages would only stand in the way. So the sweep wakes workers that seem idle
for a few units, and from then on each unit that is done wakes another one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from speech_project.wakeups import wake
from speech_project.webhooks.models import Event
from transcription.choosing import queue_of
from transcription.leases import MOST_ATTEMPTS, complete, due, expired
from transcription.models import Chunk, Job
from transcription.telling import tell_of

# a wake-up that nobody followed for so long may be lost
LOST_AFTER = timedelta(seconds=30)
# of what seems lost, so many at once
MOST_LOST = 16
MOST_WAKE_UPS = 200

QUEUED = Q(status="queued")


def sweep(job_id: Any = None) -> None:
    """Send again what should be done by now, and end what keeps killing its workers.

    With `job_id`, for that job only.
    """
    jobs, chunks = Job.objects.all(), _chunks_at_work()
    if job_id is not None:
        jobs, chunks = jobs.filter(pk=job_id), chunks.filter(job=job_id)
    _end_hopeless(jobs, chunks)
    for job in jobs.filter(_left(Job.Status.PREPARING) | QUEUED & _retry_due())[:MOST_WAKE_UPS]:
        _wake_job(job)
    if not jobs.filter(status=Job.Status.PREPARING, lease_until__gte=timezone.now()).exists():
        _wake_lost_jobs(jobs, MOST_LOST)
    for chunk in chunks.filter(_left(Chunk.Status.TRANSCRIBING) | QUEUED & _retry_due()).order_by(
        "-job__priority", "pk"
    )[:MOST_WAKE_UPS]:
        _wake_chunk(chunk)
    waiting = chunks.filter(QUEUED).order_by()  # an order would make each row distinct
    for engine in list(waiting.values_list("job__engine", flat=True).distinct()):
        of_engine = chunks.filter(job__engine=engine)
        asked = Q(status=Chunk.Status.TRANSCRIBING, lease_until__gte=timezone.now())
        if not of_engine.filter(asked).exists():
            _wake_lost_chunks(of_engine, MOST_LOST)
    unfinished = _left(Job.Status.FINISHING) | complete() & Q(woken_at__lt=_long_ago())
    for job in jobs.filter(unfinished)[:MOST_WAKE_UPS]:
        _wake_again(job, "finish_job", "engine")


def wake_next_job() -> None:
    """After a preparation: one more that seems lost."""
    _wake_lost_jobs(Job.objects.all(), 1, although_recent=True)


def wake_next_chunk(done_id: int) -> None:
    """After a chunk: one more for the same engine that seems lost."""
    engine = Job.objects.filter(chunks=done_id).values("engine")[:1]
    _wake_lost_chunks(_chunks_at_work().filter(job__engine=engine), 1, although_recent=True)


def _chunks_at_work() -> QuerySet[Chunk]:
    return Chunk.objects.filter(job__status__in=Job.HEARING).select_related("job")


def _long_ago() -> datetime:
    return timezone.now() - LOST_AFTER


def _left(status: str) -> Q:
    """The worker's lease ran out, and nobody was woken since, or long ago."""
    woken = Q(woken_at__lt=F("lease_until")) | Q(woken_at__lt=_long_ago())
    return Q(status=status) & expired() & woken


def _retry_due() -> Q:
    """A pause is over for which nobody was woken yet."""
    return Q(not_before__lte=timezone.now(), woken_at__lt=F("not_before"))


def _wake_lost_jobs(jobs: QuerySet[Job], most: int, *, although_recent: bool = False) -> None:
    for job in _lost(jobs, although_recent).order_by("-priority", "woken_at")[:most]:
        _wake_job(job)


def _wake_lost_chunks(chunks: QuerySet[Chunk], most: int, *, although_recent: bool = False) -> None:
    for chunk in _lost(chunks, although_recent).order_by("-job__priority", "woken_at")[:most]:
        _wake_chunk(chunk)


def _lost(works: QuerySet[Any], although_recent: bool) -> QuerySet[Any]:
    """Queued units whose wake-up is long ago; none while others were woken recently, whose
    messages the workers may not have come to yet."""
    queued = works.filter(QUEUED)
    if not although_recent and queued.filter(woken_at__gte=_long_ago()).exists():
        return queued.none()
    return queued.filter(due(), woken_at__lt=_long_ago())


def _wake_job(job: Job) -> None:
    _wake_again(job, "prepare_job", "media")


def _wake_chunk(chunk: Chunk) -> None:
    _wake_again(chunk, "transcribe_chunk", queue_of(chunk.job.model))


def _wake_again(work: Job | Chunk, task: str, queue: str) -> None:
    type(work)._default_manager.filter(Q(pk=work.pk)).update(woken_at=timezone.now())
    wake(task, work.pk, queue=queue)


def _end_hopeless(jobs: QuerySet[Job], chunks: QuerySet[Chunk]) -> None:
    """A recording that killed its worker so often would do so for ever."""
    crashed = {
        "error_code": "worker_crashed",
        "error_message": "The worker stopped again and again at this place. Look into its log.",
        "lease_until": None,
    }
    hopeless = expired() & Q(attempt__gte=F("tries_from") + MOST_ATTEMPTS)
    stuck = chunks.filter(hopeless, status=Chunk.Status.TRANSCRIBING).values("pk")
    still = Q(status=Chunk.Status.TRANSCRIBING) & expired()
    Chunk.objects.filter(still, pk__in=stuck).update(status=Chunk.Status.FAILED, **crashed)
    with transaction.atomic():
        dead = (
            jobs.filter(hopeless, status__in=Job.WORKING).order_by().select_for_update(no_key=True)
        )
        if ids := list(dead.values_list("pk", flat=True)):
            Job.objects.filter(pk__in=ids).update(
                status=Job.Status.FAILED, finished_at=timezone.now(), **crashed
            )
            tell_of(Event.JOB_FAILED, ids)
