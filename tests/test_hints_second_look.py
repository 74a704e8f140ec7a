"""A second look at parts that may hold terms which their text has not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lexicon.prompting import Candidate, Index
from lexicon.services import add_term
from tests.conftest import HALF_MINUTE as TEXT
from transcription import pipeline
from transcription.engines.base import Word
from transcription.models import Attempt, Chunk
from transcription.second_look import MOST_TERMS, candidates, is_better

NEARLY = TEXT.replace("the dose", "the owes m pick")
RIGHT = TEXT.replace("the dose", "the Ozempic")


# --- The whole way -----------------------------------------------------------------------------


@pytest.fixture
def hear(standin, upload_sample, media, sent):
    """The first chunk of the sample, answered by these texts in order."""
    add("Ozempic", alternatives=["owes m pick"])
    add("Entresto")

    def hear(*texts, model="gpt-transcribe", **wishes) -> Chunk:
        standin.set_text(list(texts))
        wishes = {"second_look": True, "reuse": False, "title": "A visit"} | wishes
        job = upload_sample(model=model, **wishes)
        pipeline.prepare(job.pk)
        return heard(job.chunks.first())

    return hear


def add(text, **fields):
    return add_term(text, source="admin", status="approved", kind="drug", **fields).term


def heard(chunk):
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    return chunk


def answers(chunk):
    kept = Attempt.objects.filter(chunk=chunk).exclude(answer={}).order_by("pk")
    return list(kept.values_list("step", "text"))


def told(standin, field="keywords[]"):
    return [entry["fields"].get(field) for entry in standin.log()]


pipelined = pytest.mark.django_db(transaction=True)


@pipelined
def test_a_near_miss_is_heard_again_with_just_that_term(hear, standin):
    chunk = hear(NEARLY, RIGHT)
    assert chunk.text == RIGHT
    assert told(standin) == [["Ozempic", "Entresto"], ["Ozempic"]]
    assert answers(chunk) == [("first", NEARLY), ("second_look", RIGHT)], "both are kept"
    assert "Ozempic" in [word[0] for word in chunk.words]


@pipelined
def test_in_a_prompt_it_stands_alone_too(hear, standin):
    chunk = hear(NEARLY, RIGHT, model="gpt-4o-transcribe", prompt="A visit.")
    assert chunk.text == RIGHT
    assert told(standin, "prompt") == [["A visit. Ozempic, Entresto."], ["Ozempic."]]


@pipelined
def test_nobody_looks_twice_unwished_or_without_a_reason(hear, standin):
    assert hear(NEARLY, second_look=False).text == NEARLY
    assert hear(TEXT).text == TEXT
    assert hear(RIGHT).text == RIGHT
    assert hear(NEARLY, model="gpt-4o-transcribe-diarize").text == NEARLY, "it takes no terms"
    assert len(standin.log()) == 4


@pipelined
@pytest.mark.parametrize(
    "second",
    [
        NEARLY,
        RIGHT.replace("three months", "two years and then again with her husband and the children"),
        "Ozempic.",
        "Ozempic " * 40,
    ],
    ids=["no term", "the rest is another", "a hole", "a loop"],
)
def test_what_is_no_better_is_not_taken(hear, second):
    chunk = hear(NEARLY, second)
    assert chunk.text == NEARLY
    assert chunk.checks == []
    assert [step for step, _ in answers(chunk)] == ["first", "second_look"]


@pipelined
def test_its_answer_is_not_paid_for_twice(hear, standin, monkeypatch):
    """The worker dies when it has both answers, and the lexicon changes meanwhile."""
    monkeypatch.setattr(pipeline, "_store", lambda *args: None)
    chunk = hear(NEARLY, RIGHT)
    assert chunk.status == Chunk.Status.TRANSCRIBING
    monkeypatch.undo()
    add("Oh Zempic", alternatives=["the owes"])
    Chunk.objects.filter(pk=chunk.pk).update(status=Chunk.Status.QUEUED, lease_until=None)
    assert heard(chunk).text == RIGHT
    assert len(standin.log()) == 2


@pipelined
def test_it_keeps_to_the_budget(hear, standin):
    chunk = hear(NEARLY, RIGHT, budget_usd=Decimal("0.003"))
    assert (chunk.status, chunk.text) == (Chunk.Status.COMPLETED, NEARLY)
    assert len(standin.log()) == 1


# --- Which terms, and which answer -------------------------------------------------------------


def terms_for(*words, near=(), languages=(), terms=None):
    index = Index(terms or [Candidate(1, "Metoprolol"), Candidate(2, "Ibuprofen", language="de")])
    said = [Word(text, None, None, confidence) for text, confidence in words]
    return [term.text for term in candidates(said, near, index, languages)]


def test_doubtful_words_tell_of_the_terms_that_sound_like_them():
    said = [("takes", 0.9), ("metta", 0.2), ("prolol", 0.8), ("daily", 0.9)]
    assert terms_for(*said) == ["Metoprolol"]
    assert terms_for(*((word, 0.9) for word, _ in said)) == []
    assert terms_for(*((word, None) for word, _ in said)) == []


def test_near_misses_go_first_and_few_terms_are_taken():
    terms = [Candidate(n, f"Term {n}") for n in range(100)]
    found = terms_for(near=range(90, 20, -1), terms=terms)
    assert len(found) == MOST_TERMS
    assert found[0] == "Term 90"


def test_terms_of_other_languages_are_not_listened_for():
    said = [("ibu", 0.9), ("profane", 0.1)]
    assert terms_for(*said, languages=["de"]) == ["Ibuprofen"]
    assert terms_for(*said, languages=["en"]) == []


BEFORE = "She takes metta prolol every evening, and that is all we know about it so far."


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("She takes metoprolol every evening, and that is all we know about it so far.", True),
        ("She takes Metoprolol every evening and that is all we know of it so far.", True),
        (BEFORE, False),
        ("Metoprolol.", False),
        ("She takes metoprolol every evening.", False),
        ("We gave metoprolol to him at noon, but that was not what they said of it.", False),
        ("She takes nothing every evening, and that is all we know about it so far.", False),
    ],
)
def test_better_is_a_term_more_and_the_rest_the_same(text, better):
    assert is_better(text, BEFORE, ["Metoprolol"]) == better


def test_a_term_that_is_there_already_is_no_gain():
    assert not is_better("Metoprolol at night", "metoprolol at night", ["Metoprolol"])
    assert is_better("Metoprolol and metoprolol", "metoprolol and metal", ["Metoprolol"])
