"""What an engine did to the languages is found, asked for in another way, and marked."""

from __future__ import annotations

import pytest

from tests.switching import HINDI_ENGLISH, TURKISH_GERMAN
from transcription import pipeline
from transcription.checks import examine
from transcription.findings import Circumstances
from transcription.models import Attempt, Chunk, Job, Segment

SWITCHING = " ".join(TURKISH_GERMAN)
GERMAN = (
    "Danach habe ich noch mit meiner Mutter telefoniert und wir haben lange geredet, weil sie im"
    " Sommer zu uns kommen will und noch nicht weiß, wann sie frei bekommt."
)
ROMANISED = "doctor ne kaha ki mujhe aaram karna zaroori hai lekin main kal office jaungi"


def found(text, **more):
    circumstances = Circumstances(30_000, 12_000, **more)
    return {each.kind: each for each in examine(text, circumstances)}


# --- The checks


def test_one_language_where_all_around_they_switch():
    around = (SWITCHING, SWITCHING, SWITCHING)
    finding = found(GERMAN, languages=("tr", "de"), around=around)["translated"]
    assert finding.reason.startswith("All of this is in German, while before and after")
    assert "translated" not in found(GERMAN, languages=("tr", "de"), around=(GERMAN, GERMAN))
    assert "translated" not in found(GERMAN, languages=("tr", "de"))
    assert "translated" not in found(SWITCHING, languages=("tr", "de"), around=around)
    assert "translated" not in found(GERMAN, languages=("de",), around=around)


def test_english_where_nobody_expects_it():
    text = f"{TURKISH_GERMAN[0]} She said that the test was really hard for her. {GERMAN}"
    finding = found(text, languages=("tr", "de"))["translated"]
    assert text.split()[finding.start : finding.end][0] == "She"
    assert "translated" not in found(text, languages=("tr", "de", "en"))
    named = f"{TURKISH_GERMAN[0]} The King of Queens war gestern im Fernsehen."
    assert "translated" not in found(named, languages=("tr", "de"))


def test_a_language_in_letters_that_are_not_its_own():
    finding = found(ROMANISED, languages=("hi", "en"))["romanised"]
    assert finding.reason.startswith("This is Hindi in Latin letters")
    assert "romanised" not in found(ROMANISED, languages=("hi", "en"), policy={"hi": "Latn"})
    assert "romanised" not in found(" ".join(HINDI_ENGLISH), languages=("hi", "en"))
    assert "romanised" not in found(
        "She needs to walk again and to take the tablets twice a day.", languages=("hi", "en")
    )


def test_a_script_that_the_policy_does_not_want():
    text = "डॉक्टर ने कहा कि कल आना है"
    assert "script" not in found(text, languages=("hi", "en"))
    assert "script" in found(text, languages=("hi", "en"), policy={"hi": "Latn"})
    assert "script" in found(text, languages=("hi", "en"), policy={"*": "Latn"})


# --- The reactions


@pytest.fixture
def chunks(standin, upload_sample, sent):
    """The parts of a recording, cut."""

    def chunks(*languages: str, **wishes) -> list[Chunk]:
        standin.control(language=languages[0])
        job = upload_sample(model="gpt-transcribe", reuse=False, languages=languages, **wishes)
        pipeline.prepare(job.pk)
        return list(job.chunks.order_by("position"))

    return chunks


def steps(chunk: Chunk) -> list[str]:
    return list(Attempt.objects.filter(chunk=chunk).order_by("pk").values_list("step", flat=True))


def marks(job_id) -> list[tuple[str, str]]:
    return [
        (mark["kind"], segment.text)
        for segment in Segment.objects.filter(job=job_id)
        for mark in segment.marks
    ]


@pytest.mark.django_db(transaction=True)
def test_a_translated_span_is_asked_for_without_languages_and_stands(chunks, standin):
    standin.set_text(SWITCHING)
    standin.fault("translated", always=True, when={"languages": True})
    chunk = chunks("tr", "de")[0]
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert steps(chunk) == ["first", "without_languages"]
    assert (chunk.text, chunk.checks) == (SWITCHING, [])


@pytest.mark.django_db(transaction=True)
def test_a_translated_span_that_stays_is_marked(chunks, standin):
    standin.set_text(SWITCHING)
    standin.fault("translated", always=True)
    for chunk in chunks("tr", "de"):
        pipeline.transcribe(chunk.pk)
    pipeline.finish(chunk.job_id)
    assert Job.objects.get().status == Job.Status.COMPLETED
    kinds = {kind for kind, _ in marks(chunk.job_id)}
    assert kinds == {"translated"}
    assert any("put into English" in text for _, text in marks(chunk.job_id))


@pytest.mark.django_db(transaction=True)
def test_a_transliterated_span_is_found_asked_for_again_and_marked(chunks, standin):
    said = "उसने कहा कि मैं कल नहीं आऊँगी क्योंकि मेरी माँ बीमार है और डॉक्टर आने वाले हैं"
    standin.set_text(said)
    standin.fault("transliterated", always=True, when={"languages": True})
    first, second = chunks("hi", "en")
    pipeline.transcribe(first.pk)
    first.refresh_from_db()
    assert steps(first) == ["first", "without_languages"]
    assert (first.text, first.checks) == (said, [])

    standin.fault("transliterated", always=True)
    pipeline.transcribe(second.pk)
    second.refresh_from_db()
    assert {each["kind"] for each in second.checks} == {"romanised"}
    pipeline.finish(first.job_id)
    assert {kind for kind, _ in marks(first.job_id)} == {"romanised"}
    segments = Segment.objects.filter(chunk=second)
    assert all(segment.text.isascii() for segment in segments), "nothing is put back by itself"


@pytest.mark.django_db(transaction=True)
def test_what_only_the_whole_recording_shows_is_asked_for_once_more(chunks, standin, sent):
    standin.set_text(GERMAN)
    parts = chunks("tr", "de")
    job = parts[0].job
    for chunk in parts:
        pipeline.transcribe(chunk.pk)
    # as if the recording had been longer: what is around the first part came later
    texts = [GERMAN, *[SWITCHING] * 3]
    for position in range(len(parts), len(texts)):
        Chunk.objects.create(
            job=job, position=position, start_ms=70_000 * position, end_ms=70_000 * position + 100,
            audio_file=parts[0].audio_file, spans=[[0, 30_000]], speech_ms=20_000,
        )  # fmt: skip
    for chunk, text in zip(job.chunks.order_by("position"), texts, strict=True):
        chunk.text, chunk.words, chunk.status = text, [], Chunk.Status.COMPLETED
        chunk.attempt, chunk.checks = 1, []
        chunk.save()
    Attempt.objects.update(text=GERMAN, answer={
        "text": GERMAN, "words": [], "stretches": [], "language": ""
    })  # fmt: skip
    sent.clear()
    pipeline.finish(job.pk)
    assert Job.objects.get().status == Job.Status.TRANSCRIBING
    assert ("transcribe_chunk", str(parts[0].pk)) in [(task, str(pk)) for task, pk in sent]

    standin.set_text(SWITCHING + " und jetzt")
    pipeline.transcribe(parts[0].pk)
    assert steps(parts[0]) == ["first", "without_languages"]
    pipeline.finish(job.pk)
    assert Job.objects.get().status == Job.Status.COMPLETED
    first = Segment.objects.filter(chunk=parts[0]).order_by("position").first()
    assert first.text.startswith("Ondan sonra ich habe")
    assert first.tags
