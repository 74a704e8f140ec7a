"""Which models there are, which are declared (STT_MODELS), and which take their place."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import ROOT
from transcription import engines
from transcription.engines import (
    MODELS,
    account,
    capabilities,
    configured,
    declare,
    ending,
    get_engine,
    in_force,
)
from transcription.engines.base import Capabilities
from transcription.engines.openai import OpenAIEngine

LAST_DAY = date(2027, 2, 25)
SHUTDOWN = date(2027, 2, 26)
SECRETS = {"SPEECH_KEY": "sk-of-the-house"}


@pytest.fixture(autouse=True)
def _models_of_this_test_alone(monkeypatch):
    monkeypatch.setattr(engines, "MODELS", known := dict(MODELS))
    yield known
    get_engine.cache_clear()


def parse(*entries: Any) -> tuple[Capabilities, ...]:
    return configured.parse(json.dumps(entries), lambda name: SECRETS.get(name, ""))


def declared(**fields: Any) -> Capabilities:
    (record,) = parse({"model": "local"} | fields)
    return record


# The models that are built in


def test_the_models_of_the_service_are_known():
    assert list(MODELS) == [
        "gpt-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-transcribe-diarize",
        "whisper-1",
        "pocketsphinx",
    ]


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=re.escape(", ".join(MODELS))):
        capabilities("whisper-9")


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-transcribe", "0.2700"),
        ("gpt-4o-mini-transcribe", "0.18"),
        ("gpt-4o-transcribe-diarize", "0.36"),
        ("whisper-1", "0.36"),
        ("pocketsphinx", "0"),
    ],
)
def test_an_hour_costs_what_the_service_asks(model, usd):
    assert capabilities(model).cost_usd(3600) == Decimal(usd)


def test_only_the_newest_model_takes_terms_and_several_languages():
    newest = capabilities("gpt-transcribe")

    assert (newest.keywords_field, newest.language_field) == ("keywords", "languages")
    assert [name for name, each in MODELS.items() if each.keywords_field == "keywords"] == [
        "gpt-transcribe"
    ]


def test_each_model_is_told_terms_in_its_own_form():
    assert {name: each.takes_terms for name, each in MODELS.items()} == {
        "gpt-transcribe": "keywords",
        "gpt-4o-transcribe": "prompt",
        "gpt-4o-mini-transcribe": "prompt",
        "gpt-4o-transcribe-diarize": "none",
        "whisper-1": "prompt",
        "pocketsphinx": "words",
    }


@pytest.mark.parametrize("record", MODELS.values(), ids=str)
def test_chunks_stay_within_what_a_service_takes_and_writes(record):
    """Five minutes are about 1,300 tokens of quick English, of the 2,000 that are written."""
    assert 0 < record.target_ms < record.longest_ms <= 300_000
    assert record.longest_ms * 32 < record.max_bytes  # even as WAV


def test_speakers_are_told_by_one_model_in_long_chunks():
    (record,) = (each for each in MODELS.values() if each.speakers)

    assert record.model == "gpt-4o-transcribe-diarize"
    assert record.target_ms == 240_000


# What ends


def test_a_model_is_in_force_until_its_shutdown():
    whisper = capabilities("whisper-1")

    assert in_force(whisper, LAST_DAY) is whisper
    assert in_force(whisper, SHUTDOWN) is capabilities("gpt-transcribe")
    assert in_force(whisper, SHUTDOWN + timedelta(days=900)) is capabilities("gpt-transcribe")


def test_a_successor_that_has_ended_too_has_one_of_its_own():
    declare(
        parse(
            {"model": "old", "shutdown_date": "2026-01-01", "successor": "newer"},
            {"model": "newer", "shutdown_date": "2026-06-01", "successor": "newest"},
            {"model": "newest"},
        )
    )

    old = engines.MODELS["old"]
    assert in_force(old, date(2026, 3, 1)).model == "newer"
    assert in_force(old, date(2026, 6, 1)).model == "newest"


def test_a_model_that_ends_without_a_successor_stays():
    record = declared(shutdown_date="2026-01-01")

    assert in_force(record, date(2026, 2, 1)) is record


def test_what_ends_soon_is_told_the_first_to_end_first():
    records = [
        capabilities("whisper-1"),
        capabilities("gpt-transcribe"),
        declared(shutdown_date="2027-01-01"),
        declared(shutdown_date="2029-01-01"),
    ]

    def names(today: date) -> list[str]:
        return [record.model for record in ending(records, today)]

    assert names(SHUTDOWN - timedelta(days=175)) == ["local"]
    assert names(SHUTDOWN - timedelta(days=176)) == []
    assert names(SHUTDOWN - timedelta(days=119)) == ["local", "whisper-1"]
    assert names(SHUTDOWN - timedelta(days=120)) == ["local"]
    assert names(SHUTDOWN + timedelta(days=9)) == ["local", "whisper-1"]  # still in use, perhaps


# Who is asked


@pytest.mark.parametrize(
    ("own", "common", "name"),
    [
        ("", None, "openai"),
        ("", "https://api.openai.com/v1", "openai"),
        ("", "https://eu.example/v1", "eu.example:443"),
        ("", "http://localhost/v1", "localhost:80"),
        ("http://10.0.0.7:8000/v1", None, "10.0.0.7:8000"),
        ("http://speech:8000/v1", "https://api.openai.com/v1", "speech:8000"),
    ],
)
def test_requests_are_counted_by_the_server_that_is_asked(own, common, name):
    assert account(replace(capabilities("whisper-1"), base_url=own), common) == name


def test_this_machine_is_no_account():
    assert account(capabilities("pocketsphinx"), "http://speech:8000/v1") == ""


def client_of(model: str, **settings: Any) -> tuple[str, str]:
    """The key and the address with which a model is asked."""
    engine = get_engine(model, **settings)
    assert isinstance(engine, OpenAIEngine)
    return engine._client.api_key, engine.address


def test_a_records_own_server_is_asked_with_its_own_key_or_none():
    """Never with the key of another service."""
    server = "http://speech:8000/v1"
    declare(
        parse(
            {"model": "open", "base_url": server},
            {"model": "locked", "base_url": server, "api_key_env": "SPEECH_KEY"},
            {"model": "common"},
        )
    )
    settings = {"api_key": "sk-openai", "base_url": "http://common/v1"}

    assert client_of("open", **settings) == ("none", f"{server}/")
    assert client_of("locked", **settings) == ("sk-of-the-house", f"{server}/")
    assert client_of("common", **settings) == ("sk-openai", "http://common/v1/")


# What is declared


def test_nothing_declares_nothing():
    assert configured.parse(" ", SECRETS.__getitem__) == ()


def test_a_name_is_enough():
    record = declared()

    assert (record.engine, record.queue, record.label) == ("openai", "engine", "local")
    assert (record.word_times, record.segment_times, record.speakers) == (False, False, False)
    assert (record.language_field, record.keywords_field, record.prompt) == (
        "language",
        "none",
        True,
    )
    assert (record.target_ms, record.longest_ms, record.audio_format) == (30_000, 45_000, "flac")
    assert (record.languages, record.usd_per_minute, record.shutdown_date) == (None, None, None)
    assert record.cost_usd(60) is None
    assert record == configured.undeclared("local")


def test_every_field_is_taken():
    record = declared(
        label="Whisper in the cellar",
        base_url="http://speech:8000/v1",
        api_key_env="SPEECH_KEY",
        word_times=True,
        segment_times=True,
        languages=["en", "de"],
        language_field="none",
        keywords_field="hotwords",
        prompt=False,
        speakers=True,
        logprobs=True,
        streams=True,
        audio_format="wav",
        target_s=60,
        longest_s=90,
        max_mb=10,
        usd_per_minute="0.001",
        shutdown_date="2030-01-31",
        successor="gpt-transcribe",
    )

    assert record == Capabilities(
        model="local",
        engine="openai",
        label="Whisper in the cellar",
        queue="engine",
        word_times=True,
        segment_times=True,
        languages=("en", "de"),
        language_field="none",
        keywords_field="hotwords",
        prompt=False,
        target_ms=60_000,
        longest_ms=90_000,
        max_bytes=10_000_000 - 65_536,
        shutdown_date=date(2030, 1, 31),
        usd_per_minute=Decimal("0.001"),
        speakers=True,
        logprobs=True,
        streams=True,
        audio_format="wav",
        successor="gpt-transcribe",
        base_url="http://speech:8000/v1",
        api_key="sk-of-the-house",
    )


@pytest.mark.parametrize("price", ["0.001", 0.001, "1e-3"])
def test_a_price_is_exact_however_it_is_written(price):
    assert declared(usd_per_minute=price).usd_per_minute == Decimal("0.001")


def test_one_length_gives_the_other():
    assert declared(target_s=20).longest_ms == 30_000
    assert declared(longest_s=20).target_ms == 20_000
    assert declared(longest_s=100).target_ms == 30_000


@pytest.mark.parametrize("mark", ["", "@"])
def test_the_list_may_be_in_a_file(tmp_path, mark):
    path = tmp_path / "models.json"
    path.write_text('[{"model": "ünïcode"}]', encoding="utf-8")

    (record,) = configured.parse(f"{mark}{path}", lambda name: "")

    assert record.model == "ünïcode"


def test_a_declared_model_takes_the_place_of_a_built_in_one():
    """As whisper-1 on a server of one's own, which neither costs nor ends."""
    assert get_engine("whisper-1", base_url="http://speech/v1").capabilities.word_times

    declare(parse({"model": "whisper-1", "segment_times": True}))

    record = capabilities("whisper-1")
    assert (record.word_times, record.segment_times) == (False, True)
    assert in_force(record, SHUTDOWN) is record
    assert get_engine("whisper-1", base_url="http://speech/v1").capabilities is record


def test_a_key_is_not_shown():
    assert "sk-of-the-house" not in repr(declared(api_key_env="SPEECH_KEY"))


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("label", "", "a text for people"),
        ("word_times", "yes", "true or false"),
        ("segment_times", 1, "true or false"),
        ("languages", "en", 'a list of ISO 639 codes like ["en", "de"], or null for many'),
        ("languages", [], "a list of ISO 639 codes"),
        ("languages", ["english"], "a list of ISO 639 codes"),
        ("language_field", "lang", "none, language, languages"),
        ("keywords_field", ["keywords"], "none, keywords, hotwords"),
        ("prompt", None, "true or false"),
        ("audio_format", "mp3", "flac, wav"),
        ("target_s", 4, "a whole number of seconds from 5 to 1400"),
        ("target_s", 30.5, "a whole number of seconds from 5 to 1400"),
        ("longest_s", "30", "a whole number of seconds from 5 to 1400"),
        ("longest_s", True, "a whole number of seconds from 5 to 1400"),
        ("max_mb", 0, "a whole number of megabytes from 1 to 1000"),
        ("usd_per_minute", "-1", 'an amount like "0.006"'),
        ("usd_per_minute", "NaN", 'an amount like "0.006"'),
        ("usd_per_minute", "cheap", 'an amount like "0.006"'),
        ("shutdown_date", "soon", "a day like 2027-02-26"),
        ("shutdown_date", 2027, "a day like 2027-02-26"),
        ("successor", None, "the name of another model"),
    ],
)
def test_a_wrong_value_is_told_with_entry_field_and_what_is_allowed(field, value, allowed):
    with pytest.raises(ValueError) as caught:
        parse({"model": "right"}, {"model": "wrong", field: value})

    assert str(caught.value).startswith(f"entry 2 (wrong): {field} is {json.dumps(value)}. ")
    assert f"Allowed: {allowed}" in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("base_url", "speech:8000", "an address like http://speech.example:8000/v1"),
        ("base_url", "http://rita:secret@speech/v1", "an address like"),
        ("base_url", "http://speech:secret/v1", "an address like"),
        ("api_key_env", "sk-secret", "the name of an environment variable"),
    ],
)
def test_what_may_be_a_secret_is_not_repeated(field, value, allowed):
    with pytest.raises(ValueError) as caught:
        declared(**{field: value})

    assert f"{field} is not usable. Allowed: {allowed}" in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{]", "this is no JSON"),
        ('[{"model": "a"}, 5]', "entry 2 has no model"),
        ('[{"label": "a"}]', "entry 1 has no model"),
        ('[{"model": 5}]', "model is 5. Allowed: the name that the server knows it by"),
        ('[{"model": "a", "words": true}]', "'words' is no field. Allowed: api_key_env, audio_"),
        ('[{"model": "a"}, {"model": "a"}]', "model 'a' is there twice"),
        ('[{"model": "a", "model": "b"}]', "a field twice"),
        ('[{"model": "a", "api_key_env": "UNSET"}]', "api_key_env names UNSET, which is not set"),
        ('[{"model": "a", "target_s": 60, "longest_s": 40}]', "Allowed: no less than target_s, 60"),
        ('[{"model": "a", "usd_per_minute": NaN}]', 'Allowed: an amount like "0.006"'),
        ("/nowhere/models.json", "cannot read the file '/nowhere/models.json'"),
    ],
)
def test_what_is_no_list_of_models_is_refused(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured.parse(text, lambda name: "")


def test_a_file_that_holds_no_list_is_refused(tmp_path):
    path = tmp_path / "models.json"
    path.write_text('{"model": "a"}', encoding="utf-8")

    with pytest.raises(ValueError, match="Allowed: a list of objects"):
        configured.parse(str(path), lambda name: "")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"model": "a", "successor": "b"}], "a: its successor 'b' is not a known model"),
        ([{"model": "a", "successor": "a"}], "a: its successors lead back to 'a'"),
        (
            [{"model": "a", "successor": "b"}, {"model": "b", "successor": "a"}],
            "a: its successors lead back to 'a'",
        ),
    ],
)
def test_successors_that_lead_nowhere_are_refused(entries, said):
    before = dict(engines.MODELS)

    with pytest.raises(ValueError, match=re.escape(said)):
        declare(parse(*entries))

    assert before == engines.MODELS


def test_the_documentation_has_every_field_and_its_example_can_be_declared():
    page = (ROOT / "docs" / "in-house.md").read_text(encoding="utf-8")
    table, example = page.partition("| field |")[2], page.partition("```json\n")[2]

    records = configured.parse(example.partition("```")[0], lambda name: "sk-of-the-house")

    assert len(records) == 4
    declare(records)
    fields = configured._FIELDS
    assert [name for name in fields if f"`{name}`" not in table.partition("\n\n")[0]] == []


def test_chunks_that_do_not_fit_into_a_request_are_refused():
    with pytest.raises(ValueError, match=r"do not fit into max_mb\. Allowed: longest_s of no more"):
        parse({"model": "small", "max_mb": 1})
    (record,) = parse({"model": "small", "max_mb": 1, "longest_s": 25})
    assert record.longest_ms == 25_000
