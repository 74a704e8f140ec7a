"""Real Celery workers on the configured broker, killed in the middle of their work."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack

import pytest
from django.db.models import F
from kombu import Queue
from standardwebhooks import Webhook as Verifier

from speech_project.celery import app
from tests.conftest import running, wait_until
from transcription.models import Chunk, Job
from transcription.sweeping import LOST_AFTER

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = ("-m", "celery", "-A", "speech_project", "worker", "-l", "WARNING", "--without-gossip",
          "--without-mingle", "--without-heartbeat")  # fmt: skip
MEDIA = (*WORKER, "-P", "prefork", "-c", "1", "-Q", "media", "-n", "media@test")
ENGINE = (*WORKER, "-P", "threads", "-c", "4", "-Q", "engine", "-n", "engine@test")
BEAT = ("-m", "celery", "-A", "speech_project", "beat", "-l", "WARNING", "--pidfile=")


@pytest.fixture(autouse=True)
def empty_queues():
    """What other tests sent is not for these workers."""
    with app.connection_for_write() as connection:
        for name in ("media", "engine"):
            queue = Queue(name, routing_key=name).bind(connection.default_channel)
            queue.declare()
            queue.purge()


def time_passes(job):
    """So much that what a worker left behind is known to be: nobody waits for that here."""
    job.chunks.update(
        woken_at=F("woken_at") - LOST_AFTER, lease_until=F("lease_until") - LOST_AFTER
    )


def status(job):
    job.refresh_from_db()
    return job.status


def test_a_recording_goes_through_real_workers(upload_sample, short_clip, webhook, receiver):
    """And its client is told."""
    job = upload_sample(short_clip, model="pocketsphinx", api_key=webhook.api_key)
    with ExitStack() as stack:
        for args in (MEDIA, ENGINE, BEAT):
            stack.enter_context(running(*args, WEBHOOK_ALLOWED_NETWORKS="127.0.0.1"))
        wait_until(lambda: status(job) in ("completed", "failed"), "completion")
        assert job.status == Job.Status.COMPLETED, job.error_message
        wait_until(lambda: status(job) and job.playback_file, "the playback copy")
        wait_until(lambda: receiver.got, "the webhook")
    event = Verifier(webhook.secret).verify(receiver.got[0].body, receiver.got[0].headers)
    assert (event["type"], event["data"]["id"]) == ("job.completed", str(job.pk))
    text = " ".join(job.segments.values_list("text", flat=True))
    assert "heart attack" in text


def test_a_worker_killed_in_the_middle_costs_nothing(upload_sample, short_clip):
    """kill -9 while it listens: another takes up the chunk, and the job completes."""
    job = upload_sample(short_clip, model="pocketsphinx")
    with ExitStack() as stack:
        stack.enter_context(running(*ENGINE))
        stack.enter_context(running(*BEAT))
        with running(*MEDIA) as victim:
            listening = Chunk.objects.filter(job=job, status=Chunk.Status.TRANSCRIBING)
            wait_until(listening.exists, "listening")
            os.killpg(victim.pid, signal.SIGKILL)
        time_passes(job)
        stack.enter_context(running(*MEDIA))
        wait_until(lambda: status(job) in ("completed", "failed"), "completion")
    assert job.status == Job.Status.COMPLETED, job.error_message
    chunk = job.chunks.get()
    assert (chunk.status, chunk.attempt) == (Chunk.Status.COMPLETED, 2)
