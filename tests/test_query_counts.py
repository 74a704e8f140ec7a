"""No page asks the database more for a long recording than for a short one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.saving import Save, save_segment
from feedback.services import submit_review
from tests.corrections import HEARD, apply
from tests.switching import tag
from transcription.models import Job

PAGES = {
    "/": 12,
    "/?state=waiting&q=ward&language=en&owner=mine": 12,
    "/jobs/{job}/": 13,
    "/review/{job}/": 9,
    "/review/{job}/?segment={segment}": 11,
    "/review/{job}/segments/{segment}/": 8,
    "/review/{job}/words/?from={segment}": 7,
    "/review/{job}/find/?q=the": 7,
    "/review/{job}/rest/": 7,
    "/review/{job}/term/?segment={segment}&term=Entresto": 9,
    "/review/{job}/submit/": 10,
    "/review/{job}/reviewed/": 8,
    "/quality/": 9,
    "/quality/?format=csv&table=wer": 9,
    "/quality/reviews/": 9,
    "/settings/": 6,
}


@pytest.fixture
def reviewed(make_job: Callable[..., Job], reviewer: User) -> Callable[[int], Job]:
    def make(length: int) -> Job:
        job = tag(make_job(*[HEARD] * length, languages=["en", "de"]), "en", "de")
        apply(job)
        for segment in job.segments.all()[: length // 2]:
            save_segment(reviewer, job, segment.pk, Save(segment.text + " now", 1, "x"))
        return job

    return make


@pytest.mark.parametrize("address", PAGES)
def test_a_page(desk_client: Client, reviewer: User, reviewed: Callable[[int], Job], address: str):
    asked = []
    for length in (2, 40):
        job = reviewed(length)
        if "reviewed" in address:
            submit_review(reviewer, job)
        at = address.format(job=job.pk, segment=job.segments.all()[0].pk)
        desk_client.get(at)  # what is read once a process
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk_client.get(at).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= PAGES[address], asked


@pytest.mark.parametrize("page", ["", "?show=all", "take-all/"])
def test_a_comparison(
    desk_client: Client, make_job: Callable[..., Job], reviewed: Callable[[int], Job], page: str
):
    asked = []
    for length in (2, 40):
        job = reviewed(length)
        proposal = make_job(*[HEARD + " again"] * length, source_job=job, proposal=True)
        at = f"/jobs/{job.pk}/compare/{proposal.pk}/{page}"
        desk_client.get(at)
        with CaptureQueriesContext(connection) as queries:
            assert desk_client.get(at).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 10, asked


def test_a_save(desk_client: Client, reviewed: Callable[[int], Job], django_assert_max_num_queries):
    job = reviewed(40)
    segment = list(job.segments.all())[-1]
    wish = {"text": "new text", "version": segment.version, "save_id": "a"}
    with django_assert_max_num_queries(30):
        answer = desk_client.post(
            f"/review/{job.pk}/segments/{segment.pk}/save/", wish, headers={"hx-request": "true"}
        )
    assert answer.status_code == 200
