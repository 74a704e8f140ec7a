"""Requests that are held open until their transcript is there. Each holds a thread of the web
server, and its connection to the database, idle between two looks: so at most half of the threads
are given to them, and not for ever."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest

from transcription.models import Job
from transcription.wire import errors

FIRST_PAUSE_S, LONGEST_PAUSE_S, GROWTH = 0.05, 1.0, 1.3
AWAY = (OperationalError, InterfaceError)  # what is raised while the database is
SHARE = 4  # a look that takes long is followed by a pause so many times as long

places = BoundedSemaphore(settings.WEB_THREADS // 2)  # of this process


class Gone(Exception):
    """The client has hung up. Its job goes on."""


class Place:
    """A thread that may wait. Raises WireError where none is free; close it, once or more."""

    def __init__(self, job_id: Any) -> None:
        self._places, self._held = places, places.acquire(blocking=False)
        if not self._held:
            raise errors.overloaded(
                f"Too many requests wait for their transcripts. The recording is being "
                f"transcribed all the same, as job {job_id}: send the same request again."
            )

    def close(self) -> None:
        if self._held:
            self._held = False
            self._places.release()


class Client:
    """Who waits, as far as the web server shows."""

    def __init__(self, request: HttpRequest) -> None:
        self._socket: socket.socket | None = request.META.get("gunicorn.socket")

    def pause(self, seconds: float) -> None:
        """Raises Gone the moment they hang up."""
        started = time.monotonic()
        if self._socket is not None:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            if poll.poll(seconds * 1000) and self._hung_up():
                raise Gone
        # a request that is sent ahead wakes us too
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))

    def _hung_up(self) -> bool:
        assert self._socket is not None
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, ValueError):  # nothing there, or encrypted: nobody can tell
            return False
        except OSError:
            return True


def looks(client: Client) -> Iterator[None]:
    """Turns to look whether the work is done: at once, then less and less often, and none once the
    client has waited long enough. Raises Gone."""
    deadline = time.monotonic() + settings.WIRE_HOLD_S
    pause_s = FIRST_PAUSE_S
    while True:
        begun = time.monotonic()
        yield
        now = time.monotonic()
        if now >= deadline:
            return
        client.pause(min(max(pause_s, SHARE * (now - begun)), deadline - now))
        pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)


def status_of(job_id: Any) -> str:
    """Raises WireError where the job was deleted. While the database is away nothing changes, and
    the next look connects anew."""
    try:
        found = Job.objects.filter(pk=job_id).values_list("status", flat=True).first()
    except AWAY:
        connection.close()
        return Job.Status.TRANSCRIBING
    if found is None:
        raise errors.deleted(job_id)
    return found


def finished(job: Job, client: Client) -> Job:
    """The job once it has its transcript. Raises WireError where it ends without one, where all
    threads that may wait do, and where it takes too long; Gone."""
    if job.working:
        with closing(Place(job.pk)):
            for _ in looks(client):
                if status_of(job.pk) not in Job.WORKING:
                    break
            else:
                raise errors.still_at_work(job.pk)
    return ended(job.pk)


def ended(job_id: Any) -> Job:
    """The job at rest. Raises WireError where it has no transcript."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise errors.deleted(job_id)
    if job.status != Job.Status.COMPLETED:
        raise errors.of_ended(job)
    return job
