"""What engines are told of the lexicon, over the wire, and what is kept of it."""

from __future__ import annotations

import pytest

from lexicon.models import Term
from lexicon.services import add_term, reject
from speech_project.access.keys import create_key
from tests.conftest import HALF_MINUTE as TEXT
from transcription import hints, pipeline
from transcription.engines import MODELS, configured, declare
from transcription.models import Attempt, Chunk, Job
from transcription.services import retry_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]

NAMES = ("Ozempic", "Entresto", "Monro Inc")


@pytest.fixture
def lexicon(db):
    for text in NAMES:
        add(text, kind="drug")


def add(text, **fields):
    return add_term(text, **{"source": "admin", "status": "approved"} | fields).term


@pytest.fixture
def start(standin, upload_sample):
    """A job of the sample, cut into its two chunks."""

    def start(model="gpt-transcribe", **wishes) -> Job:
        job = upload_sample(**{"model": model, "reuse": False, "title": "A visit"} | wishes)
        pipeline.prepare(job.pk)
        return job

    return start


@pytest.fixture
def hear(start):
    """The first chunk of such a job, heard."""

    def hear(*args, **wishes) -> Chunk:
        chunk = start(*args, **wishes).chunks.first()
        pipeline.transcribe(chunk.pk)
        return again(chunk)

    return hear


def again(chunk):
    chunk.refresh_from_db()
    return chunk


def fields(standin):
    return [entry["fields"] for entry in standin.log()]


def asked(chunk):
    return list(Attempt.objects.filter(chunk=chunk).order_by("pk"))


# --- By model ----------------------------------------------------------------------------------


def test_gpt_transcribe_is_told_keywords(lexicon, hear, standin):
    hear(prompt="A visit.")
    (sent,) = fields(standin)
    assert sent["keywords[]"] == list(NAMES)
    assert sent["prompt"] == ["A visit."]


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1"])
def test_the_others_are_told_at_the_end_of_the_prompt(lexicon, hear, standin, model):
    hear(model, prompt="A visit.")
    (sent,) = fields(standin)
    assert sent["prompt"] == ["A visit. Ozempic, Entresto, Monro Inc."]
    assert not [name for name in sent if "keywords" in name or "hotwords" in name]


def test_a_server_of_ones_own_is_told_hotwords(lexicon, hear, standin):
    before = dict(MODELS)
    entry = '[{"model": "large-v3", "keywords_field": "hotwords", "most_terms": 2}]'
    declare(configured.parse(entry, lambda _: ""))
    try:
        standin.control(dialect="speaches")
        hear("large-v3")
    finally:
        MODELS.clear()
        MODELS.update(before)
    assert fields(standin)[0]["hotwords"] == ["Ozempic, Entresto"]


def test_a_model_that_takes_none_is_told_none_and_that_is_kept(lexicon, hear, standin):
    chunk = hear("gpt-4o-transcribe-diarize")
    assert not {"prompt", "keywords[]"} & set(fields(standin)[0])
    (attempt,) = asked(chunk)
    assert attempt.request["hints"] == {
        "as": "none",
        "sent": [],
        "left_out": {"engine": {"count": 3, "terms": list(NAMES)}},
    }


def test_an_empty_lexicon_changes_nothing(hear, standin):
    chunk = hear()
    assert "keywords[]" not in fields(standin)[0]
    assert "hints" not in asked(chunk)[0].request


@pytest.mark.parametrize("broken", ["index", "compiled"])
def test_a_lexicon_that_breaks_keeps_no_recording_from_being_heard(
    lexicon, hear, standin, monkeypatch, broken
):
    def breaks(*args):
        raise ValueError("broken")

    place = hints.hinting if broken == "index" else hints
    monkeypatch.setattr(place, broken, breaks)
    chunk = hear(prompt="A visit.", second_look=True)
    assert (chunk.status, chunk.text) == (Chunk.Status.COMPLETED, TEXT)
    assert fields(standin)[0]["prompt"] == ["A visit."]


def test_hints_can_be_switched_off(lexicon, hear, standin):
    hear(hints=False, prompt="A visit.")
    (sent,) = fields(standin)
    assert "keywords[]" not in sent
    assert sent["prompt"] == ["A visit."]


# --- Whose terms -------------------------------------------------------------------------------


def test_terms_of_one_client_are_told_for_no_other(lexicon, hear, standin):
    mine, _ = create_key("mine")
    other, _ = create_key("other")
    add("Secretol", api_key_id=mine.pk)
    hear(api_key=mine)
    hear(api_key=other)
    hear()
    told = [set(sent["keywords[]"]) for sent in fields(standin)]
    assert told == [{*NAMES, "Secretol"}, {*NAMES}, {*NAMES}]


def test_only_approved_terms_are_told_and_a_change_is_seen_at_once(lexicon, hear, standin):
    add("Maybe", status="suggested")
    hear()
    reject(Term.objects.filter(term="Ozempic"))
    add("Zyrtec", kind="drug")
    hear()
    first, second = (set(sent["keywords[]"]) for sent in fields(standin))
    assert first == {*NAMES}
    assert second == {"Entresto", "Monro Inc", "Zyrtec"}


def test_terms_of_other_languages_are_not_told(lexicon, hear, standin):
    add("Schmerz", language="de")
    chunk = hear(languages=["en"])
    assert set(fields(standin)[0]["keywords[]"]) == {*NAMES}
    left_out = asked(chunk)[0].request["hints"]["left_out"]
    assert left_out == {"language": {"count": 1, "terms": ["Schmerz"]}}


# --- What speaks for a term --------------------------------------------------------------------


@pytest.fixture
def many(db):
    """More than one request takes, all worth the same."""
    Term.objects.bulk_create(
        Term(term=f"Filler{n}x", normalized=f"filler{n}x", kind="drug", status="approved")
        for n in range(150)
    )
    return add("Secretol")


def test_what_was_said_in_the_part_before_is_told(many, start, standin):
    job = start()
    first, second = job.chunks.all()
    standin.set_text(TEXT.replace("the pain", "the secretol"))
    pipeline.transcribe(first.pk)
    pipeline.transcribe(second.pk)
    before, after = fields(standin)
    assert "Secretol" not in before["keywords[]"]
    assert after["keywords[]"][0] == "Secretol"
    assert len(after["keywords[]"]) == 100


@pytest.mark.parametrize("wish", [{"title": "Call on Secretol"}, {"prompt": "About Secretol"}])
def test_what_the_recording_is_called_is_told(many, hear, standin, wish):
    hear(**wish)
    assert fields(standin)[0]["keywords[]"][0] == "Secretol"


def test_what_the_same_client_said_before_is_told(many, hear, make_job, standin, reviewer):
    make_job("Go on with Secretol.", owner=reviewer)
    make_job("Go on with Filler7x.")
    hear(owner=reviewer)
    assert fields(standin)[0]["keywords[]"][0] == "Secretol"


# --- Answers that repeat what was told ---------------------------------------------------------

LONG = ("Amlodipine", "Metoprolol", "Lisinopril", "Furosemide", "Clopidogrel")


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
def test_an_echo_of_the_terms_is_asked_for_again_without_them(hear, standin, model):
    for text in LONG:
        add(text, kind="drug")
    field = "keywords" if model == "gpt-transcribe" else "prompt"
    standin.fault("echo", always=True, when={field: True})
    chunk = hear(model)
    assert (chunk.text, chunk.checks) == (TEXT, [])
    first, second = asked(chunk)
    assert (first.step, second.step) == ("first", "without_prompt")
    assert "Clopidogrel" in first.text
    assert not {"prompt", "keywords[]"} & set(fields(standin)[1])


# --- What is kept ------------------------------------------------------------------------------


def test_what_was_told_and_what_not_is_kept_with_the_request(many, hear):
    (attempt,) = asked(hear())
    kept = attempt.request["hints"]
    assert kept["as"] == "keywords"
    assert len(kept["sent"]) == 100
    pk, text = kept["sent"][0]
    assert Term.objects.get(pk=pk).term == text
    assert kept["left_out"]["budget"]["count"] == 51
    assert len(kept["left_out"]["budget"]["terms"]) == 50


def test_a_lexicon_that_changed_since_is_no_reason_to_pay_again(lexicon, start, standin):
    """The worker died after it had stored the answer, before the chunk was done with."""
    job = start()
    chunk = job.chunks.first()
    standin.fault("loop", when={"longer_than_s": 20})
    standin.fault("overloaded")  # in asking again: the chunk is put back
    pipeline.transcribe(chunk.pk)
    assert again(chunk).status == Chunk.Status.QUEUED
    asked_before = len(standin.log())
    add("Zyrtec", kind="drug")
    Chunk.objects.filter(pk=chunk.pk).update(not_before=None)
    pipeline.transcribe(chunk.pk)
    assert again(chunk).status == Chunk.Status.COMPLETED
    told = [sent.get("keywords[]") for sent in fields(standin)[asked_before:]]
    assert told[0] is None, "the step that was missing comes next"
    assert [a.step for a in asked(chunk) if a.answer].count("first") == 1


def test_an_echo_is_seen_by_what_was_told_then(hear, start, standin):
    """The terms are gone from the lexicon when the stored answer is looked at again."""
    for text in LONG:
        add(text, kind="drug")
    chunk = start().chunks.first()
    standin.fault("echo")
    standin.fault("overloaded")
    pipeline.transcribe(chunk.pk)
    assert again(chunk).status == Chunk.Status.QUEUED
    Term.objects.update(status="retired")
    Chunk.objects.filter(pk=chunk.pk).update(not_before=None)
    pipeline.transcribe(chunk.pk)
    assert again(chunk).text == TEXT
    assert [a.step for a in asked(chunk) if a.answer] == ["first", "without_prompt"]


def test_the_same_recording_is_not_paid_for_again_because_the_lexicon_changed(
    lexicon, start, standin, reviewer
):
    first = start(owner=reviewer)
    for chunk in first.chunks.all():
        pipeline.transcribe(chunk.pk)
    pipeline.finish(first.pk)
    add("Zyrtec")
    second = start(owner=reviewer, reuse=True)
    assert second.source_job == first
    assert start(owner=reviewer, reuse=True, hints=False).source_job is None, "another wish"
    assert len(standin.log()) == 2


def finished(job):
    for chunk in job.chunks.all():
        pipeline.transcribe(chunk.pk)
    pipeline.finish(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.COMPLETED
    return job


def test_each_term_is_counted_once_a_job_and_not_again_after_a_retry(lexicon, start, standin):
    add("Schmerz", language="de")
    first = start(languages=["en"])
    standin.fault(status=400, body="{}")
    finished(first)
    assert first.chunks.filter(status=Chunk.Status.FAILED).count() == 1
    once = {(text, 1) for text in NAMES}
    counts = Term.objects.values_list("term", "sent_count")
    assert set(counts) == once | {("Schmerz", 0)}, "of two parts"
    retry_job(first)
    finished(first)
    assert not first.chunks.exclude(status=Chunk.Status.COMPLETED).exists()
    assert set(counts.all()) == once | {("Schmerz", 0)}
    finished(start(languages=["en"]))
    assert set(counts.all()) == {(text, 2) for text in NAMES} | {("Schmerz", 0)}
