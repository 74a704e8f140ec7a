"""What OpenAI's clients get: every form of a transcript, with the lexicon applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pysubs2
import pytest
import webvtt

from lexicon.services import add_term
from speech_project.access.models import AuditEvent
from tests.conftest import HALF_MINUTE, SAMPLE
from tests.wire import MODELS, Caller, worked_off_at_once
from transcription.exporting.document import Document, Passage
from transcription.models import Chunk, Job, Segment
from transcription.wire import replies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]

TEXT = "The patient takes Ozempic and is well. She walks her dog."


@pytest.fixture
def caller(standin, short_clip):
    standin.set_text(TEXT)
    with worked_off_at_once():
        yield Caller(short_clip.read_bytes())


def ok(response):
    assert response.status_code == 200, response.content
    return response


def test_json_is_the_usual_form(caller):
    answer = ok(caller.send())
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "text": TEXT,
        "languages": [{"code": "en"}],
        "usage": {"type": "duration", "seconds": 4},
    }


@pytest.mark.parametrize(
    "model", ["gpt-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"]
)
def test_every_model_has_every_form(caller, model):
    forms = {
        wanted: ok(caller.send(model=model, response_format=wanted))
        for wanted in ("json", "text", "srt", "verbose_json", "vtt")
    }
    assert forms["json"].json()["text"] == TEXT
    assert forms["text"].content.decode() == f"{TEXT}\n"
    assert forms["text"]["Content-Type"].startswith("text/plain")
    for wanted in ("srt", "vtt"):
        read = pysubs2.SSAFile.from_string(forms[wanted].content.decode(), format_=wanted)
        assert " ".join(cue.plaintext for cue in read).replace("\n", " ") == TEXT
    assert webvtt.from_buffer(StringIO(forms["vtt"].content.decode())).captions
    assert forms["verbose_json"].json()["text"] == TEXT


def test_a_longer_recording_is_whole(caller, standin):
    standin.set_text(HALF_MINUTE)
    assert ok(caller.send(SAMPLE.read_bytes())).json()["text"] == f"{HALF_MINUTE} {HALF_MINUTE}"


def test_verbose_json_has_what_whisper_tells(caller):
    body = ok(caller.send(model="whisper-1", response_format="verbose_json")).json()
    assert (body["task"], body["language"], body["text"]) == ("transcribe", "english", TEXT)
    assert body["duration"] == pytest.approx(3.6, abs=0.1)
    assert "words" not in body
    first = body["segments"][0]
    assert set(first) == {
        "id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
        "compression_ratio", "no_speech_prob",
    }  # fmt: skip
    assert "".join(each["text"] for each in body["segments"]) == TEXT
    assert 0 <= first["start"] < first["end"] <= body["duration"]


def test_words_have_times(caller):
    wishes = {"response_format": "verbose_json", "timestamp_granularities": ["word"]}
    body = ok(caller.send(**wishes)).json()
    assert "segments" not in body
    assert [each["word"] for each in body["words"]] == TEXT.split()
    times = [(each["start"], each["end"]) for each in body["words"]]
    assert all(start <= end for start, end in times)
    assert times == sorted(times)
    both = ok(caller.send(**wishes | {"timestamp_granularities": ["word", "segment"]})).json()
    assert both["words"] == body["words"]
    assert len(both["segments"]) >= 1


def test_arrays_may_be_named_without_brackets(caller):
    wishes = {"response_format": "verbose_json", "timestamp_granularities": "word"}
    assert ok(caller.send(**wishes)).json()["words"]


def test_the_lexicon_is_applied(caller, standin):
    add_term("Zyloprim", source="admin", status="approved", alternatives=["silo prim"])
    standin.set_text("She takes silo prim twice a day.")
    assert ok(caller.send()).json()["text"] == "She takes Zyloprim twice a day."


def test_the_job_waits_for_review_and_belongs_to_the_key(caller):
    answer = ok(caller.send(languages=["en"], prompt="A visit."))
    job = Job.objects.get()
    assert answer["Verbatim-Job"] == str(job.pk)
    assert (job.source, job.api_key_id, job.languages) == ("api", caller.key.pk, ["en"])
    assert (job.status, job.review_status, job.title) == ("completed", "waiting", "visit")
    event = AuditEvent.objects.get(action="job.create")
    assert (event.target, event.api_key_id) == (f"job {job.pk}", caller.key.pk)


def test_the_engine_is_told_what_the_client_says(caller, standin):
    wishes = {"keywords": ["Zyloprim", "Arava"], "languages": ["en", "de"], "prompt": "A visit."}
    ok(caller.send(**wishes))
    (asked,) = standin.log()
    assert asked["fields"]["keywords[]"] == ["Zyloprim", "Arava"]
    assert sorted(asked["fields"]["languages[]"]) == ["de", "en"]
    assert asked["fields"]["prompt"] == ["A visit."]
    assert Job.objects.get().options["keywords"] == ["Zyloprim", "Arava"]


def test_one_language_is_told_as_language(caller, standin):
    ok(caller.send(model="whisper-1", language="en"))
    assert standin.log()[0]["fields"]["language"] == ["en"]


def test_what_is_not_known_is_ignored_and_named(caller):
    wishes = {"temperature": "0", "include": ["logprobs"], "chunking_strategy": "auto"}
    answer = ok(caller.send(**wishes, **{"a\r\nb: c": "1", "é": "2"}))
    told = answer["Verbatim-Ignored"].split(", ")
    assert told[:3] == ["temperature", "include[]", "chunking_strategy"]
    assert len(told) == 5
    assert "Verbatim-Ignored" not in ok(caller.send())


def test_headers_are_openais(caller):
    caller.key.rate_limit_per_minute = 7
    caller.key.save()
    answer = ok(caller.send())
    assert answer["x-request-id"].startswith("req_")
    assert int(answer["openai-processing-ms"]) > 0
    assert answer["x-ratelimit-limit-requests"] == "7"
    assert answer["x-ratelimit-remaining-requests"] == "6"
    assert 0 <= int(answer["x-ratelimit-reset-requests"].removesuffix("s")) <= 60


def test_a_part_that_could_not_be_transcribed_is_told_of(caller):
    ok(caller.send())
    job = Job.objects.get()
    Job.objects.update(delivered_at=None)
    chunk = Chunk.objects.create(job=job, position=1, start_ms=4000, end_ms=8000)
    Segment.objects.create(
        job=job, chunk=chunk, position=4000, start_ms=4000, end_ms=8000, marks=[{"kind": "gap"}]
    )
    answer = ok(caller.send())
    assert answer["Verbatim-Note"] == "1 part of the recording could not be transcribed"
    assert answer.json()["text"] == TEXT


def test_demo_quality_is_told_until_somebody_has_reviewed_it():
    document = Document("A visit", (), demo=True)
    assert replies.note(document) == "demo quality, not for real use"
    assert replies.note(replace(document, reviewed_at=datetime.now(UTC))) == ""


def test_silence_has_an_empty_text():
    document = Document("Nothing", (), duration_ms=1500)
    kind, content = replies.body(document, "verbose_json")
    assert kind == "application/json"
    assert b'"text":""' in content and b'"segments":[]' in content and b'"language":""' in content
    assert replies.body(document, "text")[1] == b"\n"
    assert replies.usage(document)["seconds"] == 2


def test_texts_without_blanks_are_joined_without_them():
    passages = (
        Passage(1, 0, 1000, "你好。", language="zh"),
        Passage(2, 1000, 2000, "再见。", language="zh"),
        Passage(3, 2000, 3000, "Good bye.", language="en"),
    )
    document = Document("Greeting", passages, duration_ms=3000)
    assert replies.text_of(document) == "你好。再见。 Good bye."


def test_confidence_is_told_as_whisper_does():
    heard = [["Good", 0, 400, 0.5, False], ["bye.", 400, 900, 0.5, False]]
    document = Document("Bye", (Passage(1, 0, 1000, "Good bye.", heard=heard),), duration_ms=1000)
    _, content = replies.body(document, "verbose_json")
    assert b'"avg_logprob":-0.6931' in content


# --- Models --------------------------------------------------------------------------------------


def test_models_are_those_that_can_be_asked(caller):
    body = ok(caller.http.get(MODELS)).json()
    assert body["object"] == "list"
    found = {each["id"]: each for each in body["data"]}
    assert {"gpt-transcribe", "whisper-1", "pocketsphinx"} <= set(found)
    assert found["whisper-1"] == {
        "id": "whisper-1",
        "object": "model",
        "created": 0,
        "owned_by": "self-hosted",
        "shutdown_date": "2027-02-26",
    }
    assert ok(caller.http.get(f"{MODELS}/whisper-1")).json() == found["whisper-1"]


def test_without_a_service_there_is_the_offline_one(caller, settings):
    settings.ENGINE_CONFIGURED = False
    assert [each["id"] for each in ok(caller.http.get(MODELS)).json()["data"]] == ["pocketsphinx"]
