"""What webhooks are told of, to whom, and that nothing of it is what was said in a recording."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from jsonschema import Draft202012Validator

from feedback.receiving import Sent, receive
from feedback.saving import Save, save_segment
from feedback.services import reopen_review, submit_review
from lexicon import services as lexicon
from lexicon import telling
from lexicon.exchange.formats import read
from lexicon.exchange.importing import import_terms
from lexicon.models import Source, Term
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from speech_project.api.describing import description
from speech_project.webhooks import services
from speech_project.webhooks.models import Delivery, Event, Webhook
from transcription import leases, pipeline, sweeping
from transcription.models import Chunk, Job

pytestmark = pytest.mark.django_db

TITLE, SAID = "Frau Muster, Befund", "the patient takes aspirin"


@pytest.fixture
def job(make_job, webhook):
    """The key's, all chunks heard."""
    job = make_job(
        api_key=webhook.api_key,
        title=TITLE,
        status=Job.Status.TRANSCRIBING,
        metadata={"case": "17-b"},
        chunk_count=1,
    )
    words = [[word, 400 * at, 400 * at + 300] for at, word in enumerate(SAID.split())]
    job.chunks.update(text=SAID, words=words)
    return job


def told(event=None):
    """The data of all deliveries, the first ones first."""
    found = Delivery.objects.order_by("created_at", "pk")
    return [each.payload["data"] for each in (found.filter(event=event) if event else found)]


def terms_told():
    return [[term["term"] for term in data["terms"]] for data in told("term.approved")]


@pytest.mark.usefixtures("webhook")
def test_what_is_sent_is_as_the_description_of_the_api_has_it(job, reviewer):
    """Each event, once."""
    pipeline.finish(job.pk)
    submit_review(reviewer, job)
    Job.objects.update(status=Job.Status.PREPARING, attempt=9, lease_until=job.created_at)
    sweeping.sweep()
    lexicon.add_term("Ramipril", source=Source.ADMIN, status="approved")

    described = description()["webhooks"]
    assert set(Delivery.objects.values_list("event", flat=True)) == set(described) == set(Event)
    for event, payload in Delivery.objects.values_list("event", "payload"):
        content = described[event]["post"]["requestBody"]["content"]["application/json"]
        Draft202012Validator(content["schema"]).validate(payload)


# --- Recordings --------------------------------------------------------------------------------


def test_a_transcript_that_is_done_is_told_with_ids_and_states_only(
    job, webhook, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.finish(job.pk)

    delivery = Delivery.objects.get()
    assert (delivery.event, delivery.webhook, delivery.status) == (
        "job.completed",
        webhook,
        "waiting",
    )
    assert delivery.payload["type"] == "job.completed"
    assert delivery.payload["data"] == {
        "id": str(job.pk),
        "url": f"/api/v1/jobs/{job.pk}/",
        "status": "completed",
        "review_status": "waiting",
        "error_code": "",
        "proposal": False,
        "source_job": None,
        "metadata": {"case": "17-b"},
    }
    everything = json.dumps(delivery.payload)
    assert TITLE not in everything
    assert "aspirin" not in everything
    assert ("deliver_webhook", str(webhook.pk)) in sent


def test_a_transcript_whose_gap_was_filled_is_told_again(job):
    chunk = Chunk.objects.create(
        job=job, position=1, start_ms=4000, end_ms=8000, status=Chunk.Status.FAILED
    )
    pipeline.finish(job.pk)
    Chunk.objects.filter(pk=chunk.pk).update(status=Chunk.Status.COMPLETED, text="twice a day")
    Job.objects.update(status=Job.Status.TRANSCRIBING)
    pipeline.finish(job.pk)
    assert [data["status"] for data in told("job.completed")] == ["completed"] * 2


def test_a_proposal_is_told_with_what_it_is_of(job, make_job, webhook):
    run = make_job(
        api_key=webhook.api_key,
        status=Job.Status.TRANSCRIBING,
        source_job=job,
        proposal=True,
    )
    run.chunks.update(text="heard again", words=[["heard", 0, 300], ["again", 400, 700]])
    pipeline.finish(run.pk)
    (data,) = told("job.completed")
    assert (data["id"], data["source_job"], data["proposal"]) == (str(run.pk), str(job.pk), True)


def test_a_recording_that_failed_is_told_with_its_code(job):
    job.chunks.update(status=Chunk.Status.FAILED, error_code="quota", error_message="Spent.")
    pipeline.finish(job.pk)
    (data,) = told()
    assert (data["status"], data["error_code"]) == ("failed", "quota")
    assert Delivery.objects.get().event == "job.failed"


def test_a_recording_that_killed_its_workers_is_told_once(job):
    Job.objects.update(
        status=Job.Status.PREPARING,
        attempt=leases.MOST_ATTEMPTS,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    sweeping.sweep()
    sweeping.sweep()
    (data,) = told("job.failed")
    assert (data["status"], data["error_code"]) == ("failed", "worker_crashed")


def test_a_review_is_told_with_its_feedback_each_time(job, reviewer):
    pipeline.finish(job.pk)
    first = submit_review(reviewer, job)
    reopen_review(job)
    second = submit_review(reviewer, job)
    data = told("job.reviewed")
    assert [each["feedback"] for each in data] == [first.pk, second.pk]
    assert {each["review_status"] for each in data} == {"reviewed"}


def test_a_review_that_a_client_sends_is_told_once(job, webhook, reviewer):
    pipeline.finish(job.pk)
    for _ in range(2):
        receive(reviewer, job, Sent(text="the patient takes aspirin daily"), webhook.api_key)
    assert len(told("job.reviewed")) == 1


def test_a_recording_without_a_key_is_told_to_nobody(job):
    Job.objects.update(api_key=None)
    pipeline.finish(job.pk)
    assert not Delivery.objects.exists()


def test_a_recording_of_another_key_is_told_to_nobody(job):
    Job.objects.update(api_key=create_key("another")[0])
    pipeline.finish(job.pk)
    assert not Delivery.objects.exists()


def test_only_what_a_webhook_wants_is_told(job, webhook):
    services.change(webhook, events=["job.failed", "term.approved"])
    pipeline.finish(job.pk)
    assert not Delivery.objects.exists()


def test_each_webhook_of_the_key_is_told(job, webhook):
    second = services.create(webhook.api_key, url=webhook.url, events=["job.completed"])
    pipeline.finish(job.pk)
    assert set(Delivery.objects.values_list("webhook", flat=True)) == {webhook.pk, second.pk}


@pytest.mark.parametrize("off", ["webhook off", "key revoked", "key expired"])
def test_who_is_off_is_not_told(job, webhook, off):
    if off == "webhook off":
        services.change(webhook, enabled=False)
    else:
        field = "revoked_at" if off == "key revoked" else "expires_at"
        ApiKey.objects.update(**{field: timezone.now()})
    pipeline.finish(job.pk)
    assert not Delivery.objects.exists()


def test_what_is_rolled_back_is_told_to_nobody(
    job, sent, django_capture_on_commit_callbacks, monkeypatch
):
    def breaks(**_):
        raise RuntimeError("the last step broke")

    monkeypatch.setattr(pipeline, "count", breaks)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        pipeline.finish(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.FINISHING
    assert not Delivery.objects.exists()
    assert sent == []


def test_without_webhooks_an_event_costs_one_query(job, django_assert_num_queries):
    Webhook.objects.all().delete()
    with django_assert_num_queries(1):
        services.tell("job.completed", [{}], api_key_id=job.api_key_id)


# --- Terms -------------------------------------------------------------------------------------


@pytest.fixture
def term(webhook):
    """Suggested, for everyone."""
    return lexicon.add_term("Ramipril", source=Source.ADMIN, kind="drug", language="de").term


def test_a_term_that_is_approved_is_told(term):
    lexicon.approve(Term.objects.all())
    lexicon.approve(Term.objects.all())
    assert told("term.approved") == [
        {
            "terms": [
                {
                    "id": term.pk,
                    "term": "Ramipril",
                    "language": "de",
                    "kind": "drug",
                    "everyone": True,
                }
            ]
        }
    ]


def test_a_keys_own_term_is_told_to_that_key_alone(webhook):
    other, _ = create_key("another", scopes=["lexicon:read"])
    services.create(other, url=webhook.url)
    lexicon.add_term(
        "Ramipril", source=Source.API, api_key_id=webhook.api_key_id, status="approved"
    )
    (delivery,) = Delivery.objects.all()
    assert delivery.webhook == webhook
    assert delivery.payload["data"]["terms"][0]["everyone"] is False


@pytest.mark.parametrize(
    ("scopes", "told_to"),
    [(["lexicon:read"], True), (["admin"], True), (["jobs:read"], False), ([], False)],
    ids=["reads terms", "admin", "reads jobs", "nothing"],
)
def test_everyones_terms_are_told_to_keys_that_may_read_them(webhook, scopes, told_to):
    ApiKey.objects.update(scopes=scopes)
    lexicon.add_term("Ramipril", source=Source.ADMIN, status="approved")
    assert Delivery.objects.exists() == told_to


def test_adding_a_suggested_term_as_approved_is_told_once(term):
    for _ in range(2):
        lexicon.add_term("Ramipril", language="de", source=Source.ADMIN, status="approved")
    assert terms_told() == [["Ramipril"]]


@pytest.mark.parametrize("decide", [lexicon.reject, lexicon.retire])
def test_other_decisions_are_not_told(term, decide):
    decide(Term.objects.all())
    assert not Delivery.objects.exists()


def test_a_file_of_terms_is_told_in_few_events(webhook, monkeypatch):
    monkeypatch.setattr(telling, "AT_ONCE", 2)
    lexicon.add_term("Ramipril", source=Source.ADMIN)
    lexicon.add_term("Metoprolol", source=Source.ADMIN, status="approved")
    Delivery.objects.all().delete()
    lines = (
        b"term,status\nRamipril,approved\nMetoprolol,approved\nAspirin,approved\n"
        b"Ibuprofen,\nToradol,approved\n"
    )
    report = import_terms(read(lines, format="csv"))
    assert str(report).startswith("3 added, 1 changed, 1 left as they are")
    assert sorted(terms_told()) == [["Ramipril", "Aspirin"], ["Toradol"]]


def test_a_dry_run_tells_nothing(webhook):
    import_terms(read(b"term,status\nAspirin,approved\n", format="csv"), dry_run=True)
    assert not Delivery.objects.exists()


@pytest.fixture
def curator(client, db):
    client.force_login(User.objects.create_superuser("cora", password="a password for cora"))
    return client


FORM = {
    "term": "Ramipril",
    "kind": "drug",
    "language": "de",
    "script": "",
    "api_key": "",
    "sounds_like": "",
    "priority": "0",
    "note": "",
    "example": "",
    "metadata": "{}",
    "alternatives-TOTAL_FORMS": "0",
    "alternatives-INITIAL_FORMS": "0",
}


def test_a_term_that_is_entered_or_set_to_approved_in_admin_is_told(webhook, curator):
    curator.post("/admin/lexicon/term/add/", FORM | {"status": "suggested"})
    assert not Delivery.objects.exists()
    address = f"/admin/lexicon/term/{Term.objects.get().pk}/change/"
    for change in ({"status": "approved"}, {"status": "approved", "note": "checked"}):
        assert curator.post(address, FORM | change).status_code == 302
    curator.post("/admin/lexicon/term/add/", FORM | {"term": "Aspirin", "status": "approved"})
    assert terms_told() == [["Ramipril"], ["Aspirin"]]


def test_a_term_that_a_trusted_reviewer_taught_is_told(make_job, webhook, settings):
    settings.LEARN_ACCEPT_CONFIDENCE = 0.2
    trusted = User.objects.create_superuser("tara", password="a password for tara")
    job = make_job("she takes us and paid now", api_key=webhook.api_key)
    save_segment(trusted, job, job.segments.get().pk, Save("she takes Ozempic now", 1))
    submit_review(trusted, job)
    assert terms_told() == [["Ozempic"]]
    assert told("term.approved")[0]["terms"][0]["everyone"] is False
