"""A transcript as it grows, in server-sent events: what was told stays told."""

from __future__ import annotations

import json
import socket
import threading
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from lexicon.services import add_term
from tests.conftest import HALF_MINUTE, SAMPLE
from tests.wire import Caller, step
from transcription import pipeline
from transcription.models import Chunk, Job
from transcription.wire import holding, streaming

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "sent")]

# as long as half a minute of speech, each
FIRST = (
    "The patient takes silo prim once a day. She is well and has no pain. "
    "She walks her dog for an hour every day. We shall see her again in three months."
)
SECOND = (
    "Her blood pressure was normal when we saw her. She sleeps well and eats well. "
    "She goes to the shops and back again. We agreed to lower the dose by half a tablet."
)


class Worker:
    """Does what is sent, one thing at a time or all of it."""

    def __init__(self, sent):
        self.sent = sent

    def do(self, task, place=0):
        """The first of these tasks, or the one at another place."""
        tasks = [message for message in self.sent if message[0] == task]
        self.sent.remove(tasks[place])
        step(*tasks[place])

    def do_all(self):
        while self.sent:
            step(*self.sent.pop(0))


@pytest.fixture
def worker(transactional_db, sent):
    return Worker(sent)


@pytest.fixture
def caller(standin):
    """Of a recording of two parts."""
    return Caller(SAMPLE.read_bytes())


@pytest.fixture
def places(monkeypatch):
    monkeypatch.setattr(holding, "places", found := threading.BoundedSemaphore(1))
    return found


@pytest.fixture
def stream(caller):
    """The events of a request, after the comment that they begin with."""

    def stream(**wishes):
        response = caller.send(stream="true", **wishes)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/event-stream"
        events = iter(response.streaming_content)
        assert next(events).startswith(b":")
        return events

    return stream


def read(event):
    assert event.startswith(b"data: ") and event.endswith(b"\n\n")
    assert event.count(b"\n") == 2
    return json.loads(event.removeprefix(b"data: "))


def delta_of(event):
    found = read(event)
    assert found.pop("type") == "transcript.text.delta"
    assert list(found) == ["delta"]
    return found["delta"]


def the_end_of(events):
    """The deltas that are left, and the last event; [DONE] behind it."""
    *deltas, last, done = [event for event in events if not event.startswith(b":")]
    assert done == b"data: [DONE]\n\n"
    found = read(last)
    assert found.pop("type") == "transcript.text.done"
    return "".join(map(delta_of, deltas)), found


def test_text_comes_as_parts_are_heard(stream, worker, standin):
    standin.set_text([FIRST, SECOND])
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk")
    assert delta_of(next(events)) == FIRST
    worker.do("transcribe_chunk")
    assert delta_of(next(events)) == f" {SECOND}"
    worker.do_all()
    rest, last = the_end_of(events)
    assert rest == ""
    assert last == {"text": f"{FIRST} {SECOND}", "usage": {"type": "duration", "seconds": 61}}
    assert Job.objects.get().delivered_at


def test_a_part_that_is_heard_first_waits_for_those_before_it(stream, worker, standin):
    standin.set_text([SECOND, FIRST])
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk", place=1)
    heard = streaming.HeardSoFar(Job.objects.get())
    assert heard.news() == ""
    worker.do("transcribe_chunk")
    assert heard.news() == f"{FIRST} {SECOND}"
    assert delta_of(next(events)) == f"{FIRST} {SECOND}"
    assert heard.news() == "", "nothing more since"


def test_the_lexicon_is_applied_to_what_is_streamed(stream, worker, standin):
    add_term("Zyloprim", source="admin", status="approved", alternatives=["silo prim"])
    standin.set_text([FIRST, SECOND])
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk")
    first = delta_of(next(events))
    assert first == FIRST.replace("silo prim", "Zyloprim")
    worker.do_all()
    rest, last = the_end_of(events)
    assert first + rest == last["text"]


def test_a_transcript_that_is_there_comes_at_once(caller, stream, worker, places):
    first = caller.send(stream="true")
    worker.do_all()
    first.close()
    assert places.acquire(blocking=False)
    rest, last = the_end_of(stream())
    assert rest == last["text"] == f"{HALF_MINUTE} {HALF_MINUTE}"


def test_a_stream_is_one_whatever_the_form(stream, worker):
    events = stream(response_format="text", model="whisper-1")
    worker.do_all()
    rest, last = the_end_of(events)
    assert rest == last["text"]


def test_what_was_told_and_is_other_now_is_not_told_twice(stream, worker, standin):
    """A term that comes into the lexicon meanwhile changes what was told already."""
    standin.set_text([FIRST, SECOND])
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk")
    assert delta_of(next(events)) == FIRST
    add_term("Zyloprim", source="admin", status="approved", alternatives=["silo prim"])
    worker.do_all()
    rest, last = the_end_of(events)
    assert rest == f" {SECOND}"
    assert last["text"] == f"{FIRST} {SECOND}".replace("silo prim", "Zyloprim")


# --- Which parts may be told ---------------------------------------------------------------------


def part(start_s, end_s, status="completed", channel=None):
    return Chunk(start_ms=1000 * start_s, end_ms=1000 * end_s, status=status, channel=channel)


@pytest.mark.parametrize(
    ("parts", "all_cut", "until_s"),
    [
        ([], False, 0),
        ([part(0, 30)], True, float("inf")),
        ([part(0, 30), part(30, 60, "queued")], True, 30),
        ([part(0, 30), part(27, 60, "transcribing")], True, 27),
        ([part(0, 30), part(30, 60, "failed")], True, float("inf")),
        ([part(0, 30), part(30, 60)], False, 57),
        ([part(0, 30, channel=0)], False, 0),
        ([part(0, 30, channel=0), part(5, 35, channel=1)], False, 27),
        ([part(0, 30, channel=0), part(5, 35, "queued", channel=1)], True, 5),
    ],
    ids=["none", "all", "next", "overlap", "gap", "uncut", "other", "channels", "behind"],
)
def test_up_to_where_nothing_is_missing(parts, all_cut, until_s):
    assert streaming._heard_until_ms(parts, all_cut) == 1000 * until_s


# --- Ends ----------------------------------------------------------------------------------------


def is_free(places):
    taken = places.acquire(blocking=False)
    if taken:
        places.release()
    return taken


def error_in(events):
    (last,) = [event for event in events if not event.startswith(b":")]
    return read(last)["error"]


def test_a_job_that_fails_is_told_of_in_the_stream(stream, worker, standin, places):
    standin.fault("quota", always=True)
    events = stream()
    assert not is_free(places)
    worker.do_all()
    error = error_in(events)
    assert (error["type"], error["code"]) == ("server_error", "insufficient_quota")
    assert is_free(places)
    assert Job.objects.get().delivered_at is None


def test_a_stream_has_a_bound(stream, settings, places):
    settings.WIRE_HOLD_S = 0
    assert error_in(stream())["code"] == "still_at_work"
    assert is_free(places)


def test_what_breaks_is_told_of_too(stream, worker, monkeypatch, places, caplog):
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk")
    monkeypatch.setattr(pipeline, "heard_chunk", lambda chunk: 1 / 0)
    assert error_in(events)["type"] == "server_error"
    assert "ZeroDivisionError" in caplog.text
    assert is_free(places)


def test_what_is_heard_is_told_once_the_database_is_back(stream, worker, standin, monkeypatch):
    standin.set_text([FIRST, SECOND])
    events = stream()
    worker.do("prepare_job")
    worker.do("transcribe_chunk")
    heard_chunk = pipeline.heard_chunk

    def away(chunk):
        monkeypatch.setattr(pipeline, "heard_chunk", heard_chunk)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(pipeline, "heard_chunk", away)
    assert delta_of(next(events)) == FIRST


def test_comments_tell_that_the_line_stands(stream, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(streaming, "time", fake)
    monkeypatch.setattr(holding, "time", fake)

    def pause(client, seconds):
        clock.now += seconds

    monkeypatch.setattr(holding.Client, "pause", pause)
    events = stream()
    assert next(events).startswith(b":")
    assert 10 < clock.now < 12
    assert next(events).startswith(b":")
    assert 20 < clock.now < 24


def test_a_client_that_hangs_up_ends_the_stream_and_not_the_job(caller, worker, places):
    ours, theirs = socket.socketpair()
    with ours:
        response = caller.send(stream="true", environment={"gunicorn.socket": ours})
        events = iter(response.streaming_content)
        next(events)
        theirs.close()
        assert list(events) == []
    assert is_free(places)
    worker.do_all()
    assert caller.send()["Verbatim-Job"] == response["Verbatim-Job"]


def test_a_stream_that_nobody_reads_frees_its_thread(caller, places):
    response = caller.send(stream="true")
    assert not is_free(places)
    response.close()
    assert is_free(places)
