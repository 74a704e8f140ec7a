"""What was corrected in a recording so far, found again in the rest of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feedback.carrying_on import proposals
from feedback.models import Revision
from feedback.saving import Save, save_segment
from transcription.models import Job, Segment

TEXTS = (
    "then we lower the interest oh to forty",
    "and the interest oh is stopped",
    "she takes the interest oh again",
    "nothing of it is here",
    "he has the interest oh too",
)


@pytest.fixture
def job(make_job: Callable[..., Job], reviewer: User) -> Job:
    job = make_job(*TEXTS)
    for segment in segments(job)[:2]:
        right = segment.text.replace("interest oh", "Entresto")
        save_segment(reviewer, job, segment.pk, Save(right, segment.version))
    return job


def segments(job: Job) -> list[Segment]:
    return list(Segment.objects.filter(job=job).order_by("position"))


def test_what_was_corrected_is_found_in_the_rest(job: Job):
    found = [(each.segment.text, each.before, each.after, each.sure) for each in proposals(job)]
    assert found == [
        (TEXTS[2], "interest oh", "Entresto", True),
        (TEXTS[4], "interest oh", "Entresto", True),
    ]


def test_what_was_accepted_stays(job: Job, reviewer: User):
    fifth = segments(job)[4]
    save_segment(reviewer, job, fifth.pk, Save(fifth.text, fifth.version, accept=True))
    assert [each.segment.text for each in proposals(job)] == [TEXTS[2]]


def test_the_chosen_are_changed_and_can_be_had_back(desk_client: Client, job: Job):
    page = desk_client.get(f"/review/{job.pk}/rest/")
    assert page.content.decode().count("<ins>Entresto</ins>") == 2
    one = page.context["proposals"][0]
    place = f"{one.segment.pk}:{one.segment.version}:{one.start}:{one.end}"
    answer = desk_client.post(f"/review/{job.pk}/rest/", {"place": place}, follow=True)
    assert "1 place replaced." in answer.content.decode()
    texts = [segment.text for segment in segments(job)]
    assert texts[2] == "she takes the Entresto again"
    assert texts[4] == TEXTS[4]
    assert Revision.objects.get(segment=segments(job)[2]).text_before == TEXTS[2]


def test_what_was_changed_meanwhile_stays(desk_client: Client, job: Job, reviewer: User):
    one, _ = proposals(job)
    place = f"{one.segment.pk}:{one.segment.version}:{one.start}:{one.end}"
    third = segments(job)[2]
    save_segment(reviewer, job, third.pk, Save(third.text + " today", third.version))
    answer = desk_client.post(f"/review/{job.pk}/rest/", {"place": place}, follow=True)
    assert "0 places replaced. 1 was changed since, and stays." in answer.content.decode()
    assert segments(job)[2].text == TEXTS[2] + " today"


def test_where_nothing_was_corrected_there_is_nothing(
    desk_client: Client, make_job: Callable[..., Job]
):
    job = make_job(*TEXTS)
    page = desk_client.get(f"/review/{job.pk}/rest/").content.decode()
    assert "Nothing that was corrected so far" in page
