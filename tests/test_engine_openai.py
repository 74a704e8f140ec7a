"""The OpenAI engine: the real SDK over real HTTP against the stand-in."""

import hashlib
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import numpy as np
import pytest

from tests.standin.fixture import OpenAIStandIn
from transcription.audio import encode_flac, encode_wav
from transcription.engines import MODELS, capabilities, engine_of, get_engine
from transcription.engines.base import Answer, Engine, EngineError, Request, Stretch
from transcription.engines.openai import OpenAIEngine

OPENAI_MODELS = [name for name, record in MODELS.items() if record.engine == "openai"]
MS = 2000


def flac(ms: int = MS) -> bytes:
    return encode_flac(np.zeros(ms * 16, np.int16))


def a_request(**changes: Any) -> Request:
    return replace(Request(flac(), MS), **changes)


@pytest.fixture
def hear(openai_standin: OpenAIStandIn):
    """hear(model, **request) -> Answer, from the stand-in."""

    def hear(model: str = "gpt-transcribe", timeout_s: float = 10.0, **changes) -> Answer:
        return engine(openai_standin, model, timeout_s).transcribe(a_request(**changes))

    return hear


@pytest.fixture
def fail(hear):
    """fail(model, **request) -> the EngineError with which it failed."""

    def fail(*args, **changes) -> EngineError:
        with pytest.raises(EngineError) as caught:
            hear(*args, **changes)
        return caught.value

    return fail


def engine(standin: OpenAIStandIn, model: str, timeout_s: float = 10.0) -> Engine:
    return get_engine(
        model, api_key=standin.api_key, base_url=standin.base_url, timeout_s=timeout_s
    )


# What each model is asked, as received at the other end


def test_gpt_transcribe_is_told_keywords_and_languages(hear, openai_standin):
    hear("gpt-transcribe", languages=("hi", "en"), keywords=("Ozempic", "मधुमेह"), prompt="Clinic.")

    (entry,) = openai_standin.log()
    assert entry["fields"] == {
        "model": ["gpt-transcribe"],
        "response_format": ["json"],
        "prompt": ["Clinic."],
        "keywords[]": ["Ozempic", "मधुमेह"],
        "languages[]": ["hi", "en"],
    }
    assert entry["file_name"].endswith(".flac")
    assert entry["audio_s"] == pytest.approx(MS / 1000)


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe"])
def test_gpt_4o_is_told_one_language_and_asked_for_logprobs(hear, openai_standin, model):
    hear(model, languages=("fr",), keywords=("Ozempic",), prompt="Clinic.")

    assert openai_standin.log()[0]["fields"] == {
        "model": [model],
        "response_format": ["json"],
        "include[]": ["logprobs"],
        "prompt": ["Clinic."],
        "language": ["fr"],
    }


def test_whisper_is_asked_for_the_times_of_words(hear, openai_standin):
    hear("whisper-1", languages=("fr",), keywords=("Ozempic",))

    assert openai_standin.log()[0]["fields"] == {
        "model": ["whisper-1"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
        "language": ["fr"],
    }


def test_the_diarizing_model_is_told_no_prompt_and_to_cut_by_itself(hear, openai_standin):
    hear("gpt-4o-transcribe-diarize", languages=("de",), keywords=("Ozempic",), prompt="Clinic.")

    assert openai_standin.log()[0]["fields"] == {
        "model": ["gpt-4o-transcribe-diarize"],
        "response_format": ["diarized_json"],
        "chunking_strategy": ["auto"],
        "language": ["de"],
    }


def test_other_models_are_told_all_of_a_prompt(hear, openai_standin):
    hear("gpt-transcribe", prompt="Ozempic " * 100)

    assert openai_standin.log()[0]["fields"]["prompt"] == ["Ozempic " * 100]


def test_a_server_that_reads_no_flac_is_sent_the_same_sound_as_wav(openai_standin):
    samples = np.random.default_rng(1).integers(-9000, 9000, 16 * MS, np.int16)
    record = replace(capabilities("whisper-1"), audio_format="wav")
    openai_standin.control(dialect="whispercpp", text="Heard.")

    answer = engine_of(record, None, openai_standin.base_url, 10.0).transcribe(
        Request(encode_flac(samples), MS)
    )

    (entry,) = openai_standin.log()
    assert answer.text == "Heard."
    assert entry["file_name"] == "chunk.wav"
    assert entry["sha256"] == hashlib.sha256(encode_wav(samples)).hexdigest()


def test_terms_may_go_as_hotwords_in_one_text(openai_standin):
    record = replace(capabilities("whisper-1"), keywords_field="hotwords")
    openai_standin.control(dialect="speaches")

    engine_of(record, None, openai_standin.base_url, 10.0).transcribe(
        a_request(keywords=("Ozempic", "<b>", "heart failure"))
    )

    fields = openai_standin.log()[0]["fields"]
    assert fields["hotwords"] == ["Ozempic, heart failure"]
    assert "keywords[]" not in fields


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "whisper-1"])
def test_no_language_is_forced_on_mixed_speech(hear, openai_standin, model):
    hear(model, languages=("en", "hi"))

    assert "language" not in openai_standin.log()[0]["fields"]


def test_languages_that_the_service_refuses_silence_the_hint(hear, openai_standin):
    """Telling only the rest of them would bend Punjabi into English."""
    hear(languages=("en", "pa"))

    assert "languages[]" not in openai_standin.log()[0]["fields"]


def test_a_keyword_that_would_fail_the_request_is_left_out(hear, openai_standin):
    hear(keywords=("Ozempic", "<b>", "two\nlines", " "))

    assert openai_standin.log()[0]["fields"]["keywords[]"] == ["Ozempic"]


# What comes back


@pytest.mark.parametrize("model", OPENAI_MODELS)
def test_the_text_comes_back_from_every_model(hear, openai_standin, model):
    openai_standin.set_text("Er nimmt Ozempic, seit März.")

    answer = hear(model)

    assert answer.text == "Er nimmt Ozempic, seit März."
    assert answer.raw["text"] == answer.text
    assert answer.request_id == "req_1"


def test_whisper_words_have_times_within_the_chunk(hear, openai_standin):
    openai_standin.set_text("He takes Ozempic.")

    answer = hear("whisper-1")

    assert [word.text for word in answer.words] == ["He", "takes", "Ozempic"]
    assert answer.words[0].start_ms == 0
    assert answer.words[-1].end_ms == MS
    starts = [word.start_ms for word in answer.words]
    assert starts == sorted(starts)
    assert answer.language == "english"


def test_whisper_segments_are_stretches_of_the_text(hear, openai_standin):
    openai_standin.set_text("He takes Ozempic.")

    (stretch,) = hear("whisper-1").stretches

    assert stretch == Stretch("He takes Ozempic.", 0, MS)


def test_speakers_come_with_their_stretches(hear, openai_standin):
    segments = [
        {"type": "transcript.text.segment", "id": "a", "start": 0, "end": 0.9, "text": "How?",
         "speaker": "A"},
        {"type": "transcript.text.segment", "id": "b", "start": 0.9, "end": 2.5, "text": " Well.",
         "speaker": "B"},
        {"id": "c", "start": 2.5, "end": 3, "text": " ", "speaker": "B"},
    ]  # fmt: skip
    body = {"task": "transcribe", "text": "How? Well.", "segments": segments}
    openai_standin.fault(status=200, body=json.dumps(body))

    answer = hear("gpt-4o-transcribe-diarize")

    assert answer.stretches == (Stretch("How?", 0, 900, "A"), Stretch("Well.", 900, MS, "B"))


def test_gpt_4o_words_have_confidence_and_no_times(hear, openai_standin):
    openai_standin.set_text("Er nimmt Metoprolol, täglich.")

    words = hear("gpt-4o-transcribe").words

    assert [word.text for word in words] == ["Er", "nimmt", "Metoprolol,", "täglich."]
    assert all(word.start_ms is None and word.end_ms is None for word in words)
    assert [word.confidence for word in words] == pytest.approx([0.951] * 4, abs=0.001)


def test_the_confidence_of_a_word_is_that_of_all_its_tokens(hear, openai_standin):
    """Tokens may break inside a character; the space before a word belongs to its first token."""
    logprobs = [
        {"token": "na", "bytes": [110, 97], "logprob": -0.1},
        {"token": "\\xc3", "bytes": [0xC3], "logprob": -0.3},
        {"token": "\\xafve", "bytes": [0xAF, 118, 101], "logprob": -0.2},
        {"token": " plan", "bytes": None, "logprob": 0.0},
    ]
    body = json.dumps({"text": "naïve plan", "logprobs": logprobs})
    openai_standin.fault(status=200, body=body)

    words = hear("gpt-4o-transcribe").words

    assert [word.text for word in words] == ["naïve", "plan"]
    assert [word.confidence for word in words] == pytest.approx([0.8187, 1.0], abs=0.0001)


def test_tokens_that_are_not_the_text_give_no_words(hear, openai_standin):
    body = {"text": "Other text", "logprobs": [{"token": "Some", "logprob": -0.1}]}
    openai_standin.fault(status=200, body=json.dumps(body))

    assert hear("gpt-4o-transcribe").words == ()


def test_the_language_is_not_taken_from_the_echo_of_a_hint(hear):
    assert hear("gpt-transcribe").language == "en"
    assert hear("gpt-transcribe", languages=("fr",)).language == ""


def test_usage_is_what_the_model_bills(hear, openai_standin):
    openai_standin.set_text("Three short words")

    assert hear("gpt-transcribe").usage == {"type": "duration", "seconds": 2}
    usage = hear("gpt-4o-transcribe").usage
    assert (usage["type"], usage["input_tokens"], usage["output_tokens"]) == ("tokens", 20, 5)


def test_silence_is_an_empty_text_and_no_error(hear, openai_standin):
    openai_standin.set_text("")

    assert hear("gpt-transcribe").text == ""


# Errors


def test_a_rate_limit_asks_the_whole_account_to_pause(fail, openai_standin):
    openai_standin.fault("rate_limit", headers={"Retry-After": "7"})

    error = fail()

    assert (error.code, error.scope, error.permanent) == ("rate_limit_exceeded", "account", False)
    assert error.retry_after_s == 7.0
    assert len(openai_standin.log()) == 1  # the SDK did not try again behind our back


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723),
        ("350ms", 0.35),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("nan", None),
    ],
)
def test_every_way_to_write_retry_after(fail, openai_standin, header, seconds):
    openai_standin.fault("rate_limit", headers={"Retry-After": header})

    assert fail().retry_after_s == pytest.approx(seconds)


def test_retry_after_may_be_a_date_to_come(fail, openai_standin):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    openai_standin.fault("rate_limit", headers={"Retry-After": until})

    assert fail().retry_after_s == pytest.approx(90, abs=10)


def test_a_rate_limit_without_retry_after_is_still_temporary(fail, openai_standin):
    openai_standin.fault(status=429, body="slow down")

    error = fail()

    assert (error.code, error.permanent, error.retry_after_s) == (
        "rate_limit_exceeded",
        False,
        None,
    )


@pytest.mark.parametrize(
    "code",
    [
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
    ],
)
def test_a_quota_is_for_the_account_and_permanent(fail, openai_standin, code):
    body = {"error": {"message": "No more.", "type": "insufficient_quota", "code": code}}
    openai_standin.fault("quota", body=json.dumps(body))

    error = fail()

    assert (error.code, error.scope, error.permanent) == (code, "account", True)
    assert "add credit" in error.message
    assert "No more." in error.message


def test_a_wrong_key_concerns_the_account(openai_standin):
    wrong = get_engine("gpt-transcribe", api_key="sk-wrong", base_url=openai_standin.base_url)

    with pytest.raises(EngineError, match="OPENAI_API_KEY") as caught:
        wrong.transcribe(a_request())

    error = caught.value
    assert (error.code, error.scope, error.permanent) == ("invalid_api_key", "account", True)


@pytest.mark.parametrize("status", [403, 404])
def test_a_model_that_is_gone_concerns_the_account(fail, openai_standin, status):
    body = {"error": {"message": "It was shut down.", "code": "model_not_found"}}
    openai_standin.fault(status=status, body=json.dumps(body))

    error = fail("whisper-1")

    assert (error.code, error.scope, error.permanent) == ("model_not_found", "account", True)
    assert "whisper-1" in error.message
    assert "It was shut down." in error.message


def test_audio_that_is_too_short_is_refused_for_good(fail):
    error = fail(audio=flac(50), audio_ms=50)

    assert (error.code, error.scope, error.permanent) == ("audio_too_short", "chunk", True)
    assert "too short" in error.message


def test_what_is_no_audio_is_refused_for_good(fail):
    error = fail(audio=b"no audio at all")

    assert (error.code, error.scope, error.permanent) == ("audio_unreadable", "chunk", True)
    assert "declare its model with the audio format wav" in error.message
    assert "corrupted" in error.message


def test_a_body_over_the_limit_is_refused_for_good(fail):
    error = fail(audio=bytes(26_214_400))

    assert (error.code, error.scope, error.permanent) == ("audio_too_large", "chunk", True)


def test_audio_of_the_size_that_is_promised_fits_the_body(fail):
    """Refused for what it is, not for its size."""
    longest = bytes(capabilities("gpt-transcribe").max_bytes)

    assert "corrupted" in fail(audio=longest, keywords=("Ozempic",) * 100).message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"detail": "Model is loading."}', "Model is loading."),
        (
            '{"detail": [{"loc": ["body"], "msg": "Field required"}]}',
            "Field required",
        ),
        ('{"error": "Bad things."}', "Bad things."),
        ("Plain words.", "Plain words."),
        ("<html><b>Oh no</b></html>", "an HTML page"),
        ("", "nothing"),
    ],
)
def test_a_servers_own_words_are_passed_on(fail, openai_standin, body, said):
    openai_standin.fault(status=422, body=body)

    error = fail()

    assert error.message.endswith(f"It said: {said}")
    assert (error.code, error.permanent) == ("invalid_request", True)


def test_a_code_that_only_repeats_the_status_is_none(fail, openai_standin):
    openai_standin.fault(
        status=400, body='{"message": "x", "type": "BadRequestError", "code": 400}'
    )

    assert fail().code == "BadRequestError"


@pytest.mark.parametrize(
    ("name", "code"), [("html_500", "server_error"), ("overloaded", "server_is_overloaded")]
)
def test_trouble_at_the_service_passes(fail, openai_standin, name, code):
    openai_standin.fault(name)

    error = fail()

    assert (error.code, error.scope, error.permanent) == (code, "chunk", False)
    assert "<" not in error.message


@pytest.mark.parametrize("name", ["empty_200", "html_200", "bad_json"])
def test_a_200_without_a_transcript_is_no_transcript(fail, openai_standin, name):
    openai_standin.fault(name)

    error = fail()

    assert (error.code, error.permanent) == ("bad_answer", False)
    assert "<" not in error.message


def test_what_no_database_takes_is_left_out_of_the_answer(hear, openai_standin):
    body = '{"text": "a\\u0000b \\ud83d c", "usage": {"seconds": NaN}}'
    openai_standin.fault(status=200, body=body)

    answer = hear()

    assert answer.text == "ab  c"
    assert answer.raw["usage"] == {"seconds": None}


@pytest.mark.parametrize("body", ["[]", '"text"', "{}", '{"text": null}'])
def test_json_without_a_text_is_no_transcript(fail, openai_standin, body):
    openai_standin.fault(status=200, body=body)

    assert fail().code == "bad_answer"


def test_an_error_in_a_200_is_told(fail, openai_standin):
    openai_standin.fault(status=200, body='{"error": {"message": "Out of memory"}}')

    assert "Out of memory" in fail().message


@pytest.mark.parametrize("name", ["reset", "cut"])
def test_a_broken_connection_passes(fail, openai_standin, name):
    openai_standin.fault(name)

    error = fail()

    assert (error.code, error.scope, error.permanent) == ("connection_failed", "chunk", False)


def test_a_service_that_never_answers_is_given_up(fail, openai_standin):
    openai_standin.fault("hang")

    error = fail(timeout_s=0.2)

    assert (error.code, error.permanent) == ("timeout", False)


def test_after_a_fault_the_same_engine_hears_again(hear, fail, openai_standin):
    openai_standin.set_text("Here again.")
    openai_standin.fault("reset")

    fail()

    assert hear().text == "Here again."


def test_an_error_survives_pickling_for_celery():
    error = EngineError("code", "What to do.", True, "account", 2.5)

    copy = pickle.loads(pickle.dumps(error))

    assert vars(copy) == vars(error)
    assert str(copy) == "What to do."


# The key


def test_openai_without_a_key_says_what_to_set():
    with pytest.raises(EngineError, match="OPENAI_API_KEY") as caught:
        get_engine("gpt-transcribe")

    assert (caught.value.code, caught.value.scope) == ("no_api_key", "account")


def test_the_environment_does_not_redirect_the_audio(monkeypatch):
    """Settings decide where recordings go; the SDK would take it from the environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example/v1")

    engine = get_engine("gpt-transcribe", api_key="sk-other")

    assert isinstance(engine, OpenAIEngine)
    assert engine._client.base_url.host == "api.openai.com"
