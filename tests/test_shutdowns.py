"""Models that are shut down: told before, replaced after, and the job says so."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.checks import run_checks

from transcription import choosing, pipeline, shutdowns
from transcription.models import Job
from transcription.services import rerun_job

pytestmark = pytest.mark.usefixtures("sent")

SHUTDOWN = date(2027, 2, 26)


@pytest.fixture
def on(monkeypatch):
    """The day that it is."""
    return lambda day: monkeypatch.setattr(choosing, "today", lambda: day)


@pytest.fixture
def standin(standin, settings):
    settings.STT_MODEL = "whisper-1"
    return standin


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 10, 29), ""),
        (date(2026, 10, 30), "will be shut down on 2027-02-26, in 119 days. Set STT_MODEL=gpt"),
        (date(2027, 2, 25), "in 1 days"),
        (date(2027, 2, 26), "was shut down on 2027-02-26; gpt-transcribe is used in its place"),
    ],
)
def test_the_check_warns_in_time(settings, on, day, told):
    settings.STT_MODEL = "whisper-1"
    on(day)
    found = [warning.msg for warning in run_checks() if warning.id == "transcription.W001"]
    assert found == shutdowns.notices()
    assert len(found) == bool(told)
    assert told in "".join(found)


def test_the_model_for_second_answers_is_looked_at_too(settings, on):
    settings.STT_FALLBACK_MODEL = "gpt-4o-transcribe"
    on(date(2027, 1, 1))
    assert "Set STT_FALLBACK_MODEL=gpt-transcribe" in shutdowns.notices()[0]


@pytest.mark.django_db
def test_after_it_the_successor_is_used_and_the_job_says_so(standin, upload_sample, on):
    on(SHUTDOWN)
    job = upload_sample()
    assert (job.model, job.asked_model) == ("gpt-transcribe", "whisper-1")
    assert "whisper-1" not in [record.model for record in choosing.offered_models()]
    again = rerun_job(job)
    assert (again.model, again.asked_model) == ("gpt-transcribe", "whisper-1")


@pytest.mark.django_db(transaction=True)
def test_a_job_that_waited_over_the_day_is_heard_by_the_successor(standin, upload_sample, on):
    on(date(2027, 2, 25))
    job = upload_sample()
    assert (job.model, job.asked_model) == ("whisper-1", "")
    on(SHUTDOWN)
    pipeline.prepare(job.pk)
    pipeline.transcribe(job.chunks.first().pk)
    job = Job.objects.get()
    assert (job.model, job.asked_model) == ("gpt-transcribe", "whisper-1")
    assert {entry["model"] for entry in standin.log()} == {"gpt-transcribe"}
