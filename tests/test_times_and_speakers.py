"""When a segment is said, by whom, and what the recording is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feedback.attributes import name_speaker, set_times
from feedback.models import Revision
from feedback.saving import Conflict, Refused
from feedback.views.segments import milliseconds
from transcription.models import Job, Segment

HX: dict[str, Any] = {"headers": {"hx-request": "true"}}


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    return make_job("one dose", "two doses", "three doses")


def segments(job: Job) -> list[Segment]:
    return list(job.segments.order_by("position"))


def test_times_are_set_and_kept_in_the_history(job: Job, reviewer: User):
    middle = segments(job)[1]
    set_times(reviewer, job, middle.pk, 4200, 7700, (4000, 7500))
    middle.refresh_from_db()
    assert (middle.start_ms, middle.end_ms, middle.version) == (4200, 7700, 1)
    assert Revision.objects.get().detail == {"from": [4000, 7500], "to": [4200, 7700]}
    set_times(reviewer, job, middle.pk, 4200, 7700, (4000, 7500))  # repeated
    assert Revision.objects.count() == 1


def test_another_moved_them_first(job: Job, reviewer: User):
    middle = segments(job)[1]
    set_times(reviewer, job, middle.pk, 4200, 7500, (4000, 7500))
    with pytest.raises(Conflict):
        set_times(reviewer, job, middle.pk, 4100, 7500, (4000, 7500))


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (7500, 7510, "50 ms at least"),
        (7000, 6000, "50 ms at least"),
        (-1, 6000, "does not last that long"),
        (4000, 12_001, "does not last that long"),
        (8001, 9000, "after the segment that follows"),
    ],
)
def test_times_that_cannot_be(job: Job, reviewer: User, start: int, end: int, why: str):
    middle = segments(job)[1]
    with pytest.raises(Refused, match=why):
        set_times(reviewer, job, middle.pk, start, end, (4000, 7500))
    with pytest.raises(Refused, match="before the segment before it"):
        set_times(reviewer, job, segments(job)[2].pk, 3999, 9000, (8000, 11500))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("02:03.5", 123_500),
        ("1:02:03.050", 3_723_050),
        ("123.5", 123_500),
        ("123,25", 123_250),
        (" 7 ", 7000),
        ("2:61", None),
        ("1:61:00", None),
        ("-1", None),
        ("", None),
        ("1e3", None),
        ("١:٠٢", 62_000),
        ("9" * 40, None),
    ],
)
def test_times_as_people_write_them(text: str, ms: int | None):
    assert milliseconds(text) == ms


def test_times_through_the_form(desk_client: Client, job: Job):
    middle = segments(job)[1]
    address = f"/review/{job.pk}/segments/{middle.pk}/times/"
    wish = {"start": "0:04.2", "end": "7.7", "was_start": 4000, "was_end": 7500}
    page = desk_client.post(address, wish, follow=True)
    assert "00:04.200" in page.content.decode()
    late = desk_client.post(address, wish | {"end": "7.6"}, **HX)
    assert (late.status_code, b"changed meanwhile" in late.content) == (409, True)
    odd = desk_client.post(address, {"start": "soon", "end": ""}, **HX)
    assert (odd.status_code, b"Write times like 02:03.5" in odd.content) == (422, True)


def test_a_speaker_throughout(job: Job, reviewer: User):
    Segment.objects.exclude(text="two doses").update(speaker="A")
    first = segments(job)[0]
    assert len(name_speaker(reviewer, job, first.pk, " Dr.  Okafor ", throughout=True)) == 2
    assert [each.speaker for each in segments(job)] == ["Dr. Okafor", "", "Dr. Okafor"]
    name_speaker(reviewer, job, first.pk, "Nurse")
    assert [each.speaker for each in segments(job)] == ["Nurse", "", "Dr. Okafor"]
    told = Revision.objects.order_by("-pk").first()
    assert told and told.detail == {"from": "Dr. Okafor", "to": "Nurse"}


@pytest.mark.parametrize("name", ["x" * 81, "a\x00b", "a\u202eb"])
def test_names_that_cannot_be(job: Job, reviewer: User, name: str):
    with pytest.raises(Refused, match="at most 80"):
        name_speaker(reviewer, job, segments(job)[0].pk, name)


def test_names_with_joined_letters(job: Job, reviewer: User):
    name_speaker(reviewer, job, segments(job)[0].pk, "می\u200cترا")
    assert segments(job)[0].speaker == "می\u200cترا"


def test_speakers_through_the_form(desk_client: Client, job: Job, django_assert_max_num_queries):
    first = segments(job)[0]
    address = f"/review/{job.pk}/segments/{first.pk}/speaker/"
    page = desk_client.post(address, {"speaker": "Doctor"}, follow=True)
    assert "Doctor" in page.content.decode()
    with django_assert_max_num_queries(16):
        answer = desk_client.post(address, {"speaker": "Nurse", "throughout": "on"}, **HX)
    assert answer.content.decode().count("<article") == 1
    assert desk_client.post(address, {"speaker": "x" * 81}, **HX).status_code == 422


def test_renaming_the_recording(desk_client: Client, job: Job):
    page = desk_client.post(f"/review/{job.pk}/title/", {"title": " Ward\n4 "}, follow=True)
    assert "Ward 4" in page.content.decode()
    for odd in ("", " ", "x" * 201):
        page = desk_client.post(f"/review/{job.pk}/title/", {"title": odd}, follow=True)
        assert "name" in page.content.decode()
    job.refresh_from_db()
    assert job.title == "Ward 4"
