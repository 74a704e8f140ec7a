"""Text that comes while the audio is heard: from the service as it streams, or at once."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.standin.fixture import OpenAIStandIn
from transcription.audio import encode_flac
from transcription.engines import capabilities, get_engine
from transcription.engines.base import Answer, EngineError, Request, Stretch
from transcription.engines.openai import form_fields

MS = 2000
TEXT = "He takes Ozempic, since March."
SSE = {"Content-Type": "text/event-stream"}


class Told(list[tuple[str, int | None]]):
    """Where an engine tells its progress."""

    def __call__(self, text: str, heard_ms: int | None) -> None:
        self.append((text, heard_ms))


class Cancelled(Exception):
    pass


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def hear(openai_standin: OpenAIStandIn, told: Told):
    def hear(model: str = "gpt-transcribe", on_progress: Any = told, **changes: Any) -> Answer:
        openai_standin.set_text(TEXT)
        engine = get_engine(
            model, api_key=openai_standin.api_key, base_url=openai_standin.base_url, timeout_s=10.0
        )
        request = Request(
            encode_flac(np.zeros(MS * 16, np.int16)), MS, on_progress=on_progress, **changes
        )
        return engine.transcribe(request)

    return hear


def stream(*events: Any) -> dict[str, Any]:
    """A fault that streams just these."""
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return {"status": 200, "headers": SSE, "body": body}


def test_the_text_grows_while_it_is_heard(hear, told, openai_standin):
    answer = hear()

    texts = [text for text, _ in told]
    assert len(texts) > 2
    assert all(after.startswith(before) for before, after in pairwise(texts))
    assert answer.text == TEXT == texts[-1]
    assert openai_standin.log()[0]["fields"]["stream"] == ["true"]


def test_nobody_who_listens_no_stream(hear, openai_standin):
    assert hear(on_progress=None).text == TEXT

    assert "stream" not in openai_standin.log()[0]["fields"]


def test_the_answer_is_the_same_as_without_a_stream(hear, told):
    streamed, whole = hear("gpt-4o-transcribe"), hear("gpt-4o-transcribe", on_progress=None)

    assert told
    assert streamed.text == whole.text
    assert streamed.words == whole.words != ()
    assert streamed.usage == whole.usage != {}
    assert streamed.request_id == "req_1"


def test_speakers_are_the_same_as_without_a_stream(hear, told):
    streamed = hear("gpt-4o-transcribe-diarize")
    whole = hear("gpt-4o-transcribe-diarize", on_progress=None)

    assert streamed.stretches == whole.stretches != ()
    assert streamed.stretches[0].speaker
    assert told[-1] == (TEXT, streamed.stretches[-1].end_ms)


def test_segments_alone_tell_text_and_how_far_it_is(hear, told, openai_standin):
    segment = {"type": "transcript.text.segment", "speaker": "A"}
    openai_standin.fault(
        **stream(
            segment | {"text": "How?", "start": 0, "end": 0.8},
            segment | {"text": " Well.", "start": 0.8, "end": 1.5, "speaker": "B"},
            {"type": "transcript.text.done", "text": "How? Well."},
        )
    )

    answer = hear("gpt-4o-transcribe-diarize")

    assert told == [("How?", 800), ("How? Well.", 1500)]
    assert answer.stretches == (Stretch("How?", 0, 800, "A"), Stretch("Well.", 800, 1500, "B"))


def test_times_are_worth_more_than_a_stream(told):
    record = replace(capabilities("whisper-1"), streams=True)

    assert "stream" not in form_fields(record, Request(b"", MS, on_progress=told))
    assert "stream" in form_fields(
        replace(record, word_times=False, segment_times=False), Request(b"", MS, on_progress=told)
    )


def test_a_server_that_answers_at_once_is_understood(hear, told, openai_standin):
    openai_standin.control(dialect="localai")

    assert hear().text == TEXT
    assert openai_standin.log()[0]["fields"]["stream"] == ["true"]
    assert told == []


def test_vllm_streams_as_a_chat(hear, told, openai_standin):
    openai_standin.control(dialect="vllm")

    assert hear().text == TEXT
    assert told[-1] == (TEXT, None)


def test_a_stream_that_breaks_off_is_no_answer(hear, told, openai_standin):
    openai_standin.fault("cut_stream")

    with pytest.raises(EngineError, match="broke off") as caught:
        hear()

    assert told
    error = caught.value
    assert (error.code, error.scope, error.permanent) == ("bad_answer", "chunk", False)


@pytest.mark.parametrize(
    "body", ["", "data: {\n\n", "data: [1]\n\n", ": still there\n\ndata: [DONE]\n\n"]
)
def test_a_stream_without_an_answer_is_none(hear, openai_standin, body):
    openai_standin.fault(status=200, headers=SSE, body=body)

    with pytest.raises(EngineError) as caught:
        hear()

    assert caught.value.code == "bad_answer"


def test_an_error_within_a_stream_is_told(hear, openai_standin):
    openai_standin.fault(**stream({"error": {"message": "Out of memory", "type": "server_error"}}))

    with pytest.raises(EngineError, match="Out of memory") as caught:
        hear()

    assert not caught.value.permanent


def test_what_is_missing_from_an_event_is_taken_from_those_before(hear, told, openai_standin):
    openai_standin.fault(
        **stream(
            {"type": "transcript.text.delta", "delta": "On\0ly "},
            {"type": "transcript.text.delta", "delta": None},
            {"type": "something.new"},
            {"type": "transcript.text.delta", "delta": "this."},
            {"type": "transcript.text.done", "text": None, "usage": None},
        )
    )

    assert hear().text == "Only this."
    assert told == [("Only ", None), ("Only this.", None)]


@pytest.mark.parametrize("name", ["html_200", "empty_200", "bad_json"])
def test_a_200_that_is_no_stream_and_no_answer_is_none(hear, openai_standin, name):
    openai_standin.fault(name)

    with pytest.raises(EngineError) as caught:
        hear()

    assert (caught.value.code, caught.value.permanent) == ("bad_answer", False)


@pytest.mark.parametrize("name", ["reset", "cut"])
def test_a_connection_that_breaks_is_passing(hear, openai_standin, name):
    openai_standin.fault(name)

    with pytest.raises(EngineError) as caught:
        hear()

    assert (caught.value.code, caught.value.permanent) == ("connection_failed", False)


def test_a_refusal_is_one_in_a_stream_too(hear, openai_standin):
    openai_standin.fault("rate_limit", headers={"Retry-After": "150"})

    with pytest.raises(EngineError) as caught:
        hear()

    assert (caught.value.code, caught.value.retry_after_s) == ("rate_limit_exceeded", 150)


@pytest.mark.parametrize("exception", [Cancelled, ValueError])
def test_whoever_listens_may_end_it(hear, openai_standin, exception):
    """At once, with the exception that was raised, and the connection with it."""

    def cancel(text: str, heard_ms: int | None) -> None:
        raise exception("enough")

    openai_standin.set_latency(5.0)

    with pytest.raises(exception, match="enough"):
        hear(on_progress=cancel)

    assert openai_standin.log()[0]["answered"] is None
    openai_standin.set_latency(0.0)
    assert hear().text == TEXT
