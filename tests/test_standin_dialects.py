"""The stand-in as one of the servers that speak OpenAI's API in their own way."""

import json
from typing import Any

import openai
import pytest

from tests.standin.asking import CLIP, answered, ask, flac, noise, post, sdk
from tests.standin.dialects import DIALECTS

OTHERS = sorted(set(DIALECTS) - {"openai"})
VERBOSE = (
    ("response_format", "verbose_json"),
    ("timestamp_granularities[]", "word"),
    ("timestamp_granularities[]", "segment"),
)


@pytest.fixture
def speak(openai_standin):
    """speak(dialect) -> the stand-in as that server, which hears two words of French."""

    def speak(dialect: str):
        openai_standin.control(dialect=dialect, text="Bonjour docteur", language="fr")
        return openai_standin

    return speak


def verbose(standin) -> dict[str, Any]:
    return answered(standin, ("model", "any"), *VERBOSE, key=None)


@pytest.mark.parametrize("dialect", OTHERS)
def test_any_model_will_do_without_a_key_and_with_hotwords(speak, dialect):
    standin = speak(dialect)

    body = answered(standin, ("model", "my-own"), ("hotwords", "Ozempic"), key=None)

    assert body["text"].strip() == "Bonjour docteur"
    assert standin.log()[0]["fields"]["hotwords"] == ["Ozempic"]


@pytest.mark.parametrize(
    ("dialect", "keys"),
    [
        ("bare", {"text"}),
        ("localai", {"text", "segments"}),
        ("speaches", {"task", "language", "duration", "text", "segments", "words"}),
        ("vllm", {"language", "duration", "text", "segments", "words"}),
        ("whispercpp", {"task", "language", "duration", "text", "segments"}),
        ("groq", {"task", "language", "duration", "text", "segments", "words", "x_groq"}),
        ("azure", {"task", "language", "duration", "text", "segments", "words", "usage"}),
    ],
)
def test_each_answers_with_fields_of_its_choice(speak, dialect, keys):
    assert set(verbose(speak(dialect))) == keys


@pytest.mark.parametrize(
    ("dialect", "language"),
    [("speaches", "fr"), ("vllm", "fr"), ("whispercpp", "french"), ("groq", "French")],
)
def test_the_language_is_a_code_or_a_name(speak, dialect, language):
    assert verbose(speak(dialect))["language"] == language


def test_vllm_writes_the_duration_as_text_and_knows_nothing_of_silence(speak):
    body = verbose(speak("vllm"))

    assert body["duration"] == "2.0"
    assert body["segments"][0]["no_speech_prob"] is None


def test_localai_counts_nanoseconds(speak):
    (segment,) = verbose(speak("localai"))["segments"]

    assert (segment["start"], segment["end"]) == (0, 2_000_000_000)


def test_whispercpp_nests_words_in_segments(speak):
    body = verbose(speak("whispercpp"))

    words = [word for segment in body["segments"] for word in segment["words"]]
    assert [word["word"] for word in words] == [" Bonjour", " docteur"]
    assert (words[0]["start"], words[-1]["end"], words[0]["probability"]) == (0.0, 2.0, 0.9)


def test_whispercpp_takes_wav_alone(speak):
    response = post(speak("whispercpp"), ("model", "any"), audio=flac(noise(1.0)), key=None)

    assert (response.status, json.loads(response.read())) == (
        400,
        {"error": "failed to read audio data"},
    )


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("speaches", {"detail": "Rate limit reached for requests."}),
        ("bare", "Rate limit reached for requests."),
        ("whispercpp", {"error": "Rate limit reached for requests."}),
        ("azure", {"error": {"code": "429", "message": "Rate limit reached for requests."}}),
    ],
)
def test_each_words_its_errors_in_its_own_way(speak, dialect, body):
    standin = speak(dialect)
    standin.fault("rate_limit")

    response = post(standin, ("model", "any"), key=None)
    said = response.read().decode()

    assert response.status == 429
    assert (said if isinstance(body, str) else json.loads(said)) == body


@pytest.mark.parametrize("dialect", ["vllm", "litellm", "localai", "groq"])
def test_the_sdk_still_sees_a_rate_limit(speak, dialect):
    standin = speak(dialect)
    standin.fault("rate_limit")

    with pytest.raises(openai.RateLimitError, match="Rate limit reached"):
        ask(standin, "any")


@pytest.mark.parametrize(
    ("dialect", "pause"), [("openai", "2"), ("groq", "2m59.56s"), ("speaches", None)]
)
def test_the_pause_is_written_in_different_ways_or_not_at_all(speak, dialect, pause):
    standin = speak(dialect)
    standin.fault("rate_limit")

    assert post(standin, ("model", "whisper-1")).headers["retry-after"] == pause


@pytest.mark.parametrize("dialect", ["azure", "bare"])
def test_trouble_may_be_a_page_of_html(speak, dialect):
    standin = speak(dialect)
    standin.fault("overloaded")

    response = post(standin, ("model", "any"), key=None)

    assert (response.status, response.headers["content-type"]) == (503, "text/html")
    assert response.read().startswith(b"<html>")


def test_a_proxy_passes_on_what_openai_refuses(speak):
    with pytest.raises(openai.BadRequestError, match="keywords is not supported"):
        ask(speak("litellm"), "whisper-1", keywords=["Ozempic"])


@pytest.mark.parametrize(("dialect", "streams"), [("speaches", True), ("whispercpp", False)])
def test_some_ignore_the_wish_for_a_stream(speak, dialect, streams):
    response = post(speak(dialect), ("model", "any"), ("stream", "true"), key=None)

    assert (response.headers["content-type"] == "text/event-stream") == streams


def test_vllm_streams_chunks_of_a_chat_that_name_no_done(speak):
    response = post(speak("vllm"), ("model", "any"), ("stream", "true"), key=None)

    *events, end, _ = response.read().decode().split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert (text, end) == ("Bonjour docteur", "data: [DONE]")
    assert {chunk["object"] for chunk in chunks} == {"transcription.chunk"}


@pytest.mark.parametrize("dialect", ["whispercpp", "bare"])
def test_some_have_no_list_of_models(speak, dialect):
    with sdk(speak(dialect)) as client, pytest.raises(openai.NotFoundError):
        client.models.list()


def test_what_is_no_audio_is_refused_by_all(speak):
    for dialect in DIALECTS:
        response = post(speak(dialect), ("model", "whisper-1"), audio=CLIP[:40])
        assert response.status == 400, dialect
        assert response.read()
