"""Terms heard in another script are put in their own where that is wished, else only suggested."""

from __future__ import annotations

import pytest

from lexicon.services import add_term
from speech_project.access.keys import create_key
from transcription import pipeline
from transcription.models import Chunk, Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]

HEARD = "उसे पैरासिटामोल दी गई"


@pytest.fixture
def api(client):
    _, secret = create_key("clinic")
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


@pytest.fixture
def transcribed(standin, client, api, short_clip):
    """The job as the API shows it when it is done."""
    standin.set_text(HEARD)
    add_term("paracetamol", source="admin", status="approved", kind="drug")

    def transcribed(**wishes):
        with short_clip.open("rb") as file:
            wishes = {"file": file, "model": "gpt-transcribe", "languages": ["hi", "en"]} | wishes
            job_id = client.post("/api/v1/jobs/", wishes, **api).json()["id"]
        pipeline.prepare(job_id)
        for chunk in Chunk.objects.filter(job=job_id):
            pipeline.transcribe(chunk.pk)
        pipeline.finish(job_id)
        job = client.get(f"/api/v1/jobs/{job_id}/", **api).json()
        segments = client.get(f"/api/v1/jobs/{job_id}/segments/", **api).json()["results"]
        return job | {"segments": segments}

    return transcribed


def test_where_it_is_wished_the_term_is_written_as_the_lexicon_has_it(transcribed):
    job = transcribed(own_script="true")
    (segment,) = job["segments"]
    assert segment["text"] == "उसे paracetamol दी गई"
    assert segment["engine_text"] == HEARD
    (change,) = segment["replacements"]
    assert (change["before"], change["rule"]) == ("पैरासिटामोल", "script")


def test_else_it_is_only_suggested(transcribed):
    (segment,) = transcribed()["segments"]
    assert segment["text"] == HEARD
    (change,) = segment["replacements"]
    assert (change["after"], change["state"]) == ("paracetamol", "open")


def test_the_wish_is_about_the_text_so_the_sound_is_not_paid_for_again(transcribed, standin):
    first, again = transcribed(), transcribed(own_script="true")
    assert again["source_job"] == first["id"]
    assert again["segments"][0]["text"] == "उसे paracetamol दी गई"
    assert len(standin.log()) == Job.objects.get(pk=first["id"]).chunk_count
