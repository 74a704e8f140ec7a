"""Who reviews which recording: handed out without collisions, taken, given back.

A reviewer has a job from being handed it, from taking it, or from the first save in one that is
nobody's. What was handed out or taken and not begun is up for others again after HELD_FOR; what an
admin has assigned stays assigned: it has no `assigned_at`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from transcription.models import Job
from transcription.queueing import ranked
from transcription.services import NotPossible

HELD_FOR = timedelta(hours=4)

REVIEWABLE = Q(status=Job.Status.COMPLETED, proposal=False)
WAITING = REVIEWABLE & Q(review_status=Job.Review.WAITING)
IN_REVIEW = REVIEWABLE & Q(review_status=Job.Review.IN_REVIEW)


class Held(Exception):
    """Somebody else has the job, which is `job`: ask before it is taken from them."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"{job.title}: {job.assigned_to_name} has it.")
        self.job = job


def next_job(
    jobs: QuerySet[Job], user: Any, *, begun: bool = False, passed_over: Collection[str] = ()
) -> Job | None:
    """The one of the jobs that the user should review next, which is theirs from now on; None
    where there is none. First what waits and is theirs already, then the best that is nobody's.

    `begun`: before all that, what they have in review. `passed_over`: ids of those that they gave
    back, and get only when there is nothing else. Two who ask at once get different jobs.
    """
    mine, free = jobs.filter(assigned_to_id=user.pk), jobs.filter(WAITING & _free())
    choices = [mine.filter(WAITING), free.exclude(pk__in=passed_over), free]
    if begun:
        choices.insert(0, mine.filter(IN_REVIEW))
    with transaction.atomic():
        for choice in choices:
            # what another one is just being handed is skipped, and so is what changed meanwhile
            rows = ranked(choice).select_for_update(skip_locked=True, no_key=True)
            if (job := rows.first()) is not None:
                if job.assigned_to_id != user.pk or job.assigned_at is not None:
                    _give(Job.objects.filter(pk=job.pk), user)
                return job
    return None


def take(job: Job, user: Any, *, instead_of: int | None = None) -> None:
    """Make the job the user's. `instead_of`: the id of who may lose it by that.

    Raises Held where it is another's, and NotPossible where there is nothing to review.
    """
    with transaction.atomic():
        found = Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
        if found is None:
            raise NotPossible(f"{job.title}: it was deleted meanwhile.")
        if found.proposal:
            raise NotPossible(f"{job.title}: it is a proposal. Compare it with its source instead.")
        if found.status != Job.Status.COMPLETED:
            raise NotPossible(f"{job.title}: it is not transcribed, so there is no review yet.")
        if found.review_status == Job.Review.REVIEWED:
            raise NotPossible(f"{job.title}: its review is submitted. Reopen it first.")
        if found.assigned_to_id == user.pk:
            return
        if found.assigned_to_id not in (None, instead_of):
            raise Held(found)
        _give(Job.objects.filter(pk=found.pk), user)


def take_on(job_id: UUID, user: Any) -> bool:
    """Make the job the user's if it is nobody's: for the first save in it, inside its transaction
    and before the review counts as begun. Whether it was."""
    others = Job.objects.filter(_free(), pk=job_id).exclude(review_status=Job.Review.REVIEWED)
    return bool(_give(others, user))


def give_back(job: Job, user: Any) -> None:
    """Make the user's job nobody's; one in review waits again, with all that was written in it.
    Raises NotPossible."""
    mine = Job.objects.filter(pk=job.pk, assigned_to_id=user.pk)
    given = mine.exclude(review_status=Job.Review.REVIEWED).update(
        assigned_to_id=None,
        assigned_to_name="",
        assigned_at=None,
        review_status=Job.Review.WAITING,
    )
    if not given:
        raise NotPossible(f"{job.title}: it is not yours to give back.")


def _free() -> Q:
    """Nobody's, or not begun for so long that whoever has it seems to have forgotten it."""
    forgotten = Q(assigned_at__lt=timezone.now() - HELD_FOR)
    return Q(assigned_to_id=None) | (Q(review_status=Job.Review.WAITING) & forgotten)


def _give(jobs: QuerySet[Job], user: Any) -> int:
    return jobs.update(
        assigned_to_id=user.pk,
        assigned_to_name=user.get_username(),
        assigned_at=timezone.now(),
    )
