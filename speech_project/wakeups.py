"""Telling a worker that there is something to do.

A wake-up may be lost or doubled: the row in the database decides what is done, and the sweep
sends again what nobody took up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerDown

from speech_project.celery import app

logger = logging.getLogger(__name__)

Sink = Callable[[str, str], object]
_sink: Sink | None = None


def wake(task: str, pk: Any, *, queue: str) -> None:
    """Send the task with the row's id once the running transaction is committed."""
    transaction.on_commit(partial(_send, task, str(pk), queue))


def _send(task: str, pk: str, queue: str) -> None:
    if _sink is not None:
        _sink(task, pk)
        return
    try:
        app.send_task(task, args=[pk], queue=queue, retry=False)
    except (BrokerDown, KombuError, OSError) as error:
        logger.warning("The broker does not answer (%s); the sweep will send %s again", error, task)


@contextmanager
def delivered_to(sink: Sink) -> Iterator[None]:
    """Hand this process's wake-ups to `sink` instead of the broker."""
    global _sink
    _sink = sink
    try:
        yield
    finally:
        _sink = None
