"""Servers that speak the same API, each in its own way: what they bend is understood."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.standin.fixture import OpenAIStandIn
from transcription.audio import encode_flac
from transcription.engines import capabilities, engine_of
from transcription.engines.base import Answer, EngineError, Request, Stretch, Word

MS = 2000
TEXT = "He takes Ozempic."
SERVERS = ("speaches", "vllm", "localai", "whispercpp", "litellm", "groq", "azure", "bare")
KEYLESS = ("speaches", "vllm", "localai", "whispercpp", "groq", "bare")
WITH_WORDS = ("speaches", "vllm", "whispercpp", "litellm", "groq", "azure")


@pytest.fixture
def hear(openai_standin: OpenAIStandIn):
    """hear(server, key=, **changes of the record): one request to a server that has whisper-1."""

    def hear(server: str, key: str | None = openai_standin.api_key, **changes: Any) -> Answer:
        openai_standin.control(dialect=server, text=TEXT, language="en")
        changes = {"audio_format": "wav" if server == "whispercpp" else "flac"} | changes
        record = replace(capabilities("whisper-1"), **changes)
        engine = engine_of(record, key, openai_standin.base_url, 10.0)
        return engine.transcribe(Request(encode_flac(np.zeros(16 * MS, np.int16)), MS))

    return hear


@pytest.fixture
def fail(hear):
    def fail(server: str, **changes: Any) -> EngineError:
        with pytest.raises(EngineError) as caught:
            hear(server, **changes)
        return caught.value

    return fail


@pytest.mark.parametrize("server", SERVERS)
def test_the_text_comes_back_from_every_server(hear, server):
    assert hear(server).text == TEXT


@pytest.mark.parametrize("server", KEYLESS)
def test_a_server_of_ones_own_needs_no_key(hear, server):
    assert hear(server, key=None).text == TEXT


@pytest.mark.parametrize("server", WITH_WORDS)
def test_words_are_found_wherever_they_are(hear, server):
    """Beside the segments, or within them; with a probability or without."""
    words = hear(server).words

    assert [word.text.strip(".") for word in words] == ["He", "takes", "Ozempic"]
    edges = [edge for word in words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert edges[-1] == pytest.approx(MS, abs=20)


@pytest.mark.parametrize("server", ["speaches", "whispercpp"])
def test_how_sure_it_is_of_a_word_is_kept(hear, server):
    assert {word.confidence for word in hear(server).words} == {0.9}


@pytest.mark.parametrize("server", [*WITH_WORDS, "localai"])
def test_segments_are_stretches_even_in_nanoseconds(hear, server):
    (stretch,) = hear(server).stretches

    assert stretch.text == TEXT
    assert (stretch.start_ms, stretch.end_ms) == (0, pytest.approx(MS, abs=20))


@pytest.mark.parametrize(
    ("server", "language"),
    [("speaches", "en"), ("vllm", "en"), ("whispercpp", "english"), ("groq", "English")],
)
def test_the_language_is_as_the_server_writes_it(hear, server, language):
    assert hear(server).language == language


@pytest.mark.parametrize("server", ["vllm", "groq", "whispercpp"])
def test_seconds_are_counted_where_only_a_duration_is_told(hear, server):
    assert hear(server).usage == {"type": "duration", "seconds": 2.0}


def test_a_server_may_leave_out_all_but_the_text(hear):
    answer = hear("bare")

    assert (answer.words, answer.stretches, answer.language, answer.usage) == ((), (), "", {})


def test_an_answer_full_of_nothing_is_a_text(hear, openai_standin):
    body = {"text": "x", "words": None, "segments": None, "usage": None, "language": None,
            "languages": None, "logprobs": None, "duration": None}  # fmt: skip
    openai_standin.fault(status=200, body=json.dumps(body))

    answer = hear("speaches")

    assert (answer.text, answer.words, answer.stretches, answer.usage) == ("x", (), (), {})


def test_nonsense_beside_the_text_is_left_out(hear, openai_standin):
    words = [{"word": "a", "start": "soon", "end": 1}, {"word": None, "start": 0, "end": 1}, "b",
             {"word": "c", "start": "0.5", "end": 0.2}]  # fmt: skip
    segments = [{"text": "x"}, {"text": "y", "start": 1, "end": 0.5}]
    body = {"text": "x", "words": words, "segments": segments}
    openai_standin.fault(status=200, body=json.dumps(body))

    answer = hear("speaches")

    assert answer.words == (Word("c", 500, 500),)
    assert answer.stretches == (Stretch("y", 1000, 1000),)


def test_a_token_that_is_surer_than_sure_is_sure(hear, openai_standin):
    body = {"text": "x", "logprobs": [{"token": "x", "bytes": ["?"], "logprob": 5}]}
    openai_standin.fault(status=200, body=json.dumps(body))

    assert hear("litellm").words == (Word("x", None, None, 1.0),)


def test_times_never_leave_the_chunk(hear, openai_standin):
    words = [
        {"word": "Hello", "start": 0, "end": 480_000_000},
        {"word": "there", "start": 480_000_000, "end": 2_300_000_000},
    ]
    openai_standin.fault(status=200, body=json.dumps({"text": "Hello there", "words": words}))

    assert [(w.start_ms, w.end_ms) for w in hear("localai").words] == [(0, 480), (480, MS)]


@pytest.mark.parametrize("server", SERVERS)
def test_a_rate_limit_pauses_the_account_whatever_it_is_wrapped_in(fail, openai_standin, server):
    openai_standin.fault("rate_limit")

    error = fail(server)

    assert (error.code, error.scope, error.permanent) == ("rate_limit_exceeded", "account", False)
    pause_s = {"groq": 179.56, "litellm": 2, "azure": 2}.get(server)
    assert error.retry_after_s == pytest.approx(pause_s)


@pytest.mark.parametrize("server", SERVERS)
def test_trouble_of_a_server_passes_and_shows_no_markup(fail, openai_standin, server):
    openai_standin.fault("overloaded")

    error = fail(server)

    assert (error.scope, error.permanent) == ("chunk", False)
    assert "<" not in error.message


def test_whisper_cpp_says_that_it_reads_no_flac(fail):
    error = fail("whispercpp", audio_format="flac")

    assert (error.code, error.permanent) == ("audio_unreadable", True)
    assert "the audio format wav" in error.message
