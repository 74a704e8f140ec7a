"""What all workers together keep to: pauses, requests in flight and a minute, and budgets."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from speech_project.access.keys import create_key
from transcription import admission, leases, pipeline
from transcription.models import Attempt, Chunk, EngineAccount, Job
from transcription.services import JobRefused, retry_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]


@pytest.fixture
def job(standin, upload_sample):
    job = upload_sample(model="gpt-transcribe")
    pipeline.prepare(job.pk)
    return job


def transcribe_all(job):
    """All its chunks at once, each in a thread of its own, as an engine worker does."""

    def work(pk):
        try:
            pipeline.transcribe(pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(chunk.pk,)) for chunk in job.chunks.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def finished(job):
    pipeline.finish(job.pk)
    job.refresh_from_db()
    return job


def statuses(job):
    return sorted(job.chunks.values_list("status", flat=True))


def test_a_pause_that_one_is_told_of_holds_for_all(job, standin):
    standin.fault("rate_limit", headers={"Retry-After": "1"})
    first, second = job.chunks.all()
    pipeline.transcribe(first.pk)
    pipeline.transcribe(second.pk)
    refused, answered = standin.log()
    assert (refused["status"], answered["status"]) == (429, 200)
    assert answered["arrived"] - refused["answered"] >= 1


def test_a_long_pause_gives_the_worker_free(job, standin):
    standin.fault("rate_limit", headers={"Retry-After": "600"})
    first, second = job.chunks.all()
    pipeline.transcribe(first.pk)
    pipeline.transcribe(second.pk)
    assert len(standin.log()) == 1
    for chunk in job.chunks.all():
        assert chunk.status == Chunk.Status.QUEUED
        wait = chunk.not_before - timezone.now()
        assert timedelta(seconds=590) < wait <= timedelta(seconds=600)


def test_pauses_do_not_use_up_the_tries(job, standin):
    chunk = job.chunks.first()
    for _ in range(leases.MOST_ATTEMPTS + 2):
        standin.fault("rate_limit", headers={"Retry-After": "600"})
        EngineAccount.objects.update(paused_until=None)
        Chunk.objects.filter(pk=chunk.pk).update(not_before=None)
        pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.QUEUED
    assert "fewer requests" in chunk.error_message


def test_no_more_in_flight_than_allowed(job, standin, settings):
    settings.ENGINE_CONCURRENCY = 1
    standin.set_latency(0.4)
    transcribe_all(job)
    first, second = standin.log()
    assert statuses(job) == ["completed", "completed"]
    assert second["arrived"] >= first["answered"]


def test_requests_of_a_worker_that_died_do_not_count(job, settings):
    settings.ENGINE_CONCURRENCY = 1
    first, second = job.chunks.all()
    Attempt.objects.create(
        chunk=first, number=1, account="openai", model="gpt-transcribe", started_at=timezone.now()
    )
    Chunk.objects.filter(pk=first.pk).update(
        attempt=1, lease_until=timezone.now() - timedelta(seconds=1)
    )
    EngineAccount.objects.create(name="openai")
    pipeline.transcribe(second.pk)
    second.refresh_from_db()
    assert second.status == Chunk.Status.COMPLETED


def test_requests_are_spread_over_the_minute(job, standin, settings):
    settings.ENGINE_REQUESTS_PER_MINUTE = 60
    transcribe_all(job)
    first, second = standin.log()
    assert statuses(job) == ["completed", "completed"]
    assert second["arrived"] - first["arrived"] == pytest.approx(1, abs=0.3)


def test_who_waits_for_its_turn_can_be_cancelled(job, standin, settings):
    settings.ENGINE_CONCURRENCY = 1
    chunk = leases.claim(Chunk, job.chunks.first().pk, leases.due(), status="transcribing")
    EngineAccount.objects.create(name="openai", paused_until=timezone.now() + timedelta(seconds=20))
    attempt = Attempt(chunk=chunk, number=1, account="openai", model="gpt-transcribe")

    def gone():
        raise leases.LeaseLost

    with pytest.raises(leases.LeaseLost):
        admission.admit(job, attempt, gone)
    assert not Attempt.objects.exists()


def test_a_job_stops_at_its_budget_and_goes_on_when_it_is_raised(job, standin):
    """Half a minute costs 0.00225: the second chunk does not fit any more."""
    Job.objects.update(budget_usd=Decimal("0.004"))
    for chunk in job.chunks.all():
        pipeline.transcribe(chunk.pk)
    assert finished(job).status == Job.Status.COMPLETED
    assert len(standin.log()) == 1
    missing = job.chunks.get(status=Chunk.Status.FAILED)
    assert missing.error_code == "budget_spent"
    assert "$0.004" in missing.error_message
    assert "Raise it" in missing.error_message
    Job.objects.update(budget_usd=None)
    retry_job(job)
    pipeline.transcribe(missing.pk)
    assert finished(job).status == Job.Status.COMPLETED
    assert statuses(job) == ["completed", "completed"]
    assert len(standin.log()) == 2


@pytest.fixture
def key():
    return create_key("dictation app")[0]


def test_an_api_key_stops_at_its_month(standin, upload_sample, key):
    key.monthly_budget_usd = Decimal("0.006")
    key.save()
    first = upload_sample(model="gpt-transcribe", api_key=key)
    pipeline.prepare(first.pk)
    for chunk in first.chunks.all():
        pipeline.transcribe(chunk.pk)
    finished(first)
    key.refresh_from_db()
    assert key.spent_usd == first.cost_usd > 0
    second = upload_sample(model="gpt-transcribe", api_key=key, reuse=False)
    pipeline.prepare(second.pk)
    for chunk in second.chunks.all():
        pipeline.transcribe(chunk.pk)
    assert finished(second).error_code == "budget_spent"
    assert len(standin.log()) == 2


def test_deleting_jobs_gives_no_budget_back(standin, upload_sample, key):
    key.monthly_budget_usd = key.spent_usd = Decimal("0.001")
    key.spent_in = timezone.now().date().replace(day=1)
    key.save()
    with pytest.raises(JobRefused, match=r"\$0\.001 for this month") as refusal:
        upload_sample(model="gpt-transcribe", api_key=key)
    assert refusal.value.code == "budget_spent"
    assert upload_sample(model="pocketsphinx", api_key=key), "what costs nothing goes on"


def test_a_new_month_begins_at_nothing(standin, upload_sample, key):
    key.monthly_budget_usd = key.spent_usd = Decimal("1")
    key.spent_in = (timezone.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    key.save()
    job = upload_sample(model="gpt-transcribe", api_key=key)
    pipeline.prepare(job.pk)
    pipeline.transcribe(job.chunks.first().pk)
    key.refresh_from_db()
    assert 0 < key.spent_usd < Decimal("0.01")


@pytest.mark.parametrize(
    ("fault", "charged"), [("overloaded", False), ("empty_200", True), ("bad_json", True)]
)
def test_what_may_have_been_charged_counts(job, standin, fault, charged):
    standin.fault(fault)
    pipeline.transcribe(job.chunks.first().pk)
    attempt = Attempt.objects.get()
    assert attempt.error_code
    assert bool(attempt.cost_usd) == charged


def test_a_refused_key_is_told_once_and_for_all_parts(job, standin, settings):
    settings.OPENAI_API_KEY = "sk-wrong"
    pipeline.transcribe(job.chunks.first().pk)
    assert finished(job).status == Job.Status.FAILED
    assert "OPENAI_API_KEY" in job.error_message
    assert len(standin.log()) == 1
