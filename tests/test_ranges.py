"""Browsers seek by byte ranges; each answer to one is short."""

import pytest

from transcription import ranges, recordings
from transcription.models import Job

SIZE = 1000
SOUND = bytes(range(250)) * 4
ETAG = f'"{"0" * 32}-o"'


@pytest.fixture
def job(make_job, media):
    job = make_job("text", audio_file="recordings/visit.wav", audio_name="visit.wav")
    recordings.save(job.audio_file, SOUND)
    return job


@pytest.fixture
def ask(desk_client, job):
    def ask(span=None, method="get", query="", **headers):
        if span is not None:
            headers["Range"] = span
        return getattr(desk_client, method)(f"/jobs/{job.pk}/audio/{query}", headers=headers)

    return ask


def body(answer):
    return b"".join(answer) if answer.streaming else answer.content


def test_the_whole_recording(ask):
    answer = ask()
    assert answer.status_code == 200
    assert body(answer) == SOUND
    assert answer["Content-Length"] == str(SIZE)
    assert answer["Content-Type"] in ("audio/x-wav", "audio/wav", "audio/vnd.wave")
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["ETag"] == ETAG
    assert "private" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=990-", 990, SIZE),
        ("bytes=999-999", 999, SIZE),
        ("bytes=990-5000", 990, SIZE),
        ("bytes=-1", 999, SIZE),
        ("bytes=-10", 990, SIZE),
        ("bytes=-5000", 0, SIZE),
        ("bytes = 10 - 19", 10, 20),
        ("Bytes=10-19", 10, 20),
    ],
)
def test_a_part(ask, span, start, end):
    answer = ask(span)
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer["Content-Length"] == str(end - start)
    assert body(answer) == SOUND[start:end]


@pytest.mark.parametrize("span", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=999999999-"])
def test_a_part_that_is_not_there(ask, span):
    answer = ask(span)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{SIZE}"
    assert body(answer) == b""


@pytest.mark.parametrize(
    "span",
    [
        "bytes=0-9,20-29",
        "bytes=-",
        "bytes=",
        "bytes=a-b",
        "bytes=20-10",
        "bytes=--5",
        "bytes=0-9x",
        "bytes=٣-٩",
        "seconds=0-9",
        "0-9",
        "",
        "bytes=" + "9" * 5000 + "-",
        "bytes=-" + "9" * 5000,
    ],
)
def test_nonsense_and_several_ranges_count_as_absent(ask, span):
    answer = ask(span)
    assert answer.status_code == 200
    assert "Content-Range" not in answer
    assert body(answer) == SOUND


def test_a_part_only_of_the_recording_that_the_browser_has_the_rest_of(ask):
    assert ask("bytes=10-19", **{"If-Range": ETAG}).status_code == 206
    for other in ('"another"', f"W/{ETAG}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        answer = ask("bytes=10-19", **{"If-Range": other})
        assert answer.status_code == 200
        assert body(answer) == SOUND
    assert ask("bytes=5000-", **{"If-Range": '"another"'}).status_code == 200


def test_an_answer_to_a_range_holds_at_most_two_megabytes(ask, job):
    longest = 2 * 1024 * 1024
    assert longest == ranges.LONGEST_ANSWER
    content = bytes(1024) * 5000
    recordings.save(job.audio_file, content)
    for span, start in (("bytes=0-", 0), ("bytes=100-4999999", 100), ("bytes=-4000000", 1120000)):
        answer = ask(span)
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {start}-{start + longest - 1}/{len(content)}"
        assert answer["Content-Length"] == str(longest)
        assert len(body(answer)) == longest


def test_parts_put_together_are_the_recording(ask, job, monkeypatch):
    monkeypatch.setattr(ranges, "LONGEST_ANSWER", 300)
    parts = b""
    while len(parts) < SIZE:
        part = body(ask(f"bytes={len(parts)}-"))
        assert part
        parts += part
    assert parts == SOUND


def test_head_tells_the_size_and_sends_nothing(ask):
    for span in (None, "bytes=0-9", "bytes=5000-"):
        answer = ask(span, method="head")
        assert answer.status_code == 200  # ranges are for GET
        assert answer["Content-Length"] == str(SIZE)
        assert answer["Accept-Ranges"] == "bytes"
        assert body(answer) == b""
        assert not answer.streaming


def test_an_empty_file(ask, job):
    recordings.save(job.audio_file, b"")
    answer = ask()
    assert (answer.status_code, answer["Content-Length"], body(answer)) == (200, "0", b"")
    assert ask("bytes=0-").status_code == 416


@pytest.mark.parametrize(
    "name", ["page.html", "image.svg", "page.xhtml", "script.js", "style.css", "visit", "x.wav.htm"]
)
def test_no_upload_is_shown_as_a_page_whatever_its_name(ask, name):
    Job.objects.update(audio_name=name)
    for query in ("", "?original"):
        for span in (None, "bytes=0-9", "bytes=5000-"):
            assert ask(span, query=query)["Content-Type"] == "application/octet-stream"


def test_the_original_is_downloaded_under_its_own_name(ask):
    Job.objects.update(audio_name='Visite "Müller".wav')
    answer = ask(query="?original")
    assert answer["Content-Disposition"] == (
        "attachment; filename*=utf-8''Visite%20%22M%C3%BCller%22.wav"
    )


def test_the_playback_copy_is_served_where_there_is_one(ask):
    recordings.save("playback/visit.mp3", b"copy")
    Job.objects.update(playback_file="playback/visit.mp3")
    copy, original = ask(), ask(query="?original")
    assert (body(copy), copy["Content-Type"]) == (b"copy", "audio/mpeg")
    assert body(original) == SOUND
    assert copy["ETag"] != original["ETag"]


def test_a_recording_that_is_gone_is_not_found(ask, job):
    recordings.delete(job.audio_file)
    assert ask().status_code == 404
    assert ask("bytes=0-9").status_code == 404


def test_only_reading_is_allowed(desk_client, job):
    assert desk_client.post(f"/jobs/{job.pk}/audio/").status_code == 405


def test_the_waveform(desk_client, job):
    address = f"/jobs/{job.pk}/peaks/"
    assert desk_client.get(address).status_code == 404
    recordings.save("peaks/visit.bin", b"\x00\x80\xff")
    Job.objects.update(peaks_file="peaks/visit.bin")
    answer = desk_client.get(address)
    assert answer.content == b"\x00\x80\xff"
    assert answer["Content-Type"] == "application/octet-stream"
    recordings.delete("peaks/visit.bin")
    assert desk_client.get(address).status_code == 404
