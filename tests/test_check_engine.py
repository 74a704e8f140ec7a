"""manage.py check_engine: what a server does, found by asking it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.standin.fixture import OpenAIStandIn
from transcription.engines import configured

TEXT = "This is a follow up visit."


@pytest.fixture
def check(openai_standin: OpenAIStandIn, settings: Any):
    """check(model, dialect) -> what is printed, what is announced."""

    def check(model: str, server: str = "openai", *options: str) -> tuple[str, str]:
        settings.OPENAI_BASE_URL = openai_standin.base_url
        settings.OPENAI_API_KEY = openai_standin.api_key
        settings.ENGINE_TIMEOUT_S = 10
        openai_standin.control(dialect=server, text=TEXT)
        out, err = StringIO(), StringIO()
        call_command("check_engine", "--model", model, *options, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    return check


@pytest.fixture
def found(check):
    """found(model, dialect) -> the verdicts by name, and the suggested entry."""

    def found(model: str, server: str = "openai") -> tuple[dict[str, str], dict[str, Any]]:
        document = json.loads(check(model, server, "--json")[0])
        verdicts = {name: each["verdict"] for name, each in document["findings"].items()}
        return verdicts, document["entry"]

    return found


def test_the_newest_model_takes_hints_and_streams(found):
    verdicts, entry = found("gpt-transcribe")

    assert verdicts == {
        "listed": "yes",
        "flac": "yes",
        "wav": "yes",
        "word_times": "no",
        "segment_times": "no",
        "logprobs": "yes",
        "prompt": "accepted",
        "language": "read",
        "languages": "read",
        "keywords": "read",
        "hotwords": "accepted",
        "streams": "yes",
        "speakers": "no",
    }
    assert entry == {
        "model": "gpt-transcribe",
        "logprobs": True,
        "streams": True,
        "language_field": "languages",
        "keywords_field": "keywords",
    }


def test_whisper_tells_times(found):
    verdicts, entry = found("whisper-1")

    assert (verdicts["word_times"], verdicts["segment_times"]) == ("yes", "yes")
    assert (verdicts["keywords"], verdicts["streams"], verdicts["logprobs"]) == ("no", "no", "no")
    assert entry == {"model": "whisper-1", "word_times": True, "segment_times": True}


def test_a_prompt_that_is_counted_was_read(found):
    assert found("gpt-4o-transcribe")[0]["prompt"] == "read"


def test_the_diarizing_model_tells_speakers(found):
    verdicts, entry = found("gpt-4o-transcribe-diarize")

    assert (verdicts["speakers"], verdicts["prompt"]) == ("yes", "no")
    assert entry["speakers"] is entry["streams"] is True
    assert entry["prompt"] is False


def test_a_server_that_ignores_what_it_does_not_know_is_not_believed(found):
    """It answers 200 to keywords and languages too."""
    verdicts, entry = found("whisper-1", "localai")

    assert (verdicts["keywords"], verdicts["languages"]) == ("accepted", "accepted")
    assert (verdicts["word_times"], verdicts["segment_times"]) == ("no", "yes")
    assert entry == {"model": "whisper-1", "segment_times": True}


def test_a_server_that_reads_no_flac_is_asked_in_wav(found, openai_standin):
    verdicts, entry = found("any-name", "whispercpp")

    assert (verdicts["listed"], verdicts["flac"], verdicts["wav"]) == ("unknown", "no", "yes")
    assert entry["audio_format"] == "wav"
    assert entry["word_times"] is True
    endings = [entry["file_name"].rpartition(".")[2] for entry in openai_standin.log()]
    assert endings.count("flac") == 1


def test_what_is_suggested_can_be_declared(found):
    _, entry = found("Systran/faster-whisper-small", "speaches")

    (record,) = configured.parse(json.dumps([entry]), lambda name: "")
    assert record.model == "Systran/faster-whisper-small"
    assert record.word_times
    assert not record.streams  # which would be without the times


def test_it_says_beforehand_what_it_sends_and_how_often(check, openai_standin):
    out, err = check("whisper-1")

    assert f"Sending 3.6 s of speech to {openai_standin.base_url}/" in err
    assert "up to 15 times (54 s in all)" in err
    assert 5 < len(openai_standin.log()) <= 15
    assert all(entry["audio_s"] == pytest.approx(3.6) for entry in openai_standin.log())
    assert "flac           yes (" in out
    assert f"s for 3.6 s: {TEXT})" in out
    assert "listed         yes (it is shut down on 2027-02-26)" in out
    assert out.endswith(
        'For STT_MODELS:\n[{"model": "whisper-1", "word_times": true, "segment_times": true}]\n'
    )


def test_a_model_that_is_not_there_is_told_with_those_that_are(check, openai_standin):
    with pytest.raises(CommandError, match="no model 'whisper-9'") as caught:
        check("whisper-9")

    assert caught.value.returncode == 1
    assert len(openai_standin.log()) == 1


def test_a_server_that_fails_is_told(check, openai_standin):
    openai_standin.fault("html_500", always=True)

    with pytest.raises(CommandError, match="trouble of its own"):
        check("whisper-1")


def test_what_fails_in_passing_is_not_taken_for_a_no(found, openai_standin):
    openai_standin.fault("overloaded", when={"prompt": True})

    assert found("whisper-1")[0]["prompt"] == "unknown"


def test_without_a_key_it_says_what_to_set(settings):
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""

    with pytest.raises(CommandError, match="OPENAI_API_KEY"):
        call_command("check_engine", "--model", "gpt-transcribe", stderr=StringIO())


def test_a_model_of_this_machine_has_no_server(check):
    with pytest.raises(CommandError, match="runs on this machine"):
        check("pocketsphinx")
