"""A repeated request waits for the job of the first; waiting has bounds, and frees its thread."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from tests.conftest import HALF_MINUTE
from tests.wire import Caller, error_of, step
from transcription.models import Job
from transcription.wire import holding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def caller(standin, short_clip, sent):
    return Caller(short_clip.read_bytes())


@pytest.fixture
def work(transactional_db, sent):
    """Be the worker, until nothing more is to do."""

    def work():
        while sent:
            step(*sent.pop(0))

    return work


@pytest.fixture
def nobody_waits(settings):
    settings.WIRE_HOLD_S = 0


def job_of(response):
    return response["Verbatim-Job"]


def still_at_work(response):
    assert response.status_code == 504, response.content
    error = error_of(response)
    assert error["code"] == "still_at_work"
    assert job_of(response) in error["message"]
    return job_of(response)


def text_of(response):
    assert response.status_code == 200, response.content
    return response.json()["text"]


# --- Joining -------------------------------------------------------------------------------------


def test_a_repeated_request_joins_the_job_and_gets_its_transcript_once(
    caller, nobody_waits, work, standin
):
    first = still_at_work(caller.send())
    assert still_at_work(caller.send()) == first
    work()
    third = caller.send()
    assert (text_of(third), job_of(third)) == (HALF_MINUTE, first)
    assert Job.objects.get().delivered_at
    assert still_at_work(caller.send()) != first  # that one is another recording of the same
    work()
    assert len(standin.log()) == 1, "which costs nothing, either"


def test_in_what_form_it_is_wished_does_not_matter(caller, nobody_waits, work):
    first = still_at_work(caller.send())
    work()
    assert job_of(caller.send(response_format="vtt", temperature="1")) == first


@pytest.mark.parametrize(
    "other",
    [
        {"model": "whisper-1"},
        {"language": "en"},
        {"languages": ["en", "de"]},
        {"keywords": ["Zyloprim"]},
        {"prompt": "A visit."},
    ],
    ids=str,
)
def test_other_settings_are_another_job(caller, nobody_waits, other):
    assert still_at_work(caller.send()) != still_at_work(caller.send(**other))


def test_other_sound_and_other_keys_are_another_job(caller, nobody_waits, standin):
    first = still_at_work(caller.send())
    flac = caller.sound
    assert still_at_work(caller.send(flac + b"\0")) != first
    assert still_at_work(Caller(flac).send()) != first


@pytest.mark.parametrize(
    "changes",
    [{"status": "failed"}, {"status": "cancelled"}, {"finished_at": timedelta(hours=25)}],
    ids=str,
)
def test_what_ended_otherwise_or_long_ago_is_not_joined(caller, nobody_waits, work, changes):
    first = still_at_work(caller.send())
    work()
    ago = {name: timezone.now() - by for name, by in changes.items() if name == "finished_at"}
    Job.objects.update(**changes | ago)
    assert job_of(caller.send()) != first


def test_requests_at_once_make_one_job(transactional_db, caller, nobody_waits):
    start, jobs = threading.Barrier(4), []

    def ask():
        start.wait()
        jobs.append(still_at_work(caller.send()))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert jobs == [str(Job.objects.get().pk)] * 4


# --- Holding -------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch):
    """What happens while a request waits."""

    def meanwhile(act):
        monkeypatch.setattr(holding.Client, "pause", lambda client, seconds: act())

    return meanwhile


@pytest.fixture
def one_place(monkeypatch):
    monkeypatch.setattr(holding, "places", places := threading.BoundedSemaphore(1))
    return places


def is_free(places):
    taken = places.acquire(blocking=False)
    if taken:
        places.release()
    return taken


def test_a_request_waits_for_its_transcript(caller, work, meanwhile, one_place):
    meanwhile(work)
    assert text_of(caller.send()) == HALF_MINUTE
    assert is_free(one_place)


def test_where_no_thread_may_wait_the_job_is_made_all_the_same(caller, work, meanwhile, one_place):
    meanwhile(work)
    one_place.acquire()
    response = caller.send()
    assert response.status_code == 503
    assert error_of(response)["code"] == "server_is_overloaded"
    assert int(response["Retry-After"]) > 0
    one_place.release()
    again = caller.send()
    assert (text_of(again), job_of(again)) == (HALF_MINUTE, job_of(response))


def test_what_is_there_needs_no_waiting(caller, nobody_waits, work, one_place):
    still_at_work(caller.send())
    work()
    one_place.acquire()
    assert text_of(caller.send()) == HALF_MINUTE


def test_half_of_the_threads_may_wait(settings):
    assert holding.places._initial_value == settings.WEB_THREADS // 2


def test_a_client_that_hangs_up_frees_the_thread_and_keeps_the_job(caller, work, one_place):
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        first = still_at_work(caller.send(environment={"gunicorn.socket": ours}))
    assert is_free(one_place)
    work()
    assert job_of(caller.send()) == first


def test_a_client_that_sends_ahead_has_not_hung_up():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"GET / HTTP/1.1\r\n")
        client = holding.Client(SimpleNamespace(META={"gunicorn.socket": ours}))
        client.pause(0.01)
        theirs.close()
        ours.recv(100)
        with pytest.raises(holding.Gone):
            client.pause(60)


def test_a_repeated_upload_is_not_kept_while_it_waits(caller, nobody_waits, settings, meanwhile):
    still_at_work(caller.send())
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    before = set(folder.iterdir())
    kept = []

    def look():
        kept.append(set(folder.iterdir()) - before)
        raise holding.Gone

    settings.WIRE_HOLD_S = 60
    meanwhile(look)
    still_at_work(caller.send())
    assert kept == [set()]


def test_a_database_that_goes_away_meanwhile_costs_nothing(caller, work, meanwhile):
    def lose():
        connection.connection.close()
        meanwhile(work)

    meanwhile(lose)
    assert text_of(caller.send()) == HALF_MINUTE


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only in pauses, and in looks that say so."""
    clock = SimpleNamespace(now=0.0, pauses=[])
    monkeypatch.setattr(holding, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def pause(seconds):
        clock.pauses.append(seconds)
        clock.now += seconds

    clock.client = SimpleNamespace(pause=pause)
    return clock


def test_looks_are_frequent_at_first_and_rare_later(clock, settings):
    settings.WIRE_HOLD_S = 60
    count = sum(1 for _ in holding.looks(clock.client))
    assert clock.pauses[0] == 0.05
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])
    assert max(clock.pauses) == 1.0
    assert clock.now == pytest.approx(60)
    assert count < 80


def test_after_a_look_that_takes_long_there_is_a_long_pause(clock, settings):
    settings.WIRE_HOLD_S = 60
    for _ in holding.looks(clock.client):
        clock.now += 2
    assert set(clock.pauses[:-1]) == {8.0}
