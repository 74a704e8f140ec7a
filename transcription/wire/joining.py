"""The job for a request: one that is at work on the same already, or has a transcript that nobody
got; else a new one. SDKs repeat requests whose answers did not come."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from speech_project import locks
from speech_project.access.models import ApiKey
from transcription import recordings
from transcription.models import Job
from transcription.services import create_job
from transcription.wire.form import Wish

KEPT = timedelta(days=1)  # so long a transcript waits for who asked for it


def job_for(wish: Wish, key: ApiKey) -> tuple[Job, bool]:
    """The job, and whether it is new: of requests at once for the same one makes it.
    Raises JobRefused."""
    name = _name(wish, key)
    with transaction.atomic():
        locks.hold(name)
        if job := _open(name).first():
            return job, False
        job = create_job(wish.upload, source=Job.Source.API, api_key=key, **wish.settings)
        Job.objects.filter(pk=job.pk).update(wire_key=name)
    return job, True


def delivered(job: Job) -> None:
    """The client has the whole answer: the next request for the same is another one."""
    Job.objects.filter(pk=job.pk, delivered_at=None).update(delivered_at=timezone.now())


def _open(name: str) -> QuerySet[Job]:
    waits = Q(
        status=Job.Status.COMPLETED, delivered_at=None, finished_at__gte=timezone.now() - KEPT
    )
    return Job.objects.filter(Q(status__in=Job.WORKING) | waits, wire_key=name)


def _name(wish: Wish, key: ApiKey) -> str:
    """What requests for the same work have in common, hashed."""
    asked = {"key": key.pk, "audio": recordings.sha256(wish.upload), **wish.settings}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
