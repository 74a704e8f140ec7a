"""Segments are read in pages and corrected one by one, and no correction is ever lost."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from feedback.models import Revision
from feedback.saving import Save, save_segment, set_language
from speech_project.access.keys import create_key
from transcription.api.shapes import SegmentSerializer, WordSerializer
from transcription.models import Job, Segment


@pytest.fixture
def job(make_job, key):
    return make_job("us and paid", "twice a day", api_key=key[0])


@pytest.fixture
def segment(job):
    return job.segments.first()


def list_of(job, what="segments"):
    return f"/api/v1/jobs/{job.pk}/{what}/"


def address(segment):
    return f"/api/v1/jobs/{segment.job_id}/segments/{segment.pk}/"


def patch(api, segment, body, etag=None):
    headers = {"If-Match": etag} if etag else {}
    return api.patch(address(segment), body, content_type="application/json", headers=headers)


def now(segment):
    return Segment.objects.get(pk=segment.pk)


def all_pages(api, first):
    found, following = [], first
    while following:
        page = api.get(following).json()
        found.append(page["results"])
        following = page["next"]
    return found


# --- Reading -----------------------------------------------------------------------------------


def test_pages_have_each_segment_once_in_order(api, make_job, key):
    job = make_job(*map(str, range(7)), api_key=key[0])
    Segment.objects.filter(text__in="345").update(position=2.5)
    Segment.objects.filter(text="6").update(retired_at=timezone.now())
    pages = all_pages(api, list_of(job) + "?page_size=2")
    assert [[each["text"] for each in page] for page in pages] == [
        ["0", "1"], ["2", "3"], ["4", "5"],
    ]  # fmt: skip
    one = pages[0][0]
    assert set(one) == set(SegmentSerializer().fields)
    assert api.get(f"{list_of(job)}{one['id']}/").json() == one


@pytest.mark.parametrize("what", ["segments", "words"])
@pytest.mark.parametrize("wish", ["page_size=501", "cursor=cD1uYW4=", "cursor=cD14", "text=a"])
def test_a_wish_that_cannot_be_is_refused(api, job, what, wish):
    answer = api.get(f"{list_of(job, what)}?{wish}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [wish.partition("=")[0]]


def test_pages_take_few_queries(api, make_job, key, django_assert_num_queries):
    job = make_job(*["Good morning."] * 60, api_key=key[0])
    one = address(job.segments.first())
    for what in (list_of(job), one):
        api.get(what)  # notes the key's use, and who reads
    for what in ("segments", "words"):
        with django_assert_num_queries(4):  # the key, the job, its segments, the audit
            assert len(api.get(list_of(job, what)).json()["results"]) >= 60
    with django_assert_num_queries(4):
        api.get(one)


def test_words_are_those_of_the_text_as_it_is_now(api, job, segment):
    heard = [["us", 0, 300, 0.5, False], ["and", 300, 600, None], ["paid", 600, 1200, 0.4, False]]
    tags = [[0, 5, "en", "", 1.0, False], [6, 13, "de", "", 0.7, False]]
    job.segments.filter(pk=segment.pk).update(words=heard, text="us a Tablette", tags=tags)
    first, _, last = api.get(list_of(job, "words")).json()["results"][:3]
    assert first == {
        "segment": segment.pk, "text": "us", "start": 0, "end": 2, "start_ms": 0, "end_ms": 300,
        "confidence": 0.5, "estimated": False, "language": "en",
    }  # fmt: skip
    assert set(first) == set(WordSerializer().fields)
    assert (last["text"], last["language"], last["confidence"]) == ("Tablette", "de", None)
    assert (last["start_ms"], last["end_ms"]) == (600, 1200)
    pages = all_pages(api, list_of(job, "words") + "?page_size=1")
    assert [[word["text"] for word in page] for page in pages] == [
        ["us", "a", "Tablette"], ["twice", "a", "day"],
    ]  # fmt: skip


# --- Correcting --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["version", "etag"])
def test_a_correction_is_written_with_its_history(api, job, segment, by):
    etag = api.get(address(segment))["ETag"] if by == "etag" else None
    body = {"text": "Ozempic\r\n", "accepted": True, "reviewer": "Dr Rao"}
    answer = patch(api, segment, body if etag else body | {"version": 1}, etag)
    assert answer.status_code == 200
    assert (answer.json()["text"], answer.json()["version"]) == ("Ozempic\n", 2)
    assert (answer.json()["engine_text"], answer.json()["accepted"]) == ("us and paid", True)
    assert answer["ETag"] == api.get(address(segment))["ETag"] != etag
    line = Revision.objects.get()
    assert (line.user_name, line.text_before, line.text_after) == (
        "Dr Rao", "us and paid", "Ozempic\n",
    )  # fmt: skip


def test_speaker_and_language_are_set(api, segment):
    body = {"speaker": "Dr.  Okafor", "language": "deu", "version": 1}
    answer = patch(api, segment, body).json()
    assert (answer["speaker"], answer["language"]) == ("Dr. Okafor", "de")
    (run,) = answer["languages"]
    assert (run["language"], run["by_person"]) == ("de", True)
    assert answer["version"] == 1, "the text is the same"
    assert {line.kind for line in Revision.objects.all()} == {"speaker", "language"}


def test_the_recording_goes_on_waiting_for_a_reviewer(api, job, segment):
    patch(api, segment, {"text": "Ozempic", "version": 1})
    job.refresh_from_db()
    assert (job.review_status, job.assigned_to_name) == ("waiting", "")
    assert job.review_begun


def test_a_person_has_what_she_corrects(job, segment, reviewer):
    browser = Client()
    browser.force_login(reviewer)
    body = {"text": "Ozempic", "version": 1, "reviewer": "somebody"}
    assert patch(browser, segment, body).status_code == 200
    job.refresh_from_db()
    assert (job.review_status, job.assigned_to_name) == ("in_review", "rita")
    assert now(segment).edited_by_name == "rita"


def test_without_a_version_nothing_is_written(api, segment):
    answer = patch(api, segment, {"text": "Ozempic"})
    assert (answer.status_code, answer.json()["code"]) == (428, "version_missing")
    assert now(segment).text == "us and paid"


@pytest.mark.parametrize(("by", "status"), [("version", 409), ("etag", 412), ("both", 412)])
def test_who_was_slower_sees_the_segment_as_it_is(api, job, segment, reviewer, by, status):
    etag = api.get(address(segment))["ETag"]
    save_segment(reviewer, job, segment.pk, Save("Wegovy", 1))
    body = {"text": "Ozempic", "speaker": "Anna"}
    if by != "etag":
        body["version"] = 1
    answer = patch(api, segment, body, None if by == "version" else etag)
    assert answer.status_code == status
    current = answer.json()["current"]
    assert (current["text"], current["version"]) == ("Wegovy", 2)
    assert (now(segment).text, now(segment).speaker) == ("Wegovy", "")
    assert patch(api, segment, body | {"version": 2}).status_code == 200


def test_a_language_of_all_words_goes_over_none_that_was_said_meanwhile(
    api, job, segment, reviewer
):
    patch(api, segment, {"language": "en", "version": 1})
    etag = api.get(address(segment))["ETag"]
    set_language(reviewer, job, segment.pk, 0, 2, "de", 1)
    assert now(segment).language == "en", "of most of its words"
    answer = patch(api, segment, {"language": "en"}, etag)
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert [run["language"] for run in answer.json()["current"]["languages"]] == ["de", "en"]
    assert [row[2] for row in now(segment).tags] == ["de", "en"]


@pytest.mark.parametrize("by", ["version", "etag"])
def test_what_no_answer_came_to_may_be_sent_again(api, segment, by):
    etag = api.get(address(segment))["ETag"] if by == "etag" else None
    body = {"text": "Ozempic\r\n", "speaker": "Dr.  Rao", "accepted": True}
    if by == "version":
        body["version"] = 1
    first, again = (patch(api, segment, body, etag) for _ in range(2))
    assert first.status_code == 200
    assert (again.status_code, again.json()) == (200, first.json())
    assert Revision.objects.filter(kind="edit").count() == 1


def test_all_of_it_is_written_or_nothing(api, segment):
    answer = patch(api, segment, {"text": "Ozempic", "speaker": "a\u202eb", "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert now(segment).text == "us and paid"
    assert not Revision.objects.exists()


def test_one_that_was_split_is_gone(api, segment):
    etag = api.get(address(segment))["ETag"]
    Segment.objects.filter(pk=segment.pk).update(retired_at=timezone.now())
    assert api.get(address(segment)).status_code == 404
    for answer in (
        patch(api, segment, {"text": "Ozempic", "version": 1}),
        patch(api, segment, {"text": "Ozempic"}, etag),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["current"]["retired"] is True
    assert now(segment).text == "us and paid"


@pytest.mark.parametrize("fields", [{"review_status": "reviewed"}, {"proposal": True}])
def test_a_closed_review_takes_no_correction(api, segment, fields):
    Job.objects.update(**fields)
    answer = patch(api, segment, {"text": "Ozempic", "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert now(segment).text == "us and paid"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"reviewer": "x"}, ""),
        ({"text": None}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"txet": "Ozempic"}, "txet"),
        ({"speaker": "x" * 81}, "speaker"),
        ({"language": "klingonish"}, "language"),
        ({"language": ""}, "language"),
        ({"accepted": False}, "accepted"),
        ({"text": "a", "version": 0}, "version"),
        ({"text": "a", "version": "x"}, "version"),
        ({"text": "a", "reviewer": "x" * 151}, "reviewer"),
    ],
)
def test_what_cannot_be_written_is_named(api, segment, body, field):
    answer = patch(api, segment, {"version": 1} | body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert now(segment).text == "us and paid"


def test_segments_of_others_are_not_there(api, job, make_job):
    foreign = make_job("a secret").segments.get()
    for pk, of in ((foreign.pk, job.pk), (foreign.pk, foreign.job_id), (10**30, job.pk)):
        path = f"/api/v1/jobs/{of}/segments/{pk}/"
        assert api.get(path).status_code == 404
        body = {"text": "mine", "version": 1}
        assert api.patch(path, body, content_type="application/json").status_code == 404
    assert now(foreign).text == "a secret"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["version", "etag"])
def test_of_many_at_once_one_is_written_and_the_others_are_told(make_job, by):
    key, secret = create_key("clinic", rate_limit_per_minute=0)
    segment = make_job("us and paid", api_key=key).segments.get()
    etag = Client(headers={"X-API-Key": secret}).get(address(segment))["ETag"]
    start, answers = threading.Barrier(5), []

    def ask(text):
        client = Client(headers={"X-API-Key": secret})
        start.wait()
        body = {"text": text}
        answers.append(
            patch(client, segment, body, etag)
            if by == "etag"
            else patch(client, segment, body | {"version": 1})
        )
        connection.close()

    threads = [threading.Thread(target=ask, args=[f"text {n}"]) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (written,) = [answer for answer in answers if answer.status_code == 200]
    others = [answer for answer in answers if answer is not written]
    assert len(others) == 4
    for answer in others:
        assert answer.status_code == (412 if by == "etag" else 409)
        assert answer.json()["current"]["text"] == written.json()["text"]
    assert (now(segment).text, now(segment).version) == (written.json()["text"], 2)
