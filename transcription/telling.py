"""Telling clients what became of their recordings: ids and states, never what was said in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from speech_project.webhooks.services import tell
from transcription.models import Job


def tell_of(event: str, ids: Iterable[Any], **more: Any) -> None:
    """Tell the keys of these jobs, of those that have one, in the transaction of the event."""
    for job in Job.objects.filter(pk__in=list(ids), api_key__isnull=False).order_by("pk"):
        tell(event, [_told(job) | more], api_key_id=job.api_key_id)


def _told(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "url": reverse("api-job", args=[job.pk]),
        "status": job.status,
        "review_status": job.review_status,
        "error_code": job.error_code,
        "proposal": job.proposal,
        "source_job": job.source_job_id and str(job.source_job_id),
        "metadata": job.metadata,
    }
