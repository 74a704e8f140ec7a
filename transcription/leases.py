"""Claiming units of work, and holding them while working.

A claim is one conditional UPDATE; it raises `attempt`, which then serves as a fence: whoever
holds an older attempt cannot write any more. The lease is renewed by one thread in each process.
A worker that dies stops renewing, and the sweep hands its work to another.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from transcription.models import Chunk, Job, Work

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
RENEW_EVERY_S = 5.0
MOST_ATTEMPTS = 6
AGAIN_S = 0.5  # after an outage before the sweep takes the work away

W = TypeVar("W", bound=Work)


class LeaseLost(Exception):
    """The work was cancelled, or another worker has it: stop. What was paid for is still kept."""


def due() -> Q:
    return Q(not_before=None) | Q(not_before__lte=timezone.now())


def expired() -> Q:
    return Q(lease_until__lt=timezone.now())


def complete() -> Q:
    """Of a job: all chunks are cut, and each has an answer or has failed for good."""
    pending = Exists(Chunk.objects.filter(job=OuterRef("pk"), status__in=Chunk.PENDING))
    return Q(status=Job.Status.TRANSCRIBING, chunk_count__isnull=False) & ~Q(pending)


def claim(model: type[W], pk: Any, when: Q, **changes: Any) -> W | None:
    """Take the unit if `when` holds for it; None where another was first or it is gone."""
    with transaction.atomic():
        taken = model._default_manager.filter(when, pk=pk).update(
            attempt=F("attempt") + 1, lease_until=timezone.now() + LEASE, not_before=None, **changes
        )
        if not taken:
            return None
        found = model._default_manager.all()
        return (found.select_related("job") if model is Chunk else found).get(pk=pk)


class Lease:
    def __init__(self, work: Job | Chunk) -> None:
        self.mine: QuerySet[Any] = type(work)._default_manager.filter(
            Q(pk=work.pk), attempt=work.attempt, lease_until__isnull=False
        )
        self.lost = threading.Event()

    def check(self) -> None:
        if self.lost.is_set():
            raise LeaseLost

    def renew(self) -> None:
        if not self.mine.all().update(lease_until=timezone.now() + LEASE):
            self.lost.set()


class _Keeper:
    """Renews all leases of this process."""

    def __init__(self) -> None:
        self.leases: set[Lease] = set()
        self.lock = threading.Lock()
        self.pid = 0

    def add(self, lease: Lease) -> None:
        with self.lock:
            self.leases.add(lease)
            if self.pid != os.getpid():  # a thread does not survive a fork
                self.pid = os.getpid()
                threading.Thread(target=self.run, name="leases", daemon=True).start()

    def remove(self, lease: Lease) -> None:
        with self.lock:
            self.leases.discard(lease)

    def run(self) -> None:
        wait_s = RENEW_EVERY_S
        while True:
            time.sleep(wait_s)
            wait_s = RENEW_EVERY_S
            with self.lock:
                leases = list(self.leases)
            for lease in leases:
                try:
                    lease.renew()
                except Exception as error:  # the database is away: the next round tries again
                    logger.warning("A lease could not be renewed: %s", error)
                    wait_s = AGAIN_S
                    connection.close()
            if not leases:
                connection.close()


_keeper = _Keeper()


@contextmanager
def hold(work: Job | Chunk) -> Iterator[Lease]:
    """Keep the claimed unit's lease alive inside the block."""
    lease = Lease(work)
    _keeper.add(lease)
    try:
        yield lease
    finally:
        _keeper.remove(lease)
