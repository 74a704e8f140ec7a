"""Who may see and hear what. One rule for pages, recordings, admin and API."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from feedback.models import Feedback
from feedback.services import submit_review
from speech_project.access.keys import create_key
from transcription import recordings
from transcription.models import Job

PAGES = (
    "/",
    "/jobs/{job}/",
    "/jobs/{job}/row/",
    "/jobs/{job}/take/",
    "/jobs/{job}/audio/",
    "/jobs/{job}/audio/?original",
    "/jobs/{job}/peaks/",
    "/review/{job}/",
    "/review/{job}/submit/",
    "/review/{job}/reviewed/",
    "/review/{job}/segments/{segment}/",
    "/review/{job}/words/?from={segment}",
    "/review/{job}/find/",
    "/review/{job}/find/?q=secret",
    "/review/{job}/rest/",
    "/review/{job}/term/?segment={segment}&term=secret",
    "/jobs/{job}/export.txt",
    "/exports.zip?job={job}",
    "/settings/",
    "/quality/",
    "/quality/?format=csv",
    "/quality/reviews/",
    "/password/",
    "/admin/",
)
FORMS = (
    "/upload/",
    "/next/",
    "/jobs/{job}/take/",
    "/jobs/{job}/give-back/",
    "/jobs/{job}/cancel/",
    "/jobs/{job}/retry/",
    "/review/{job}/submit/",
    "/review/{job}/reopen/",
    "/review/{job}/segments/{segment}/save/",
    "/review/{job}/segments/{segment}/turn/",
    "/review/{job}/segments/{segment}/language/",
    "/review/{job}/segments/{segment}/split/",
    "/review/{job}/segments/{segment}/merge/",
    "/review/{job}/segments/{segment}/insert/",
    "/review/{job}/segments/{segment}/back/",
    "/review/{job}/segments/{segment}/times/",
    "/review/{job}/segments/{segment}/speaker/",
    "/review/{job}/here/",
    "/review/{job}/title/",
    "/review/{job}/replace/",
    "/review/{job}/term/",
)
API = ("/api/v1/jobs/", "/api/v1/jobs/{job}/", "/api/v1/jobs/{job}/segments/")


@pytest.fixture
def job(make_job, media):
    """Of nobody, with its files in place."""
    job = make_job("a secret", audio_file="recordings/secret.wav", peaks_file="peaks/secret.bin")
    recordings.save(job.audio_file, b"sound")
    recordings.save(job.peaks_file, b"peaks")
    return job


def fill(address, job):
    return address.format(job=job.pk, segment=job.segments.get().pk)


def of_this_job(addresses):
    return [address for address in addresses if "{job}" in address]


@pytest.mark.parametrize("address", PAGES)
def test_nobody_sees_or_hears_anything_without_logging_in(client, job, address):
    for method in (client.get, client.head):
        answer = method(fill(address, job))
        assert answer.status_code == 302
        assert "/login/?next=" in answer["Location"]


@pytest.mark.parametrize("address", FORMS)
def test_nobody_changes_anything_without_logging_in(client, job, address):
    answer = client.post(fill(address, job), {"text": "mine", "version": 1})
    assert answer["Location"].startswith("/login/?next=")
    assert job.segments.get().text == "a secret"
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("address", API)
def test_the_api_asks_for_a_key(client, job, address):
    answer = client.get(fill(address, job))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert "secret" not in answer.content.decode()


def test_health_is_public(client):
    assert client.get("/healthz").status_code == 200


def everything_answers(client, job, *, readable):
    for address in of_this_job((*PAGES, *API)):
        assert (client.get(fill(address, job)).status_code != 404) is readable, address
    listed = str(job.pk) in client.get("/").content.decode()
    in_api = [found["id"] for found in client.get("/api/v1/jobs/").json()["results"]]
    assert listed is readable
    assert in_api == ([str(job.pk)] if readable else [])
    if not readable:
        for address in of_this_job(FORMS):
            answer = client.post(fill(address, job), {"text": "mine", "version": 1})
            assert answer.status_code == 404, address
    return True


def test_reviewers_see_all_where_there_are_no_groups(desk_client, job):
    assert everything_answers(desk_client, job, readable=True)


def test_where_there_are_groups_a_reviewer_sees_those_of_hers(desk_client, reviewer, job):
    cardiology = Group.objects.create(name="Cardiology")
    assert everything_answers(desk_client, job, readable=False)
    Job.objects.update(group_id=cardiology.pk)
    assert everything_answers(desk_client, job, readable=False)
    reviewer.groups.add(cardiology)
    assert everything_answers(desk_client, job, readable=True)


@pytest.mark.parametrize("field", ["owner_id", "assigned_to_id"])
def test_her_own_uploads_and_what_she_was_given_are_hers(desk_client, reviewer, job, field):
    Group.objects.create(name="Cardiology")
    Job.objects.update(**{field: reviewer.pk})
    assert everything_answers(desk_client, job, readable=True)


def test_a_superuser_sees_all(job, admin_client):
    Group.objects.create(name="Cardiology")
    assert everything_answers(admin_client, job, readable=True)


def test_an_account_that_was_closed_sees_nothing(desk_client, reviewer, job):
    User.objects.update(is_active=False)
    assert desk_client.get(fill("/jobs/{job}/audio/", job)).status_code == 302


def test_a_key_sees_its_own_jobs_only(make_job, client):
    keys = [create_key(name) for name in ("one", "two")]
    jobs = [make_job("text", api_key=key) for key, _ in keys]
    make_job("of nobody")
    for (_, secret), mine in zip(keys, jobs, strict=True):
        headers = {"X-API-Key": secret}
        listed = client.get("/api/v1/jobs/", headers=headers).json()["results"]
        assert [found["id"] for found in listed] == [str(mine.pk)]
        for other in Job.objects.all():
            expected = 200 if other == mine else 404
            for address in of_this_job(API):
                answer = client.get(fill(address, other), headers=headers)
                assert answer.status_code == expected


def test_a_key_opens_no_pages(make_job, client):
    key, secret = create_key("one")
    job = make_job("text", api_key=key)
    for address in of_this_job(PAGES):
        answer = client.get(fill(address, job), headers={"X-API-Key": secret})
        assert answer["Location"].startswith("/login/")


def test_admin_shows_staff_what_the_pages_show_them(make_job, reviewer):
    cardiology = Group.objects.create(name="Cardiology")
    staff = User.objects.create_user("sam", is_staff=True)
    staff.groups.add(cardiology)
    staff.user_permissions.set(Permission.objects.all())
    hers, foreign = (
        make_job("a", title="Hers", group_id=cardiology.pk),
        make_job("b", title="Foreign"),
    )
    reviews = [submit_review(reviewer, job) for job in (hers, foreign)]
    client = Client()
    client.force_login(staff)
    for model in ("transcription/job", "feedback/feedback"):
        page = client.get(f"/admin/{model}/").content.decode()
        assert "Hers" in page
        assert "Foreign" not in page
    assert client.get(f"/admin/transcription/job/{hers.pk}/change/").status_code == 200
    assert client.get(f"/admin/transcription/job/{foreign.pk}/change/").status_code == 302
    assert client.get(f"/admin/feedback/feedback/{reviews[1].pk}/change/").status_code == 302
    doomed = {"action": "delete_selected", "_selected_action": [foreign.pk], "post": "yes"}
    client.post("/admin/transcription/job/", doomed)
    assert Job.objects.filter(pk=foreign.pk).exists()
