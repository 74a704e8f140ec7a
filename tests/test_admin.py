"""Admin: every page opens, every action does what it says, and keys are shown once."""

import json
import re
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from feedback.models import Feedback
from feedback.saving import Save, save_segment
from feedback.services import submit_review
from lexicon.models import Alternative, Term
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription import choosing, recordings
from transcription.admin import JobAdmin
from transcription.models import Attempt, Chunk, Job, Segment

ATTEMPTS = "/admin/transcription/attempt/"
JOBS, KEYS = "/admin/transcription/job/", "/admin/access/apikey/"
TERMS, REVIEWS = "/admin/lexicon/term/", "/admin/feedback/feedback/"


@pytest.fixture
def key(db):
    return create_key("clinic")[0]


@pytest.fixture
def job(make_job, key):
    return make_job("us and paid", "twice a day", api_key=key)


@pytest.fixture
def term(db):
    term = Term.objects.create(term="Ozempic", normalized="ozempic", kind="drug")
    Alternative.objects.create(term=term, text="us and paid", normalized="us and paid")
    return term


@pytest.fixture
def attempt(job):
    return Attempt.objects.create(
        chunk=job.chunks.get(),
        model="whisper-1",
        text="us and paid",
        cost_usd=Decimal("0.0123"),
        response={"text": "us and paid"},
        started_at=timezone.now(),
    )


@pytest.fixture
def review(job, reviewer):
    save_segment(reviewer, job, job.segments.first().pk, Save("<b>Ozempic</b>", version=1))
    return submit_review(reviewer, job)


def change(obj):
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def fields(page):
    """What the browser would send back of a change form."""
    form = page.context["adminform"].form
    forms = [form, *(f for s in page.context["inline_admin_formsets"] for f in s.formset.forms)]
    forms += [s.formset.management_form for s in page.context["inline_admin_formsets"]]
    found = {}
    for form in forms:
        for bound in form:
            if bound.widget_type != "checkbox" or bound.value():
                found[bound.html_name] = "" if bound.value() is None else bound.value()
    return found


def save(client, address, **changes):
    page = client.get(address)
    return client.post(address, fields(page) | changes)


def act(client, address, action, *objects, **more):
    chosen = [str(obj.pk) for obj in objects]
    answer = client.post(
        address, {"action": action, "_selected_action": chosen, **more}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


# --- Every page --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "query", "shown"),
    [
        (JOBS, {}, "Ward round"),
        (JOBS, {"q": "round"}, "Ward round"),
        (JOBS, {"status__exact": "completed", "review_status__exact": "reviewed"}, "Ward round"),
        (JOBS, {"o": "6.-1", "created_at__year": "2000"}, "0 jobs"),
        (KEYS, {}, "clinic"),
        (KEYS, {"live": "yes", "q": "clin"}, "clinic"),
        (KEYS, {"live": "revoked"}, "0 API keys"),
        (KEYS, {"live": "expired"}, "0 API keys"),
        (TERMS, {}, "Ozempic"),
        (TERMS, {"q": "US-AND-PAID"}, "Ozempic"),
        (TERMS, {"q": "Özempic"}, "Ozempic"),
        (TERMS, {"q": "nothing"}, "0 terms"),
        (TERMS, {"status__exact": "suggested", "kind__exact": "drug"}, "Ozempic"),
        (ATTEMPTS, {}, "$0.0123"),
        (ATTEMPTS, {"step__exact": "smaller"}, "0 attempts"),
        (REVIEWS, {}, "rita"),
        (REVIEWS, {"q": "Ozempic", "reviewer_name": "rita"}, "rita"),
    ],
)
def test_lists_are_shown_filtered_and_searched(
    admin_client, review, term, attempt, address, query, shown
):
    page = admin_client.get(address, query)
    assert page.status_code == 200
    results = page.content.decode().partition('id="changelist-form"')[2]
    assert shown in results


def test_every_page_of_admin_opens(admin_client, job, review, term, key, attempt):
    for address in (
        "/admin/",
        *map(change, (job, key, term, review, attempt)),
        KEYS + "add/",
        TERMS + "add/",
    ):
        assert admin_client.get(address).status_code == 200
    for obj in (job, key, term):
        assert admin_client.get(change(obj).replace("change", "history")).status_code == 200


@pytest.mark.parametrize("address", [JOBS + "add/", REVIEWS + "add/", ATTEMPTS + "add/"])
def test_jobs_and_reviews_are_not_made_here(admin_client, address):
    assert admin_client.get(address).status_code == 403


@pytest.mark.parametrize("text", ["'", "%", "a\x00b", "\\", "x" * 3000])
def test_no_search_breaks_a_list(admin_client, review, term, text):
    for address in (JOBS, KEYS, TERMS, REVIEWS):
        assert admin_client.get(address, {"q": text}).status_code == 200


def test_lists_ask_as_little_for_many_as_for_few(
    admin_client, make_job, reviewer, django_assert_max_num_queries
):
    for n in range(30):
        job = make_job("text", api_key=create_key(f"client {n}")[0])
        submit_review(reviewer, job)
        job.chunks.get().attempts.create(model="whisper-1", started_at=timezone.now())
        Term.objects.create(term=f"term {n}", normalized=f"term {n}")
    for address in (JOBS, KEYS, TERMS, REVIEWS, ATTEMPTS):
        with django_assert_max_num_queries(12):
            assert admin_client.get(address).status_code == 200


# --- Jobs --------------------------------------------------------------------------------------


def test_jobs_lead_to_where_their_text_is(admin_client, make_job, review):
    running = make_job(status="transcribing", api_key=review.job.api_key)
    page = admin_client.get(JOBS).content.decode()
    assert f'href="/review/{review.job_id}/"' in page
    assert f'href="/jobs/{running.pk}/"' in page
    assert f'href="/review/{review.job_id}/"' in admin_client.get(change(review)).content.decode()


def test_jobs_are_assigned_and_given_back(admin_client, job, reviewer):
    act(admin_client, JOBS, "assign", job, reviewer=reviewer.pk)
    job.refresh_from_db()
    assert (job.assigned_to_id, job.assigned_to_name) == (reviewer.pk, "rita")
    act(admin_client, JOBS, "assign", job, reviewer="")
    job.refresh_from_db()
    assert (job.assigned_to_id, job.assigned_to_name) == (None, "")


@pytest.mark.parametrize("chosen", ["x", "999999", "1 OR 1=1"])
def test_nobody_unknown_is_given_a_job(admin_client, job, chosen):
    act(admin_client, JOBS, "assign", job, reviewer=chosen)
    job.refresh_from_db()
    assert job.assigned_to_id is None


def test_who_left_is_not_offered_jobs(admin_client, job, reviewer):
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    act(admin_client, JOBS, "assign", job, reviewer=reviewer.pk)
    job.refresh_from_db()
    assert job.assigned_to_id is None


def test_jobs_are_prioritised(admin_client, job):
    assert "1 changed." in act(admin_client, JOBS, "prioritise", job, priority="7")
    job.refresh_from_db()
    assert job.priority == 7


@pytest.mark.parametrize("priority", ["", "x", "101", "1e3", "9" * 50])
def test_a_priority_that_is_none_changes_nothing(admin_client, job, priority):
    act(admin_client, JOBS, "prioritise", job, priority=priority)
    job.refresh_from_db()
    assert job.priority == 0


def test_failed_jobs_are_retried_and_running_ones_cancelled(admin_client, job, make_job):
    failed = make_job(status="failed", chunk_count=None)
    running = make_job(status="transcribing")
    page = act(admin_client, JOBS, "retry", failed, job)
    assert "1 sent to work again." in page
    assert "there is nothing to retry" in page
    page = act(admin_client, JOBS, "cancel", running, job)
    assert "1 cancelled." in page
    assert "there is nothing to cancel" in page
    states = dict(Job.objects.values_list("pk", "status"))
    assert states == {failed.pk: "queued", running.pk: "cancelled", job.pk: "completed"}


def test_jobs_are_transcribed_again_as_new_ones(admin_client, job, make_job):
    gone = make_job("text", title="Unknown", model="gpt-9")
    page = act(admin_client, JOBS, "rerun", job, gone)
    assert "1 transcribed again, as new jobs." in page
    assert "Unknown model" in page
    new = Job.objects.exclude(pk__in=[job.pk, gone.pk]).get()
    assert (new.source_job, new.status) == (job, "queued")


def test_a_budget_is_raised_and_nothing_that_workers_write(admin_client, job):
    job.cost_usd = Decimal("0.0123")
    job.save()
    assert "$0.0123" in admin_client.get(JOBS).content.decode()
    assert save(admin_client, change(job), budget_usd="2.5").status_code == 302
    job.refresh_from_db()
    assert (job.budget_usd, job.cost_usd) == (Decimal("2.5"), Decimal("0.0123"))
    assert save(admin_client, change(job), budget_usd="").status_code == 302
    job.refresh_from_db()
    assert job.budget_usd is None


@pytest.mark.parametrize("budget", ["-1", "x", "1e9", "nan"])
def test_a_budget_that_is_none_is_refused(admin_client, job, key, budget):
    for obj, field in ((job, "budget_usd"), (key, "monthly_budget_usd")):
        page = save(admin_client, change(obj), **{field: budget})
        assert set(page.context["adminform"].form.errors) == {field}


def test_a_job_s_page_tells_of_channels_checks_and_answers(admin_client, job, attempt):
    finding = {"kind": "loop", "reason": "It <i>repeated</i> itself."}
    Chunk.objects.update(channel=1, checks=[finding])
    page = admin_client.get(change(job)).content.decode()
    assert "<b>repeats itself</b> It &lt;i&gt;repeated&lt;/i&gt; itself." in page
    assert re.search(r'class="field-side">\s*<p>2</p>', page)
    links = re.findall(rf'href="({ATTEMPTS}\?[^"]*)"', page)
    assert len(links) == 2  # of the job, and of its one part
    for link in links:
        assert "us and paid" in admin_client.get(link).content.decode()


def test_answers_are_read_and_never_changed(admin_client, attempt):
    assert 'name="_save"' not in admin_client.get(change(attempt)).content.decode()
    assert admin_client.post(change(attempt), {"text": "x"}).status_code == 403
    address = change(attempt).replace("change", "delete")
    assert admin_client.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 1, 1), None),
        (date(2027, 2, 1), "whisper-1 will be shut down on 2027-02-26, in 25 days."),
        (date(2027, 2, 26), "whisper-1 was shut down on 2027-02-26"),
    ],
)
def test_a_model_that_ends_is_told_in_time(admin_client, settings, monkeypatch, day, words):
    settings.STT_MODEL = "whisper-1"
    monkeypatch.setattr(choosing, "today", lambda: day)
    for address in ("/admin/", JOBS):
        page = admin_client.get(address).content.decode()
        assert (words in page) if words else ("shut down" not in page)


def test_reviews_are_reopened(admin_client, review, make_job):
    page = act(admin_client, JOBS, "reopen", review.job, make_job(title="Untouched"))
    assert "1 reopened." in page
    assert "Untouched: there is no submitted review" in page
    review.refresh_from_db()
    assert review.withdrawn_at is not None
    assert Job.objects.get(pk=review.job_id).review_status == "in_review"


def test_a_title_is_changed_and_nothing_that_workers_write(admin_client, job, monkeypatch):
    save_form = JobAdmin.save_form

    def meanwhile(*args, **kwargs):
        Job.objects.update(status="failed", error_message="It broke.")
        return save_form(*args, **kwargs)

    monkeypatch.setattr(JobAdmin, "save_form", meanwhile)
    group = Group.objects.create(name="Cardiology")
    answer = save(admin_client, change(job), title="Renamed", group_id=str(group.pk))
    assert answer.status_code == 302
    job.refresh_from_db()
    assert (job.title, job.group_id) == ("Renamed", group.pk)
    assert (job.status, job.error_message) == ("failed", "It broke.")


@pytest.mark.parametrize("metadata", ["", "{}", '{"a": "b"}'])
def test_metadata_may_be_left_empty(admin_client, job, key, term, metadata):
    for obj in (job, key, term):
        assert save(admin_client, change(obj), metadata=metadata).status_code == 302
        obj.refresh_from_db()
        assert obj.metadata == json.loads(metadata or "{}")


@pytest.mark.parametrize("metadata", ["[1]", "7", "x", '{"a": "\\u0000"}', '{"a": 1e999}'])
def test_metadata_that_cannot_be_kept_is_refused(admin_client, job, key, term, metadata):
    for obj in (job, key, term):
        page = save(admin_client, change(obj), metadata=metadata)
        assert set(page.context["adminform"].form.errors) == {"metadata"}
        obj.refresh_from_db()
        assert obj.metadata == {}


def with_files(make_job, name, **fields):
    job = make_job("text", audio_file=name, peaks_file=f"peaks/{name}", **fields)
    Chunk.objects.update(audio_file=f"chunks/{name}")
    for stored in (job.audio_file, job.peaks_file, f"chunks/{name}"):
        recordings.save(stored, b"sound")
    return job


def files(media):
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


@pytest.mark.parametrize("by_action", [True, False])
def test_a_deleted_job_takes_its_recording_text_and_reviews_along(
    admin_client, make_job, media, reviewer, by_action, django_capture_on_commit_callbacks
):
    job = with_files(make_job, "visit.wav")
    submit_review(reviewer, job)
    with django_capture_on_commit_callbacks(execute=True):
        if by_action:
            assert "Ward round" in act(admin_client, JOBS, "delete_selected", job)
            act(admin_client, JOBS, "delete_selected", job, post="yes")
        else:
            address = change(job).replace("change", "delete")
            assert "Ward round" in admin_client.get(address).content.decode()
            admin_client.post(address, {"post": "yes"})
    for model in (Job, Segment, Feedback):
        assert not model.objects.exists()
    assert not files(media)


def test_a_recording_that_jobs_share_is_deleted_with_the_last(
    admin_client, make_job, media, django_capture_on_commit_callbacks
):
    first = with_files(make_job, "visit.wav")
    second = make_job("text", audio_file="visit.wav", source_job=first)
    with django_capture_on_commit_callbacks(execute=True):
        act(admin_client, JOBS, "delete_selected", first, post="yes")
    assert files(media) == {"visit.wav"}
    assert Job.objects.get() == second
    with django_capture_on_commit_callbacks(execute=True):
        act(admin_client, JOBS, "delete_selected", second, post="yes")
    assert not files(media)


# --- Keys --------------------------------------------------------------------------------------


def new_key(client, **wishes):
    given = {"name": "lab", "rate_limit_per_minute": "5", "concurrent_jobs": "0", "metadata": "{}"}
    given |= {"group_id": "", "scopes": ["jobs:read"]}
    return client.post(KEYS + "add/", given | wishes, follow=True)


def test_a_new_key_is_shown_once_and_opens_the_api(admin_client, client):
    group = Group.objects.create(name="Cardiology")
    page = new_key(admin_client, group_id=group.pk).content.decode()
    (secret,) = re.findall(r"vk_[0-9a-f]{8}_[\w-]{40,}", page)
    key = ApiKey.objects.get()
    assert (key.name, key.owner_name, key.group_id) == ("lab", "admin", group.pk)
    assert client.get("/api/v1/jobs/", headers={"X-API-Key": secret}).status_code == 200
    for address in (KEYS, change(key), change(key).replace("change", "history"), "/admin/"):
        again = admin_client.get(address)
        assert secret not in again.content.decode()
        assert key.key_hash not in again.content.decode()
        assert not list(get_messages(again.wsgi_request))


def test_changing_a_key_keeps_it_the_same_key(admin_client, key, client):
    before = (key.prefix, key.key_hash)
    save(admin_client, change(key), name="renamed", rate_limit_per_minute="9")
    key.refresh_from_db()
    assert (key.name, key.rate_limit_per_minute) == ("renamed", 9)
    assert (key.prefix, key.key_hash) == before


def test_a_key_has_a_budget_and_tells_what_is_spent(admin_client, key):
    assert "nothing yet" in admin_client.get(change(key)).content.decode()
    ApiKey.objects.update(spent_usd=Decimal("3.456"), spent_in=date(2026, 11, 1))
    save(admin_client, change(key), monthly_budget_usd="20")
    key.refresh_from_db()
    assert (key.monthly_budget_usd, key.spent_usd) == (20, Decimal("3.456"))
    for address in (KEYS, change(key)):
        assert "$3.46 in November 2026" in admin_client.get(address).content.decode()


@pytest.mark.parametrize("rate", ["-1", "", "x", "99999999999"])
def test_a_rate_limit_that_is_none_is_refused(admin_client, rate):
    page = new_key(admin_client, rate_limit_per_minute=rate)
    assert "rate_limit_per_minute" in page.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


def test_keys_are_revoked_and_never_deleted(admin_client, key):
    assert "1 revoked." in act(admin_client, KEYS, "revoke", key)
    key.refresh_from_db()
    first = key.revoked_at
    assert first is not None
    assert "0 revoked." in act(admin_client, KEYS, "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at == first
    assert admin_client.get(change(key).replace("change", "delete")).status_code == 403
    assert "clinic" in admin_client.get(KEYS, {"live": "revoked"}).content.decode()


# --- Terms and reviews -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "status"), [("approve", "approved"), ("reject", "rejected"), ("retire", "retired")]
)
def test_terms_are_decided_on(admin_client, term, action, status):
    assert f"1 set to {status}." in act(admin_client, TERMS, action, term)
    term.refresh_from_db()
    assert term.status == status


def test_a_review_is_read_and_never_changed(admin_client, review):
    page = admin_client.get(change(review)).content.decode()
    assert "us and paid" in page
    assert "&lt;b&gt;Ozempic&lt;/b&gt;" in page
    assert "<b>Ozempic</b>" not in page.replace("→ <b>", "")
    assert 'name="_save"' not in page
    assert admin_client.post(change(review), {"wer": "0"}).status_code == 403


def test_its_pages_are_sound():
    """`manage.py check` may look at them before they are registered (speech_project/urls.py)."""
    import_module("speech_project.urls")
    assert admin.site.is_registered(Job)
    assert admin.site.check(None) == []
