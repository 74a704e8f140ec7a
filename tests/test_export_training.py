"""Clips of reviewed recordings with their text, as engines are trained with."""

import io
import json
import resource
import wave
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from feedback.models import Feedback
from feedback.services import reopen_review, submit_review
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from tests.conftest import SAMPLE
from transcription import audio, recordings
from transcription.models import Chunk, Job


@pytest.fixture(scope="module")
def sound():
    return np.concatenate(list(audio.decode(SAMPLE)))


@pytest.fixture
def key(db):
    key, _ = create_key("clinic")
    ApiKey.objects.update(training_consent=True)
    return ApiKey.objects.get(pk=key.pk)


@pytest.fixture
def reviewed(make_job, reviewer, media, key):
    """A recording of the client's that is reviewed; segments last 3.5 s, one every 4 s."""

    def reviewed(*texts, **fields):
        given = {"api_key": key, "source": Job.Source.API, "languages": ["en"]} | fields
        job = make_job(*texts, **given)
        Job.objects.filter(pk=job.pk).update(
            audio_file=recordings.save(f"recordings/{job.pk}.flac", SAMPLE.read_bytes())
        )
        job.segments.update(language="en", speaker="Anna")
        submit_review(reviewer, job)
        job.refresh_from_db()
        return job

    return reviewed


@pytest.fixture
def export(tmp_path, capsys):
    def export(*options, to=tmp_path / "set"):
        call_command("export_training", str(to), *options)
        return read(to) if to.suffix != ".zip" else to

    return export


def read(folder):
    """As `load_dataset("audiofolder", data_dir=...)` reads it: a file_name, relative to the
    metadata, in each line, a line for each file of sound, the same columns in all."""
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert len({tuple(row) for row in rows}) <= 1
    assert {row["file_name"] for row in rows} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.flac")
    }
    return rows


def test_clips_are_cut_to_the_sample_and_told_of(reviewed, export, sound, tmp_path, reviewer):
    job = reviewed("it was a cold day", "two  words")
    reopen_review(job)
    first, second = job.segments.order_by("position")
    job.segments.filter(pk=first.pk).update(text="It was a bold day.")
    submit_review(reviewer, job)
    rows = export()
    assert rows[0] == {
        "file_name": f"clips/{job.pk}/{first.pk}-0-3500.flac",
        "transcription": "It was a bold day.",
        "language": "en",
        "speaker": "Anna",
        "duration": 3.5,
        "job": str(job.pk),
        "segment": first.pk,
        "model": "pocketsphinx",
        "wer": 0.2,
    }
    assert rows[1]["transcription"] == "two words"
    for row, segment in zip(rows, (first, second), strict=True):
        pcm = audio.read_flac((tmp_path / "set" / row["file_name"]).read_bytes())
        assert np.array_equal(pcm, sound[segment.start_ms * 16 : segment.end_ms * 16])


def test_clips_that_overlap_or_end_after_the_sound(reviewed, export, sound, tmp_path):
    job = reviewed("one", "two")
    end_ms = len(sound) // 16
    job.segments.filter(text="one").update(start_ms=500, end_ms=4700)
    job.segments.filter(text="two").update(start_ms=end_ms - 1000, end_ms=end_ms + 1000)
    first, last = (
        audio.read_flac((tmp_path / "set" / row["file_name"]).read_bytes()) for row in export()
    )
    assert np.array_equal(first, sound[500 * 16 : 4700 * 16])
    assert len(last) == 2000 * 16
    assert np.array_equal(last[: 999 * 16], sound[(end_ms - 1000) * 16 :][: 999 * 16])
    assert not last[1001 * 16 :].any()


def test_of_a_recording_with_a_speaker_on_each_channel_the_own_channel(
    reviewed, export, tmp_path, media
):
    job = reviewed("left", "right")
    rate, quiet = 16_000, np.zeros(8 * 16_000, np.int16)
    tone = (9000 * np.sin(np.arange(len(quiet)) / 5)).astype(np.int16)
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.stack([quiet, tone], axis=1).tobytes())
    recordings.save(job.audio_file, content.getvalue())
    for number, segment in enumerate(job.segments.order_by("position")):
        chunk = Chunk.objects.create(
            job=job, position=5 + number, start_ms=0, end_ms=8000, channel=number
        )
        job.segments.filter(pk=segment.pk).update(chunk=chunk)
    left, right = (
        audio.read_flac((tmp_path / "set" / row["file_name"]).read_bytes()) for row in export()
    )
    assert not left.any()
    assert np.array_equal(right, tone[4000 * 16 : 7500 * 16])


def test_only_what_is_said_in_full(reviewed, export, capsys):
    job = reviewed("good", "we saw [inaudible] today", "", "gap", "tiny", "long")
    gap = [{"kind": "gap", "reason": "lost"}]
    job.segments.filter(text="gap").update(marks=gap)
    job.segments.filter(text="tiny").update(end_ms=job.segments.get(text="tiny").start_ms + 300)
    job.segments.filter(text="long").update(start_ms=0, end_ms=31_000)
    assert [row["transcription"] for row in export()] == ["good"]
    told = capsys.readouterr().err
    for reason in ("inaudible in part", "without text", "not transcribed", "shorter than 0.5 s"):
        assert f"1 segments, {reason}" in told
    assert {row["transcription"] for row in export("--min-seconds=0.2", "--max-seconds=60")} == {
        "good",
        "tiny",
        "long",
    }


def test_what_is_not_reviewed_any_more_goes(reviewed, export):
    job, _ = reviewed("one"), reviewed("two")
    assert len(export()) == 2
    reopen_review(job)
    assert [row["transcription"] for row in export()] == ["two"]


@pytest.mark.parametrize(
    ("fields", "pages", "count"),
    [
        ({}, False, 1),
        ({"api_key": None}, True, 0),  # its key was deleted
        ({"api_key": None, "source": "page"}, False, 0),
        ({"api_key": None, "source": "page"}, True, 1),
        ({"api_key": None, "source": "command"}, True, 1),
    ],
)
def test_consent(reviewed, export, settings, fields, pages, count):
    settings.TRAINING_CONSENT_PAGES = pages
    reviewed("one", **fields)
    assert len(export()) == count


def test_a_client_that_does_not_consent(reviewed, export, key, settings):
    settings.TRAINING_CONSENT_PAGES = True
    reviewed("one")
    assert len(export()) == 1
    ApiKey.objects.update(training_consent=False)
    assert export() == []
    with pytest.raises(CommandError, match="clinic does not consent"):
        export("--key=clinic")


def test_consent_is_ticked_in_the_admin(admin_client, key):
    page = admin_client.get(f"/admin/access/apikey/{key.pk}/change/").content.decode()
    assert "Its recordings and their corrected text may be exported to train engines." in page
    assert 'name="training_consent"' in page


@pytest.mark.parametrize(
    ("option", "count"),
    [
        ("--language=en", 1),
        ("--language=de", 0),
        ("--model=pocketsphinx", 1),
        ("--model=whisper-1", 0),
        ("--reviewer=rita", 1),
        ("--reviewer=rudi", 0),
        ("--since=2026-03-10", 1),
        ("--since=2026-03-11", 0),
        ("--until=2026-03-10", 1),
        ("--until=2026-03-09", 0),
        ("--key=clinic", 1),
        ("--key=lab", 0),
    ],
)
def test_filters(reviewed, export, option, count):
    create_key("lab")
    ApiKey.objects.update(training_consent=True)
    reviewed("one")
    Feedback.objects.update(created_at=datetime(2026, 3, 10, 15, tzinfo=UTC))
    assert len(export(option)) == count


def test_it_goes_on_where_it_was(reviewed, export, tmp_path):
    job = reviewed("one", "two")
    one, two = (tmp_path / "set" / row["file_name"] for row in export())
    before, content = one.stat().st_mtime_ns, two.read_bytes()
    two.unlink()
    (two.parent / f"{two.name}.part").write_bytes(b"half")
    export()
    assert one.stat().st_mtime_ns == before
    assert two.read_bytes() == content
    assert not list((tmp_path / "set").rglob("*.part"))
    recordings.delete(job.audio_file)  # all are there, so that nothing is decoded
    assert len(export()) == 2


def test_a_recording_that_is_gone_is_left_out_and_told(reviewed, export, capsys):
    recordings.delete(reviewed("one").audio_file)
    reviewed("two")
    assert [row["transcription"] for row in export()] == ["two"]
    assert "its sound is gone" in capsys.readouterr().err


def test_a_zip_has_the_same_and_is_the_same_each_time(reviewed, export, tmp_path):
    reviewed("one", "two")
    path, again = export(to=tmp_path / "a.zip"), export(to=tmp_path / "b.zip")
    assert path.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked")
    assert read(tmp_path / "unpacked") == export()
    assert sorted(each.name for each in tmp_path.glob("*.zip*")) == ["a.zip", "b.zip"]


def test_folders_of_others_are_left_alone(reviewed, export, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(CommandError, match=r"holds other files, such as notes.txt"):
        export()
    assert [each.name for each in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    (folder / "clips").mkdir()
    (folder / "clips" / "song.flac").write_bytes(b"mine")
    with pytest.raises(CommandError, match=r"such as song.flac"):
        export()
    with pytest.raises(CommandError, match="is a file"):
        export(to=folder / "clips" / "song.flac")
    (tmp_path / "not.zip").write_bytes(b"mine")
    with pytest.raises(CommandError, match="no ZIP file"):
        export(to=tmp_path / "not.zip")


@pytest.mark.parametrize("name", ["set", "set.zip"])
def test_a_disk_that_takes_no_more_is_told_and_nothing_is_left_by_halves(
    reviewed, export, tmp_path, name
):
    reviewed("one", "two")
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, was[1]))  # no file may be larger
    try:
        with pytest.raises(CommandError, match=r"could not be written: File too large"):
            export(to=tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    left = [each for each in tmp_path.rglob("*") if each.is_file() and "media" not in each.parts]
    assert left == []
    export(to=tmp_path / name)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--since=yesterday", "such as 2026-03-31"),
        ("--until=2026-02-30", "such as 2026-03-31"),
        ("--min-seconds=9", "at most --max-seconds"),
        ("--language=not a code", "ISO 639"),
        ("--key=nobody", "no API key"),
    ],
)
def test_bad_wishes_are_told(db, export, option, words):
    with pytest.raises(CommandError, match=words):
        export(option, "--max-seconds=5")


def test_two_keys_of_one_name_are_told_apart_by_how_they_begin(reviewed, export, key):
    create_key("clinic")
    reviewed("one")
    with pytest.raises(CommandError, match="Several API keys"):
        export("--key=clinic")
    assert len(export(f"--key=vk_{key.prefix}")) == 1


def test_the_admin_gives_the_clips_of_chosen_reviews(reviewed, admin_client, tmp_path, key):
    reviewed("two")
    chosen = reviewed("one").feedback.get()
    wish = {"action": "export_training", "_selected_action": [chosen.pk]}
    answer = admin_client.post("/admin/feedback/feedback/", wish)
    assert answer["Content-Disposition"] == 'attachment; filename="training.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as file:
        file.extractall(tmp_path / "unpacked")
    assert [row["transcription"] for row in read(tmp_path / "unpacked")] == ["one"]
    ApiKey.objects.update(training_consent=False)
    page = admin_client.post("/admin/feedback/feedback/", wish, follow=True).content.decode()
    assert "None of these may be used" in page
