"""What OpenAI's clients are told where they get no transcript: errors of the shape they know."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.wire import MODELS, TRANSCRIPTIONS, Caller, error_of, worked_off_at_once
from transcription import admission
from transcription.models import Job
from transcription.wire import views

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "sent")]

AGAIN = "x-should-retry"  # which OpenAI's SDKs heed


@pytest.fixture
def caller(standin, short_clip):
    return Caller(short_clip.read_bytes())


def refused(response, status):
    assert response.status_code == status, response.content
    assert response["x-request-id"]
    return error_of(response)


# --- Keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sk-1"}], ids=["none", "wrong"])
@pytest.mark.parametrize("path", [TRANSCRIPTIONS, MODELS])
def test_a_key_is_needed(db, headers, path):
    ask = Client(headers=headers)
    response = ask.post(path, {"a": "b"}) if path == TRANSCRIPTIONS else ask.get(path)
    error = refused(response, 401)
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_people_do_not_come_in(desk_client):
    refused(desk_client.get(MODELS), 401)


def test_a_key_needs_the_scope(short_clip):
    reader = Caller(short_clip.read_bytes(), scopes=["jobs:read"])
    error = refused(reader.send(), 403)
    assert "jobs:write" in error["message"]
    assert reader.http.get(MODELS).status_code == 200
    nobody = Caller(b"", scopes=["quality:read"])
    assert "jobs:read or jobs:write" in refused(nobody.http.get(MODELS), 403)["message"]
    assert not Job.objects.exists()


def test_a_key_has_a_rate(short_clip):
    caller = Caller(b"", rate_limit_per_minute=1)
    caller.http.get(MODELS)
    response = caller.http.get(MODELS)
    error = refused(response, 429)
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["x-ratelimit-remaining-requests"] == "0"
    assert AGAIN not in response


def test_a_key_may_have_so_many_jobs_at_work(standin, short_clip, settings):
    settings.WIRE_HOLD_S = 0
    caller = Caller(short_clip.read_bytes(), concurrent_jobs=1)
    assert refused(caller.send(), 504)["code"] == "still_at_work"
    response = caller.send(model="whisper-1")
    assert refused(response, 429)["code"] == "rate_limit_exceeded"
    assert int(response["Retry-After"]) > 0
    assert refused(caller.send(), 504)["code"] == "still_at_work", "which joins the first"


def test_a_spent_budget_is_no_rate_limit(standin, short_clip):
    caller = Caller(short_clip.read_bytes(), monthly_budget_usd=Decimal(1))
    admission.charge_key(caller.key.pk, Decimal(1))
    response = caller.send()
    error = refused(response, 429)
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert "Retry-After" not in response
    assert response[AGAIN] == "false"


# --- Forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"model": ""}, "model"),
        ({"response_format": "diarized_json"}, "response_format"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        (
            {"response_format": "verbose_json", "timestamp_granularities": ["letter"]},
            "timestamp_granularities",
        ),
        ({"stream": "perhaps"}, "stream"),
        ({"stream": "true", "response_format": "srt"}, "stream"),
        ({"language": "en", "languages": ["de"]}, "languages"),
        ({"language": "klingonish"}, "language"),
        ({"model": "pocketsphinx", "languages": ["de"]}, "language"),
        ({"keywords": ["<b>"]}, "keywords"),
        ({"prompt": "x" * 5000}, "prompt"),
    ],
    ids=str,
)
def test_the_field_at_fault_is_named(caller, wishes, param):
    response = caller.send(**wishes)
    error = refused(response, 400)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"].endswith(".")
    assert not Job.objects.exists()


def test_a_model_that_is_not_here(caller):
    for response in (caller.send(model="gpt-9"), caller.http.get(f"{MODELS}/big/gpt-9")):
        error = refused(response, 404)
        assert (error["code"], error["param"]) == ("model_not_found", "model")
        assert "This server has: gpt-transcribe" in error["message"]


def test_a_model_without_a_service_is_not_here(caller, settings):
    settings.ENGINE_CONFIGURED = False
    assert refused(caller.send(), 404)["message"].endswith("This server has: pocketsphinx.")


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 500], ids=["empty", "text"])
def test_what_is_no_audio(caller, content):
    error = refused(caller.send(content), 400)
    assert error["param"] == "file"
    assert not Job.objects.exists()


def test_a_form_without_a_file(caller):
    for fields in ({"model": "whisper-1"}, {"model": "whisper-1", "file": "name.wav"}):
        assert refused(caller.http.post(TRANSCRIPTIONS, fields), 400)["param"] == "file"


def test_a_file_in_the_place_of_a_text(caller):
    upload = SimpleUploadedFile("name", b"whisper-1")
    fields = {"model": upload, "file": SimpleUploadedFile("a.flac", caller.sound)}
    assert refused(caller.http.post(TRANSCRIPTIONS, fields), 400)["param"] == "model"


def test_what_is_too_large(caller, settings):
    settings.MAX_UPLOAD_MB = 0
    error = refused(caller.send(), 413)
    assert error["param"] == "file"


def test_a_body_of_another_kind(caller):
    refused(caller.http.post(TRANSCRIPTIONS, {"model": "whisper-1"}, "application/json"), 415)
    refused(caller.http.post(TRANSCRIPTIONS, b"x", "multipart/form-data; boundary=y"), 400)


def test_another_method(caller):
    refused(caller.http.get(TRANSCRIPTIONS), 405)


# --- Jobs that end without a transcript ----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_service_that_refuses(caller, standin):
    standin.fault("quota", always=True)
    with worked_off_at_once():
        response = caller.send()
    error = refused(response, 500)
    assert (error["type"], error["code"]) == ("server_error", "insufficient_quota")
    assert "quota" in error["message"]
    assert response[AGAIN] == "false"
    assert response["Verbatim-Job"] == str(Job.objects.get().pk)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": "cancelled"}, 409, "job_cancelled"),
        ({"status": "failed", "error_code": "budget_spent"}, 429, "insufficient_quota"),
        ({"status": "failed", "error_code": "too_long"}, 400, "invalid_value"),
        ({"status": "failed", "error_code": "timeout", "chunk_count": 1}, 500, "timeout"),
        (None, 409, "job_deleted"),
    ],
    ids=str,
)
def test_a_job_that_ends_while_it_is_waited_for(caller, changes, status, code, monkeypatch):
    make = views.joining.job_for

    def made_and_ended(*args):
        job, is_new = make(*args)
        jobs = Job.objects.filter(pk=job.pk)
        if changes:
            jobs.update(**changes, error_message="So it ended.")
        else:
            jobs.delete()
        return job, is_new

    monkeypatch.setattr(views.joining, "job_for", made_and_ended)
    assert refused(caller.send(), status)["code"] == code


# --- Faults of the server ------------------------------------------------------------------------


def test_a_database_that_does_not_answer(caller, monkeypatch):
    def away(*args):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(views.joining, "job_for", away)
    response = caller.send()
    assert refused(response, 503)["code"] == "server_is_overloaded"
    assert int(response["Retry-After"]) > 0


def test_what_breaks_is_logged_and_told_in_the_usual_shape(caller, monkeypatch, caplog):
    monkeypatch.setattr(views.catalogue, "listed", lambda: 1 / 0)
    assert refused(caller.http.get(MODELS), 500)["type"] == "server_error"
    assert "ZeroDivisionError" in caplog.text


def test_a_key_that_has_expired(caller):
    caller.key.expires_at = timezone.now() - timedelta(minutes=1)
    caller.key.save()
    assert "expired" in refused(caller.send(), 401)["message"]
