"""The same recording again: earlier answers are taken over, or it is transcribed anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from speech_project.access.keys import create_key
from tests.conftest import HALF_MINUTE as TEXT
from tests.conftest import STEPS
from transcription.models import Job, Segment
from transcription.reusing import same_recording, take_over
from transcription.services import NotPossible, delete_job, rerun_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]


@pytest.fixture
def upload(standin, upload_sample, reviewer, sent):
    def upload(**wishes) -> Job:
        job = upload_sample(**{"model": "gpt-transcribe", "owner": reviewer} | wishes)
        work_off(sent)
        job.refresh_from_db()
        assert job.status == Job.Status.COMPLETED, job.error_message
        return job

    return upload


def work_off(sent):
    while sent:
        task, pk = sent.pop(0)
        STEPS[task](pk)


def texts(job):
    return [s.text for s in Segment.objects.filter(job=job, retired_at=None)]


def files():
    return [path for path in Path(project.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_the_same_again_costs_nothing(upload, standin):
    first = upload()
    Segment.objects.filter(job=first).update(text="corrected", version=2)
    second = upload(title="Once more")
    assert len(standin.log()) == 2, "the first job's"
    assert (second.source_job, second.cost_usd, second.title) == (first, None, "Once more")
    assert " ".join(texts(second)) == f"{TEXT} {TEXT}", "the engine's text, not the corrections"
    assert set(texts(first)) == {"corrected"}


@pytest.mark.parametrize(
    "other",
    [
        {"model": "gpt-4o-transcribe"},
        {"languages": ["en"]},
        {"keywords": ["Zyloprim"]},
        {"prompt": "A ward round."},
        {"channels": "mix"},
        {"reuse": False},
    ],
    ids=str,
)
def test_other_wishes_are_heard_anew(upload, standin, other):
    upload()
    assert upload(**other).source_job is None
    assert len(standin.log()) == 4


def test_another_owners_answers_are_not_taken(upload, standin):
    upload()
    assert upload(owner=User.objects.create_user("otto")).source_job is None
    key, _ = create_key("client")
    assert upload(owner=None, api_key=key).source_job is None
    assert upload(owner=None, api_key=key).source_job is not None


def test_gaps_are_not_taken_over(upload, standin):
    standin.fault(status=400, body="{}")
    upload()
    assert upload().source_job is None


def test_files_go_with_the_last_job(upload):
    first = upload()
    second = upload()
    assert second.audio_file == first.audio_file
    delete_job(first)
    second.refresh_from_db()
    assert (Path(project.MEDIA_ROOT) / second.audio_file).is_file()
    assert (Path(project.MEDIA_ROOT) / second.peaks_file).is_file()
    delete_job(second)
    assert files() == []


def test_again_is_a_job_of_its_own_and_asks_anew(upload, standin, sent):
    first = upload(title="Round", languages=["en"])
    before = texts(first)
    standin.set_text(TEXT.replace("Monday", "Sunday"))
    again = rerun_job(first, model="gpt-4o-transcribe")
    work_off(sent)
    again.refresh_from_db()
    assert again.status == Job.Status.COMPLETED
    assert (again.source_job, again.model, again.title) == (first, "gpt-4o-transcribe", "Round")
    assert (again.owner_id, again.languages) == (None, ["en"]), "of who asked: nobody here"
    assert len(standin.log()) == 4
    assert texts(first) == before
    delete_job(first)
    assert (Path(project.MEDIA_ROOT) / again.audio_file).is_file()


def test_again_belongs_to_who_asks_and_no_key_pays_for_it(upload, sent):
    key, _ = create_key("client")
    job = upload(owner=None, api_key=key)
    otto = User.objects.create_user("otto")
    again = rerun_job(job, owner=otto)
    assert (again.owner_name, again.api_key) == ("otto", None)
    with pytest.raises(NotPossible, match="already"):
        rerun_job(job, owner=otto)
    work_off(sent)
    key.refresh_from_db()
    assert key.spent_usd == job.cost_usd


def test_again_of_what_was_deleted_is_refused(upload):
    job = upload()
    delete_job(Job.objects.get(pk=job.pk))
    with pytest.raises(NotPossible, match="deleted"):
        rerun_job(job)


def test_who_deletes_and_who_takes_over_never_wait_crosswise(make_job, reviewer):
    """Both hold all that share the recording, while the other has begun to."""
    older = make_job("text", owner=reviewer, pk=UUID(int=1))
    newer = make_job(
        "text", owner=reviewer, pk=UUID(int=2), created_at=timezone.now() + timedelta(minutes=1)
    )
    third = same_recording(older)
    third.owner_id, third.engine, third.model = reviewer.pk, older.engine, older.model
    waits = (
        "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )

    def delete():
        delete_job(older)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=newer.pk)  # which is asked first
            deleted = pool.submit(delete)
            with connection.cursor() as cursor:
                while not deleted.done() and not cursor.rowcount > 0:
                    cursor.execute(waits)
            assert take_over(third)
        deleted.result(30)
    assert third.source_job == newer
    assert set(Job.objects.all()) == {newer, third}
