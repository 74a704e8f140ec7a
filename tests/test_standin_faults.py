"""The faults that can be ordered of the stand-in: in the connection, the status and the text."""

import json
from http.client import IncompleteRead, RemoteDisconnected

import openai
import pytest

from tests.standin.asking import ask, noise, post, wav
from tests.standin.faults import FAULTS, TEXT_FAULTS

TEXT = "one two three four five six seven eight nine"
WHISPER = ("model", "whisper-1")
WORDS = (("response_format", "verbose_json"), ("timestamp_granularities[]", "word"))


@pytest.fixture
def standin(openai_standin):
    openai_standin.set_text(TEXT)
    return openai_standin


def said(standin, *fields, **how) -> str:
    return json.loads(post(standin, WHISPER, *fields, **how).read())["text"]


# The status and the connection


@pytest.mark.parametrize(
    ("name", "status", "code", "retry_after"),
    [
        ("rate_limit", 429, "rate_limit_exceeded", "2"),
        ("rate_limit_bare", 429, "rate_limit_exceeded", None),
        ("quota", 429, "insufficient_quota", None),
        ("credit", 429, "credit_balance_exhausted", None),
        ("overloaded", 503, "server_is_overloaded", None),
    ],
)
def test_errors_of_the_service(standin, name, status, code, retry_after):
    standin.fault(name)

    with pytest.raises(openai.APIStatusError) as caught:
        ask(standin)

    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.response.headers.get("retry-after") == retry_after
    assert standin.log()[0]["fault"] == name


@pytest.mark.parametrize(
    ("name", "status", "start"),
    [
        ("html_500", 500, "<html>"),
        ("html_200", 200, "<html>"),
        ("empty_200", 200, ""),
        ("bad_json", 200, '{"text": '),
    ],
)
def test_bodies_that_are_no_answer(standin, name, status, start):
    standin.fault(name)

    response = post(standin, WHISPER)
    body = response.read().decode()

    assert (response.status, body[: len(start)]) == (status, start)
    assert bool(body) == bool(start)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(body)


@pytest.mark.parametrize("name", ["reset", "hang", "cut"])
def test_connections_that_break(standin, name):
    standin.fault(name)

    if name == "hang":
        with pytest.raises(openai.APITimeoutError):
            ask(standin, timeout=0.2)
    else:
        with pytest.raises((ConnectionResetError, RemoteDisconnected, IncompleteRead)):
            post(standin, WHISPER).read()

    assert said(standin) == TEXT, "only one request was hit"
    assert standin.log()[0]["fault"] == name


def test_a_fault_of_ones_own(standin):
    standin.fault(status=418, body="short and stout", headers={"X-Pot": "tea"})

    response = post(standin, WHISPER)

    assert (response.status, response.headers["x-pot"]) == (418, "tea")
    assert response.read() == b"short and stout"
    assert standin.log()[0]["fault"] == "custom"


# The text


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"name": "loop"}, " ".join(["one two three four five"] * 40)),
        ({"name": "loop", "phrase": "thank you", "times": 3}, "thank you thank you thank you"),
        ({"name": "dropped_tail"}, "one two three four five"),
        ({"name": "silence_text"}, "Thanks for watching!"),
        (
            {"name": "translated", "sentence": "It is English."},
            "one two three It is English. seven eight nine",
        ),
    ],
)
def test_texts_that_were_not_spoken(standin, fault, text):
    standin.control(faults=[fault])

    body = json.loads(post(standin, WHISPER, *WORDS).read())

    assert body["text"] == text
    times = [time for word in body["words"] for time in (word["start"], word["end"])]
    assert len(times) == 2 * len(text.split())
    assert times == sorted(times)
    assert times[-1] <= 2.0
    assert (standin.log()[0]["fault"], standin.log()[0]["text"]) == (fault["name"], text)


def test_an_echo_says_the_prompt_or_else_the_keywords(standin):
    standin.control(faults=[{"name": "echo"}] * 3)

    assert ask(standin, prompt="Clinic notes.", keywords=["Ozempic"]).text == "Clinic notes."
    assert ask(standin, keywords=["Ozempic", "Eliquis"]).text == "Ozempic, Eliquis"
    assert ask(standin).text == TEXT
    assert [entry["fault"] for entry in standin.log()] == ["echo", "echo", None]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("मरीज़ को Ozempic दें।", "mreej ko Ozempic den."),
        ("Принимает Ozempic, щедро", "Prinimaet Ozempic, shchedro"),
        ("Παίρνει το φάρμακο", "Pairnei to farmako"),
        ("Plain Latin", "Plain Latin"),
    ],
)
def test_letters_are_written_in_latin(standin, spoken, written):
    standin.set_text(spoken)
    standin.fault("transliterated")

    assert said(standin) == written


def test_a_part_may_keep_its_letters(standin):
    standin.set_text("раз два три четыре")
    standin.fault("transliterated", share=0.5)

    assert said(standin) == "raz dva три четыре"


# When


def test_a_loop_that_goes_away_without_the_prompt(standin):
    standin.fault("loop", always=True, when={"prompt": True})

    texts = [said(standin, ("prompt", prompt)) for prompt in ("Clinic.", "", "Clinic.")]

    assert [text == TEXT for text in texts] == [False, True, False]


def test_a_tail_that_is_dropped_of_long_audio_only(standin):
    standin.fault("dropped_tail", always=True, when={"longer_than_s": 2})

    assert said(standin, audio=wav(noise(3))) == "one two three four five"
    assert said(standin, audio=wav(noise(2))) == TEXT


def test_a_model_that_is_overloaded_while_others_work(standin):
    standin.fault("overloaded", always=True, when={"model": "gpt-transcribe"})

    with pytest.raises(openai.InternalServerError):
        ask(standin, "gpt-transcribe")
    assert ask(standin, "gpt-4o-transcribe").text == TEXT


def test_lists_are_fields_too_and_their_absence(standin):
    standin.fault("silence_text", when={"keywords": True})
    standin.fault("dropped_tail", when={"keywords": False})

    assert ask(standin).text == "one two three four five"
    assert ask(standin, keywords=["Ozempic"]).text == "Thanks for watching!"


# By chance


def drawn(standin, seed: int, order: list[int]) -> dict[int, list[str | None]]:
    """For each of the files, asked twice each in this order, the faults that hit it."""
    names = ["loop", "dropped_tail", "silence_text"]
    standin.control(reset=True, text=TEXT)
    standin.control(random_faults={"seed": seed, "share": 0.5, "names": names})
    found: dict[int, list[str | None]] = {number: [] for number in order}
    for number in order * 2:
        said(standin, audio=wav(noise(0.2, number)))
        found[number].append(standin.log()[-1]["fault"])
    return found


def test_chance_is_the_same_for_the_same_seed_in_any_order(standin):
    order = list(range(20))

    first = drawn(standin, 7, order)

    assert drawn(standin, 7, order[::-1]) == first
    assert drawn(standin, 8, order) != first
    hits = [name for names in first.values() for name in names]
    assert 10 <= sum(name is not None for name in hits) <= 30
    assert set(hits) == {None, "loop", "dropped_tail", "silence_text"}
    assert any(names[0] and not names[1] for names in first.values()), "another try may succeed"


def test_every_fault_has_a_name_of_its_own():
    assert not set(FAULTS) & set(TEXT_FAULTS)
    assert len(FAULTS) + len(TEXT_FAULTS) == 19
