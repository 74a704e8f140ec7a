"""Workers, reviewers and admins at the same place at the same time: nothing is lost, nothing is
paid for twice, nothing is left behind."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from feedback.saving import Conflict, Save, save_segment
from feedback.services import submit_review
from tests.conftest import HALF_MINUTE
from tests.test_workers import wait_until
from transcription import choosing, hearing, leases, pipeline, services, sweeping, tasks
from transcription.engines.base import EngineError
from transcription.models import Attempt, Chunk, Job, Segment
from transcription.timing import TimedWord

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]

PERMANENT = EngineError("broken", "It broke.", permanent=True)
QUEUED = Q(status=Chunk.Status.QUEUED)


@pytest.fixture
def job(make_job):
    """At work, with two chunks in the queue."""
    job = make_job(status=Job.Status.TRANSCRIBING, chunk_count=2, model="pocketsphinx")
    job.chunks.update(status=Chunk.Status.QUEUED)
    Chunk.objects.create(job=job, position=1, start_ms=4000, end_ms=8000)
    return job


@pytest.fixture
def gap(job):
    """A completed job: the first chunk failed and is a gap, the second is there."""
    first, second = job.chunks.order_by("position")
    Chunk.objects.filter(pk=first.pk).update(status=Chunk.Status.FAILED, error_message="Away.")
    Chunk.objects.filter(pk=second.pk).update(
        status=Chunk.Status.COMPLETED, text="two", words=[["two", 4000, 4400]]
    )
    pipeline.finish(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.COMPLETED
    return Segment.objects.get(chunk=first)


def claim(chunk, when=QUEUED):
    return leases.claim(Chunk, chunk.pk, when, status=Chunk.Status.TRANSCRIBING)


def lose_lease(chunk):
    Chunk.objects.filter(pk=chunk.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    return Q(status=Chunk.Status.TRANSCRIBING) & leases.expired()


def heard(text):
    return hearing.Heard(text, [TimedWord(text, 0, 400)], "", [])


def answer(job, chunk, text):
    pipeline._store(job, chunk, heard(text))


def fail(job, chunk, error=PERMANENT):
    pipeline._react(job, chunk, error, tries=1)


def texts(job):
    return [s.text for s in Segment.objects.filter(job=job, retired_at=None)]


def test_of_two_workers_one_gets_the_chunk(openai_standin, settings, upload_sample):
    """Both read the row as free; the second has to look again once the first has it."""
    settings.OPENAI_BASE_URL = openai_standin.base_url
    settings.OPENAI_API_KEY, settings.ENGINE_CONFIGURED = openai_standin.api_key, True
    openai_standin.set_text(HALF_MINUTE)
    openai_standin.set_latency(0.5)
    job = upload_sample(model="gpt-transcribe")
    pipeline.prepare(job.pk)
    chunk = job.chunks.first()
    both = threading.Barrier(4)

    def work():
        both.wait(10)
        try:
            pipeline.transcribe(chunk.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(openai_standin.log()) == 1
    chunk.refresh_from_db()
    assert (chunk.attempt, chunk.status) == (1, Chunk.Status.COMPLETED)


def test_an_error_of_the_second_worker_leaves_the_answer_of_the_first(job):
    chunk = job.chunks.first()
    first = claim(chunk)
    second = claim(chunk, lose_lease(chunk))
    answer(job, first, "hello")
    fail(job, second)
    chunk.refresh_from_db()
    assert (chunk.status, chunk.text) == (Chunk.Status.COMPLETED, "hello")


def test_a_worker_from_before_a_retry_cannot_write_after_it(job):
    chunk = job.chunks.first()
    before = claim(chunk)
    lease = leases.Lease(before)
    services.cancel_job(job)
    services.retry_job(job)
    claim(chunk)
    lease.renew()
    assert lease.lost.is_set()
    fail(job, before)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.TRANSCRIBING


def test_a_retry_gives_all_tries_again(job):
    chunk = job.chunks.first()
    Chunk.objects.filter(pk=chunk.pk).update(attempt=leases.MOST_ATTEMPTS, status="failed")
    services.cancel_job(job)
    services.retry_job(job)
    passing = EngineError("timeout", "It took too long.")
    fail(job, claim(chunk), passing)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.QUEUED
    assert chunk.not_before - timezone.now() < timedelta(seconds=3)


def test_an_answer_that_comes_after_the_gap_fills_it(job, gap):
    answer(job, gap.chunk, "one")
    pipeline._finish_when_complete(job.pk)
    pipeline.finish(job.pk)
    assert texts(job) == ["one", "two"]


def test_an_answer_that_comes_after_the_review_waits_for_its_reopening(job, gap, reviewer):
    from feedback.services import reopen_review

    submit_review(reviewer, job)
    answer(job, gap.chunk, "one")
    assert texts(job) == ["", "two"]
    reopen_review(job)
    services.retry_job(job)
    pipeline.finish(job.pk)
    assert texts(job) == ["one", "two"]


def test_a_gap_that_was_accepted_empty_is_filled_by_a_retry(job, gap, reviewer):
    save_segment(reviewer, job, gap.pk, Save("", gap.version, "a", accept=True))
    services.retry_job(job)
    Chunk.objects.filter(pk=gap.chunk_id).update(
        status=Chunk.Status.COMPLETED, text="one", words=[["one", 0, 400]]
    )
    pipeline.finish(job.pk)
    assert texts(job) == ["one", "two"]


def test_a_save_while_the_gap_is_filled_is_kept_or_told(job, gap, reviewer, monkeypatch):
    services.retry_job(job)
    Chunk.objects.filter(pk=gap.chunk_id).update(
        status=Chunk.Status.COMPLETED, text="one", words=[["one", 0, 400]]
    )
    outcome: list[str] = []

    def save():
        try:
            save_segment(reviewer, job, gap.pk, Save("typed by hand", gap.version, "a"))
            outcome.append("saved")
        except Conflict:
            outcome.append("conflict")
        finally:
            connection.close()

    thread = threading.Thread(target=save)
    looked = Segment.is_gap.fget

    def is_gap(segment):
        if not thread.ident:
            thread.start()
            thread.join(0.5)  # it has to wait for the lock: this is as far as it comes
        return looked(segment)

    monkeypatch.setattr(Segment, "is_gap", property(is_gap))
    pipeline.finish(job.pk)
    thread.join(10)
    assert outcome == ["conflict"] or "typed by hand" in texts(job)


def test_cancelling_the_filling_of_a_gap_keeps_the_review_open(job, gap, reviewer):
    services.retry_job(job)
    job.refresh_from_db()
    services.cancel_job(job)
    pipeline.finish(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.COMPLETED
    assert submit_review(reviewer, job).corrected_text == "\ntwo"


def files():
    return sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_deleting_a_job_while_it_is_prepared_leaves_nothing(media, upload_sample, monkeypatch):
    job = upload_sample()
    store = pipeline._store_piece

    def deleted_meanwhile(job, position, *rest):
        if position == 1:
            services.delete_job(job)
        return store(job, position, *rest)

    monkeypatch.setattr(pipeline, "_store_piece", deleted_meanwhile)
    pipeline.prepare(job.pk)
    assert files() == []
    assert not Job.objects.exists()


@pytest.mark.parametrize("fault", ["", "quota"])
def test_deleting_a_job_while_it_is_transcribed_is_quiet(
    openai_standin, settings, upload_sample, monkeypatch, fault
):
    settings.OPENAI_BASE_URL = openai_standin.base_url
    settings.OPENAI_API_KEY, settings.ENGINE_CONFIGURED = openai_standin.api_key, True
    if fault:
        openai_standin.fault(fault)
    job = upload_sample(model="gpt-transcribe")
    pipeline.prepare(job.pk)
    engine_for = choosing.engine_for

    def deleted_meanwhile(record):
        services.delete_job(job)
        return engine_for(record)

    monkeypatch.setattr(choosing, "engine_for", deleted_meanwhile)
    pipeline.transcribe(job.chunks.first().pk)
    assert len(openai_standin.log()) == 1
    assert not Attempt.objects.exists()


def test_preparing_twice_at_once_makes_each_chunk_once(media, upload_sample, monkeypatch):
    """A worker that lost its lease and does not know yet beside the one that took over."""
    job = upload_sample(model="pocketsphinx")
    both = threading.Barrier(2)
    save = pipeline.recordings.save

    def together(name, content):
        if "/0-" in name:
            both.wait(20)
        return save(name, content)

    monkeypatch.setattr(pipeline.recordings, "save", together)
    errors: list[BaseException] = []

    def prepare():
        try:
            pipeline.prepare(job.pk)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    first = threading.Thread(target=prepare)
    first.start()
    wait_until(lambda: both.n_waiting, "the first worker's first chunk")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = threading.Thread(target=prepare)
    second.start()
    first.join(60)
    second.join(60)
    assert errors == []
    stored = [chunk.audio_file for chunk in job.chunks.all()]
    assert all((Path(settings.MEDIA_ROOT) / name).is_file() for name in stored)
    assert [c.position for c in job.chunks.all()] in ([0], [0, 1])


def test_what_waits_for_busy_workers_is_not_sent_again_and_again(make_job, sent):
    job = make_job(status=Job.Status.TRANSCRIBING, chunk_count=300)
    job.chunks.all().delete()
    Chunk.objects.bulk_create(
        Chunk(job=job, position=n, start_ms=n * 1000, end_ms=n * 1000 + 1000) for n in range(300)
    )
    claim(job.chunks.first())
    long_ago = timezone.now() - sweeping.LOST_AFTER
    for _ in range(20):
        Chunk.objects.update(woken_at=long_ago)
        sweeping.sweep()
    assert sent == []


def test_idle_workers_are_woken_for_some_of_what_was_lost(make_job, sent):
    job = make_job(status=Job.Status.TRANSCRIBING, chunk_count=300)
    job.chunks.all().delete()
    Chunk.objects.bulk_create(
        Chunk(job=job, position=n, start_ms=n * 1000, end_ms=n * 1000 + 1000) for n in range(300)
    )
    Chunk.objects.update(woken_at=timezone.now() - sweeping.LOST_AFTER)
    for _ in range(20):
        sweeping.sweep()
    assert 0 < len(sent) == sweeping.MOST_LOST


def test_a_worker_that_is_done_wakes_the_next_lost_one(job, sent, monkeypatch):
    first, second = job.chunks.order_by("position")
    Chunk.objects.update(woken_at=timezone.now() - sweeping.LOST_AFTER)
    monkeypatch.setattr(hearing, "hear", lambda *_, **__: heard("one"))
    tasks.transcribe_chunk(str(first.pk))
    assert sent == [("transcribe_chunk", str(second.pk))]


def test_a_preparation_that_is_done_wakes_the_next_lost_job(make_job, sent):
    lost = make_job(status=Job.Status.QUEUED, woken_at=timezone.now() - sweeping.LOST_AFTER)
    recent = make_job(status=Job.Status.QUEUED)
    sweeping.sweep()
    assert sent == [], "the workers may be busy with the recent one"
    Job.objects.filter(pk=recent.pk).update(status=Job.Status.CANCELLED)
    tasks.prepare_job(str(recent.pk))
    assert sent == [("prepare_job", str(lost.pk))]


def test_what_a_dead_worker_left_is_sent_once_until_it_is_long_ago(job, sent):
    chunk = job.chunks.first()
    claim(chunk)
    lose_lease(chunk)
    Chunk.objects.filter(pk=chunk.pk).update(woken_at=timezone.now() - timedelta(seconds=5))
    for _ in range(5):
        sweeping.sweep()
    assert sent == [("transcribe_chunk", str(chunk.pk))]
