"""Recordings come in whole, and only recordings do."""

import hashlib
import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from transcription.models import Job
from transcription.services import JobRefused, create_job

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sound(short_clip):
    return short_clip.read_bytes()


@pytest.fixture
def create(db, media, sound):
    def create(name="visit.flac", content=sound, **wishes):
        return create_job(SimpleUploadedFile(name, content), source=Job.Source.PAGE, **wishes)

    return create


def stored(media):
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_recording_is_stored_hashed_and_probed(create, media, sound, reviewer):
    job = create("visit.flac", owner=reviewer, languages=["EN", " en "])
    job.refresh_from_db()
    assert (media / job.audio_file).read_bytes() == sound
    assert job.audio_sha256 == hashlib.sha256(sound).hexdigest()
    assert job.audio_bytes == len(sound)
    assert (job.audio_format, job.audio_codec) == ("flac", "flac")
    assert (job.audio_sample_rate, job.audio_channels) == (16000, 1)
    assert (job.title, job.audio_name, job.owner_name) == ("visit", "visit.flac", "rita")
    assert (job.status, job.languages) == ("queued", ["en"])


def test_the_worker_is_told_once_the_job_is_there(create, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as sent:
        create()
    assert len(sent) == 1


def test_sound_is_taken_whatever_its_name(create):
    assert create("letter.txt").audio_format == "flac"


@pytest.mark.parametrize(
    ("name", "content", "wishes", "code"),
    [
        ("speech.wav", b"Dear colleague, thank you for the letter.\n" * 500, {}, "no_audio"),
        ("speech.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", {}, "no_audio"),
        ("page.mp3", b"<!doctype html><title>hello</title>" * 500, {}, "no_audio"),
        ("empty.wav", b"", {}, "empty"),
        ("visit.flac", None, {"model": "gpt-9"}, "model_unknown"),
        ("visit.flac", None, {"model": "gpt-transcribe"}, "engine_not_configured"),
        ("visit.flac", None, {"languages": ["de"]}, "language_not_supported"),
        ("visit.flac", None, {"languages": ["english"]}, "language_invalid"),
        ("visit.flac", None, {"languages": ["e\x00"]}, "language_invalid"),
        ("visit.flac", None, {"languages": [f"a{c}" for c in "abcdefghi"]}, "language_invalid"),
    ],
)
def test_what_cannot_become_a_transcript_is_refused(
    create, media, sound, name, content, wishes, code
):
    with pytest.raises(JobRefused) as refused:
        create(name, sound if content is None else content, **wishes)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
    assert not Job.objects.exists()
    assert not stored(media)


def test_the_limit_is_named_to_who_exceeds_it(create, media, settings):
    settings.MAX_UPLOAD_MB = 1
    with pytest.raises(JobRefused, match="at most 1 MB") as refused:
        create(content=b"\0" * 1_000_001)
    assert refused.value.code == "too_large"
    assert not stored(media)


def test_nothing_is_stored_for_a_job_that_cannot_be_written(create, media):
    with pytest.raises(TypeError):
        create(metadata={"who": object()})
    assert not stored(media)


def test_the_sent_name_never_points_at_a_file_of_the_server(db, media, short_clip):
    disguised = ContentFile(b"only text", name=str(short_clip))
    with pytest.raises(JobRefused, match="No sound"):
        create_job(disguised, source=Job.Source.PAGE)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../../etc/cron.d/evil.flac", "evil"),
        ("visit\x00.flac", "visit"),
        ("visit\r\nSet-Cookie: a=b.flac", "visit  Set-Cookie: a=b"),
        ("half\udc80.flac", "half"),
        ("x" * 5000 + ".flac", "x" * 200),
        ("\u202ecalf.exe.flac", "\u202ecalf.exe"),
        ("<script>alert(1)<", "<script>alert(1)<"),
        ("زيارة الطبيب.flac", "زيارة الطبيب"),
        ("👩‍⚕️ visit.flac", "👩‍⚕️ visit"),
        (" ", "recording"),
        ("/", "recording"),
    ],
)
def test_hostile_names_do_no_harm(media, desk_client, sound, name, title):
    upload = ContentFile(sound)
    upload.name = name  # past the cleaning that Django does for names out of forms
    job = create_job(upload, source=Job.Source.COMMAND)
    job.refresh_from_db()
    assert job.title == title
    (file,) = stored(media)
    assert file.name.startswith(str(job.pk))
    assert file.parent == media / "recordings"
    page = desk_client.get("/").content.decode()
    assert "<script>alert" not in page
    download = desk_client.get(f"/jobs/{job.pk}/audio/?original")
    assert download["Content-Disposition"].startswith("attachment")
    assert download["Content-Type"] in ("audio/flac", "audio/x-flac", "application/octet-stream")


def test_control_characters_leave_titles(create):
    assert create(title="  Ward\x00 round\n").title == "Ward  round"


def send(client, *files, htmx=False, **fields):
    headers = HTMX if htmx else {}
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post("/upload/", {"files": uploads, **fields}, headers=headers)


def test_several_files_by_the_plain_form(desk_client, media, sound):
    answer = send(
        desk_client,
        ("one.flac", sound),
        ("two.txt", b"text"),
        ("three.flac", sound),
        languages="en",
    )
    assert answer.status_code == 302
    assert set(Job.objects.values_list("title", "owner_name", "source")) == {
        ("one", "rita", "page"),
        ("three", "rita", "page"),
    }
    page = desk_client.get(answer["Location"]).content.decode()
    assert "two.txt: No sound could be decoded" in page


def test_the_form_without_a_file_says_what_to_do(desk_client):
    page = desk_client.post("/upload/", follow=True).content.decode()
    assert "Choose at least one recording." in page


def test_an_upload_by_the_script_brings_the_row_of_the_table(desk_client, media, sound):
    answer = send(desk_client, ("one.flac", sound), htmx=True, model="pocketsphinx")
    assert answer.status_code == 201
    assert f'id="job-{Job.objects.get().pk}"' in answer.content.decode()


def test_an_upload_by_the_script_is_refused_in_plain_words(desk_client, media):
    answer = send(desk_client, ("<b>.wav", b"text"), htmx=True)
    assert answer.status_code == 422
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().startswith("No sound could be decoded")
    assert not stored(media)


@pytest.mark.parametrize("htmx", [True, False])
def test_too_large_an_upload_is_read_refused_and_dropped(desk_client, media, settings, htmx):
    settings.MAX_UPLOAD_MB = 1
    answer = send(desk_client, ("long.wav", b"\0" * 3_000_000), htmx=htmx)
    assert answer.status_code == (422 if htmx else 302)
    page = answer if htmx else desk_client.get("/")
    assert "The file has 3 MB; at most 1 MB are taken." in page.content.decode()
    assert not stored(media)


def test_a_file_of_the_largest_size_is_decoded(desk_client, media, settings, sound):
    settings.MAX_UPLOAD_MB = 1
    answer = send(desk_client, ("full.flac", sound.ljust(1_000_000, b"\0")), htmx=True)
    assert answer.status_code == 201
    assert Job.objects.get().audio_bytes == 1_000_000


def test_a_file_of_several_chunks_is_stored_and_hashed_whole(desk_client, media, sound):
    long = sound + bytes(range(256)) * 4_000
    assert send(desk_client, ("long.flac", long), htmx=True).status_code == 201
    job = Job.objects.get()
    assert (media / job.audio_file).read_bytes() == long
    assert job.audio_sha256 == hashlib.sha256(long).hexdigest()


def test_the_uploader_s_first_group_sees_the_recording(desk_client, media, sound, reviewer):
    group = reviewer.groups.create(name="Cardiology")
    send(desk_client, ("one.flac", sound))
    assert Job.objects.get().group_id == group.pk


def test_metadata_comes_back_as_it_was_given(create):
    given = {"patient": "पैरासिटामोल", "visit": [1, None, {"ok": True}]}
    job = create(metadata=given)
    job.refresh_from_db()
    assert json.dumps(job.metadata, sort_keys=True) == json.dumps(given, sort_keys=True)
