"""Each model is asked in the way that keeps languages apart, as received at the other end."""

from __future__ import annotations

import pytest

from transcription import pipeline
from transcription.engines import MODELS, capabilities
from transcription.models import Attempt
from transcription.switching import asked, example

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]


@pytest.fixture
def fields(standin, upload_sample):
    """What the service got with the first request for a recording."""

    def fields(model, **wishes):
        job = upload_sample(model=model, reuse=False, **wishes)
        pipeline.prepare(job.pk)
        pipeline.transcribe(job.chunks.first().pk)
        return standin.log()[0]["fields"]

    return fields


def test_gpt_transcribe_gets_a_list_the_less_dominant_language_first(fields):
    sent = fields("gpt-transcribe", languages=["en", "de", "tr"])
    assert sent["languages[]"] == ["tr", "de", "en"]
    assert "prompt" not in sent
    assert Attempt.objects.earliest("pk").request["way"] == "languages"


def test_gpt_4o_is_told_in_words_and_no_language(fields):
    sent = fields("gpt-4o-transcribe", languages=["hi", "en"], prompt="A visit.")
    assert "language" not in sent
    assert sent["prompt"] == [
        "The speakers use Hindi and English, and may switch in the middle of a sentence. Write each"
        " word in the language in which it is spoken, and translate nothing. Write each language in"
        " its own script. A visit."
    ]
    assert Attempt.objects.earliest("pk").request["way"] == "words"


def test_whisper_gets_an_example_that_switches_behind_what_people_say(fields):
    sent = fields("whisper-1", languages=["tr", "de"], prompt="Ein Besuch.")
    assert "language" not in sent
    assert sent["prompt"] == [
        "Ein Besuch. Ja, natürlich, evet, tabii ki."
        " Teşekkürler, yarın görüşürüz, danke, bis morgen."
    ]
    assert Attempt.objects.earliest("pk").request["way"] == "example"


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe"])
def test_one_language_is_told_as_one(fields, model):
    sent = fields(model, languages=["de"])
    assert sent["language"] == ["de"]
    assert "prompt" not in sent


def test_the_script_policy_is_told_to_those_that_listen(fields):
    sent = fields("gpt-4o-transcribe", languages=["hi", "en"], script_policy="hi=Latn")
    assert sent["prompt"][0].endswith("Write Hindi in Latin letters.")


def test_an_example_is_in_the_script_that_is_wished():
    wished = example(["hi", "en"], {"hi": "Latn"})
    assert "haan, bilkul" in wished
    assert wished.isascii()
    assert example(["hi", "en"], {"hi": "Beng"}) == "", "nobody has one in that script"


def test_whatever_the_model_several_languages_are_never_forced_to_one():
    for model in MODELS:
        record = capabilities(model)
        told = asked(record, ["tr", "de"], {})
        assert len(told.languages) != 1
        assert asked(record, [], {}) == ("", (), "")


def test_the_job_tells_how_it_was_asked(fields, client, admin_user):
    fields("gpt-transcribe", languages=["hi", "en"], script_policy="hi=Latn")
    job_id = Attempt.objects.earliest("pk").chunk.job_id
    client.force_login(admin_user)
    page = client.get(f"/jobs/{job_id}/").content.decode()
    assert "told the languages" in page
    assert "hi, en (hi=Latn)" in page
    body = client.get(f"/api/v1/jobs/{job_id}/").json()
    assert body["script_policy"] == "hi=Latn"
    assert client.get(f"/api/v1/jobs/{job_id}/hints/").json()["asked"] == ["languages"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [("fr=Latn", "not among the languages expected"), ("tr=Foo", "no script known")],
)
def test_a_policy_that_makes_no_sense_is_refused(
    standin, client, admin_user, short_clip, policy, message
):
    client.force_login(admin_user)
    with short_clip.open("rb") as file:
        wishes = {"file": file, "model": "whisper-1", "languages": ["tr", "de"]}
        answer = client.post("/api/v1/jobs/", wishes | {"script_policy": policy})
    assert answer.status_code == 422
    assert answer.json()["code"] == "script_policy_invalid"
    assert message in answer.json()["detail"]
