"""A job is read, changed and deleted as its reader knows it."""

import threading

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription import pipeline
from transcription.models import Chunk, Job, Segment

JOBS = "/api/v1/jobs/"


@pytest.fixture
def job(make_job, key):
    return make_job("text", api_key=key[0], metadata={"patient": 7})


@pytest.fixture
def address(job):
    return f"{JOBS}{job.pk}/"


def patch(api, address, body, etag=None):
    headers = {"If-Match": etag} if etag else {}
    return api.patch(address, body, content_type="application/json", headers=headers)


# --- Reading -----------------------------------------------------------------------------------


def test_reading_one_takes_one_query_and_one_more_while_it_is_at_work(
    api, address, django_assert_num_queries
):
    api.get(address)  # notes the key's use
    with django_assert_num_queries(1):
        assert "segments" not in api.get(address).json()
    Job.objects.update(status="transcribing")
    with django_assert_num_queries(2):
        assert api.get(address).json()["progress"] < 100


def test_what_is_the_same_still_is_not_sent_again(api, address):
    etag = api.get(address)["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = api.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    Job.objects.update(title="Other")
    assert api.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_it_is_indented_for_those_who_ask_for_that(api, address):
    usual = api.get(address)
    indented = api.get(address, headers={"Accept": "application/json; indent=2"})
    assert b'\n  "id": ' in indented.content
    assert (indented.json(), indented["ETag"]) == (usual.json(), usual["ETag"])
    assert indented["Content-Type"] == usual["Content-Type"] == "application/json"


# --- Changing ----------------------------------------------------------------------------------


def test_title_and_metadata_are_changed(api, address, job):
    etag = api.get(address)["ETag"]
    answer = patch(api, address, {"title": " Ward\nround ", "metadata": {"visit": 2}}, etag)
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["metadata"]) == ("Ward round", {"visit": 2})
    assert answer["ETag"] == api.get(address)["ETag"] != etag
    job.refresh_from_db()
    assert (job.title, job.metadata) == ("Ward round", {"visit": 2})
    assert patch(api, address, {"title": "Other"}, "*").json()["metadata"] == {"visit": 2}


def test_what_was_changed_meanwhile_is_not_lost(api, address, job):
    etag = api.get(address)["ETag"]
    Job.objects.update(title="Another's")
    answer = patch(api, address, {"title": "Mine"}, etag)
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert answer.json()["current"]["title"] == "Another's"
    weakened = f"W/{answer['ETag']}"  # as a proxy that compresses hands it on
    assert patch(api, address, {"title": "Mine"}, weakened).status_code == 200
    assert patch(api, address, {"title": "Mine, again"}, weakened).status_code == 412


def test_who_does_not_say_what_is_changed_is_asked_to(api, address, job):
    answer = patch(api, address, {"title": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_missing")
    assert Job.objects.get().title == job.title


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"title": ""}, 400, "title"),
        ({"title": "x" * 201}, 400, "title"),
        ({"title": ["x"]}, 400, "title"),
        ({"metadata": [1]}, 400, "metadata"),
        ({"metadata": None}, 400, "metadata"),
        ({"metadata": {"a": "x" * 65_536}}, 400, "metadata"),
        ({}, 400, ""),
        ({"priority": 9}, 400, "priority"),
        ({"status": "completed"}, 400, "status"),
        ([], 400, ""),
        ({"title": "\u0007"}, 422, None),
    ],
)
def test_what_cannot_be_written_is_refused(api, address, job, body, status, field):
    answer = patch(api, address, body, "*")
    assert answer.status_code == status
    if field is not None:
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    now = Job.objects.get()
    assert (now.title, now.metadata, now.priority) == (job.title, job.metadata, job.priority)


# --- Deleting ----------------------------------------------------------------------------------


@pytest.fixture
def with_sound(media, job):
    for field in ("audio_file", "playback_file", "peaks_file"):
        name = default_storage.save(f"{field}/of-job", ContentFile(b"sound"))
        setattr(job, field, name)
    job.save()
    return [job.audio_file, job.playback_file, job.peaks_file]


def test_a_job_goes_with_its_transcript_and_its_audio(
    api, address, with_sound, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Job.objects.exists()
    assert not Segment.objects.exists()
    assert not any(default_storage.exists(name) for name in with_sound)
    assert api.delete(address).status_code == 404


def test_who_names_an_etag_deletes_just_that(api, address, job):
    etag = api.get(address)["ETag"]
    Job.objects.update(title="Another's")
    answer = api.delete(address, headers={"If-Match": etag})
    assert (answer.status_code, answer.json()["current"]["title"]) == (412, "Another's")
    assert Job.objects.exists()
    assert api.delete(address, headers={"If-Match": answer["ETag"]}).status_code == 204


@pytest.mark.parametrize(
    ("permission", "act"),
    [
        ("delete_job", lambda person, address: person.delete(address)),
        ("change_job", lambda person, address: patch(person, address, {"metadata": {"x": 1}}, "*")),
    ],
    ids=["delete", "metadata"],
)
def test_people_need_the_permission_that_admin_asks_for(
    desk_client, reviewer, address, job, permission, act
):
    assert patch(desk_client, address, {"title": "As at the desk"}, "*").status_code == 200
    assert act(desk_client, address).status_code == 403
    assert Job.objects.get().metadata == job.metadata
    reviewer.user_permissions.add(Permission.objects.get(codename=permission))
    assert act(desk_client, address).status_code in (200, 204)


def test_another_s_is_not_there(address, job):
    other = Client(headers={"X-API-Key": create_key("other")[1]})
    assert other.delete(address).status_code == 404
    assert patch(other, address, {"title": "x"}, "*").status_code == 404
    assert Job.objects.get().title == job.title


@pytest.mark.django_db(transaction=True)
def test_one_at_work_may_be_deleted_and_its_worker_stops(
    standin, media, sent, short_clip, monkeypatch
):
    """In the midst of a request to the engine."""
    _, secret = create_key("clinic", rate_limit_per_minute=0, monthly_budget_usd=5)
    api = Client(headers={"X-API-Key": secret})
    with short_clip.open("rb") as file:
        job_id = api.post(JOBS, {"file": file, "model": "whisper-1"}).json()["id"]
    pipeline.prepare(job_id)
    chunk = Chunk.objects.get()
    asked, deleted = threading.Event(), threading.Event()
    admit = pipeline.hearing.admission.admit

    def admitted(*args):
        admit(*args)
        asked.set()
        assert deleted.wait(30)

    monkeypatch.setattr(pipeline.hearing.admission, "admit", admitted)
    broken = []

    def work():
        try:
            pipeline.transcribe(chunk.pk)
        except Exception as error:
            broken.append(error)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert asked.wait(30)
    assert api.delete(f"{JOBS}{job_id}/").status_code == 204
    deleted.set()
    worker.join(30)
    assert not broken
    assert not Job.objects.exists()
    assert ApiKey.objects.get().spent_usd > 0, "what was asked for is paid"
