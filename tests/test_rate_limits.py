"""How many requests a key may make in a minute, and how it is told."""

import secrets
import threading

import pytest
from django.db import connection
from django.test import Client

from speech_project.access import throttling
from speech_project.access.keys import create_key

JOBS = "/api/v1/jobs/"


@pytest.fixture
def noon(monkeypatch):
    """A clock that stands 18.5 s before the end of a minute that no other run has counted."""
    clock = {"now": 60 * secrets.randbelow(10**8) + 41.5}
    monkeypatch.setattr(throttling.time, "time", lambda: clock["now"])
    return clock


@pytest.fixture
def slow(db, noon):
    """A client whose key may make three requests a minute."""
    return Client(headers={"X-API-Key": create_key("slow", rate_limit_per_minute=3)[1]})


def told(answer):
    return answer["RateLimit-Policy"], answer["RateLimit"]


def test_the_rate_limit_is_exact(slow, noon):
    assert [slow.get(JOBS).status_code for _ in range(3)] == [200] * 3
    refused = slow.get(JOBS)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "19"
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json() == {
        "title": "Too Many Requests",
        "status": 429,
        "code": "rate_limit_exceeded",
        "detail": "This API key may make 3 requests a minute. Expected available in 19 seconds.",
    }
    _, other = create_key("other", rate_limit_per_minute=3)
    assert Client().get(JOBS, headers={"X-API-Key": other}).status_code == 200
    noon["now"] += 19
    assert slow.get(JOBS).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_rate_limit_is_exact_among_threads(noon):
    _, secret = create_key("busy", rate_limit_per_minute=10)
    start, answers = threading.Barrier(6), []

    def ask():
        start.wait()
        for _ in range(5):
            answer = Client().get(JOBS, headers={"X-API-Key": secret})
            answers.append((answer.status_code, answer["RateLimit"]))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    taken = [(200, f'"minute";r={left};t=19') for left in range(10)]
    assert sorted(answers) == taken + [(429, '"minute";r=0;t=19')] * 20


def test_every_answer_tells_what_is_left(slow):
    policy = '"minute";q=3;w=60'
    nobody = "00000000-0000-0000-0000-000000000000"
    asked = [
        lambda: slow.get(f"{JOBS}{nobody}/"),
        lambda: slow.delete(JOBS),
        lambda: slow.post(JOBS, {"title": "no file"}),
        lambda: slow.head(JOBS),
        lambda: slow.get(JOBS),
    ]
    answers = [ask() for ask in asked]
    assert [answer.status_code for answer in answers] == [404, 405, 400, 429, 429]
    left = [f'"minute";r={left};t=19' for left in (2, 1, 0, 0, 0)]
    assert [told(answer) for answer in answers] == [(policy, each) for each in left]


def test_a_client_is_never_told_to_wait_no_time(slow, noon):
    noon["now"] += 18.499
    for _ in range(3):
        assert told(slow.get(JOBS))[1].endswith(";t=1")
    assert slow.get(JOBS)["Retry-After"] == "1"


def test_where_nothing_is_limited_nothing_is_told(slow, desk_client):
    unlimited = Client(headers={"X-API-Key": create_key("free", rate_limit_per_minute=0)[1]})
    for client in (unlimited, desk_client):
        for _ in range(4):
            answer = client.get(JOBS)
            assert answer.status_code == 200
            assert "RateLimit" not in answer
            assert "RateLimit-Policy" not in answer
