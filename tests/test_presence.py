"""Reviewers see who else is at a recording's desk, and where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from feedback.models import Presence
from transcription.models import Job


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    return make_job("one dose")


@pytest.fixture
def other(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("conrad"))
    return client


def test_one_sees_the_others(desk_client: Client, other: Client, job: Job):
    segment = job.segments.get()
    assert (
        desk_client.post(f"/review/{job.pk}/here/", {"segment": segment.pk}).content.strip() == b""
    )
    told = other.post(f"/review/{job.pk}/here/", {"segment": ""}).content.decode()
    assert f'data-segment="{segment.pk}"' in told
    assert "<bdi>rita</bdi> is here" in told
    assert "conrad" in desk_client.post(f"/review/{job.pk}/here/").content.decode()


def test_who_is_silent_is_gone(desk_client: Client, other: Client, job: Job):
    other.post(f"/review/{job.pk}/here/")
    Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    assert b"conrad" not in desk_client.post(f"/review/{job.pk}/here/").content


def test_who_leaves_is_gone_at_once(desk_client: Client, other: Client, job: Job):
    other.post(f"/review/{job.pk}/here/")
    assert other.post(f"/review/{job.pk}/here/", {"leaving": "1"}).status_code == 204
    assert b"conrad" not in desk_client.post(f"/review/{job.pk}/here/").content


def test_odd_segments_are_none(desk_client: Client, job: Job, django_assert_max_num_queries):
    for odd in ("x", "-1", "9" * 40):
        with django_assert_max_num_queries(12):
            assert desk_client.post(f"/review/{job.pk}/here/", {"segment": odd}).status_code == 200
    assert Presence.objects.get().segment_id is None
