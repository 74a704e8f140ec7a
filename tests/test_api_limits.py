"""An API key has so many jobs at work at once, and not one more."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from speech_project.access.keys import create_key
from transcription.models import Job

JOBS = "/api/v1/jobs/"


@pytest.fixture
def sound(short_clip):
    return short_clip.read_bytes()


@pytest.fixture
def two(db, media, sent):
    """A key that may have two jobs at work, and its client."""
    key, secret = create_key("clinic", rate_limit_per_minute=0, concurrent_jobs=2)
    return key, Client(headers={"X-API-Key": secret})


@pytest.fixture
def send(two, sound):
    def send(**wishes):
        return two[1].post(JOBS, {"file": SimpleUploadedFile("visit.flac", sound), **wishes})

    return send


def test_one_more_is_refused_until_one_is_done(send, media, two):
    first = send(reuse="false").json()
    assert send(reuse="false").status_code == 201
    refused = send(reuse="false")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_jobs")
    assert "2 jobs at work" in refused.json()["detail"]
    assert int(refused["Retry-After"]) > 0
    assert Job.objects.count() == len(list((media / "recordings").iterdir())) == 2
    Job.objects.filter(pk=first["id"]).update(status="completed")
    assert send(reuse="false").status_code == 201


def test_what_is_taken_over_counts_too(send, make_job, two):
    done = send().json()["id"]
    Job.objects.update(status="completed", chunk_count=0)
    for _ in range(2):
        assert send().json()["source_job"] == done
    refused = send()
    assert refused.json()["code"] == "too_many_jobs"
    assert Job.objects.count() == 3


def test_runs_and_retries_count_too(make_job, two):
    key, api = two
    job, failed = make_job("text", api_key=key), make_job(api_key=key, status="failed")
    for _ in range(2):
        make_job(api_key=key, status="transcribing")
    for address in (f"{JOBS}{job.pk}/runs/", f"{JOBS}{failed.pk}/retry/"):
        refused = api.post(address, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_jobs")
    assert Job.objects.count() == 4
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_jobs_of_other_keys_do_not_count(send, make_job):
    other = create_key("other")[0]
    for _ in range(3):
        make_job(api_key=other, status="transcribing")
    assert send().status_code == 201


@pytest.mark.django_db(transaction=True)
def test_it_is_exact_side_by_side(two, sound):
    api, start, answers = two[1], threading.Barrier(5), []

    def ask():
        client = Client(headers={"X-API-Key": api.defaults["HTTP_X_API_KEY"]})
        start.wait()
        file = SimpleUploadedFile("visit.flac", sound)
        answers.append(client.post(JOBS, {"file": file, "reuse": "false"}).status_code)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [201, 201, 429, 429, 429]
    assert Job.objects.count() == 2
