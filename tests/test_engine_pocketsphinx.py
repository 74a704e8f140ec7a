"""The offline engine on the sample recording."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from transcription.audio import encode_flac, read_flac
from transcription.engines import capabilities, get_engine
from transcription.engines.base import Answer, EngineError, Request

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
FIRST_SENTENCE = "this is a follow up visit after a heart attack in the spring"
FIRST_SENTENCE_MS = 3_900
SENTENCES, SENTENCES_MS = 6, 21_600  # in which two drugs are named


def request(samples: np.ndarray, **changes) -> Request:
    return Request(encode_flac(samples), len(samples) // 16, **changes)


def hear(samples: np.ndarray, **changes) -> Answer:
    return get_engine("pocketsphinx").transcribe(request(samples, **changes))


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return read_flac((SAMPLE / "dictation.flac").read_bytes())


@pytest.fixture(scope="module")
def sentence(samples) -> np.ndarray:
    return samples[: FIRST_SENTENCE_MS * 16]


@pytest.fixture(scope="module")
def dictation(samples) -> Answer:
    return hear(samples[: SENTENCES_MS * 16], languages=("en",))


def test_a_dictation_is_mostly_understood(dictation):
    lines = (SAMPLE / "dictation.txt").read_text(encoding="utf-8").splitlines()[:SENTENCES]
    spoken = " ".join(lines).lower().replace(".", "").split()
    heard = set(dictation.text.split())

    assert sum(word in heard for word in spoken) / len(spoken) > 0.85


def test_the_names_of_drugs_are_not(dictation):
    """What the lexicon is for."""
    assert not {"ozempic", "entresto"} & set(dictation.text.split())


def test_the_text_is_words_alone(dictation):
    assert dictation.text == " ".join(word.text for word in dictation.words)
    assert all(word.text.replace("'", "").isalpha() for word in dictation.words)


def test_words_have_times_in_order_and_a_probability(dictation):
    edges = [edge for word in dictation.words for edge in (word.start_ms, word.end_ms)]

    assert edges == sorted(edges)
    assert edges[-1] <= SENTENCES_MS
    assert all(word.start_ms < word.end_ms for word in dictation.words)
    assert all(0 < word.confidence <= 1 for word in dictation.words)


def test_words_are_where_they_are_spoken(sentence):
    """The same sentence a second later in the recording is a second later in the words."""
    later = np.concatenate([np.zeros(16_000, np.int16), sentence])

    at_once, delayed = hear(sentence), hear(later)

    assert at_once.text == delayed.text == FIRST_SENTENCE
    ends_ms = [word.end_ms for word in delayed.words]
    assert ends_ms == pytest.approx([(word.end_ms or 0) + 1000 for word in at_once.words], abs=50)


def test_what_was_heard_before_changes_nothing(samples, sentence):
    before = hear(sentence)
    hear((samples[16_000 * 10 : 16_000 * 16] // 8).astype(np.int16))  # someone far away

    assert hear(sentence) == before


def test_threads_take_turns(sentence):
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: hear(sentence).text, range(4)))

    assert texts == [FIRST_SENTENCE] * 4


@pytest.mark.parametrize("ms", [20, 3000])
def test_silence_is_no_words(ms):
    assert hear(np.zeros(ms * 16, np.int16)) == Answer(text="")


def test_it_tells_what_it_guesses_while_it_hears(samples):
    told: list[tuple[str, int | None]] = []

    answer = hear(samples[: 16_000 * 10], on_progress=lambda *news: told.append(news))

    assert [heard_ms for _, heard_ms in told] == [3000, 6000, 9000]
    assert [len(text.split()) for text, _ in told] == sorted(len(t.split()) for t, _ in told)
    assert told[0][0].startswith("this is a follow up")
    assert len(answer.text.split()) >= len(told[-1][0].split()) > 10


def test_whoever_listens_may_end_it_and_others_hear_on(sentence):
    def cancel(text: str, heard_ms: int | None) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        hear(sentence, on_progress=cancel)

    assert hear(sentence).text == FIRST_SENTENCE


def test_a_language_that_it_does_not_know_is_refused(sentence):
    with pytest.raises(EngineError, match="English only, not fr, hi") as caught:
        hear(sentence, languages=("fr", "hi"))

    error = caught.value
    assert (error.code, error.permanent, error.scope) == ("language_not_supported", True, "chunk")


def test_english_among_other_languages_is_heard(sentence):
    assert hear(sentence, languages=("fr", "en")).text == FIRST_SENTENCE


def test_it_is_labelled_as_a_demo():
    record = capabilities("pocketsphinx")

    assert record.demo
    assert "demo" in record.label
