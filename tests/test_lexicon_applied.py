"""The lexicon corrects what the engine wrote, once, and never what a person did."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.long_texts import A_MINUTE, heard
from lexicon.compiled import compiled
from lexicon.models import Term
from lexicon.services import add_term
from speech_project.access.keys import create_key
from tests.conftest import STEPS
from transcription import leases, pipeline, sweeping
from transcription.exports import as_json
from transcription.models import Job, Segment
from transcription.services import retry_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]

SAID = (
    "We saw her on Monday and lower the ozem pik, as the pressure was low. She sleeps well. "
    "The ozem pik goes on in a small dose. We shall see her again in three months, with the "
    "blood count of today and all that her doctor wrote about the days in hospital last year."
)


@pytest.fixture
def standin(standin):
    standin.set_text(SAID)
    return standin


@pytest.fixture
def ozempic(db):
    return add("Ozempic", "ozem pik")


def add(term, *alternatives, **fields):
    fields = {"source": "admin", "status": "approved"} | fields
    return add_term(term, alternatives=alternatives, **fields).term


@pytest.fixture
def upload(standin, upload_sample, sent):
    def upload(**wishes):
        return worked_off(upload_sample(**{"model": "gpt-transcribe"} | wishes), sent)

    return upload


def worked_off(job, sent, *, times=1):
    while sent:
        task, pk = sent.pop(0)
        for _ in range(times):
            STEPS.get(task, lambda pk: None)(pk)
    job.refresh_from_db()
    return job


def live(job):
    return Segment.objects.filter(job=job, retired_at=None).order_by("position")


def text_of(job):
    return " ".join(segment.text for segment in live(job))


def changed(job):
    return [segment for segment in live(job) if segment.replacements]


def matched(term):
    term.refresh_from_db()
    return term.matched_count


def test_the_transcript_says_the_term_and_keeps_what_was_heard(ozempic, upload):
    job = upload()
    assert (job.status, job.lexicon_problem) == (Job.Status.COMPLETED, "")
    assert text_of(job).count("Ozempic") == 4  # two chunks
    assert "ozem pik" not in text_of(job)
    segment = changed(job)[0]
    assert segment.text == segment.engine_text.replace("ozem pik", "Ozempic")
    (change,) = segment.replacements
    assert segment.engine_text[change["start"] : change["end"]] == "ozem pik"
    assert (change["after"], change["term"], change["applied"]) == ("Ozempic", ozempic.pk, True)
    assert job.lexicon_version == compiled(None)[0]
    assert matched(ozempic) == 4


def test_words_and_marks_are_those_of_the_text(ozempic, upload):
    segment = changed(upload())[0]
    assert [word[0] for word in segment.words] == segment.text.split()
    clock = [ms for _, start, end, *_ in segment.words for ms in (start, end)]
    assert clock == sorted(clock)
    (mark,) = [mark for mark in segment.marks if mark["kind"] == "lexicon"]
    assert [word[0] for word in segment.words[mark["start"] : mark["end"]]] == ["Ozempic,"]
    assert "“Ozempic” for “ozem pik”" in mark["reason"]


def test_without_terms_nothing_changes(upload):
    segments = live(upload())
    assert all(s.text == s.engine_text and not s.replacements for s in segments)


def test_terms_of_another_key_are_not_for_this_job(upload):
    key, _ = create_key("clinic")
    add("Ozempic", "ozem pik", api_key_id=key.pk)
    assert "Ozempic" not in text_of(upload())
    assert "Ozempic" in text_of(upload(api_key=key))


def test_each_message_twice_counts_once(ozempic, standin, upload_sample, sent):
    job = worked_off(upload_sample(model="gpt-transcribe"), sent, times=2)
    assert text_of(job).count("Ozempic") == matched(ozempic) == 4


def test_a_filled_gap_gets_todays_lexicon_and_the_rest_stays_as_people_left_it(
    upload, standin, reviewer, sent
):
    standin.fault(status=400, body="{}")
    job = upload()
    gap = live(job).get(text="")
    written = live(job).exclude(pk=gap.pk).first()
    Segment.objects.filter(pk=written.pk).update(text="the ozem pik, by hand", version=2)
    before = list(live(job).exclude(pk=gap.pk).values())
    ozempic = add("Ozempic", "ozem pik")
    retry_job(job)
    worked_off(job, sent)
    known = [row["id"] for row in before]
    assert list(live(job).filter(pk__in=known).values()) == before
    new = live(job).exclude(pk__in=known)
    assert " ".join(s.text for s in new) == SAID.replace("ozem pik", "Ozempic")
    assert matched(ozempic) == 2
    assert job.lexicon_version == compiled(None)[0]


def test_a_reused_recording_gets_todays_lexicon(upload, standin, reviewer):
    first = upload(owner=reviewer)
    add("Ozempic", "ozem pik")
    again = upload(owner=reviewer)
    assert again.source_job == first
    assert text_of(again) == text_of(first).replace("ozem pik", "Ozempic")
    assert "ozem pik" in text_of(first)
    assert len(standin.log()) == first.chunk_count  # nothing was asked again


@pytest.mark.parametrize("broken", ["compiled", "corrected"])
def test_a_lexicon_that_breaks_does_not_hold_the_transcript_up(
    broken, ozempic, upload, desk_client, monkeypatch, caplog
):
    def breaks(*args, **kwargs):
        raise ValueError("a term without letters")

    monkeypatch.setattr(f"transcription.applying.{broken}", breaks)
    job = upload()
    assert job.status == Job.Status.COMPLETED
    assert text_of(job) == f"{SAID} {SAID}"
    assert (job.lexicon_version, matched(ozempic)) == ("", 0)
    assert "a term without letters" in job.lexicon_problem
    assert "a term without letters" in caplog.text
    for address in (f"/review/{job.pk}/", job.get_absolute_url()):
        assert "The lexicon could not be applied" in desk_client.get(address).content.decode()
    shown = desk_client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert shown["lexicon_problem"] == job.lexicon_problem
    monkeypatch.undo()
    assert "Ozempic" in text_of(upload())


def test_a_database_that_is_away_only_delays_it(ozempic, upload, monkeypatch, sent):
    def away(*args):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("transcription.applying.compiled", away)
    with pytest.raises(OperationalError):
        upload()
    monkeypatch.undo()
    job = Job.objects.get()
    assert (job.status, live(job).count()) == (Job.Status.FINISHING, 0)
    now = timezone.now()
    Job.objects.update(woken_at=now - timedelta(seconds=20), lease_until=now - timedelta(seconds=1))
    sweeping.sweep()
    assert "Ozempic" in text_of(worked_off(job, sent))


def test_nobody_waits_while_the_lexicon_is_made_ready(ozempic, upload, monkeypatch):
    """It may take seconds, in which the job is not locked, and its lease goes on."""
    free, held = [], []

    def slow(api_key_id):
        held.extend(leases._keeper.leases)
        thread = threading.Thread(target=try_to_lock)
        thread.start()
        thread.join(20)
        return compiled(api_key_id)

    def try_to_lock():
        with transaction.atomic():
            free.extend(Job.objects.select_for_update(nowait=True).values_list("status", flat=True))
        connection.close()

    monkeypatch.setattr("transcription.applying.compiled", slow)
    assert "Ozempic" in text_of(upload())
    assert free == [Job.Status.FINISHING]
    assert held


def test_programs_see_what_was_changed_and_what_became_of_it(ozempic, upload, desk_client):
    job = upload()
    first, *_, last = changed(job)
    Segment.objects.filter(pk=last.pk).update(text=last.engine_text)
    shown = desk_client.get(f"/api/v1/jobs/{job.pk}/segments/").json()["results"]
    by_id = {segment["id"]: segment for segment in shown}
    (made,), (undone,) = by_id[first.pk]["replacements"], by_id[last.pk]["replacements"]
    assert (made["state"], undone["state"]) == ("applied", "undone")
    for change, now in ((made, "Ozempic"), (undone, "ozem pik")):
        segment = by_id[first.pk if change is made else last.pk]
        assert segment["text"][change["text_start"] : change["text_end"]] == now
        assert segment["engine_text"][change["start"] : change["end"]] == "ozem pik"
        assert (change["before"], change["after"]) == ("ozem pik", "Ozempic")


def test_the_recordings_page_and_the_api_tell_which_lexicon_it_was(ozempic, upload, desk_client):
    job = upload()
    version = compiled(None)[0]
    page = desk_client.get(job.get_absolute_url()).content.decode()
    assert f"version {version} of the lexicon" in page
    shown = desk_client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (shown["lexicon_version"], shown["lexicon_problem"]) == (version, "")


def test_the_export_has_the_corrected_text_and_the_engines(ozempic, upload):
    job = upload()
    document = as_json(job)
    assert document["text"] == text_of(job)
    assert document["lexicon_version"] == compiled(None)[0]
    heard = " ".join(segment["engine_text"] for segment in document["segments"])
    assert heard == f"{SAID} {SAID}"
    words = [word["text"] for segment in document["segments"] for word in segment["words"]]
    assert words == document["text"].split()


def finished(job):
    """How many queries it took."""
    with CaptureQueriesContext(connection) as queries:
        pipeline.finish(job.pk)
    return len(queries)


def test_a_long_recording_is_finished_with_hardly_more_queries():
    Term.objects.all().delete()
    term = add("Ozempic", "ozem pik")
    few = finished(heard(2 * A_MINUTE))
    job = heard(40 * A_MINUTE)
    assert finished(job) - few <= 2  # the segments come in batches of 500
    assert live(job).count() == 600
    assert all("Ozempic" in s.text for s in live(job))
    assert matched(term) == 30 + 600
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(live(job)))
