"""The stand-in for OpenAI's audio API: what each model takes, answers and refuses.

By the official SDK over real HTTP, and by bare HTTP for what the SDK hides.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openai
import pytest

from tests.standin.asking import CLIP, SAMPLE_RATE, answered, ask, flac, noise, post, sdk, wav
from tests.standin.client import Control
from tests.standin.rules import BODY_BYTES, MODELS

AUTO = {"gpt-4o-transcribe-diarize": {"chunking_strategy": "auto"}}


def refused(standin: Control, model: str, **fields) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(standin, model, **fields)
    return caught.value


# What each model answers


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers_the_text_in_json_and_as_text(openai_standin, model):
    openai_standin.set_text("Er nimmt Ozempic.")

    assert ask(openai_standin, model, **AUTO.get(model, {})).text == "Er nimmt Ozempic."
    as_text = ask(openai_standin, model, response_format="text", **AUTO.get(model, {}))
    assert as_text == "Er nimmt Ozempic.\n"


def test_whisper_tells_times_of_segments_and_words(openai_standin):
    openai_standin.control(text="Il prend Ozempic, depuis mars.", language="fr")

    found = ask(
        openai_standin,
        "whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    assert (found.language, found.duration, found.usage.seconds) == ("french", 2.0, 2)
    assert [word.word for word in found.words] == ["Il", "prend", "Ozempic", "depuis", "mars"]
    assert (found.words[0].start, found.words[-1].end) == (0.0, 2.0)
    assert found.segments[0].text == " Il prend Ozempic, depuis mars."
    assert found.segments[0].no_speech_prob < 0.1


def test_whisper_writes_captions(openai_standin):
    openai_standin.set_text("One two.")

    assert ask(openai_standin, "whisper-1", response_format="srt") == (
        "1\n00:00:00,000 --> 00:00:02,000\nOne two.\n"
    )
    assert ask(openai_standin, "whisper-1", response_format="vtt").startswith("WEBVTT\n\n00:00:00.")


def test_gpt_4o_bills_tokens_and_tells_logprobs(openai_standin):
    openai_standin.set_text("Three short words")

    found = ask(openai_standin, "gpt-4o-transcribe", include=["logprobs"], prompt="Clinic notes")

    usage = found.usage
    assert (usage.input_token_details.audio_tokens, usage.output_tokens) == (20, 5)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert "".join(each.token for each in found.logprobs) == "Three short words"


@pytest.mark.parametrize(
    ("model", "tokens", "words"),
    [
        ("gpt-4o-transcribe", 2000, 2000),
        ("gpt-4o-mini-transcribe", 2000, 2000),
        ("gpt-transcribe", None, 2500),
    ],
)
def test_gpt_4o_cuts_a_long_text_without_a_word(openai_standin, model, tokens, words):
    openai_standin.set_text("word " * 2500)

    found = ask(openai_standin, model)

    assert len(found.text.split()) == words
    assert getattr(found.usage, "output_tokens", None) == tokens


def test_gpt_transcribe_echoes_the_first_language_and_bills_seconds(openai_standin):
    found = ask(openai_standin, languages=["hi", "en"], keywords=["Ozempic", "मधुमेह"])

    assert [each.code for each in found.languages] == ["hi"]
    assert (found.usage.type, found.usage.seconds) == ("duration", 2)
    assert openai_standin.log()[0]["fields"]["keywords[]"] == ["Ozempic", "मधुमेह"]


def test_speakers_are_told_apart(openai_standin, tmp_path):
    samples = noise(4.0)
    samples.tofile(tmp_path / "talk.pcm")
    words = [["Good", 0, 900, "x"], ["day.", 1000, 1900, "x"], ["Hello.", 2100, 3000, "y"]]
    openai_standin.control(recording={"pcm": str(tmp_path / "talk.pcm"), "words": words})
    asked = {"response_format": "diarized_json", "chunking_strategy": "auto"}

    found = ask(openai_standin, "gpt-4o-transcribe-diarize", wav(samples), **asked)

    assert (found.text, found.duration, found.task) == ("Good day. Hello.", 4.0, "transcribe")
    assert [
        (each.type, each.speaker, each.text, each.start, each.end) for each in found.segments
    ] == [
        ("transcript.text.segment", "A", "Good day.", 0.0, 1.9),
        ("transcript.text.segment", "B", "Hello.", 2.1, 3.0),
    ]


def test_silence_answers_no_text(openai_standin):
    assert ask(openai_standin).text == ""


def test_fields_that_nobody_knows_are_ignored(openai_standin):
    found = answered(
        openai_standin, ("model", "gpt-4o-transcribe"), ("include", "logprobs"), ("unknown", "1")
    )

    assert "logprobs" not in found  # which is asked for by include[]
    assert openai_standin.log()[0]["status"] == 200


# What it refuses


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    [
        ("gpt-4o-transcribe", {"response_format": "verbose_json"}, "response_format"),
        ("gpt-4o-transcribe", {"response_format": "diarized_json"}, "response_format"),
        ("gpt-transcribe", {"response_format": "srt"}, "response_format"),
        ("gpt-4o-transcribe-diarize", {"response_format": "vtt"}, "response_format"),
        ("whisper-1", {"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ("gpt-transcribe", {"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ("whisper-1", {"include": ["logprobs"]}, "include"),
        ("gpt-4o-transcribe", {"include": ["logprobs"], "response_format": "text"}, "include"),
        ("gpt-4o-transcribe-diarize", {"include": ["logprobs"]}, "include"),
        ("gpt-4o-transcribe-diarize", {"prompt": "Clinic."}, "prompt"),
        ("gpt-4o-transcribe-diarize", {"keywords": ["x"]}, "keywords"),
        ("gpt-4o-transcribe-diarize", {"chunking_strategy": openai.NOT_GIVEN}, "chunking_strategy"),
        (
            "gpt-4o-transcribe-diarize",
            {"known_speaker_names": ["a", "b", "c", "d", "e"]},
            "known_speaker_names",
        ),
        ("gpt-4o-transcribe", {"chunking_strategy": "often"}, "chunking_strategy"),
        ("whisper-1", {"keywords": ["x"]}, "keywords"),
        ("gpt-4o-transcribe", {"languages": ["en"]}, "languages"),
        ("gpt-transcribe", {"keywords": ["Ozempic", "<b>"]}, "keywords"),
        ("gpt-transcribe", {"keywords": ["two\nlines"]}, "keywords"),
        ("gpt-transcribe", {"languages": ["en"], "language": "en"}, "languages"),
        ("gpt-transcribe", {"languages": ["en", "pa"]}, "language"),
        ("gpt-transcribe", {"ending": "opus"}, "file"),
    ],
)
def test_what_a_model_does_not_take_is_refused(openai_standin, model, fields, param):
    error = refused(openai_standin, model, **AUTO.get(model, {}) | fields)

    assert (error.status_code, error.type, error.param) == (400, "invalid_request_error", param)


def test_server_vad_may_be_an_object(openai_standin):
    strategy = {"type": "server_vad", "threshold": 0.4}

    assert ask(openai_standin, "gpt-4o-transcribe-diarize", chunking_strategy=strategy).text == ""


@pytest.mark.parametrize(
    ("model", "seconds", "fits"),
    [
        ("gpt-4o-transcribe", 1400, True),
        ("gpt-4o-transcribe", 1401, False),
        ("gpt-transcribe", 1800, True),
        ("gpt-transcribe", 1801, False),
        ("whisper-1", 1801, True),
    ],
)
def test_the_longest_audio(openai_standin, model, seconds, fits):
    audio = flac(np.zeros(seconds * SAMPLE_RATE, np.int16))
    if fits:
        ask(openai_standin, model, audio, ending="flac")
        assert openai_standin.log()[0]["audio_s"] == seconds
    else:
        error = refused(openai_standin, model, audio=audio, ending="flac")
        assert (error.status_code, error.code) == (400, "invalid_value")


def test_audio_that_is_too_short_or_none(openai_standin):
    assert refused(openai_standin, "whisper-1", audio=wav(noise(0.09))).code == "audio_too_short"
    none = refused(openai_standin, "whisper-1", audio=b"no audio at all")
    assert (none.status_code, "corrupted or unsupported" in none.message) == (400, True)


def test_a_body_over_the_limit(openai_standin):
    error = refused(openai_standin, "whisper-1", audio=bytes(BODY_BYTES))

    assert (error.status_code, error.type) == (413, "server_error")


def test_a_model_that_is_not_there(openai_standin):
    error = refused(openai_standin, "whisper-9")

    assert (error.status_code, error.code) == (404, "model_not_found")


def test_a_wrong_key_is_told_in_plain_text(openai_standin):
    response = post(openai_standin, ("model", "whisper-1"), key="sk-wrong")

    assert (response.status, response.headers["content-type"]) == (401, "text/plain")
    assert json.loads(response.read())["error"]["code"] == "invalid_api_key"
    with sdk(openai_standin, "sk-wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


# Around the answers


def test_headers_tell_of_the_request_and_the_budget(openai_standin):
    headers = post(openai_standin, ("model", "whisper-1")).headers

    assert headers["x-request-id"] == openai_standin.log()[0]["request_id"]
    assert int(headers["openai-processing-ms"]) >= 0
    for what in ("limit", "remaining", "reset"):
        assert headers[f"x-ratelimit-{what}-requests"]
        assert headers[f"x-ratelimit-{what}-tokens"]


def test_the_list_of_models_tells_of_shutdowns(openai_standin):
    with sdk(openai_standin) as client:
        found = {model.id: model.to_dict().get("shutdown_date") for model in client.models.list()}

    assert set(found) == set(MODELS)
    assert found.pop("gpt-transcribe") is None
    assert set(found.values()) == {"2027-02-26"}


def test_an_answer_takes_longer_for_longer_audio(openai_standin):
    openai_standin.set_latency(0.1, per_audio_s=0.1)

    ask(openai_standin)

    (entry,) = openai_standin.log()
    assert 0.3 <= entry["latency_s"] < 3
    assert entry["answered"] - entry["arrived"] == pytest.approx(entry["latency_s"], abs=0.001)


def test_the_log_tells_all_of_a_request(openai_standin):
    openai_standin.set_text("Here.")
    before = time.time()

    ask(openai_standin, prompt="Clinic.")

    (entry,) = openai_standin.log()
    assert before <= entry["arrived"] <= entry["answered"] <= time.time()
    assert len(entry["sha256"]) == 64
    assert entry["fields"]["prompt"] == ["Clinic."]
    assert [entry[key] for key in ("model", "file_name", "audio_s", "status", "fault", "text")] == [
        "gpt-transcribe",
        "audio.wav",
        2.0,
        200,
        None,
        "Here.",
    ]


def test_orders_may_be_taken_back(openai_standin):
    openai_standin.set_text("Old.")
    openai_standin.fault("overloaded")
    openai_standin.control(reset=True, text="New.")

    assert ask(openai_standin).text == "New."
    assert len(openai_standin.log()) == 1


def test_orders_that_make_no_sense_are_refused(openai_standin_process):
    for orders in (
        {"faults": [{"name": "no_such_fault"}]},
        {"unknown": 1},
        {"hear": "everything"},
        {"dialect": "klingon"},
        {"recording": {"pcm": "/no/such/file", "words": []}},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            openai_standin_process.control(**orders)


def test_as_a_process_of_its_own_it_takes_64_at_once(openai_standin_process):
    openai_standin_process.set_text("From afar.")
    openai_standin_process.set_latency(1.0)

    with sdk(openai_standin_process) as client, ThreadPoolExecutor(64) as pool:
        create = client.audio.transcriptions.create
        answers = pool.map(
            lambda _: create(file=("a.wav", CLIP), model="whisper-1").text, range(128)
        )
        assert set(answers) == {"From afar."}

    log = openai_standin_process.log()
    assert len(log) == 128
    moments = [entry["arrived"] for entry in log]
    at_once = [sum(e["arrived"] <= moment < e["answered"] for e in log) for moment in moments]
    assert max(at_once) >= 48, "they wait together, even where the machine is busy"


def test_it_can_hear_for_itself(openai_standin, short_clip):
    openai_standin.control(hear="pocketsphinx")

    found = ask(
        openai_standin,
        "whisper-1",
        short_clip.read_bytes(),
        ending="flac",
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )

    assert "heart attack" in found.text
    assert 0 < found.words[3].start < found.words[-1].end <= 4
