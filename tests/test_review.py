"""A submitted review says what the engine got wrong, and what it could learn."""

import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import connection

from feedback import learning, scoring
from feedback.models import Feedback
from feedback.saving import Refused, Save, save_segment
from feedback.services import active_seconds, reopen_review, submit_review, summarise
from lexicon.models import Term
from transcription.models import Job, Segment


@pytest.fixture
def job(make_job):
    return make_job("she takes us and paid", "twice a day")


@pytest.fixture
def corrected(job, reviewer):
    segment = job.segments.first()
    save_segment(reviewer, job, segment.pk, Save("She takes Ozempic.", version=1))
    return job


def state(job):
    return Job.objects.get(pk=job.pk).review_status


def test_the_summary_shows_what_changed_before_it_is_submitted(desk_client, corrected):
    page = desk_client.get(f"/review/{corrected.pk}/submit/").content.decode()
    assert "<del>us and paid</del> <ins>Ozempic.</ins>" in page
    assert "3 <small>of 6 words</small>" in page
    assert "50.0 %" in page
    assert "0 of 2 segments accepted; the others are submitted as they stand." in page
    assert state(corrected) == "in_review"
    assert not Feedback.objects.exists()


def test_a_submission_closes_the_review_and_keeps_its_measure(desk_client, corrected):
    page = desk_client.post(f"/review/{corrected.pk}/submit/", follow=True)
    assert page.redirect_chain == [(f"/review/{corrected.pk}/reviewed/", 302)]
    feedback = Feedback.objects.get()
    assert (feedback.job_id, feedback.reviewer_name) == (corrected.pk, "rita")
    assert feedback.engine_text == "she takes us and paid\ntwice a day"
    assert feedback.corrected_text == "She takes Ozempic.\ntwice a day"
    assert (feedback.word_errors, feedback.reference_words) == (3, 6)
    assert (feedback.wer, feedback.accuracy_score) == (0.5, 0.5)
    taught = [(e["heard"], e["corrected"], e["count"]) for e in feedback.extracted_terms]
    assert taught == [("us and paid", "Ozempic", 1)]
    segment = corrected.segments.first()
    changes = [(c["kind"], c["before"], c["after"], c["segment_id"]) for c in feedback.diff_data]
    assert changes == [
        ("case", "she", "She", segment.pk),
        ("substitution", "us and paid", "Ozempic.", segment.pk),
    ]
    assert state(corrected) == "reviewed"
    assert "50.0 %" in page.content.decode()


def test_a_text_that_was_right_is_submitted_as_it_stands(desk_client, job):
    assert "the text stands as the engine wrote it" in (
        desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    )
    desk_client.post(f"/review/{job.pk}/submit/")
    feedback = Feedback.objects.get()
    assert (feedback.accuracy_score, feedback.diff_data) == (1.0, [])
    assert feedback.extracted_terms == []


def test_a_recording_without_speech_can_be_reviewed(desk_client, make_job):
    silence = make_job()
    assert desk_client.post(f"/review/{silence.pk}/submit/").status_code == 302
    assert state(silence) == "reviewed"


def test_text_that_the_engine_invented_counts_in_full(desk_client, make_job, reviewer):
    job = make_job("thanks for watching")
    save_segment(reviewer, job, job.segments.get().pk, Save("", version=1))
    desk_client.post(f"/review/{job.pk}/submit/")
    feedback = Feedback.objects.get()
    assert (feedback.word_errors, feedback.wer, feedback.accuracy_score) == (3, 3.0, 0.0)


def test_only_the_live_segments_are_the_transcript(corrected, reviewer):
    Segment.objects.filter(job=corrected, text="twice a day").update(
        retired_at=corrected.created_at
    )
    assert submit_review(reviewer, corrected).corrected_text == "She takes Ozempic."


def test_a_second_submission_is_refused(desk_client, corrected):
    address = f"/review/{corrected.pk}/submit/"
    desk_client.post(address)
    page = desk_client.post(address, follow=True).content.decode()
    assert "This review was submitted already." in page
    assert Feedback.objects.count() == 1
    assert desk_client.get(address)["Location"] == f"/review/{corrected.pk}/reviewed/"


@pytest.mark.parametrize("status", ["queued", "transcribing", "failed", "cancelled"])
def test_what_is_not_transcribed_cannot_be_submitted(desk_client, job, status):
    Job.objects.update(status=status)
    page = desk_client.post(f"/review/{job.pk}/submit/", follow=True).content.decode()
    assert "not transcribed yet" in page
    assert not Feedback.objects.exists()


def test_a_closed_review_shows_no_boxes_to_type_in(desk_client, corrected):
    desk_client.post(f"/review/{corrected.pk}/submit/")
    segment = corrected.segments.first()
    desk = desk_client.get(f"/review/{corrected.pk}/?segment={segment.pk}").content.decode()
    assert "<textarea" not in desk
    assert "Reopen" in desk


def test_reopening_withdraws_what_was_submitted(desk_client, corrected):
    desk_client.post(f"/review/{corrected.pk}/submit/")
    answer = desk_client.post(f"/review/{corrected.pk}/reopen/")
    assert answer["Location"] == f"/review/{corrected.pk}/"
    assert state(corrected) == "in_review"
    assert Feedback.objects.get().withdrawn_at is not None
    assert desk_client.get(f"/review/{corrected.pk}/reviewed/")["Location"] == answer["Location"]


def test_a_reopened_review_is_submitted_anew(reviewer, corrected):
    submit_review(reviewer, corrected)
    reopen_review(corrected)
    segment = corrected.segments.first()
    save_segment(reviewer, corrected, segment.pk, Save("She takes a Zempak.", version=2))
    submit_review(reviewer, corrected)
    standing = Feedback.objects.get(withdrawn_at=None)
    assert standing.extracted_terms[0]["corrected"] == "Zempak"
    assert Feedback.objects.count() == 2


def test_there_is_nothing_to_reopen_before_a_submission(desk_client, job):
    page = desk_client.post(f"/review/{job.pk}/reopen/", follow=True).content.decode()
    assert "no submitted review to reopen" in page
    assert state(job) == "waiting"


@pytest.mark.django_db(transaction=True)
def test_of_two_submissions_at_once_one_counts(corrected, reviewer):
    start, refused = threading.Barrier(2), []

    def submit():
        job = Job.objects.get(pk=corrected.pk)
        start.wait()
        try:
            submit_review(reviewer, job)
        except Refused as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    assert Feedback.objects.count() == 1


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [([], 0), ([0], 0), ([0, 1, 2], 120), ([2, 0, 1], 120), ([0, 1, 61], 180)],
)
def test_time_spent_leaves_out_long_pauses(minutes, seconds):
    assert active_seconds(NOON + timedelta(minutes=m) for m in minutes) == seconds


def test_what_the_reviewer_drops_is_marked(desk_client, make_job, reviewer):
    job = make_job("the interest oh helps", "see a halter")
    first, second = job.segments.order_by("position")
    save_segment(reviewer, job, first.pk, Save("the Entresto helps", 1, "a"))
    save_segment(reviewer, job, second.pk, Save("see a Holter", 1, "b"))
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert page.count('name="keep"') == 2
    wish = {"chosen": "1", "keep": ["Entresto"]}
    desk_client.post(f"/review/{job.pk}/submit/", wish, follow=True)
    taught = {pair["corrected"]: "dropped" in pair for pair in job.feedback.get().extracted_terms}
    assert taught == {"Entresto": False, "Holter": True}


def test_what_is_inaudible_is_no_word(make_job, reviewer):
    job = make_job("we saw him mumble today")
    segment = job.segments.get()
    save_segment(reviewer, job, segment.pk, Save("we saw him [inaudible] today", 1, "a"))
    summary = summarise(job)
    assert (summary.score.reference_words, summary.score.word_errors) == (4, 1)
    assert summary.languages.said.total() == 4
    assert summary.taught == []
    assert scoring.score("hello [inaudible].", "hello").word_errors == 0
    assert scoring.score("hello ([inaudible])", "hello").reference_words == 1


def test_a_review_that_teaches_very_much(desk_client, make_job, monkeypatch):
    """Of many names the surest are shown and learned."""
    most = 20
    monkeypatch.setattr(learning, "MOST_LESSONS", most)
    said = ["".join(each) for each in product("bdgk", "ao", "ln", "kt", "a", "n")]
    job = make_job(*(f"we saw {word.replace('k', 'ck')}e now" for word in said))
    for segment, word in zip(job.segments.order_by("position"), said, strict=True):
        segment.text = f"we saw {word.capitalize()} now"
        segment.save()
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert page.count('name="keep"') == most < len(said)
    wish = {"chosen": "1", "keep": re.findall('name="keep" value="([^"]*)"', page)}
    answer = desk_client.post(f"/review/{job.pk}/submit/", wish, follow=True)
    assert answer.status_code == 200
    assert not any("dropped" in pair for pair in job.feedback.get().extracted_terms)
    assert Term.objects.filter(status="suggested").count() == most
