"""The object, or 404: what a user may not see does not exist for them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from speech_project.access.authentication import KeyUser
from speech_project.access.visibility import visible_to
from speech_project.rows import Row
from transcription.models import Job

# by the id alone: the more conditions, the more indexes the database weighs
_by_id = Row(Job, "id = $1")


def visible_jobs(user: Any) -> QuerySet[Job]:
    return Job.objects.filter(visible_to(user))


def get_job(user: Any, job_id: Any) -> Job:
    if isinstance(user, KeyUser):
        job = _by_id(job_id)
        if job is None or job.api_key_id != user.key.pk:  # what visible_to says of a key
            raise Http404
        return job
    return get_object_or_404(visible_jobs(user), pk=job_id)
