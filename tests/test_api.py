"""Programs send recordings and read transcripts with a key of their own."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription import choosing
from transcription.models import Chunk, Job

JOBS = "/api/v1/jobs/"


@pytest.fixture
def sound(short_clip):
    return short_clip.read_bytes()


@pytest.fixture
def send(api, media, sound):
    def send(name="visit.flac", content=sound, **fields):
        return api.post(JOBS, {"file": SimpleUploadedFile(name, content), **fields})

    return send


# --- Sending -----------------------------------------------------------------------------------


def test_a_recording_is_taken(send, api, key):
    metadata = {"patient": "र", "visit": 7, "note": "\\u0000 is only text here"}
    answer = send(title="Ward round", languages=["en"], metadata=json.dumps(metadata))
    assert answer.status_code == 201
    job = Job.objects.get()
    body = answer.json()
    assert (body["id"], body["title"], body["status"]) == (str(job.pk), "Ward round", "queued")
    assert (body["progress"], body["languages"], body["demo_quality"]) == (0, ["en"], True)
    assert body["metadata"] == job.metadata == metadata
    assert (job.source, job.api_key, job.owner_id) == ("api", key[0], None)
    assert api.get(answer["Location"]).json()["id"] == str(job.pk)


def test_wishes_are_kept_and_told(send):
    wishes = {"channels": "separate", "prompt": "Dr. Okafor", "budget_usd": "0.25"}
    body = send(**wishes).json()
    assert body["options"] == {"channels": "separate", "prompt": "Dr. Okafor"}
    assert body["budget_usd"] == "0.250000"
    told = ("asked_model", "source_job", "cost_usd", "usage", "speech_dbfs")
    assert [body[name] for name in told] == ["", None, None, {}, None]
    job = Job.objects.get()
    assert job.budget_usd == Decimal("0.25")
    assert send(budget_usd="").json()["budget_usd"] is None


@pytest.mark.parametrize(("wish", "reused"), [({}, True), ({"reuse": "false"}, False)])
def test_the_same_recording_is_not_paid_for_twice_unless_wished(send, api, wish, reused):
    first = send().json()["id"]
    Job.objects.update(status="completed", chunk_count=0)
    body = send(**wish).json()
    assert body["source_job"] == (first if reused else None)
    assert body["status"] == ("transcribing" if reused else "queued")


def test_a_key_that_has_spent_its_budget_is_told_to_wait(send, key, settings):
    settings.ENGINE_CONFIGURED = True
    month = timezone.now().date().replace(day=1)
    ApiKey.objects.update(monthly_budget_usd=2, spent_usd=2, spent_in=month)
    answer = send(model="whisper-1")
    assert answer.status_code == 402
    assert answer.json()["code"] == "budget_spent"
    assert "$2 for this month" in answer.json()["detail"]
    assert not Job.objects.exists()
    ApiKey.objects.update(spent_in=date(2020, 1, 1))
    assert send(model="whisper-1").status_code == 201


def test_a_model_that_was_shut_down_gives_way_to_its_successor(send, settings, monkeypatch):
    settings.ENGINE_CONFIGURED = True
    monkeypatch.setattr(choosing, "today", lambda: date(2027, 2, 26))
    body = send(model="whisper-1").json()
    assert (body["model"], body["asked_model"]) == ("gpt-transcribe", "whisper-1")


def test_the_title_is_the_file_s_name_where_none_is_given(send):
    assert send("../Visit 7.flac").json()["title"] == "Visit 7"


def test_the_key_s_group_sees_what_it_sends(send, key, reviewer):
    group = reviewer.groups.create(name="Cardiology")
    ApiKey.objects.update(group_id=group.pk)
    send()
    assert Job.objects.get().group_id == group.pk


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"content": b"Dear colleague"}, 422, "No sound"),
        ({"content": b""}, 422, "empty"),
        ({"model": "gpt-9"}, 422, "Choose one of: "),
        ({"model": "whisper-1"}, 422, "OPENAI_API_KEY"),
        ({"languages": ["de"]}, 422, "understands only en"),
        ({"languages": ["not a code"]}, 422, "ISO 639"),
        ({"channels": "both"}, 422, "auto, mix, separate"),
        ({"prompt": "x" * 4001}, 422, "4,000 are the most"),
    ],
)
def test_what_cannot_be_transcribed_is_refused_with_code_and_reason(send, fields, status, words):
    answer = send(**fields)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {"title", "status", "code", "detail"}
    assert words in answer.json()["detail"]
    assert not Job.objects.exists()


def test_the_largest_size_is_named(send, settings):
    settings.MAX_UPLOAD_MB = 1
    answer = send(content=b"\0" * 2_000_000)
    assert answer.status_code == 413
    assert answer.json() == {
        "title": "Request Entity Too Large",
        "status": 413,
        "code": "too_large",
        "detail": "The file has 2 MB; at most 1 MB are taken. Send it in parts, or compressed "
        "(MP3, Opus).",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 201),
        ("title", "a\x00b"),
        ("metadata", "no json"),
        ("metadata", "[1]"),
        ("metadata", "null"),
        ("metadata", '"text"'),
        ("metadata", '{"a": NaN}'),
        ("metadata", '{"a": 1e999}'),
        ("metadata", '{"a": "\\u0000"}'),
        ("metadata", '{"\\u0000": 1}'),
        ("metadata", '{"a": "\\ud800"}'),
        ("metadata", '{"a": ' * 50_000),
        ("metadata", '{"a": ' + "[" * 5000 + "]" * 5000 + "}"),
        ("metadata", '{"a": ' + "9" * 5000 + "}"),
        ("metadata", '{"a": "' + "x" * 65_536 + '"}'),
        ("model", "a\x00b"),
        ("languages", "\x00"),
        ("channels", "a\x00b"),
        ("prompt", "a\x00b"),
        ("reuse", "perhaps"),
        ("budget_usd", "-0.01"),
        ("budget_usd", "nan"),
        ("budget_usd", "inf"),
        ("budget_usd", "1e6"),
        ("budget_usd", "0.0000001"),
        ("budget_usd", "much"),
    ],
)
def test_every_bad_field_is_named(send, field, value):
    answer = send(**{field: value})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    (error,) = answer.json()["errors"]
    assert error["field"].partition("[")[0] == field
    assert error["detail"] in answer.json()["detail"]
    assert not Job.objects.exists()


def test_a_recording_must_come_as_a_file(api):
    for body in ({}, {"file": "text"}, {"file": ""}):
        answer = api.post(JOBS, body)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["file"]


MULTIPART = "multipart/form-data; boundary=xx"
FILE = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\ntext\r\n--xx--'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"file": "x"}'),
        ("text/plain", b"x"),
        ("", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=" + "x" * 300, b"x"),
        (MULTIPART, b""),
        (MULTIPART, b"--xx"),
        (MULTIPART, b"--xx\r\n\r\n--xx--"),
        (MULTIPART, FILE % b"a.wav"),
        (MULTIPART, FILE % b""),
        (MULTIPART, FILE % b"../../a\x00.wav"),
        (MULTIPART, FILE % b"\xff\xfe.wav"),
        (MULTIPART, FILE[:60]),
        (MULTIPART, FILE.replace(b"\r\n\r\ntext", b"") % b"a.wav"),
        (MULTIPART, FILE.replace(b"form-data", b"form-data; filename*=bad''%%ff") % b"a.wav"),
        (MULTIPART, b'--xx\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nv\r\n' * 1500),
        ("multipart/form-data; boundary=xx; charset=nonsense", FILE % b"a.wav"),
        ("application/x-www-form-urlencoded", b"file=%00&metadata=%ff"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"file=a"),
    ],
)
def test_a_broken_request_is_the_sender_s_fault(api, media, content_type, body):
    answer = api.generic("POST", JOBS, body, content_type=content_type)
    assert 400 <= answer.status_code < 500
    assert not Job.objects.exists()


# --- Reading -----------------------------------------------------------------------------------


@pytest.fixture
def mine(make_job, key):
    def mine(*texts, **fields):
        return make_job(*texts, api_key=key[0], **fields)

    return mine


def test_a_finished_job_has_segments_with_what_was_heard_and_what_is_right(api, mine):
    job = mine("us and paid", "twice a day")
    first = job.segments.first()
    words = [["us", 0, 100, 0.5], ["and", 100, 200, None], ["paid", 200, 300, 0.9, True]]
    job.segments.filter(pk=first.pk).update(text="Ozempic", words=words, version=2)
    body = api.get(f"{JOBS}{job.pk}/").json()
    assert (body["status"], body["progress"]) == ("completed", 100)
    heard, following = api.get(f"{JOBS}{job.pk}/segments/").json()["results"]
    assert (heard["engine_text"], heard["text"], heard["version"]) == ("us and paid", "Ozempic", 2)
    assert (following["start_ms"], following["end_ms"]) == (4000, 7500)
    assert heard["words"][2] == {
        "text": "paid", "start_ms": 200, "end_ms": 300, "confidence": 0.9, "estimated": True
    }  # fmt: skip


def test_a_running_job_tells_how_far_it_is(api, mine):
    job = mine(status="transcribing", chunk_count=2)
    Chunk.objects.create(job=job, position=1, start_ms=4000, end_ms=8000)
    assert api.get(f"{JOBS}{job.pk}/").json()["progress"] == 49


def test_a_failed_job_tells_why(api, mine):
    job = mine(status="failed", error_code="quota", error_message="The quota is used up.")
    body = api.get(f"{JOBS}{job.pk}/").json()
    assert (body["error_code"], body["error_message"]) == ("quota", "The quota is used up.")


def test_a_job_tells_what_it_cost(api, mine):
    job = mine("text", cost_usd=Decimal("0.0123"), usage={"seconds": 162}, speech_dbfs=-31.5)
    body = api.get(f"{JOBS}{job.pk}/").json()
    told = (body["cost_usd"], body["usage"], body["speech_dbfs"])
    assert told == ("0.012300", {"seconds": 162}, -31.5)


@pytest.mark.parametrize("path", ["nonsense/", "00000000-0000-0000-0000-000000000000/"])
def test_what_is_not_there_is_not_found(api, path):
    assert api.get(JOBS + path).status_code == 404


@pytest.mark.parametrize("method", ["put", "post"])
def test_what_is_not_offered_is_said(api, mine, method):
    answer = getattr(api, method)(f"{JOBS}{mine().pk}/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"


# --- Once more ---------------------------------------------------------------------------------


def test_a_job_is_cancelled_and_taken_up_again(api, mine):
    job = mine(status="queued", chunk_count=None)
    for action, status in (("cancel", "cancelled"), ("retry", "queued")):
        answer = api.post(f"{JOBS}{job.pk}/{action}/")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert Job.objects.get().status == status


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_job_at_rest_is_left_alone(api, mine, action):
    answer = api.post(f"{JOBS}{mine('text').pk}/{action}/")
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_possible"
    assert f"nothing to {action}" in answer.json()["detail"]


@pytest.mark.parametrize("body", [None, {}, {"model": ""}, {"model": "pocketsphinx"}])
def test_a_recording_is_transcribed_again_as_a_new_job(api, mine, key, body):
    job = mine("text")
    answer = api.post(f"{JOBS}{job.pk}/rerun/", body, content_type="application/json")
    assert answer.status_code == 201
    new = Job.objects.exclude(pk=job.pk).get()
    told = answer.json()
    assert (told["id"], told["source_job"], told["status"]) == (str(new.pk), str(job.pk), "queued")
    assert new.api_key == key[0]
    assert api.get(answer["Location"]).json()["id"] == str(new.pk)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"model": "gpt-9"}, 422), ({"model": "whisper-1"}, 422), ({"model": ["x"]}, 400), ([1], 400)],
)
def test_a_model_that_cannot_be_asked_makes_no_job(api, mine, body, status):
    job = mine("text")
    answer = api.post(f"{JOBS}{job.pk}/rerun/", body, content_type="application/json")
    assert answer.status_code == status
    assert Job.objects.get() == job


@pytest.mark.parametrize("action", ["cancel", "retry", "rerun"])
def test_jobs_of_others_are_not_there(api, make_job, action):
    job = make_job(status="failed", api_key=create_key("other")[0])
    assert api.post(f"{JOBS}{job.pk}/{action}/").status_code == 404
    assert api.get(f"{JOBS}{job.pk}/{action}/").status_code == 405
    assert Job.objects.get().status == "failed"
