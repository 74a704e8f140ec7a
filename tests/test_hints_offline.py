"""PocketSphinx hears the lexicon's terms: those of the one who asks, and nobody else's."""

from __future__ import annotations

import shutil
import subprocess
import wave
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lexicon.pronouncing import dictionary
from lexicon.services import add_term
from speech_project.access.keys import create_key
from tests.conftest import SAMPLE
from transcription import audio, pipeline
from transcription.audio import encode_flac, read_flac
from transcription.engines import get_engine
from transcription.engines import pocketsphinx as offline
from transcription.engines.base import Answer, Request
from transcription.models import Attempt, Segment

DRUGS = ("Ozempic", "Entresto", "Eliquis")
ENTRESTO_MS, OZEMPIC_MS = (11_400, 14_600), (17_450, 20_500)  # sentences of the sample
spoken = pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed")


def hear(samples: np.ndarray, *keywords: str, **more) -> Answer:
    request = Request(encode_flac(samples), len(samples) // 16, keywords=keywords, **more)
    return get_engine("pocketsphinx").transcribe(request)


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return read_flac(SAMPLE.read_bytes())


@pytest.fixture(scope="module")
def sentence(sample):
    """The sample's, of Ozempic, without its end."""
    start, end = OZEMPIC_MS
    return sample[start * 16 : end * 16]


@pytest.fixture(scope="module")
def plain(sentence) -> Answer:
    """The sentence as it is heard without terms."""
    return hear(sentence)


@pytest.fixture(scope="module")
def say(tmp_path_factory):
    def say(text: str, voice: str = "rms") -> np.ndarray:
        path = tmp_path_factory.mktemp("said") / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        with wave.open(str(path)) as file:
            assert file.getframerate() == audio.SAMPLE_RATE
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)

    return say


# --- The engine --------------------------------------------------------------------------------


def test_drugs_of_the_sample_are_heard_with_their_terms_and_not_before(sample):
    sound = sample[ENTRESTO_MS[0] * 16 : OZEMPIC_MS[1] * 16]
    before, after = hear(sound), hear(sound, *DRUGS)
    assert not {drug.lower() for drug in DRUGS} & set(before.text.lower().split())
    assert [word for word in after.text.split() if word in DRUGS] == ["Entresto", "Ozempic"]


def test_a_term_has_its_place_in_the_sound(sentence):
    answer = hear(sentence, "Ozempic")
    words = [word for word in answer.words if word.text == "Ozempic"]
    assert len(words) == 1
    assert 1_000 < words[0].start_ms < words[0].end_ms < 4_000
    assert 0 < words[0].confidence <= 1


def test_what_one_was_told_another_does_not_hear(sentence, plain):
    assert "Ozempic" in hear(sentence, "Entresto", "Ozempic").text
    assert hear(sentence) == plain
    assert hear(sentence, "Entresto").text == plain.text


def test_nor_while_both_are_heard_at_once(sentence):
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda told: hear(sentence, *told), [("Ozempic",), ()] * 2)
    assert ["Ozempic" in answer.text for answer in answers] == [True, False] * 2


def test_whoever_is_told_on_the_way_reads_terms_too(sentence):
    told: list[str] = []
    hear(sentence, "Ozempic", on_progress=lambda text, _: told.append(text))
    assert "Ozempic" in told[-1]
    assert "term:" not in " ".join(told)


def test_whoever_listens_may_end_it_and_no_term_stays(sentence, plain):
    def cancel(text: str, heard_ms: int | None) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        hear(sentence, "Ozempic", on_progress=cancel)
    assert hear(sentence) == plain


def test_the_decoder_is_made_anew_when_it_has_learnt_very_much(sentence, plain, monkeypatch):
    monkeypatch.setattr(offline, "MOST_ADDED", 1)
    for more in ("Zyrtec", "Xarelto"):
        decoder = offline._decoder()
        assert "Ozempic" in hear(sentence, "Ozempic", more).text
        assert offline._decoder() is not decoder
    assert hear(sentence) == plain


def test_many_terms_that_nobody_says_do_no_harm(sample):
    """As many as are told at most, made of the dictionary's words: as real as names."""
    words = list(dictionary())
    names = [f"{words[n * 97]} {words[n * 61 + 5]}" for n in range(1000)]
    start = sample[: 16 * ENTRESTO_MS[0]]
    before, after = hear(start), hear(start, *names)
    assert wrong(after.text) <= wrong(before.text) + 1


def wrong(text: str) -> int:
    """Words of the sample's first sentences that are missing."""
    lines = (SAMPLE.parent / "dictation.txt").read_text(encoding="utf-8").splitlines()
    said = " ".join(lines[:3]).lower().replace(".", "").split()
    return sum(word not in text.split() for word in said)


@spoken
def test_terms_of_several_words_are_heard_as_they_are_written(say):
    sound = say("the report of monro inc came in the morning")
    assert "Monro Inc" not in hear(sound).text
    answer = hear(sound, "Monro Inc")
    assert "report of Monro Inc came in" in answer.text
    monro, inc = (word for word in answer.words if word.text in ("Monro", "Inc"))
    assert monro.start_ms < monro.end_ms == inc.start_ms < inc.end_ms


@spoken
@pytest.mark.parametrize("drug", ["Xarelto", "Gabapentin", "Escitalopram"])
def test_a_drug_is_heard_with_its_term_and_not_before(say, drug):
    sound = say(f"she takes {drug} every evening with some water", "slt")
    assert drug.lower() not in hear(sound).text.lower()
    assert drug in hear(sound, "Ozempic", drug).text.split()


@spoken
def test_what_is_not_said_as_it_is_written(say):
    sound = say("she takes key nose every evening with some water")
    assert "Quinohs" not in hear(sound, "Quinohs").text
    assert "Quinohs" in hear(sound, "Quinohs", sounds_like={"Quinohs": "key nose"}).text


# --- From the lexicon to the transcript --------------------------------------------------------


@pytest.fixture
def transcript(upload_sample, tmp_path, sentence, sent):
    """What a job of the sample's sentence comes to."""
    path = tmp_path / "sentence.flac"
    path.write_bytes(encode_flac(sentence))

    def transcript(**wishes) -> str:
        job = upload_sample(path, model="pocketsphinx", reuse=False, **wishes)
        pipeline.prepare(job.pk)
        for chunk in job.chunks.all():
            pipeline.transcribe(chunk.pk)
        pipeline.finish(job.pk)
        return " ".join(segment.engine_text for segment in Segment.objects.filter(job=job))

    return transcript


@pytest.mark.django_db(transaction=True)
def test_a_term_in_the_lexicon_is_recognised_offline_and_by_its_client_alone(transcript, media):
    mine, _ = create_key("mine")
    other, _ = create_key("other")
    term = add_term("Ozempic", source="admin", status="approved", api_key_id=mine.pk).term
    assert "Ozempic" in transcript(api_key=mine)
    assert Attempt.objects.latest("pk").request["hints"]["sent"] == [[term.pk, "Ozempic"]]
    assert "Ozempic" not in transcript(api_key=other)
    assert "Ozempic" not in transcript(api_key=mine, hints=False)
