"""Terms that are wished for one recording: engines are told of them before the lexicon's."""

from __future__ import annotations

import pytest

from lexicon.models import Term
from lexicon.prompting import Budget, Candidate, Index, choose
from lexicon.services import add_term
from transcription import hints, pipeline
from transcription.models import Attempt
from transcription.services import JobRefused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]


@pytest.fixture
def hear(standin, upload_sample):
    """What the service was told with the first part of a job of the sample."""

    def hear(**wishes):
        job = upload_sample(**{"model": "gpt-transcribe"} | wishes)
        pipeline.prepare(job.pk)
        pipeline.transcribe(job.chunks.first().pk)
        return job, standin.log()[-1]["fields"]

    return hear


@pytest.fixture
def term(db):
    return add_term("Ozempic", source="admin", status="approved").term


def test_keywords_go_before_the_lexicons_terms(hear, term):
    job, told = hear(keywords=["Zyloprim", " Arava "])
    assert told["keywords[]"] == ["Zyloprim", "Arava", "Ozempic"]
    assert job.options["keywords"] == ["Zyloprim", "Arava"]
    assert [each.text for each in hints.summary(job).sent] == told["keywords[]"]


def test_they_count_for_no_term(hear, term):
    job, _ = hear(keywords=["Zyloprim"])
    assert hints.to_count(job) == {term.pk}
    assert Term.objects.count() == 1


def test_who_wants_no_hints_is_still_heard(hear, term):
    _, told = hear(keywords=["Zyloprim"], hints=False)
    assert told["keywords[]"] == ["Zyloprim"]


def test_models_that_take_a_prompt_are_told_in_it(hear, term):
    _, told = hear(model="whisper-1", keywords=["Zyloprim"], prompt="A visit.")
    assert told["prompt"] == ["A visit. Zyloprim, Ozempic."]


def test_a_model_that_takes_no_terms_says_what_was_left_out(hear, term):
    job, told = hear(model="gpt-4o-transcribe-diarize", keywords=["Zyloprim"])
    assert "keywords[]" not in told
    kept = Attempt.objects.get(chunk__job=job).request["hints"]
    assert kept["left_out"] == {"engine": {"count": 2, "terms": ["Zyloprim", "Ozempic"]}}


def test_the_lexicon_gets_what_room_they_leave():
    terms = [Candidate(id=at, text=text) for at, text in enumerate(["Aa", "Bb", "Cc"], 1)]
    wished = [Candidate(id=0, text="Dd"), Candidate(id=0, text="Aa")]
    told = choose(Index(terms), Budget("keywords", terms=3), wished=wished)
    assert told.texts == ("Dd", "Aa", "Bb")
    assert {reason: left.texts for reason, left in told.left_out.items()} == {
        "double": ("Aa",),
        "budget": ("Cc",),
    }


@pytest.mark.parametrize(
    "keywords",
    [["a\nb"], ["<b>"], [""], [" "], ["x" * 101], ["a\x00b"], [f"w{n}" for n in range(101)]],
    ids=["lines", "signs", "empty", "blank", "long", "zero", "many"],
)
def test_what_engines_would_refuse_is_refused(upload_sample, keywords):
    with pytest.raises(JobRefused) as refused:
        upload_sample(model="pocketsphinx", keywords=keywords)
    assert refused.value.code == "keywords_invalid"
    assert "keyword" in refused.value.message
