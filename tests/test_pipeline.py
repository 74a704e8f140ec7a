"""The steps of the pipeline: claimed once, harmless when doubled, nothing paid for twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.conftest import STEPS
from transcription import hearing, leases, pipeline, sweeping
from transcription.models import Attempt, Chunk, Job, Segment
from transcription.services import NotPossible, cancel_job, delete_job, retry_job

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCES = (
    "The patient takes one milligram of Ozempic once a week.",
    "She is well and has no pain.",
    "She walks her dog for an hour every day.",
    "We shall see her again in three months.",
)
# of one chunk alone, and for good
REFUSED = {
    "status": 400,
    "body": '{"error": {"message": "Audio file might be corrupted or unsupported", '
    '"type": "invalid_request_error", "param": "file", "code": "invalid_value"}}',
}


@pytest.fixture
def standin(standin):
    standin.set_text(" ".join(SENTENCES))
    return standin


@pytest.fixture
def job(sent, standin, upload_sample):
    return upload_sample(model="gpt-transcribe")


def work_off(sent, *, twice=False):
    """Be the worker, until nothing more is sent."""
    while sent:
        task, pk = sent.pop(0)
        for _ in range(2 if twice else 1):
            STEPS.get(task, lambda pk: None)(pk)


def left_behind():
    """What a worker that died leaves in its row."""
    now = timezone.now()
    return {
        "woken_at": now - timedelta(seconds=20),
        "lease_until": now - timedelta(seconds=1),
    }


def now_again(job):
    job.refresh_from_db()
    return job


def test_an_upload_becomes_a_transcript(job, sent):
    assert sent == [("prepare_job", str(job.pk))]
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    assert job.duration_ms == pytest.approx(60_900, abs=200)
    assert job.chunk_count == 2
    segments = Segment.objects.filter(job=job)
    assert " ".join(s.text for s in segments) == " ".join(SENTENCES * 2)
    assert job.word_count == 2 * len(" ".join(SENTENCES).split())
    assert float(job.cost_usd) == pytest.approx(0.0045 * job.duration_ms / 60_000, rel=0.02)


def test_every_message_twice_makes_one_transcript(job, sent, standin):
    work_off(sent, twice=True)
    assert now_again(job).status == Job.Status.COMPLETED
    assert len(standin.log()) == job.chunk_count
    said = " ".join(Segment.objects.filter(job=job).values_list("text", flat=True))
    assert said == " ".join(SENTENCES * 2)


def test_expected_languages_reach_the_engine(sent, standin, upload_sample):
    upload_sample(model="gpt-transcribe", languages=["de", "en"])
    work_off(sent)
    assert {tuple(entry["fields"]["languages[]"]) for entry in standin.log()} == {("de", "en")}


def test_messages_for_what_is_gone_are_ignored(job, sent):
    delete_job(job)
    work_off(sent)
    pipeline.transcribe(987654321)
    assert not Job.objects.exists()


def test_a_step_that_another_worker_holds_is_left_to_it(job):
    Job.objects.update(
        status=Job.Status.PREPARING, attempt=1, lease_until=timezone.now() + timedelta(minutes=1)
    )
    pipeline.prepare(job.pk)
    assert now_again(job).attempt == 1
    assert not Chunk.objects.exists()


def test_prepare_goes_on_where_a_dead_worker_stopped(job, sent, standin):
    """The chunk that has its answer is not asked for again."""
    pipeline.prepare(job.pk)
    first = Chunk.objects.get(position=0)
    pipeline.transcribe(first.pk)
    Job.objects.update(
        status=Job.Status.PREPARING,
        chunk_count=None,
        **left_behind(),
    )
    sent.clear()
    sweeping.sweep()
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    assert len(standin.log()) == 2


def test_a_chunk_of_a_dead_worker_is_taken_up_by_the_sweep(job, sent):
    pipeline.prepare(job.pk)
    Chunk.objects.update(
        status=Chunk.Status.TRANSCRIBING,
        attempt=1,
        **left_behind(),
    )
    sent.clear()
    sweeping.sweep()
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED


def test_a_lost_message_is_sent_again_after_a_while_and_not_before(job, sent):
    sent.clear()
    sweeping.sweep()
    assert sent == []
    Job.objects.update(woken_at=timezone.now() - sweeping.LOST_AFTER)
    sweeping.sweep()
    sweeping.sweep()
    assert sent == [("prepare_job", str(job.pk))]


def test_finish_is_sent_again_when_its_message_was_lost(job, sent):
    work_off_until_finish(job, sent)
    Job.objects.update(woken_at=timezone.now() - sweeping.LOST_AFTER)
    sweeping.sweep()
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED


def work_off_until_finish(job, sent):
    pipeline.prepare(job.pk)
    for chunk in Chunk.objects.all():
        pipeline.transcribe(chunk.pk)
    sent.clear()


def test_an_answer_counts_although_the_lease_was_lost(job, sent, standin, monkeypatch):
    """It is paid for; the worker that took over finds it done."""
    pipeline.prepare(job.pk)
    chunk = Chunk.objects.first()
    hear = hearing.hear

    def slow(job, chunk, lease, **rest):
        heard = hear(job, chunk, lease, **rest)
        Chunk.objects.filter(pk=chunk.pk).update(attempt=2)
        return heard

    monkeypatch.setattr(hearing, "hear", slow)
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.COMPLETED
    pipeline.transcribe(chunk.pk)
    assert len(standin.log()) == 1


def test_a_passing_error_waits_and_tries_again(job, sent, standin):
    pipeline.prepare(job.pk)
    chunk = Chunk.objects.first()
    standin.fault("overloaded")
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.QUEUED
    assert chunk.not_before > timezone.now()
    assert chunk.error_message
    pipeline.transcribe(chunk.pk)
    assert len(standin.log()) == 1, "it is not due yet"
    Chunk.objects.filter(pk=chunk.pk).update(not_before=timezone.now())
    sent.clear()
    sweeping.sweep()
    assert ("transcribe_chunk", str(chunk.pk)) in sent
    work_off(sent)
    chunk.refresh_from_db()
    assert (chunk.status, chunk.error_message) == (Chunk.Status.COMPLETED, "")
    assert [a.error_code == "" for a in Attempt.objects.filter(chunk=chunk).order_by("pk")] == [
        False,
        True,
    ]


def test_retry_after_is_obeyed(job, sent, standin):
    pipeline.prepare(job.pk)
    standin.fault("rate_limit", headers={"Retry-After": "37"})
    chunk = Chunk.objects.first()
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert timedelta(seconds=30) < chunk.not_before - timezone.now() <= timedelta(seconds=37)


def test_tries_come_to_an_end(job, sent, standin):
    pipeline.prepare(job.pk)
    chunk = Chunk.objects.first()
    for _ in range(leases.MOST_ATTEMPTS):
        standin.fault("overloaded")
        Chunk.objects.filter(pk=chunk.pk).update(not_before=None)
        pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.FAILED


def test_a_part_that_failed_is_a_gap_and_can_be_filled_later(job, sent, standin):
    standin.fault(**REFUSED)
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    gap = Segment.objects.get(job=job, text="")
    assert gap.is_gap
    other = Segment.objects.filter(job=job).exclude(pk=gap.pk).first()
    Segment.objects.filter(pk=other.pk).update(text="corrected by a person", version=2)
    retry_job(job)
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    live = Segment.objects.filter(job=job, retired_at=None)
    assert [s.start_ms for s in live] == sorted(s.start_ms for s in live)
    assert not any(s.is_gap for s in live)
    assert live.filter(text="corrected by a person").exists()
    assert len(standin.log()) == 3, "only the missing part was asked again"


def test_a_gap_that_a_person_filled_stays_as_it_is(job, sent, standin):
    standin.fault(**REFUSED)
    work_off(sent)
    Segment.objects.filter(job=job, text="").update(text="typed by hand", version=2)
    retry_job(now_again(job))
    work_off(sent)
    assert Segment.objects.filter(job=job, text="typed by hand", retired_at=None).exists()


def test_a_job_of_which_nothing_was_heard_fails_with_the_reason(job, sent, standin):
    standin.fault("quota")
    work_off(sent)
    assert now_again(job).status == Job.Status.FAILED
    assert "account" in job.error_message.lower()
    assert len(standin.log()) == 1, "the other parts would have been told the same"
    assert job.audio_file
    retry_job(job)
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED


def test_cancelling_stops_the_work_and_keeps_what_is_done(job, sent, standin):
    pipeline.prepare(job.pk)
    pipeline.transcribe(Chunk.objects.first().pk)
    cancel_job(now_again(job))
    work_off(sent)
    assert now_again(job).status == Job.Status.CANCELLED
    assert len(standin.log()) == 1
    retry_job(job)
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    assert len(standin.log()) == 2


def test_cancelling_reaches_a_running_prepare(job, sent, monkeypatch):
    """The keeper of leases finds the lease gone; the loop stops at its next block."""

    def cancelled(lease):
        cancel_job(job)
        lease.renew()
        if lease.lost.is_set():
            raise leases.LeaseLost

    monkeypatch.setattr(leases.Lease, "check", cancelled)
    pipeline.prepare(job.pk)
    assert now_again(job).status == Job.Status.CANCELLED
    assert not Chunk.objects.exists()


def test_what_is_at_rest_can_be_neither_cancelled_nor_retried(job, sent):
    work_off(sent)
    with pytest.raises(NotPossible):
        cancel_job(now_again(job))
    with pytest.raises(NotPossible):
        retry_job(job)


def test_a_recording_that_kills_its_workers_ends_as_failed(job, sent):
    Job.objects.update(
        status=Job.Status.PREPARING,
        attempt=leases.MOST_ATTEMPTS,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    sent.clear()
    sweeping.sweep()
    assert now_again(job).status == Job.Status.FAILED
    assert job.error_code == "worker_crashed"
    assert sent == []


def test_a_recording_that_is_gone_fails_with_the_reason(job, sent):
    from transcription import recordings

    recordings.delete(job.audio_file)
    work_off(sent)
    assert now_again(job).status == Job.Status.FAILED
    assert job.error_code == "audio_missing"


def test_silence_is_not_sent_and_completes_empty(sent, standin, upload_sample, tmp_path):
    import numpy as np

    from transcription import audio

    quiet = tmp_path / "quiet.flac"
    quiet.write_bytes(audio.encode_flac(np.zeros(16_000 * 5, dtype=np.int16)))
    job = upload_sample(quiet, model="gpt-transcribe")
    work_off(sent)
    assert now_again(job).status == Job.Status.COMPLETED
    assert (job.chunk_count, job.duration_ms) == (0, 5000)
    assert standin.log() == []


def test_leases_are_renewed_while_working(job, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.05)
    claimed = leases.claim(Job, job.pk, leases.due(), status=Job.Status.PREPARING)
    before = claimed.lease_until
    with leases.hold(claimed):
        deadline = timezone.now() + timedelta(seconds=10)
        while now_again(job).lease_until == before and timezone.now() < deadline:
            pass
    assert job.lease_until > before


def test_of_two_claims_one_wins(job):
    assert leases.claim(Job, job.pk, leases.due() & leases.Q(status="queued"), status="preparing")
    assert leases.claim(Job, job.pk, leases.due() & leases.Q(status="queued")) is None
