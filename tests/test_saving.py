"""A correction is kept to the byte, and nobody's text is overwritten in silence."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from feedback.models import Revision
from feedback.saving import LONGEST_TEXT, Conflict, Refused, Save, save_segment
from transcription.models import Job, Segment
from transcription.services import delete_job

HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(make_job):
    return make_job("us and paid", "twice a day")


@pytest.fixture
def segment(job):
    return job.segments.first()


@pytest.fixture
def other(db):
    return User.objects.create_user("otto")


def address(segment):
    return f"/review/{segment.job_id}/segments/{segment.pk}/save/"


def post(client, segment, text, version=1, htmx=True, **fields):
    headers = HTMX if htmx else {}
    return client.post(
        address(segment), {"text": text, "version": version, **fields}, headers=headers
    )


def now(segment):
    return Segment.objects.get(pk=segment.pk)


def test_a_save_raises_the_version_and_keeps_what_the_engine_heard(desk_client, segment):
    answer = post(desk_client, segment, "Ozempic")
    assert (answer.status_code, answer["X-Segment-Version"]) == (200, "2")
    saved = now(segment)
    assert (saved.text, saved.version, saved.engine_text) == ("Ozempic", 2, "us and paid")
    assert (saved.edited_by_name, saved.accepted) == ("rita", False)
    assert "<ins>Ozempic</ins>" in answer.content.decode()


def test_the_first_save_begins_the_review(desk_client, job, segment):
    post(desk_client, segment, "Ozempic")
    job.refresh_from_db()
    assert job.review_status == "in_review"
    assert job.review_started_at is not None


def test_a_save_that_changes_nothing_makes_no_version(desk_client, segment):
    assert post(desk_client, segment, segment.text)["X-Segment-Version"] == "1"
    assert not Revision.objects.exists()


def test_accepting_is_a_change_too_and_is_not_lost_by_the_next_edit(desk_client, segment):
    post(desk_client, segment, segment.text, accept="1")
    assert (now(segment).accepted, now(segment).version) == (True, 2)
    post(desk_client, segment, "Ozempic", version=2)
    assert (now(segment).accepted, now(segment).text) == (True, "Ozempic")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  blanks and\ttabs \n\n at both ends  ",
        "Zürich",  # one character for ü
        "Zu\u0308rich",  # two for it
        "डॉक्टर ने पैरासिटामोल दिया",
        "العـــــربية مع تطويل",
        "می‌خواهم",
        "👩‍⚕️👨‍👩‍👧 🇨🇭",
        "他说 hello，再见。",
        "\u202bright to left\u202c",
        "<b>&amp; \"quotes\" 'too'</b>",
        "{{ template }} {% tag %}",
        "\ufeff\u200b",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010fffd",
    ],
)
def test_every_script_is_kept_to_the_byte(desk_client, segment, text):
    assert post(desk_client, segment, text).status_code == 200
    assert now(segment).text.encode() == text.encode()


def test_lines_end_as_they_do_in_the_page(desk_client, segment):
    post(desk_client, segment, "one\r\ntwo")
    assert now(segment).text == "one\ntwo"


def test_a_text_that_begins_with_a_line_break_survives_the_form(desk_client, segment):
    post(desk_client, segment, "\nlate")
    page = desk_client.get(f"/review/{segment.job_id}/?segment={segment.pk}").content.decode()
    assert ">\n\nlate</textarea>" in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "a\x00b"}, "NUL character"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "at most 20,000 characters"),
        ({"text": "fine", "save_id": "a\x00b"}, "NUL character"),
        ({}, "without its text"),
    ],
)
def test_what_cannot_be_stored_is_refused_in_words(desk_client, segment, fields, reason):
    answer = desk_client.post(address(segment), {"version": 1, **fields}, headers=HTMX)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert now(segment).text == "us and paid"


def test_half_characters_are_refused(reviewer, job, segment):
    with pytest.raises(Refused, match="cannot be stored"):
        save_segment(reviewer, job, segment.pk, Save("\ud83d", version=1))


def test_the_longest_text_is_taken(desk_client, segment):
    assert post(desk_client, segment, "字" * LONGEST_TEXT).status_code == 200


def test_a_save_from_an_old_version_shows_both_texts(desk_client, job, segment, other):
    save_segment(other, job, segment.pk, Save("Ozempic weekly", version=1))
    answer = post(desk_client, segment, "Wegovy <weekly>")
    page = answer.content.decode()
    assert (answer.status_code, answer["X-Segment-Version"]) == (409, "2")
    assert 'data-theirs="Ozempic weekly"' in page
    assert "<ins>Wegovy &lt;weekly&gt;</ins>" in page
    assert "otto" in page
    assert now(segment).text == "Ozempic weekly"


@pytest.mark.parametrize("version", ["", "0", "-1", "9" * 400, "x", "३", "2"])
def test_a_version_that_never_was_is_a_conflict(desk_client, segment, version):
    assert post(desk_client, segment, "mine", version=version).status_code == 409
    assert now(segment).text == "us and paid"


def test_repeating_a_save_changes_nothing(desk_client, segment):
    first = post(desk_client, segment, "Ozempic", save_id="one")
    again = post(desk_client, segment, "Ozempic", save_id="one")
    assert (again.status_code, again["X-Segment-Version"]) == (200, first["X-Segment-Version"])
    assert now(segment).version == 2
    assert Revision.objects.count() == 1


def test_a_repeated_save_gets_its_first_answer_so_that_others_text_is_safe(
    desk_client, job, segment, other
):
    """The answer was lost, another saved meanwhile: the next save must meet a conflict."""
    post(desk_client, segment, "Ozempic", save_id="one")
    save_segment(other, job, segment.pk, Save("Ozempic, said Otto", version=2))
    again = post(desk_client, segment, "Ozempic", save_id="one")
    assert (again.status_code, again["X-Segment-Version"]) == (200, "2")
    assert now(segment).text == "Ozempic, said Otto"
    next_save = post(desk_client, segment, "Ozempic.", version=again["X-Segment-Version"])
    assert next_save.status_code == 409


def test_the_same_id_in_another_segment_is_another_save(desk_client, job, segment):
    post(desk_client, segment, "Ozempic", save_id="one")
    second = job.segments.last()
    post(desk_client, second, "thrice a day", save_id="one")
    assert now(second).text == "thrice a day"


def history():
    fields = ("user_name", "kind", "text_before", "text_after", "version_after")
    return list(Revision.objects.order_by("pk").values_list(*fields))


def test_one_sitting_is_one_line_of_the_history(desk_client, segment):
    post(desk_client, segment, "Ozem")
    post(desk_client, segment, "Ozempic", version=2)
    assert history() == [("rita", "edit", "us and paid", "Ozempic", 3)]


def test_coming_back_later_is_another_sitting(desk_client, segment):
    post(desk_client, segment, "Ozem")
    Revision.objects.update(updated_at=timezone.now() - timedelta(minutes=11))
    post(desk_client, segment, "Ozempic", version=2)
    assert history() == [
        ("rita", "edit", "us and paid", "Ozem", 2),
        ("rita", "edit", "Ozem", "Ozempic", 3),
    ]


def test_each_person_s_work_is_a_line_of_its_own(desk_client, job, segment, other):
    post(desk_client, segment, "A")
    save_segment(other, job, segment.pk, Save("B", version=2))
    post(desk_client, segment, "C", version=3)
    assert [(name, after) for name, _, _, after, _ in history()] == [
        ("rita", "A"),
        ("otto", "B"),
        ("rita", "C"),
    ]


def test_an_edit_after_accepting_is_told_as_an_edit(desk_client, segment):
    post(desk_client, segment, segment.text, accept="1")
    assert [line[1] for line in history()] == ["accept"]
    post(desk_client, segment, "Ozempic", version=2)
    assert [line[1] for line in history()] == ["edit"]


def test_a_submitted_review_takes_no_more_changes(desk_client, job, segment):
    Job.objects.update(review_status="reviewed")
    answer = post(desk_client, segment, "late")
    assert answer.status_code == 422
    assert "submitted already" in answer.content.decode()
    assert now(segment).text == "us and paid"


def test_a_segment_that_was_split_or_merged_meanwhile_is_a_conflict(desk_client, segment):
    Segment.objects.filter(pk=segment.pk).update(retired_at=timezone.now())
    answer = post(desk_client, segment, "mine")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<ins>mine</ins>" in page
    assert 'data-resolve="mine"' not in page  # there is nothing to save it to


def test_a_job_deleted_meanwhile_is_told(desk_client, reviewer, job, segment):
    delete_job(job)
    assert post(desk_client, segment, "mine").status_code == 404
    with pytest.raises(Refused, match="was deleted"):
        save_segment(reviewer, job, segment.pk, Save("mine", version=1))


def test_a_segment_is_saved_under_its_own_job_only(desk_client, make_job, segment):
    stranger = make_job("one")
    wrong = f"/review/{stranger.pk}/segments/{segment.pk}/save/"
    answer = desk_client.post(wrong, {"text": "mine", "version": 1}, headers=HTMX)
    assert answer.status_code == 422
    assert now(segment).text == "us and paid"


def test_without_script_a_save_leads_to_the_next_segment(desk_client, job, segment):
    following = job.segments.last()
    answer = post(desk_client, segment, "Ozempic", htmx=False, accept="1")
    assert answer.status_code == 302
    here = f"/review/{job.pk}/?segment={following.pk}"
    assert answer["Location"].partition("#")[0] == here
    page = desk_client.get(answer["Location"]).content.decode()
    assert f'action="{address(following)}"' in page
    last = post(desk_client, following, "twice", htmx=False)
    assert last["Location"].partition("#")[0] == here


def test_without_script_a_conflict_is_a_page_with_both_texts_and_a_way_on(
    desk_client, job, segment, other
):
    save_segment(other, job, segment.pk, Save("theirs", version=1))
    answer = post(desk_client, segment, "mine", htmx=False)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "otto saved this segment before you" in page
    assert ">\nmine</textarea>" in page
    assert 'name="version" value="2"' in page
    assert post(desk_client, segment, "mine", version=2, htmx=False).status_code == 302
    assert now(segment).text == "mine"


def test_without_script_a_refusal_keeps_the_text_in_sight(desk_client, segment):
    Job.objects.update(review_status="reviewed")
    answer = post(desk_client, segment, "\nlate", htmx=False)
    assert answer.status_code == 422
    assert ">\n\nlate</textarea>" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_several_saves_from_one_version_exactly_one_wins(job, segment, reviewer):
    start, results = threading.Barrier(4), {}

    def save(text):
        start.wait()
        try:
            results[text] = save_segment(reviewer, job, segment.pk, Save(text, 1)).version
        except Conflict:
            results[text] = None
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(f"text {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    winners = [text for text, version in results.items() if version == 2]
    assert len(results) == 4
    assert [now(segment).text] == winners
    assert now(segment).version == 2


@pytest.mark.django_db(transaction=True)
def test_a_save_sent_twice_at_once_counts_once(job, segment, reviewer):
    start, versions = threading.Barrier(2), []

    def save():
        start.wait()
        versions.append(save_segment(reviewer, job, segment.pk, Save("mine", 1, "id")).version)
        connection.close()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert versions == [2, 2]
    assert now(segment).version == 2
