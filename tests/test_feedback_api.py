"""Programs that correct elsewhere send back what is right, and read what it came to."""

import pytest
from django.test import Client

from feedback.models import Feedback, Revision
from feedback.saving import Save, save_segment
from speech_project.access.keys import create_key
from transcription.models import Job


@pytest.fixture
def job(make_job, key):
    return make_job("she takes us and paid", "twice a day", api_key=key[0])


@pytest.fixture
def send(api, job):
    def send(**body):
        return api.post(f"/api/v1/jobs/{job.pk}/feedback/", body, "application/json")

    return send


def texts(job):
    return list(job.segments.order_by("position").values_list("text", flat=True))


def nothing_written(job):
    return (
        not Feedback.objects.exists()
        and not Revision.objects.exists()
        and Job.objects.get(pk=job.pk).review_status == "waiting"
    )


def test_a_whole_text_is_cut_into_the_segments_scored_and_closes_the_review(send, job, key):
    answer = send(text="She takes Ozempic\ntwice a day", seconds_spent=90, reviewer="Dr Rao")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["reviewer"], body["seconds_spent"]) == ("Dr Rao", 90)
    assert (body["word_errors"], body["reference_words"], body["wer"]) == (3, 6, 0.5)
    assert [(c["kind"], c["after"]) for c in body["changes"]] == [
        ("case", "She"),
        ("substitution", "Ozempic"),
    ]
    assert texts(job) == ["She takes Ozempic", "twice a day"]
    feedback = Feedback.objects.get(pk=body["id"])
    assert feedback.api_key == key[0]
    assert feedback.engine_text == "she takes us and paid\ntwice a day"
    job.refresh_from_db()
    assert (job.review_status, job.assigned_to_name) == ("reviewed", "")


def test_segments_keep_their_versions_and_history(send, job):
    first, second = job.segments.order_by("position")
    wishes = [
        {"id": first.pk, "text": "She takes Ozempic", "version": 1},
        {"id": second.pk, "text": "twice a day", "accepted": True},
    ]
    assert send(segments=wishes).status_code == 201
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.text, first.version, first.accepted) == ("She takes Ozempic", 2, False)
    assert (second.version, second.accepted) == (2, True)
    line = first.revisions.get()
    assert (line.user_name, line.text_before) == ("clinic", "she takes us and paid")


def test_a_misspelt_version_writes_over_nothing(send, job, reviewer):
    first = job.segments.order_by("position")[0]
    save_segment(reviewer, job, first.pk, Save("She takes Wegovy", 1))
    answer = send(segments=[{"id": first.pk, "text": "She takes Ozempic", "versoin": 1}])
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"].endswith("versoin")
    assert "version" in error["detail"]
    assert texts(job)[0] == "She takes Wegovy"


def test_segments_may_be_sent_back_whole(api, send, job):
    segments = api.get(f"/api/v1/jobs/{job.pk}/segments/").json()["results"]
    answer = send(segments=[each | {"text": each["text"] + "."} for each in segments])
    assert answer.status_code == 201, answer.content
    assert texts(job) == ["she takes us and paid.", "twice a day."]


def test_the_same_sent_again_changes_nothing(send, job):
    first = send(text="She takes Ozempic twice a day")
    again = send(text="She takes Ozempic twice a day")
    assert (again.status_code, again.json()) == (200, first.json())
    assert Feedback.objects.count() == 1
    part = [{"id": job.segments.first().pk, "text": "She takes Ozempic"}]
    assert send(segments=part).status_code == 200


def test_line_ends_of_other_systems_are_the_same_text(send, job):
    part = [{"id": job.segments.first().pk, "text": "She takes\r\nOzempic"}]
    assert [send(segments=part).status_code for _ in range(2)] == [201, 200]
    assert texts(job)[0] == "She takes\nOzempic"


def test_a_closed_review_takes_other_feedback_only_when_it_is_reopened(send, api, job):
    send(text="She takes Ozempic twice a day")
    refused = send(text="She takes Wegovy twice a day")
    assert refused.status_code == 409
    assert refused.json()["code"] == "reviewed"
    assert "Reopen it" in refused.json()["detail"]
    reopened = api.post(f"/api/v1/jobs/{job.pk}/reopen/")
    assert (reopened.status_code, reopened.json()["review_status"]) == (200, "in_review")
    assert send(text="She takes Wegovy twice a day").status_code == 201
    found = api.get(f"/api/v1/jobs/{job.pk}/feedback/").json()["results"]
    assert [each["withdrawn_at"] is None for each in found] == [True, False]


def test_there_is_nothing_to_reopen_before(api, job):
    answer = api.post(f"/api/v1/jobs/{job.pk}/reopen/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")


def test_what_others_changed_meanwhile_is_told_and_nothing_is_written(send, job, reviewer):
    first, second = job.segments.order_by("position")
    save_segment(reviewer, job, second.pk, Save("thrice a day", 1))
    wishes = [
        {"id": first.pk, "text": "She takes Ozempic", "version": 1},
        {"id": second.pk, "text": "two times a day", "version": 1},
    ]
    answer = send(segments=wishes)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    (now,) = answer.json()["segments"]
    assert (now["id"], now["text"], now["version"], now["retired"]) == (
        second.pk,
        "thrice a day",
        2,
        False,
    )
    assert texts(job) == ["she takes us and paid", "thrice a day"]
    assert not Feedback.objects.exists()
    wishes[1]["version"] = 2
    assert send(segments=wishes).status_code == 201


def test_a_segment_that_is_gone_is_a_conflict(send, job):
    segment = job.segments.first()
    job.segments.filter(pk=segment.pk).update(retired_at=job.created_at)
    answer = send(segments=[{"id": segment.pk, "text": "one"}])
    assert answer.status_code == 409
    assert answer.json()["segments"][0]["retired"] is True
    assert nothing_written(job)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "either `text`"),
        ({"text": "one", "segments": []}, "either `text`"),
        ({"text": "x" * 2_000_001}, "2000000"),
        ({"segments": [{"id": 1}]}, "required"),
        ({"segments": [{"id": 0, "text": "one"}]}, "greater than"),
        ({"segments": [{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]}, "more than once"),
        ({"segments": [{"id": 1, "text": "a\x00"}]}, "Null characters"),
        ({"segments": "all"}, "list"),
        ({"segments": [None]}, "may not be null"),
        ({"text": "one", "seconds_spent": -1}, "greater than"),
        ({"text": "one", "reviewer": "x" * 151}, "150"),
    ],
)
def test_every_bad_wish_is_told(send, job, body, words):
    answer = send(**body)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert nothing_written(job)


def test_segments_of_another_recording_are_refused(send, job, make_job):
    foreign = make_job("one").segments.get()
    answer = send(segments=[{"id": foreign.pk, "text": "two"}])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert str(foreign.pk) in answer.json()["detail"]
    assert nothing_written(job)


def test_a_segment_takes_so_much_text(send, job):
    answer = send(text="word " * 10_000)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "at most 20,000 characters" in answer.json()["detail"]
    assert nothing_written(job)


def test_what_is_not_transcribed_takes_no_feedback(send, job):
    Job.objects.update(status="transcribing")
    answer = send(text="A new text.")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert "not transcribed yet" in answer.json()["detail"]


def test_other_clients_recordings_do_not_exist(send, job, db):
    other = Client(headers={"Authorization": f"Bearer {create_key('other')[1]}"})
    for path in ("feedback/", "reopen/"):
        address = f"/api/v1/jobs/{job.pk}/{path}"
        assert other.post(address, {"text": ""}, "application/json").status_code == 404
    assert other.get(f"/api/v1/jobs/{job.pk}/feedback/").status_code == 404


def test_a_reviewer_may_send_it_too_under_her_own_name(job, reviewer):
    browser = Client()
    browser.force_login(reviewer)
    answer = browser.post(
        f"/api/v1/jobs/{job.pk}/feedback/",
        {"text": "She takes Ozempic twice a day", "reviewer": "somebody"},
        "application/json",
    )
    assert answer.json()["reviewer"] == "rita"
    assert Feedback.objects.get().reviewer_id == reviewer.pk


def test_time_is_counted_where_the_client_does_not_tell(send):
    assert send(text="She takes Ozempic twice a day").json()["seconds_spent"] == 0


def test_an_empty_text_takes_nothing_away(send, job):
    answer = send(text=" \n")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "send `segments`" in answer.json()["detail"]
    nothing_written(job)
