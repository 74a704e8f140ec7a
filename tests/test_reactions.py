"""An answer that looks wrong is asked for again in other ways, and marked where it stays so."""

from __future__ import annotations

import pytest

from tests.conftest import HALF_MINUTE as TEXT
from transcription import pipeline
from transcription.models import Attempt, Chunk, Job, Segment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]

PROMPT = "A ward round in a small hospital with many names of drugs."


@pytest.fixture
def hear(standin, upload_sample):
    """The first chunk of the sample, heard."""

    def hear(**wishes) -> Chunk:
        job = upload_sample(**{"model": "gpt-transcribe", "reuse": False} | wishes)
        pipeline.prepare(job.pk)
        pipeline.transcribe(job.chunks.first().pk)
        return job.chunks.first()

    return hear


def steps(chunk):
    return list(Attempt.objects.filter(chunk=chunk).order_by("pk").values_list("step", "part"))


def kinds(chunk):
    return {finding["kind"] for finding in chunk.checks}


def test_a_good_answer_is_asked_for_once(hear):
    chunk = hear(prompt=PROMPT)
    assert (chunk.text, chunk.checks) == (TEXT, [])
    assert steps(chunk) == [("first", 0)]


def test_an_echo_of_the_prompt_is_asked_for_again_without_it(hear, standin):
    standin.fault("echo", always=True, when={"prompt": True})
    chunk = hear(prompt=PROMPT)
    assert (chunk.text, chunk.checks) == (TEXT, [])
    assert steps(chunk) == [("first", 0), ("without_prompt", 0)]
    assert Attempt.objects.filter(chunk=chunk).earliest("pk").text == PROMPT


def test_a_loop_on_long_audio_is_asked_for_again_in_smaller_parts(hear, standin):
    standin.fault("loop", always=True, when={"longer_than_s": 20})
    words = TEXT.split()
    standin.set_text([TEXT, " ".join(words[:30]), " ".join(words[30:])])
    chunk = hear()
    assert (chunk.text, chunk.checks) == (TEXT, [])
    assert steps(chunk) == [("first", 0), ("smaller", 0), ("smaller", 1)]
    times = [(word[1], word[2]) for word in chunk.words]
    assert times == sorted(times)
    assert times[0][0] >= chunk.start_ms
    assert times[-1][1] <= chunk.end_ms


def test_another_model_is_asked_where_one_is_configured(hear, standin, settings):
    settings.STT_FALLBACK_MODEL = "whisper-1"
    standin.fault("loop", always=True, when={"model": "gpt-transcribe"})
    chunk = hear()
    assert (chunk.text, chunk.checks) == (TEXT, [])
    assert steps(chunk)[-1] == ("other_model", 0)
    assert Attempt.objects.latest("pk").model == "whisper-1"


def test_what_stays_wrong_is_marked_for_the_reviewer(hear, standin):
    standin.fault("loop", always=True)
    chunk = hear()
    assert kinds(chunk) == {"loop"}
    other = Chunk.objects.exclude(pk=chunk.pk).get()
    pipeline.transcribe(other.pk)
    pipeline.finish(chunk.job_id)
    marks = [mark for segment in Segment.objects.filter(chunk=chunk) for mark in segment.marks]
    assert {mark["kind"] for mark in marks} == {"loop"}
    assert all(mark["reason"] for mark in marks)


def test_words_that_are_missing_are_noticed(hear, standin):
    standin.set_text("Yes.")
    chunk = hear()
    assert kinds(chunk) == {"hole"}


def test_a_hole_is_noticed_when_the_recordings_pace_is_known(standin, upload_sample):
    """The first chunk was answered before there was anything to compare it with."""
    job = upload_sample(model="gpt-transcribe")
    pipeline.prepare(job.pk)
    for chunk in job.chunks.all():
        pipeline.transcribe(chunk.pk)
    fast = job.chunks.last()
    for position in range(2, 8):
        Chunk.objects.create(
            job=job,
            position=position,
            start_ms=fast.end_ms + position,
            end_ms=fast.end_ms + position + 1,
            status=Chunk.Status.COMPLETED,
            text=" ".join([TEXT] * 2),
            words=[["x", fast.end_ms, fast.end_ms + 1]],
            speech_ms=fast.speech_ms,
        )
    slow = job.chunks.first()
    Chunk.objects.filter(pk=slow.pk).update(text="We saw the patient on Monday at ten in the ward.")
    Job.objects.update(chunk_count=8)
    pipeline.finish(job.pk)
    first = Segment.objects.filter(chunk=slow).earliest("position")
    assert [mark["kind"] for mark in first.marks] == ["hole"]


def test_an_answer_that_is_there_is_not_asked_for_again(hear, standin):
    """The worker dies between two steps; the next one goes on from the stored answer."""
    standin.fault("loop", when={"longer_than_s": 20})
    standin.fault("overloaded")
    chunk = hear()
    assert chunk.status == Chunk.Status.QUEUED
    Chunk.objects.filter(pk=chunk.pk).update(not_before=None)
    pipeline.transcribe(chunk.pk)
    chunk.refresh_from_db()
    assert chunk.status == Chunk.Status.COMPLETED
    assert [entry["status"] for entry in standin.log()] == [200, 503, 200, 200]
    assert len({entry["sha256"] for entry in standin.log()}) == 3


def test_a_refusal_in_asking_again_leaves_the_first_answer(hear, standin):
    standin.fault("loop")
    standin.fault("quota")
    chunk = hear()
    assert chunk.status == Chunk.Status.COMPLETED
    assert kinds(chunk) == {"loop"}


def test_nobody_waits_for_another_service_than_ones_own(hear, standin, settings):
    settings.STT_FALLBACK_MODEL = "whisper-1"
    standin.fault("loop", always=True, when={"model": "gpt-transcribe"})
    standin.fault("rate_limit", always=True, when={"model": "whisper-1"})
    chunk = hear()
    assert chunk.status == Chunk.Status.COMPLETED
    assert kinds(chunk) == {"loop"}


def test_words_of_the_prompt_that_are_really_said_stay_unmarked(hear, standin):
    standin.set_text(TEXT)
    chunk = hear(prompt=TEXT)
    assert (chunk.text, chunk.checks) == (TEXT, [])
    assert steps(chunk) == [("first", 0), ("without_prompt", 0)]


def test_the_least_wrong_answer_is_kept(hear, standin):
    """Nothing without the prompt, and a loop in each part: half the text is better than both."""
    standin.fault("dropped_tail", when={"prompt": True})
    standin.set_text(TEXT)
    chunk = hear(prompt=PROMPT)
    assert chunk.text
    assert chunk.status == Chunk.Status.COMPLETED
