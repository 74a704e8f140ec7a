"""People see what the engine was told of the lexicon, and can wish for more or less of it."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, User

from lexicon.exchange.formats import read
from lexicon.exchange.importing import import_terms
from lexicon.services import add_term
from speech_project.access.keys import create_key
from tests.conftest import SAMPLE
from tests.test_transcribe import transcribe
from transcription import pipeline
from transcription.models import Attempt, Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]


@pytest.fixture
def lexicon(db):
    many = ["term,kind", *(f"Filler {number}x,drug" for number in range(110))]
    import_terms(read("\n".join(many).encode(), "terms.csv"), status="approved")
    add_term("Schmerz", source="admin", status="approved", language="de")
    add_term("Ozempic", source="admin", status="approved", pinned=True)


@pytest.fixture
def hear(standin, upload_sample):
    """The whole sample, heard."""

    def hear(model="gpt-transcribe", **wishes) -> Job:
        wishes = {"reuse": False, "languages": ["en"], "title": "A visit"} | wishes
        job = upload_sample(model=model, **wishes)
        pipeline.prepare(job.pk)
        for chunk in job.chunks.all():
            pipeline.transcribe(chunk.pk)
        pipeline.finish(job.pk)
        job.refresh_from_db()
        return job

    return hear


def test_the_jobs_page_leads_to_what_was_told(lexicon, hear, desk_client, reviewer):
    job = hear(owner=reviewer)
    address = job.get_absolute_url()
    assert f'href="{address}?hints"' in desk_client.get(address).content.decode()
    page = desk_client.get(f"{address}?hints").content.decode()
    assert "<td><bdi>Ozempic</bdi></td><td>2</td>" in page
    assert "11 × no room for more" in page
    assert "1 × of another language" in page
    assert "<bdi>Schmerz</bdi>" in page


def test_without_terms_there_is_nothing_to_lead_to(hear, desk_client, reviewer):
    job = hear(owner=reviewer)
    assert "?hints" not in desk_client.get(job.get_absolute_url()).content.decode()


def test_others_do_not_see_it(lexicon, hear, desk_client):
    job = hear(group_id=Group.objects.create(name="others").pk)
    assert desk_client.get(f"{job.get_absolute_url()}?hints").status_code == 404


def test_each_request_of_several_says_how_many_terms_went_with_it(
    lexicon, hear, desk_client, reviewer, standin
):
    standin.fault("loop", when={"keywords": True})
    job = hear(owner=reviewer)
    page = desk_client.get(job.get_absolute_url()).content.decode()
    assert page.count("100 terms told") == 1


def test_admin_shows_it_for_the_recording_and_each_request(lexicon, hear, client):
    client.force_login(User.objects.create_superuser("root"))
    job = hear()
    page = client.get(f"/admin/transcription/job/{job.pk}/change/").content.decode()
    assert "Ozempic, " in page
    attempt = Attempt.objects.earliest("pk")
    page = client.get(f"/admin/transcription/attempt/{attempt.pk}/change/").content.decode()
    assert "Ozempic, " in page
    assert "no room for more</b>: Filler" in page


# --- The API -----------------------------------------------------------------------------------


@pytest.fixture
def api(client):
    _, secret = create_key("client")
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def test_the_api_tells_it_of_a_job_at_rest(lexicon, standin, client, api):
    with SAMPLE.open("rb") as file:
        wishes = {"file": file, "model": "gpt-transcribe", "languages": "en"}
        body = client.post("/api/v1/jobs/", wishes, **api).json()
    address = f"/api/v1/jobs/{body['id']}/hints/"
    hints = client.get(address, **api).json()
    assert (hints["complete"], hints["sent"]) == (False, []), "it is not asked for yet"
    pipeline.prepare(body["id"])
    for chunk in Job.objects.get().chunks.all():
        pipeline.transcribe(chunk.pk)
    pipeline.finish(body["id"])
    hints = client.get(address, **api).json()
    assert hints["complete"] is True
    assert hints["sent"][0].items() >= {"term": "Ozempic", "parts": 2}.items()
    assert {each["reason"]: each["count"] for each in hints["left_out"]} == {
        "budget": 11,
        "language": 1,
    }


@pytest.mark.parametrize(
    ("wishes", "options"),
    [
        ({}, {}),
        ({"hints": "false"}, {"hints": False}),
        ({"second_look": "true"}, {"second_look": True}),
        ({"own_script": "true"}, {"own_script": True}),
        ({"hints": "true", "second_look": "false"}, {}),
    ],
)
def test_the_api_takes_wishes(client, api, short_clip, wishes, options):
    with short_clip.open("rb") as file:
        body = client.post("/api/v1/jobs/", {"file": file} | wishes, **api).json()
    assert body["options"] == {"channels": "auto", "prompt": ""} | options


def test_a_wish_that_is_none_is_refused(client, api, short_clip):
    with short_clip.open("rb") as file:
        reply = client.post("/api/v1/jobs/", {"file": file, "second_look": "perhaps"}, **api)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["field"] == "second_look"


# --- The form and the command ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "options"),
    [
        ({}, {}),
        ({"no_hints": "on"}, {"hints": False}),
        ({"second_look": "on"}, {"second_look": True}),
        ({"own_script": "on"}, {"own_script": True}),
    ],
)
def test_the_form_takes_wishes(desk_client, short_clip, wishes, options):
    page = desk_client.get("/").content.decode()
    assert all(f'name="{name}"' in page for name in ("no_hints", "second_look", "own_script"))
    with short_clip.open("rb") as file:
        desk_client.post("/upload/", {"files": file} | wishes)
    assert Job.objects.get().options == {"channels": "auto", "prompt": ""} | options


def test_the_command_takes_wishes(short_clip):
    code, out, err = transcribe(short_clip, "--no-hints", "--second-look", "--own-script", "--json")
    assert code == 0, err
    assert "heart attack" in json.loads(out)["text"]
    assert Job.objects.get().options == {
        "channels": "auto",
        "prompt": "",
        "hints": False,
        "second_look": True,
        "own_script": True,
    }
