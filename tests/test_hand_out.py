"""Who reviews what: handed out without collisions, taken, asked for, given back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests.test_queue_page import HTMX
from transcription import handing_out, reusing, services
from transcription.models import Job

NOW = timezone.now()
LONG_AGO = NOW - handing_out.HELD_FOR - timedelta(minutes=1)


@pytest.fixture
def conrad(db):
    return User.objects.create_user("conrad")


@pytest.fixture
def his_client(conrad):
    client = Client()
    client.force_login(conrad)
    return client


@pytest.fixture
def waiting(make_job):
    """Three that wait, the first of which is worth the most."""
    names = ("first", "second", "third")
    return [
        make_job("text", title=title, rank_at=NOW + timedelta(hours=n))
        for n, title in enumerate(names)
    ]


def held_by(user, since=NOW):
    return {"assigned_to_id": user.pk, "assigned_to_name": user.username, "assigned_at": since}


def holder(job):
    job.refresh_from_db()
    return job.assigned_to_name


def handed(client, **chosen):
    """The title of the recording whose desk the next one leads to; None for none."""
    answer = client.post("/next/", chosen)
    assert answer.status_code == 302
    if not answer["Location"].startswith("/review/"):
        return None
    return Job.objects.get(pk=answer["Location"].split("/")[2]).title


def begin(user):
    """As the first save in it does."""
    mine = Job.objects.filter(assigned_to_id=user.pk, review_status="waiting")
    mine.update(review_status="in_review")


# --- Next ----------------------------------------------------------------------------------------


def test_the_best_is_handed_out_and_is_theirs(desk_client, his_client, reviewer, waiting):
    assert handed(desk_client) == "first"
    assert handed(his_client) == "second"
    assert [holder(job) for job in waiting] == ["rita", "conrad", ""]
    assert timezone.now() - waiting[0].assigned_at < timedelta(minutes=1)


def test_it_stays_the_next_until_it_is_begun(desk_client, reviewer, waiting):
    assert [handed(desk_client), handed(desk_client)] == ["first", "first"]
    begin(reviewer)
    assert handed(desk_client) == "second"


def test_what_an_admin_assigned_goes_first(desk_client, his_client, reviewer, waiting):
    services.assign_job(waiting[2], reviewer)
    assert handed(desk_client) == "third"
    begin(reviewer)
    assert handed(desk_client) == "first"


@pytest.mark.parametrize(
    "other", [{"status": "transcribing"}, {"status": "failed"}, {"review_status": "reviewed"},
              {"review_status": "in_review"}]
)  # fmt: skip
def test_only_what_waits_for_a_reviewer_is_handed_out(desk_client, make_job, other):
    make_job(**other)
    page = desk_client.post("/next/", follow=True)
    assert page.redirect_chain == [("/", 302)]
    assert "Nothing waits for a reviewer." in page.content.decode()


def test_what_was_handed_out_and_forgotten_is_handed_out_again(
    desk_client, conrad, reviewer, make_job
):
    recent = make_job(title="recent", priority=9, **held_by(conrad))
    begun = make_job(title="begun", review_status="in_review", **held_by(conrad, LONG_AGO))
    assigned = make_job(title="assigned", **held_by(conrad, None))
    forgotten = make_job(title="forgotten", **held_by(conrad, LONG_AGO))
    assert handed(desk_client) == "forgotten"
    begin(reviewer)
    assert handed(desk_client) is None
    assert [holder(job) for job in (recent, begun, assigned, forgotten)] == [
        *["conrad"] * 3,
        "rita",
    ]


def test_coming_back_late_to_ones_own_renews_it(desk_client, his_client, reviewer, make_job):
    make_job(title="mine", **held_by(reviewer, LONG_AGO))
    assert handed(desk_client) == "mine"
    assert handed(his_client) is None


def test_what_is_chosen_on_the_page_is_chosen_from(desk_client, make_job):
    make_job(title="english", languages=["en"], priority=9)
    make_job(title="german", languages=["de"], audio_name="visit.wav")
    assert handed(desk_client, language="de", state="reviewed") == "german"
    assert handed(desk_client, q="no such") is None
    page = desk_client.post("/next/", {"language": "fr", "state": "waiting"}, follow=True)
    assert page.redirect_chain == [("/?state=waiting&language=fr", 302)]
    assert "No such recording waits" in page.content.decode()


def test_what_is_in_review_goes_on_only_among_ones_own(desk_client, reviewer, waiting):
    Job.objects.filter(title="third").update(review_status="in_review", **held_by(reviewer))
    assert handed(desk_client, owner="assigned") == "third"
    assert handed(desk_client) == "first"


def test_nobody_is_handed_what_they_may_not_see(desk_client, reviewer, waiting):
    cardiology = Group.objects.create(name="Cardiology")
    assert handed(desk_client) is None
    Job.objects.filter(title="second").update(group_id=cardiology.pk)
    reviewer.groups.add(cardiology)
    assert handed(desk_client) == "second"


def test_a_link_alone_hands_nothing_out(desk_client, waiting):
    assert desk_client.get("/next/").status_code == 405
    assert holder(waiting[0]) == ""


@pytest.mark.django_db(transaction=True)
def test_reviewers_who_ask_at_once_get_different_recordings(make_job):
    """Each round all of them stand at the door together; no two ever leave with the same one."""
    users = [User.objects.create_user(f"reviewer {n}") for n in range(4)]
    for n in range(20):
        make_job(title=f"{n}", rank_at=NOW + timedelta(hours=n))
    got: dict[int, list[str]] = {user.pk: [] for user in users}
    door = threading.Barrier(len(users))

    def work(user):
        try:
            for _ in range(5):
                door.wait(20)
                job = handing_out.next_job(Job.objects.all(), user)
                got[user.pk].append(job.title)
                Job.objects.filter(pk=job.pk).update(review_status="in_review")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everything = sorted((title for titles in got.values() for title in titles), key=int)
    assert everything == [f"{n}" for n in range(20)]
    assert all(len(titles) == 5 for titles in got.values())


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_whoever_is_just_being_handed_one(waiting, reviewer, conrad):
    """The row is locked and not committed: the second gets the next one, at once."""
    got: list[str] = []

    def ask():
        try:
            got.append(handing_out.next_job(Job.objects.all(), conrad).title)
        finally:
            connection.close()

    with transaction.atomic():
        first = handing_out.next_job(Job.objects.all(), reviewer)
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(10)
        assert got == ["second"]
    assert first.title == "first"


# --- Taken ---------------------------------------------------------------------------------------


def take(client, job, **more):
    return client.post(f"/jobs/{job.pk}/take/", more)


def test_what_is_nobody_s_is_taken(desk_client, waiting):
    job = waiting[1]
    assert "Nobody has this recording yet." in desk_client.get(f"/jobs/{job.pk}/").content.decode()
    assert take(desk_client, job)["Location"] == f"/jobs/{job.pk}/"
    assert holder(job) == "rita"
    assert "You have this recording." in desk_client.get(f"/jobs/{job.pk}/").content.decode()
    assert handed(desk_client) == "second"


def test_what_another_has_is_asked_about_first(desk_client, conrad, make_job):
    job = make_job("text", review_status="in_review", **held_by(conrad))
    asked = take(desk_client, job)
    assert asked["Location"] == f"/jobs/{job.pk}/take/"
    assert holder(job) == "conrad"
    page = desk_client.get(asked["Location"]).content.decode()
    assert "<bdi>conrad</bdi> has this recording" in page
    assert "The review is under way." in page
    assert holder(job) == "conrad"
    take(desk_client, job, instead_of=conrad.pk)
    assert holder(job) == "rita"
    assert job.review_status == "in_review"


def test_it_is_asked_again_where_a_third_was_quicker(desk_client, conrad, make_job):
    third = User.objects.create_user("thea")
    job = make_job(**held_by(third))
    assert take(desk_client, job, instead_of=conrad.pk)["Location"].endswith("/take/")
    assert holder(job) == "thea"


@pytest.mark.parametrize("odd", ["", "x", "-1", "²", "9" * 50, "\x00", "None"])
def test_odd_wishes_take_nothing(desk_client, conrad, make_job, odd):
    job = make_job(**held_by(conrad))
    assert take(desk_client, job, instead_of=odd).status_code == 302
    assert holder(job) == "conrad"


@pytest.mark.parametrize(
    ("state", "reason"),
    [({"status": "transcribing"}, "not transcribed"), ({"review_status": "reviewed"}, "Reopen")],
)
def test_where_there_is_nothing_to_review_nothing_is_taken(desk_client, make_job, state, reason):
    job = make_job(**state)
    page = desk_client.post(f"/jobs/{job.pk}/take/", follow=True).content.decode()
    assert reason in page
    assert holder(job) == ""


def test_a_first_save_makes_it_theirs_only_if_it_is_nobody_s(reviewer, conrad, make_job):
    free, his = make_job(), make_job(review_status="in_review", **held_by(conrad, LONG_AGO))
    forgotten, done = make_job(**held_by(conrad, LONG_AGO)), make_job(review_status="reviewed")
    taken = [handing_out.take_on(job.pk, reviewer) for job in (free, his, forgotten, done)]
    assert taken == [True, False, True, False]
    assert [holder(job) for job in (free, his, forgotten, done)] == ["rita", "conrad", "rita", ""]


# --- Given back ----------------------------------------------------------------------------------


def test_what_is_given_back_waits_for_others_and_is_not_the_next_again(
    desk_client, his_client, reviewer, waiting
):
    assert handed(desk_client) == "first"
    begin(reviewer)
    page = desk_client.post(f"/jobs/{waiting[0].pk}/give-back/", follow=True).content.decode()
    assert "Given back: first" in page
    assert (holder(waiting[0]), waiting[0].review_status) == ("", "waiting")
    assert handed(desk_client) == "second"
    assert handed(his_client) == "first"


def test_what_was_given_back_is_the_next_where_there_is_nothing_else(desk_client, make_job):
    job = make_job(title="only")
    handed(desk_client)
    desk_client.post(f"/jobs/{job.pk}/give-back/")
    assert handed(desk_client) == "only"


def test_nobody_gives_back_what_is_not_theirs(desk_client, conrad, reviewer, make_job):
    his = make_job(**held_by(conrad))
    done = make_job(review_status="reviewed", **held_by(reviewer))
    for job in (his, done):
        page = desk_client.post(f"/jobs/{job.pk}/give-back/", follow=True).content.decode()
        assert "not yours to give back" in page
    assert (holder(his), holder(done)) == ("conrad", "rita")
    assert done.review_status == "reviewed"


def test_an_admin_assigns_for_good_and_takes_back(conrad, make_job):
    job = make_job(review_status="in_review", assigned_at=NOW)
    services.assign_job(job, conrad)
    job.refresh_from_db()
    assert (job.assigned_to_name, job.assigned_at) == ("conrad", None)
    services.assign_job(job, None)
    assert (holder(job), job.review_status) == ("", "waiting")


# --- In the row ----------------------------------------------------------------------------------


def test_the_row_is_changed_where_it_stands(desk_client, conrad, make_job):
    job = make_job(title="Visit")
    row = desk_client.post(f"/jobs/{job.pk}/take/", headers=HTMX).content.decode()
    assert row.startswith(f'<tr id="job-{job.pk}"')
    assert "<b>you</b>" in row and "Give back" in row
    row = desk_client.post(f"/jobs/{job.pk}/give-back/", headers=HTMX).content.decode()
    assert "<b>you</b>" not in row and ">Take</button>" in row
    Job.objects.update(**held_by(conrad))
    asked = desk_client.post(f"/jobs/{job.pk}/take/", headers=HTMX)
    assert asked["HX-Redirect"] == f"/jobs/{job.pk}/take/"
    row = desk_client.get(f"/jobs/{job.pk}/row/").content.decode()
    assert "<bdi>conrad</bdi>" in row and "Take over …" in row


def test_what_is_seen_no_more_when_it_is_given_back_leaves_the_list(
    desk_client, reviewer, make_job
):
    Group.objects.create(name="Cardiology")
    job = make_job(**held_by(reviewer))
    answer = desk_client.post(f"/jobs/{job.pk}/give-back/", headers=HTMX)
    assert (answer.status_code, answer.content) == (200, b"")
    assert desk_client.get(f"/jobs/{job.pk}/").status_code == 404


def test_who_took_a_recording_has_no_claim_to_its_next_run(desk_client, reviewer, make_job):
    taken = make_job(**held_by(reviewer, NOW))
    assigned = make_job(**held_by(reviewer, None))
    assert reusing.same_recording(taken).assigned_to_id is None
    assert reusing.same_recording(assigned).assigned_to_id == reviewer.pk
