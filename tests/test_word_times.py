"""The desk is told when each word of the text is said, as browsers count its letters."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from transcription.models import Job


def test_words_of_the_segments_from_one_on(desk_client: Client, make_job: Callable[..., Job]):
    job = make_job("one dose", "two 😀 doses", "three doses")
    second, third = job.segments.order_by("position")[1:]
    second.words = [["two", 4000, 4300, 0.9, False], ["doses", 5000, 5500, 0.9, False]]
    second.save()
    told = desk_client.get(f"/review/{job.pk}/words/?from={second.pk}").json()
    assert list(told) == [str(second.pk), str(third.pk)]
    assert told[str(second.pk)] == {
        "version": 1,
        "words": [[0, 3, 4000, 4300], [4, 6, 4300, 5000], [7, 12, 5000, 5500]],
    }


def test_not_more_than_a_page_needs(
    desk_client: Client, make_job: Callable[..., Job], django_assert_max_num_queries
):
    job = make_job(*["one dose"] * 60)
    first = job.segments.order_by("position")[0]
    with django_assert_max_num_queries(6):
        told = desk_client.get(f"/review/{job.pk}/words/?from={first.pk}").json()
    assert len(told) == 40


def test_of_a_segment_that_is_not_there(desk_client: Client, make_job: Callable[..., Job]):
    job = make_job("one dose")
    for odd in ("", "0", "987654321", "x", "9" * 30):
        assert desk_client.get(f"/review/{job.pk}/words/", {"from": odd}).json() == {}
