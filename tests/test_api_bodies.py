"""What comes with a request: how much of it is taken, and how programs are told of what is not."""

import io
import json

import pytest
from django.core.signals import request_started
from django.db import OperationalError, close_old_connections
from django.test import Client

from lexicon.api.terms import Terms
from speech_project.access.keys import create_key
from speech_project.api import parsing
from speech_project.wsgi import application

TERMS = "/api/v1/lexicon/terms/"


@pytest.fixture
def secret(db):
    return create_key("clinic", rate_limit_per_minute=0)[1]


@pytest.fixture
def api(secret):
    return Client(headers={"X-API-Key": secret})


def bulk(api, note):
    wishes = {"terms": [{"term": "Ozempic", "note": note}], "dry_run": True}
    return api.post(TERMS + "bulk/", wishes, content_type="application/json")


def test_json_may_be_longer_than_forms(api):
    answer = bulk(api, "long " * 1_000_000)
    assert answer.status_code == 200


def test_too_much_json_is_refused(api, monkeypatch):
    monkeypatch.setattr(parsing, "MOST_BYTES", 1 << 20)
    answer = bulk(api, "long " * 1_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "1 MiB" in answer.json()["detail"]


@pytest.fixture
def connected():
    """A request leaves the test's connection to the database alone."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


def test_json_of_which_nobody_tells_the_length_is_read(secret, connected):
    body = io.BytesIO(json.dumps({"term": "Ozempic"}).encode())
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": TERMS,
        "CONTENT_TYPE": "application/json",
        "HTTP_HOST": "localhost",
        "HTTP_X_API_KEY": secret,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
    }
    answers = []
    told = b"".join(application(environ, lambda status, headers: answers.append(status)))
    assert answers == ["201 Created"]
    assert json.loads(told)["term"] == "Ozempic"


def test_an_upload_that_is_refused_is_read_so_that_the_client_hears_why(db):
    upload = io.BytesIO(bytes(3_000_000))
    length = {"CONTENT_LENGTH": "3000000", "wsgi.input": upload}
    form = "multipart/form-data; boundary=xx"
    answer = Client().post("/api/v1/jobs/", b"", content_type=form, **length)
    assert answer.status_code == 401
    assert not upload.read()


# --- Addresses that are none ---------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_an_address_without_its_slash_is_told_of_and_not_redirected(api, method):
    answer = getattr(api, method)(TERMS.rstrip("/"))
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "slash" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions/", "/v1/chat/completions"])
def test_openai_s_clients_are_told_in_their_way(api, path):
    answer = api.post(path)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", None)


def test_a_host_that_is_not_ours_is_told_in_their_way(api):
    answer = api.get("/v1/models", headers={"Host": "other.example.org"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_while_the_database_is_away_clients_are_told_to_come_again(api, monkeypatch):
    def away(*_):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(Terms, "get", away)
    answer = api.get(TERMS)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_what_a_key_reads_is_kept_by_no_proxy(api):
    assert "private" in api.get(TERMS)["Cache-Control"]
