"""Who is at the desk of a recording: told by their pages every few seconds, forgotten soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from feedback.models import Presence
from transcription.models import Job

LEASE = timedelta(seconds=30)


def tell(user: Any, job: Job, segment_id: int | None) -> list[Presence]:
    """That the user is at this segment, or at none. Returns who else is there."""
    now = timezone.now()
    mine = {"user_name": user.get_username(), "segment_id": segment_id, "seen_at": now}
    Presence.objects.update_or_create(job=job, user_id=user.pk, defaults=mine)
    others = Presence.objects.filter(job=job, seen_at__gt=now - LEASE).exclude(user_id=user.pk)
    return list(others.order_by("user_name"))


def leave(user: Any, job: Job) -> None:
    Presence.objects.filter(job=job, user_id=user.pk).delete()
