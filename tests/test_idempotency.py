"""A request that is repeated with its Idempotency-Key creates nothing twice."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from speech_project import locks
from speech_project.access.keys import create_key
from speech_project.access.models import AuditEvent, IdempotencyKey
from speech_project.api import idempotency
from transcription import tasks
from transcription.models import Job

JOBS = "/api/v1/jobs/"


def client_with_key(name="clinic"):
    _, secret = create_key(name, rate_limit_per_minute=0)
    return Client(headers={"X-API-Key": secret})


@pytest.fixture
def api(db, media, sent):
    return client_with_key()


@pytest.fixture
def sound(short_clip):
    return short_clip.read_bytes()


@pytest.fixture
def post(sound):
    def post(client, key, content=sound, **fields):
        file = SimpleUploadedFile("visit.flac", content)
        headers = {"Idempotency-Key": key}
        return client.post(JOBS, {"file": file, "reuse": "false", **fields}, headers=headers)

    return post


def test_a_repetition_gets_the_same_answer_and_makes_no_second_job(api, post, sent):
    first = post(api, "a-1", title="Ward round")
    Job.objects.update(title="Renamed meanwhile")
    again = post(api, "a-1", title="Ward round")
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == 1
    assert AuditEvent.objects.filter(action="job.create").count() == 1


def test_without_the_header_each_request_is_its_own(api, sound):
    for _ in range(2):
        api.post(JOBS, {"file": SimpleUploadedFile("a.flac", sound), "reuse": "false"})
    assert Job.objects.count() == 2


@pytest.mark.parametrize("other", [{"title": "Other"}, {"content": b"fLaC and nothing else"}])
def test_the_same_key_for_another_request_is_refused(api, post, other):
    post(api, "a-1", title="Ward round")
    refused = post(api, "a-1", **{"title": "Ward round"} | other)
    assert refused.status_code == 422
    assert refused.json()["code"] == "idempotency_key_reused"
    assert Job.objects.count() == 1


def test_two_clients_may_choose_the_same_key(api, post):
    assert post(api, "a-1").status_code == 201
    answer = post(client_with_key("other"), "a-1")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer
    assert Job.objects.count() == 2


def test_a_refused_request_may_be_mended_and_sent_with_the_same_key(api, post):
    assert post(api, "a-1", channels="both").status_code == 422
    assert post(api, "a-1").status_code == 201


def test_answers_are_kept_for_a_day(api, post):
    post(api, "a-1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23))
    assert "Idempotency-Replayed" in post(api, "a-1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotency-Replayed" not in post(api, "a-1")
    assert Job.objects.count() == 2


def test_after_a_day_they_are_forgotten_though_nobody_asks_again(api, post):
    post(api, "old", title="Of somebody")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    post(api, "new")
    tasks.sweep()
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.parametrize("key", ["", "x" * 201, "ключ", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(api, post, key):
    answer = post(api, key)
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_invalid"
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_side_by_side_only_one_creates(media, sent, post):
    _, secret = create_key("busy", rate_limit_per_minute=0)
    start, answers = threading.Barrier(4), []

    def ask():
        client = Client(headers={"X-API-Key": secret})
        start.wait()
        answers.append(post(client, "a-1"))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_would_wait_too_long_is_told_to_come_again(media, sent, post, monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_S", 0.1)
    key, secret = create_key("busy", rate_limit_per_minute=0)
    held, done = threading.Event(), threading.Event()

    def first():
        from django.db import transaction

        with transaction.atomic():
            locks.hold(f"{{'api_key_id': {key.pk}}} a-1")
            held.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(30)
    answer = post(Client(headers={"X-API-Key": secret}), "a-1")
    done.set()
    thread.join(30)
    assert answer.status_code == 409
    assert answer.json()["code"] == "still_at_work"
    assert int(answer["Retry-After"]) > 0
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_breaks_before_the_answer_is_kept_has_created_nothing(media, sent, post, monkeypatch):
    _, secret = create_key("busy", rate_limit_per_minute=0)
    client = Client(headers={"X-API-Key": secret}, raise_request_exception=False)

    def breaks(*_):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "_keep", breaks)
        assert post(client, "a-1").status_code == 500
    assert not Job.objects.exists()
    assert not sent
    assert post(client, "a-1").status_code == 201
