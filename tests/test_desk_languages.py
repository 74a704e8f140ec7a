"""The languages of words on the server: found when a job is finished, kept and set at the desk."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from feedback.models import Revision
from feedback.saving import Save, save_segment
from lexicon.services import add_term
from tests.switching import CHINESE_ENGLISH, TURKISH_GERMAN, tag
from transcription import pipeline
from transcription.models import Job, Segment

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def job(make_job, reviewer):
    return tag(make_job(*TURKISH_GERMAN, owner=reviewer), "tr", "de")


def languages(segment: Segment) -> list[tuple[str, str]]:
    segment.refresh_from_db()
    return [(segment.text[start:end], language) for start, end, language, *_ in segment.tags]


def set_language(client, segment, start, end, language, version=1, **headers):
    return client.post(
        f"/review/{segment.job_id}/segments/{segment.pk}/language/",
        {"start": start, "end": end, "language": language, "version": version},
        **headers,
    )


# --- Finishing a job


@pytest.fixture
def finished(standin, upload_sample, sent):
    def finished(text, **wishes) -> Job:
        standin.set_text(text)
        job = upload_sample(model="gpt-transcribe", reuse=False, **wishes)
        pipeline.prepare(job.pk)
        for chunk in job.chunks.all():
            pipeline.transcribe(chunk.pk)
        pipeline.finish(job.pk)
        return Job.objects.get(pk=job.pk)

    return finished


def test_a_finished_job_has_the_languages_of_its_words(finished, standin):
    standin.control(language="tr")
    job = finished(" ".join(TURKISH_GERMAN), languages=["tr", "de"])
    first = job.segments.order_by("position").first()
    assert languages(first)[:2] == [("Ondan sonra", "tr"), ("ich habe noch", "de")]
    assert job.heard_languages == []


def test_where_none_is_expected_they_are_found(finished):
    job = finished(" ".join(CHINESE_ENGLISH))
    assert job.languages == []
    assert set(job.heard_languages) == {"zh", "en"}
    assert {language for s in job.segments.all() for _, language in languages(s)} == {"zh", "en"}


def test_the_lexicon_knows_the_language_of_its_terms(finished, standin):
    standin.control(language="tr")
    add_term("Kara", source="admin", status="approved", language="tr", kind="person")
    job = finished("Gestern war der Kara bei mir und dann gingen wir.", languages=["de", "tr"])
    assert ("Kara", "tr") in [run for s in job.segments.all() for run in languages(s)]


# --- At the desk


def test_words_that_are_typed_get_their_language(job, reviewer):
    segment = job.segments.order_by("position").first()
    save_segment(reviewer, job, segment.pk, Save("Ondan sonra wir haben gegessen", 1))
    assert languages(segment) == [("Ondan sonra", "tr"), ("wir haben gegessen", "de")]


def test_a_language_is_set_and_remembered_with_who_said_so(job, desk_client):
    segment = job.segments.order_by("position").first()
    assert set_language(desk_client, segment, 2, 3, "de").status_code == 302
    assert languages(segment)[:2] == [("Ondan", "de"), ("sonra", "tr")]
    revision = Revision.objects.get()
    assert (revision.kind, revision.user_name) == ("language", "rita")
    assert revision.detail == {"start": 2, "end": 3, "language": "de"}
    assert Job.objects.get().review_status == Job.Review.IN_REVIEW

    set_language(desk_client, segment, 0, 5, "")
    assert ("Ondan", "") in languages(segment)
    set_language(desk_client, segment, 0, 5, "")
    assert Revision.objects.count() == 2, "what changes nothing is not noted"


def test_what_people_said_stays_with_its_words(job, reviewer, desk_client):
    segment = job.segments.order_by("position").first()
    set_language(desk_client, segment, 0, 11, "")  # "Ondan sonra": in none
    set_language(desk_client, segment, 12, 46, "tr")  # all that is German
    text = TURKISH_GERMAN[0].replace("sechs", "sieben") + " Bis dann."
    save_segment(reviewer, job, segment.pk, Save(text, 1))
    said = [(text[s:e], language) for s, e, language, _, _, person in _rows(segment) if person]
    assert said == [("Ondan sonra", ""), ("ich habe noch bis", "tr"), ("gearbeitet", "tr")]
    kinds = list(Revision.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["language", "language", "edit"]


def _rows(segment: Segment) -> list[list]:
    segment.refresh_from_db()
    return segment.tags


@pytest.mark.parametrize(
    ("language", "version", "status"), [("xx", 1, 422), ("de", 7, 409), ("de", 0, 409)]
)
def test_what_cannot_be_set_is_refused(job, desk_client, language, version, status):
    segment = job.segments.order_by("position").first()
    before = languages(segment)
    answer = set_language(desk_client, segment, 0, 5, language, version, HTTP_HX_REQUEST="true")
    assert answer.status_code == status
    assert answer.content
    assert languages(segment) == before


def test_a_closed_review_is_not_changed(job, desk_client):
    segment = job.segments.order_by("position").first()
    desk_client.post(f"/review/{job.pk}/submit/")
    answer = set_language(desk_client, segment, 0, 5, "de", HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "Reopen it" in answer.content.decode()


def test_nobody_else_sets_it(job, client):
    Job.objects.update(group_id=Group.objects.create(name="Cardiology").pk)
    client.force_login(User.objects.create_user("mallory"))
    segment = job.segments.order_by("position").first()
    assert set_language(client, segment, 0, 5, "de").status_code == 404


def test_languages_that_cannot_be_told_apart_are_said_to_be(make_job, reviewer, desk_client):
    job = tag(make_job("Бұл жақсы, врач пришёл вчера.", owner=reviewer), "kk", "ru")
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    assert "Words in Kazakh cannot be told from words in Russian." in page
    assert "<span class=" not in page.partition('class="say"')[2].partition("</p>")[0]


def test_one_language_shows_nothing(make_job, reviewer, desk_client):
    job = tag(make_job("We saw the patient on Monday.", owner=reviewer), "en")
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    assert "legend" not in page
    assert "<span lang" not in page


def test_the_page_takes_as_many_queries_however_many_segments(
    make_job, reviewer, desk_client, django_assert_max_num_queries
):
    job = tag(make_job(*TURKISH_GERMAN * 20, owner=reviewer), "tr", "de")
    with django_assert_max_num_queries(12):
        desk_client.get(f"/review/{job.pk}/")


# --- What it comes to


def test_a_review_counts_errors_for_each_language(job, reviewer, desk_client):
    segment = job.segments.order_by("position").first()
    text = TURKISH_GERMAN[0].replace("gearbeitet", "geschlafen").replace("yoruldum", "acıktım")
    save_segment(reviewer, job, segment.pk, Save(text, 1))
    summary = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert "Switched words" in summary
    desk_client.post(f"/review/{job.pk}/submit/")
    feedback = job.feedback.get()
    assert feedback.mer == pytest.approx(2 / sum(feedback.counts["said"].values()))
    assert feedback.counts["wrong"] == {"de": 1, "tr": 1}
    assert feedback.counts["other_script"] == 0
    assert "MER" in desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()


def test_the_quality_page_has_the_rates_of_models_and_languages(job, reviewer, desk_client, client):
    assert "Nothing is reviewed yet" in desk_client.get("/quality/").content.decode()
    desk_client.post(f"/review/{job.pk}/submit/")
    page = desk_client.get("/quality/").content.decode()
    for part in ("pocketsphinx", "Turkish", "German", "Only reviewed text counts", "NFKC"):
        assert part in page
    desk_client.post(f"/review/{job.pk}/reopen/")
    assert "Nothing is reviewed yet" in desk_client.get("/quality/").content.decode()
    desk_client.post(f"/review/{job.pk}/submit/")
    Job.objects.update(group_id=Group.objects.create(name="Cardiology").pk)
    client.force_login(User.objects.create_user("mallory"))
    assert "pocketsphinx" not in client.get("/quality/").content.decode()
