"""Programs get the recording and its waveform, whole and in ranges."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from speech_project.access import audit
from speech_project.access.models import AuditEvent

SOUND, COPY = bytes(range(256)) * 20, b"ID3" * 1000


@pytest.fixture
def job(make_job, key, media):
    return make_job(
        "text",
        api_key=key[0],
        audio_name="visit.flac",
        audio_file=default_storage.save("recordings/visit.flac", ContentFile(SOUND)),
        playback_file=default_storage.save("playback/visit.mp3", ContentFile(COPY)),
    )


@pytest.fixture
def get(api, job):
    def get(what="audio/", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.get(f"/api/v1/jobs/{job.pk}/{what}", headers=named)

    return get


def heard():
    return AuditEvent.objects.filter(action="job.listen").count()


def test_the_recording_is_sent_as_it_is_played_or_as_it_was_uploaded(get):
    played, original = get(), get("audio/?original=true")
    assert (played.getvalue(), played["Content-Type"]) == (COPY, "audio/mpeg")
    assert original.getvalue() == SOUND
    assert original["Content-Type"] in ("audio/flac", "audio/x-flac")
    assert original["Content-Disposition"] == 'attachment; filename="visit.flac"'


def test_parts_of_it_are_sent(get):
    part = get("audio/?original=1", Range="bytes=100-199", Accept="audio/*")
    assert (part.status_code, part.getvalue()) == (206, SOUND[100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
    beyond = get(Range="bytes=9000-")
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
    assert beyond["Content-Range"] == f"bytes */{len(COPY)}"
    assert f"{len(COPY)} bytes" in beyond.json()["detail"]


@pytest.mark.parametrize("first", [None, "bytes=0-99", "bytes=1-", "bytes=-5", "seconds=5-"])
def test_who_plays_it_is_noted_once_while_it_plays(get, job, first):
    get(**{"Range": first} if first else {})
    assert AuditEvent.objects.get(action="job.listen").target == f"job {job.pk}"
    for later in ("bytes=100-199", "bytes=9000-"):
        get(Range=later)
    assert heard() == 1
    AuditEvent.objects.update(at=timezone.now() - audit.READS_ON)
    get(Range="bytes=100-199")
    assert heard() == 2


def test_who_gets_none_of_it_is_not_noted(get):
    get(Range="bytes=9000-")
    assert heard() == 0


def test_what_is_not_there_is_said(get, job):
    default_storage.delete(job.playback_file)
    for what, word in (("audio/", "storage"), ("peaks/", "not drawn yet")):
        answer = get(what)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert word in answer.json()["detail"]
    assert not heard()


@pytest.mark.parametrize(
    ("what", "field"), [("audio/?original=perhaps", "original"), ("audio/?orginal=1", "orginal"),
                        ("peaks/?buckets=0", "buckets"), ("peaks/?buckets=x", "buckets")],
)  # fmt: skip
def test_a_wish_that_cannot_be_is_refused(get, what, field):
    answer = get(what)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_waveform_is_that_of_the_page(api, upload_sample, key, media, sent, client, admin_user):
    from transcription import pipeline

    job = upload_sample(api_key=key[0])
    pipeline.prepare(job.pk)
    client.force_login(admin_user)
    for wish in ("", "?buckets=50"):
        shown = client.get(f"/jobs/{job.pk}/peaks/{wish}")
        told = api.get(f"/api/v1/jobs/{job.pk}/peaks/{wish}")
        assert told.content == shown.content
        assert told["Verbatim-Bucket-Ms"] == shown["Verbatim-Bucket-Ms"]


def test_reading_takes_few_queries(get, django_assert_num_queries):
    get()
    with django_assert_num_queries(3):  # the key, the job, the audit
        get(Range="bytes=100-")
