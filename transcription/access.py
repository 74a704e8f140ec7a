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

# clients ask again and again how far their jobs are: what visible_to says of a key
_of_key = Row(Job, "id = %s AND api_key_id = %s")


def visible_jobs(user: Any) -> QuerySet[Job]:
    return Job.objects.filter(visible_to(user))


def get_job(user: Any, job_id: Any) -> Job:
    if isinstance(user, KeyUser):
        if job := _of_key(job_id, user.key.pk):
            return job
        raise Http404
    return get_object_or_404(visible_jobs(user), pk=job_id)
