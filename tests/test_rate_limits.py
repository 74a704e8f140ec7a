"""How many requests a key may make in a minute."""

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


def test_the_rate_limit_is_exact(db, noon):
    _, secret = create_key("slow", rate_limit_per_minute=3)
    headers = {"X-API-Key": secret}
    assert [Client().get(JOBS, headers=headers).status_code for _ in range(3)] == [200] * 3
    refused = Client().get(JOBS, headers=headers)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "19"
    detail = "This API key may make 3 requests a minute. Expected available in 19 seconds."
    assert refused.json()["detail"] == detail
    _, other = create_key("other", rate_limit_per_minute=3)
    assert Client().get(JOBS, headers={"X-API-Key": other}).status_code == 200
    noon["now"] += 19
    assert Client().get(JOBS, headers=headers).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_rate_limit_is_exact_among_threads(noon):
    _, secret = create_key("busy", rate_limit_per_minute=10)
    start, answers = threading.Barrier(6), []

    def ask():
        start.wait()
        for _ in range(5):
            answers.append(Client().get(JOBS, headers={"X-API-Key": secret}).status_code)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [200] * 10 + [429] * 20
