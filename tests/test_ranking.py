"""How much of a transcript is presumably wrong, and what place that gives it in the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.models import Feedback
from lexicon.matching import Replacement
from tests.conftest import HALF_MINUTE
from transcription import pipeline, ranking, services
from transcription.correcting import Corrected, as_heard, replaced
from transcription.models import Chunk, Job
from transcription.ranking import (
    USUAL_ERRORS,
    expected_errors,
    rank_at,
    usual_errors,
    word_errors,
)
from transcription.stitching import Draft
from transcription.timing import TimedWord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def segment(text: str = "one two three four", *sure: float, chunk: int = 1, marks=()) -> Corrected:
    """A second a word; `sure` is what the engine tells of each."""
    words = [
        TimedWord(word, 1000 * at, 1000 * at + 1000, sure[at] if sure else None)
        for at, word in enumerate(text.split())
    ]
    return as_heard(Draft(chunk, 0, 1000 * len(words), text, words, marks=list(marks)))


def gap(chunk: int, lasts_ms: int) -> Corrected:
    return as_heard(Draft(chunk, 0, lasts_ms, "", marks=[{"kind": "gap", "reason": "Away."}]))


def found(kind: str = "loop", severity: float = 0.5, **where: int) -> dict[str, object]:
    return {"kind": kind, "reason": kind, "severity": severity, **where}


def corrected(score: float, *, applied: bool, sure: float | None = None) -> Corrected:
    """Of four words the second is replaced, or only suggested to be."""
    heard = segment("one two three four", *([sure] * 4 if sure is not None else []))
    return replaced(heard.draft, [Replacement(4, 7, "two", "too", 1, "sound", score, applied)])


def errors(*transcript: Corrected, **speech_ms: int) -> float:
    return expected_errors({int(name[1:]): ms for name, ms in speech_ms.items()}, transcript)


def test_a_surer_engine_leaves_fewer_errors():
    assert errors(segment("one two", 1.0, 0.8)) == pytest.approx(0.1)
    assert errors(segment("one two", 0.5, 0.5)) == pytest.approx(0.5)


def test_an_engine_that_tells_nothing_is_taken_for_a_usual_one():
    assert errors(segment()) == pytest.approx(USUAL_ERRORS)


def test_odd_words_are_likelier_wrong():
    """Where the engine tells how sure it is, that counts for more."""
    usual, sure = segment(), segment("one two three four", 0.95, 0.95, 0.95, 0.95)
    odd = [[1.0, 4.0, 1.0, 1.0]]
    assert expected_errors({}, [usual], word_errors([usual], odd)) == pytest.approx(
        USUAL_ERRORS * 7 / 4
    )
    assert (
        USUAL_ERRORS < expected_errors({}, [sure], word_errors([sure], odd)) < USUAL_ERRORS * 7 / 4
    )
    assert word_errors([segment("one two three four", 1, 1, 1, 1)], odd) == [[0, 0, 0, 0]]


def test_what_is_usual_is_learned_from_reviews():
    assert usual_errors(0, 0) == USUAL_ERRORS
    assert USUAL_ERRORS < usual_errors(60, 300) < 0.1
    assert usual_errors(20_000, 100_000) == pytest.approx(0.2, abs=0.01)
    assert usual_errors(900, 10) <= 1


def test_where_nothing_was_said_nothing_is_wrong():
    assert errors() == 0
    assert errors(segment("")) == 0


def test_a_gap_is_all_wrong_for_as_long_as_it_lasts():
    assert errors(gap(1, 9000)) == 1
    assert errors(segment("one two three", 1, 1, 1), gap(2, 1000)) == pytest.approx(0.25)


def test_a_hole_counts_for_the_speech_that_it_left_out():
    """One word in half a minute of speech is no second's matter."""
    hole = segment("well", 1.0, chunk=2, marks=[found("hole", 0.9)])
    good = segment("one two three", 1, 1, 1)
    assert errors(good, hole, c1=3000, c2=27_000) == pytest.approx(0.9 * 0.9)


def test_findings_hold_for_the_whole_chunk_and_only_once():
    """One about words of two segments is marked in both of them."""
    marks = [found("loop", 0.5, start=0, end=2)]
    one, other = segment("one two", 1, 1, marks=marks), segment("three four", 1, 1, marks=marks)
    assert errors(one, other) == pytest.approx(0.5)
    two = segment("one two", 1, 1, marks=[*marks, found("echo", 0.5)])
    assert errors(two, other) == pytest.approx(0.75)
    elsewhere = replace(other, draft=replace(other.draft, chunk_id=2))
    assert errors(two, replace(elsewhere, marks=[])) == pytest.approx(0.375)


def test_what_the_lexicon_wrote_is_as_sure_as_it_was():
    assert errors(corrected(1.0, applied=True, sure=0.9)) == pytest.approx(0.3 / 4)
    assert errors(corrected(0.7, applied=True, sure=0.9)) == pytest.approx(0.6 / 4)


def test_an_open_suggestion_tells_of_an_error():
    assert errors(corrected(0.6, applied=False, sure=0.9)) == pytest.approx(0.9 / 4)
    assert errors(corrected(0.05, applied=False, sure=0.9)) == pytest.approx(0.4 / 4)


def test_odd_numbers_stay_within_what_is_possible():
    odd = segment("one two", 7.0, -3.0, marks=[found("echo", 5.0), found("cap", -1.0)])
    assert errors(odd) == 1
    assert 0 <= errors(segment("one two", 7.0, -3.0), c1=-5) <= 1
    assert errors(segment("one", marks=[{"kind": "lexicon", "reason": "", "start": 0, "end": 9}]))


SHARES = st.floats(0, 1)


@given(st.lists(SHARES, min_size=1, max_size=6), st.lists(SHARES, max_size=3), SHARES, SHARES)
def test_more_doubt_never_makes_it_less(sure, severities, lower, severity):
    text = " ".join("word" for _ in sure)
    marks = [found(f"kind {at}", each) for at, each in enumerate(severities)]
    before = errors(segment(text, *sure, marks=marks))
    assert 0 <= before <= 1
    less_sure = [min(sure[0], lower), *sure[1:]]
    assert errors(segment(text, *less_sure, marks=marks)) >= before - 1e-9
    assert errors(segment(text, *sure, marks=[*marks, found("more", severity)])) >= before - 1e-9
    assert errors(segment(text, *sure, marks=marks), gap(2, 700)) >= before - 1e-9


def test_errors_are_as_good_as_having_waited():
    hours = timedelta(hours=ranking.HOURS_A_PERCENT)
    assert rank_at(NOW, 0) == NOW
    assert rank_at(NOW, 0.05) == NOW - 5 * hours
    assert rank_at(NOW, 0.02) > rank_at(NOW - hours, 0.02) > rank_at(NOW, 0.04)


# --- Told where a job is finished ----------------------------------------------------------------


def ranked(job: Job) -> tuple[float, timedelta]:
    job.refresh_from_db()
    assert job.expected_errors is not None
    assert job.rank_at and job.finished_at
    return job.expected_errors, job.finished_at - job.rank_at


@pytest.fixture
def job(make_job, sent):
    """At work on two chunks of which the first failed."""
    job = make_job(status=Job.Status.TRANSCRIBING, chunk_count=2)
    job.chunks.update(status=Chunk.Status.FAILED, error_message="Away.")
    words = [["good", 4000, 5000, 0.9], ["morning", 5000, 8000, 0.9]]
    job.chunks.create(
        position=1, start_ms=4000, end_ms=8000, status="completed", text="good morning", words=words
    )
    pipeline.finish(job.pk)
    return job


def test_a_finished_job_has_its_place(job):
    errors, ahead = ranked(job)
    assert errors == pytest.approx((4 * 1 + 4 * 0.1) / 8, abs=0.01)
    assert ahead == timedelta(hours=ranking.HOURS_A_PERCENT * 100 * errors)


def test_a_gap_that_is_filled_gives_it_another(job):
    services.retry_job(job)
    job.chunks.filter(position=0).update(
        status="completed", text="Hello.", words=[["Hello.", 0, 4000, 0.9]]
    )
    pipeline.finish(job.pk)
    assert ranked(job)[0] == pytest.approx(0.1, abs=0.01)


def finished(make_job, **values: object) -> Job:
    job = make_job(status=Job.Status.TRANSCRIBING, chunk_count=1, **values)
    text = "we will open the second site in the spring of next year"
    job.chunks.update(status=Chunk.Status.COMPLETED, text=text)
    pipeline.finish(job.pk)
    job.refresh_from_db()
    return job


def test_what_reviews_of_the_same_client_found_is_expected_again(make_job, sent, reviewer):
    """In the same language, and as long as the review stands."""
    mine = {"owner_id": reviewer.pk, "languages": ["en"]}
    before = finished(make_job, **mine)
    review = Feedback.objects.create(
        job=before, accuracy_score=0.6, wer=0.4, cer=0.2, reference_words=9000, word_errors=3600
    )
    after, german = finished(make_job, **mine), finished(make_job, **mine | {"languages": ["de"]})
    elses = finished(make_job, languages=["en"])
    assert after.expected_errors > 3 * before.expected_errors
    assert after.rank_at < before.rank_at
    assert elses.expected_errors == pytest.approx(before.expected_errors)
    assert german.expected_errors < after.expected_errors / 3
    review.withdrawn_at = NOW
    review.save()
    assert finished(make_job, **mine).expected_errors == pytest.approx(before.expected_errors)


@pytest.mark.django_db(transaction=True)  # leases are renewed by another connection
def test_a_reused_transcript_has_its_own(standin, media, upload_sample, reviewer):
    first = upload_sample(model="gpt-transcribe", owner=reviewer)
    pipeline.prepare(first.pk)
    for chunk in first.chunks.all():
        pipeline.transcribe(chunk.pk)
    pipeline.finish(first.pk)
    again = upload_sample(model="gpt-transcribe", owner=reviewer)
    assert again.source_job_id == first.pk
    pipeline.finish(again.pk)
    assert ranked(again) == ranked(first)
    assert ranked(again)[0] == pytest.approx(USUAL_ERRORS, rel=0.5)
    assert HALF_MINUTE.split()[0] in again.segments.first().text
