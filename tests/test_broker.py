"""The filesystem transport: whole messages only, each taken by one reader."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from kombu import Connection

from speech_project import broker


@pytest.fixture
def channel(tmp_path):
    broker.register()
    messages, control = tmp_path / "messages", tmp_path / "control"
    messages.mkdir()
    options = {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
    }
    with Connection("verbatimfs://", transport_options=options) as connection:
        yield connection.channel()


def test_messages_come_in_order_and_once(channel):
    for number in range(5):
        channel._put("media", {"number": number})
    assert [channel._get("media")["number"] for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(Empty):
        channel._get("media")


def test_queues_do_not_mix(channel):
    channel._put("engine", {"n": 1})
    with pytest.raises(Empty):
        channel._get("media")
    assert channel._get("engine") == {"n": 1}


def test_a_broken_message_is_dropped_and_the_next_one_read(channel, tmp_path):
    (tmp_path / "messages" / "00000000000000000001_x.media.msg").write_text("")
    channel._put("media", {"n": 2})
    assert channel._get("media") == {"n": 2}


def test_many_readers_and_writers_lose_and_double_nothing(channel):
    def write(start):
        for number in range(start, start + 50):
            channel._put("media", {"number": number})

    def read(_):
        found = []
        while len(found) < 1000:
            try:
                found.append(channel._get("media")["number"])
            except Empty:
                if writers.done():
                    return found
        return found

    class Writers:
        def done(self):
            return all(future.done() for future in written)

    writers = Writers()
    with ThreadPoolExecutor(8) as pool:
        written = [pool.submit(write, start) for start in range(0, 200, 50)]
        taken = [number for numbers in pool.map(read, range(4)) for number in numbers]
    # a reader may see the folder empty just before the last message lands in it
    try:
        while True:
            taken.append(channel._get("media")["number"])
    except Empty:
        pass
    assert sorted(taken) == list(range(200))


def test_two_processes_can_bind_the_same_queue(channel):
    for queue in ("media", "engine", "media"):
        channel._queue_bind("media", queue, "", queue)
    assert {row.queue for row in channel.get_table("media")} == {"media", "engine"}
    assert len(channel.get_table("media")) == 2
