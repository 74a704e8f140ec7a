"""Whatever dies in the middle, the job completes by itself, and no answer is paid for twice."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack

import numpy as np
import pytest
from django.utils import timezone
from kombu import Queue

from speech_project.celery import app
from tests.conftest import HALF_MINUTE, SAMPLE, running, wait_until
from tests.standin.client import StandInProcess
from tests.test_serve import rows
from tests.test_serve import running as serving
from tests.test_workers import BEAT, ENGINE, MEDIA, empty_queues, time_passes
from transcription import audio
from transcription.models import Attempt, Chunk, Job

TIMES = 6
LATENCY = 0.8  # seconds
# those that nobody could follow are sent again only after half a minute
WAKE_UPS_ARE_OLD = """
    UPDATE jobs SET woken_at = woken_at - interval '30 s' WHERE lease_until IS NULL;
    UPDATE chunks SET woken_at = woken_at - interval '30 s' WHERE lease_until IS NULL
"""

__all__ = ["empty_queues"]  # a fixture of every test here


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory):
    """The sample over and over, each time a little quieter, so that no two chunks are the same."""
    once = np.concatenate(list(audio.decode(SAMPLE)))
    samples = np.concatenate([(once * 0.97**n).astype(np.int16) for n in range(1, TIMES + 1)])
    path = tmp_path_factory.mktemp("long") / "long.flac"
    path.write_bytes(audio.encode_flac(samples))
    return path


@pytest.fixture
def standin():
    with StandInProcess() as found:
        found.set_text(HALF_MINUTE)
        found.set_latency(LATENCY)
        yield found


@pytest.fixture
def configured(standin, settings):
    """For this process and for the workers."""
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = standin.base_url, standin.api_key
    settings.ENGINE_CONFIGURED = True
    return {"OPENAI_BASE_URL": standin.base_url, "OPENAI_API_KEY": standin.api_key}


def answered(standin):
    return [entry for entry in standin.log() if entry["status"] == 200]


def paid_twice(standin):
    """Files that were asked for again although their answer was stored."""
    stored = dict(Attempt.objects.exclude(answer={}).values_list("request_id", "finished_at"))
    log = standin.log()
    return [
        later["sha256"]
        for first in log
        if first["request_id"] in stored
        for later in log
        if later["sha256"] == first["sha256"]
        and later["arrived"] > stored[first["request_id"]].timestamp()
    ]


def completed(job):
    job.refresh_from_db()
    assert job.status != Job.Status.FAILED, job.error_message
    return job.status == Job.Status.COMPLETED


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_killed_and_the_broker_loses_its_messages(
    upload_sample, long_recording, standin, configured
):
    job = upload_sample(long_recording, model="gpt-transcribe")
    with ExitStack() as stack:
        stack.enter_context(running(*MEDIA, **configured))
        stack.enter_context(running(*BEAT, **configured))
        with running(*ENGINE, **configured) as victim:
            wait_until(lambda: len(answered(standin)) >= 5, "the first answers")
            standin.set_latency(10)
            slow = Attempt.objects.filter(finished_at=None, started_at__gt=timezone.now())
            wait_until(slow.exists, "a request that is under way for long")
            os.killpg(victim.pid, signal.SIGKILL)
        standin.set_latency(LATENCY)
        with app.connection_for_write() as connection:
            Queue("engine", routing_key="engine").bind(connection.default_channel).purge()
        time_passes(job)
        stack.enter_context(running(*ENGINE, **configured))
        wait_until(lambda: completed(job), "completion")
    assert (
        job.chunks.filter(status=Chunk.Status.COMPLETED).count() == job.chunk_count > 2 * TIMES - 4
    )
    assert paid_twice(standin) == []
    lost = Attempt.objects.filter(error_code="abandoned").count()
    assert 0 < lost <= 4, "what was under way when the worker was killed, and no more"
    assert len(standin.log()) <= job.chunk_count + lost


def test_the_database_is_killed(tmp_path, long_recording, standin):
    """`make run` starts it again; answers that come meanwhile wait for it."""
    key = {"OPENAI_BASE_URL": standin.base_url, "OPENAI_API_KEY": standin.api_key}
    with serving(tmp_path / "data", long_recording, **key) as product:
        wait_until(lambda: len(answered(standin)) >= 5, "the first answers")
        pid = (product.data / "postgres" / "postmaster.pid").read_text().partition("\n")[0]
        os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: rows(product.data, WAKE_UPS_ARE_OLD) is not None, "the database")
        finished = "SELECT DISTINCT status FROM jobs"
        wait_until(lambda: rows(product.data, finished) == [("completed",)], "completion")
        product.wait_for("Review long: http://")
        assert "Traceback" not in product.text()
    repeated = len(standin.log()) - len({entry["sha256"] for entry in standin.log()})
    assert repeated == 0, "each answer found its way into the database"
