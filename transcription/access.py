"""The object, or 404: what a user may not see does not exist for them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from speech_project.access.visibility import visible_to
from transcription.models import Job


def visible_jobs(user: Any) -> QuerySet[Job]:
    return Job.objects.filter(visible_to(user))


def get_job(user: Any, job_id: Any) -> Job:
    return get_object_or_404(visible_jobs(user), pk=job_id)
