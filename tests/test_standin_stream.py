"""The stand-in's server-sent events."""

import json
import time
from http.client import IncompleteRead

import pytest

from tests.standin.asking import ask, noise, post, wav
from tests.standin.stream import MOST_DELTAS

TEXT = "Er nimmt Ozempic, seit März."


def lines(response) -> list[str]:
    return response.read().decode().split("\n\n")


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"])
def test_deltas_make_the_text_and_the_last_event_says_it_again(openai_standin, model):
    openai_standin.set_text(TEXT)

    *deltas, done = ask(openai_standin, model, stream=True, include=["logprobs"])

    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert "".join(event.delta for event in deltas) == done.text == TEXT
    assert done.type == "transcript.text.done"
    assert "".join(each.token for each in done.logprobs) == TEXT
    assert "".join(each.token for event in deltas for each in event.logprobs) == TEXT


def test_logprobs_come_only_where_asked_for(openai_standin):
    openai_standin.set_text(TEXT)

    *deltas, done = ask(openai_standin, "gpt-4o-transcribe", stream=True)

    assert deltas[0].logprobs is done.logprobs is None
    assert done.usage.input_tokens == 20


def test_a_segment_comes_for_each_turn(openai_standin, tmp_path):
    samples = noise(2.0)
    samples.tofile(tmp_path / "talk.pcm")
    words = [["Good", 0, 400, "x"], ["day.", 500, 900, "x"], ["Hello.", 1100, 1900, "y"]]
    openai_standin.control(recording={"pcm": str(tmp_path / "talk.pcm"), "words": words})
    asked = {"response_format": "diarized_json", "chunking_strategy": "auto", "stream": True}

    events = list(ask(openai_standin, "gpt-4o-transcribe-diarize", wav(samples), **asked))

    kinds = [event.type.removeprefix("transcript.text.") for event in events]
    assert kinds == ["delta", "segment", "delta", "segment", "done"]
    assert [(events[at].speaker, events[at].text) for at in (1, 3)] == [
        ("A", "Good day."),
        ("B", "Hello."),
    ]
    assert events[2].segment_id == events[3].id
    assert events[0].delta + events[2].delta == events[-1].text == "Good day. Hello."


def test_whisper_ignores_the_wish(openai_standin):
    response = post(openai_standin, ("model", "whisper-1"), ("stream", "true"))

    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.read())["text"] == ""


def test_on_the_wire_there_are_data_lines_alone_and_an_end(openai_standin):
    openai_standin.set_text(TEXT)

    response = post(openai_standin, ("model", "gpt-transcribe"), ("stream", "true"))

    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["transfer-encoding"] == "chunked"
    *events, end, rest = lines(response)
    assert (end, rest) == ("data: [DONE]", "")
    parsed = [json.loads(event.removeprefix("data: ")) for event in events]
    assert parsed[-1]["languages"] == [{"code": "en"}]
    assert len(parsed) > len(TEXT.split())


def test_text_comes_while_the_rest_is_still_awaited(openai_standin):
    openai_standin.set_text("word " * 200)
    openai_standin.set_latency(0.2, per_audio_s=0.4)
    began = time.monotonic()

    times = [time.monotonic() - began for _ in ask(openai_standin, stream=True)]

    assert len(times) == MOST_DELTAS + 1
    assert times[-1] >= 1.0
    assert times[-1] - times[0] > 0.5


def test_a_stream_that_is_cut_ends_without_its_last_event(openai_standin):
    """And without an error: only the missing event tells."""
    openai_standin.set_text(TEXT)
    openai_standin.fault("cut_stream")

    events = list(ask(openai_standin, stream=True))

    assert 0 < len(events) < 7
    assert {event.type for event in events} == {"transcript.text.delta"}
    assert openai_standin.log()[0]["fault"] == "cut_stream"


def test_without_a_stream_the_body_is_cut_instead(openai_standin):
    openai_standin.fault("cut_stream")

    with pytest.raises(IncompleteRead):
        post(openai_standin, ("model", "gpt-transcribe")).read()


def test_a_refusal_is_no_stream(openai_standin):
    response = post(openai_standin, ("model", "gpt-4o-transcribe-diarize"), ("stream", "true"))

    assert (response.status, response.headers["content-type"]) == (400, "application/json")
