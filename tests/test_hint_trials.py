"""Curators have a reviewed recording heard with terms as hints and without, and see the gain."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.hint_trials import recordings, result
from feedback.saving import Save, save_segment
from feedback.services import submit_review
from lexicon.services import add_term
from tests.conftest import STEPS
from transcription.models import Job, Segment

HINTS = "/admin/lexicon/term/hints/"
FIRST, REVIEWED = "She takes us and paid twice a day", "She takes Ozempic twice a day"


def add(text, **more):
    return add_term(text, source="learned", **more).term


@pytest.fixture
def review(make_job, reviewer):
    def review(*texts, **fields):
        job = make_job(*texts, **fields)
        submit_review(reviewer, job)
        job.refresh_from_db()
        return job

    return review


@pytest.fixture
def runs(make_job):
    """Two runs of a recording, one text for each of its segments."""

    def runs(job, term, untold, told):
        one = make_job(*untold, source_job=job, proposal=True, options={"hints": False})
        options = {"terms": [term.pk], "against": str(one.pk)}
        return one, make_job(*told, source_job=job, proposal=True, options=options)

    return runs


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media")
def test_a_recording_is_heard_with_the_terms_and_without(
    standin, short_clip, upload_sample, reviewer, admin_client, sent
):
    term = add("Ozempic")  # which only waits, so no other job is told of it
    standin.set_text(FIRST)
    wishes = {"second_look": True, "prompt": "A ward round."}
    job = upload_sample(short_clip, owner=reviewer, model="gpt-transcribe", **wishes)
    work_off(sent)
    job.refresh_from_db()
    segment = job.segments.get()
    save_segment(reviewer, job, segment.pk, Save(REVIEWED, segment.version))
    submit_review(reviewer, job)

    test = admin_client.get(f"/admin/lexicon/term/test/?ids={term.pk}").content.decode()
    assert f'href="{HINTS}?ids={term.pk}"' in test
    page = admin_client.get(f"{HINTS}?ids={term.pk}").content.decode()
    assert str(job.pk) in page
    assert re.search(r"<td>\$0\.\d+</td>", page), "what it may cost"
    standin.set_text([FIRST, REVIEWED])
    wish = {"job": job.pk, "model": "gpt-transcribe"}
    address = admin_client.post(f"{HINTS}?ids={term.pk}", wish)["Location"]
    assert "is being heard" in admin_client.get(address).content.decode()
    work_off(sent)

    untold, told = (entry["fields"] for entry in standin.log()[-2:])
    assert "Ozempic" not in str(untold)
    assert "Ozempic" in str(told)
    assert all("A ward round." in str(fields) for fields in (untold, told))
    page = admin_client.get(address).content.decode()
    assert figures(page) == {
        "These terms wrong": ["1 of 1, 100.0 %", "0 of 1, 0.0 %"],
        "These terms where the reviewer has none": ["0", "0"],
        "Word errors, all words (WER)": ["3 of 6, 50.0 %", "0 of 6, 0.0 %"],
    }
    assert ">better</td>" in page
    assert Segment.objects.get(pk=segment.pk).text == REVIEWED
    assert address in admin_client.get(f"{HINTS}?ids={term.pk}").content.decode(), "found again"


def work_off(sent):
    while sent:
        task, pk = sent.pop(0)
        STEPS[task](pk)


def figures(page):
    rows = re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td>', page)
    return {name: [untold, told] for name, untold, told in rows if name not in ("Run", "Cost")}


def test_what_hints_break_is_told_too(review, runs):
    term = add("Ozempic")
    job = review("he takes Ozempic", "us and paid the bill", "nothing")
    untold, told = runs(
        job,
        term,
        ["he takes Ozempic", "us and paid the bill", "nothing"],
        ["he takes Ozempic", "Ozempic the bill", "nothing"],
    )
    came = result(job, untold, told)
    assert [(run.terms.wrong, run.invented) for run in came.runs] == [(0, 0), (0, 1)]
    assert [(spot.verdict, spot.told) for spot in came.spots] == [
        ("worse", "Ozempic the bill"),
        ("as before", "he takes Ozempic"),
    ]


def test_the_engines_own_words_are_compared(review, runs):
    term = add("Ozempic")
    job = review("he takes Ozempic")
    untold, told = runs(job, term, ["he takes us and paid"], ["he takes Ozempic"])
    Segment.objects.filter(job=untold).update(text="he takes Ozempic")  # by the lexicon
    came = result(job, untold, told)
    assert [run.terms.wrong for run in came.runs] == [1, 0]


def test_only_reviewed_recordings_with_the_terms_are_offered(review, make_job):
    term, other = add("Ozempic"), add("Entresto")
    twice = review("Ozempic and ozempic", "none")
    once = review("Ozempic, then")
    review("nothing of it")
    make_job("Ozempic that nobody has reviewed")
    found = recordings(Job.objects.all(), [term, other])
    assert [(each.job, each.uses) for each in found] == [(twice, 2), (once, 1)]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"model": "gpt-9"}, "The model gpt-9 cannot be told of terms today"),
        ({"job": ""}, "Choose a recording"),
        ({}, "choose a recording whose review is submitted"),
    ],
)
def test_what_cannot_be_asked_is_said(make_job, admin_client, wish, words):
    term = add("Ozempic")
    job = make_job("Ozempic")
    given = {"job": job.pk, "model": "pocketsphinx"} | wish
    page = admin_client.post(f"{HINTS}?ids={term.pk}", given).content.decode()
    assert words in page
    assert Job.objects.get() == job


def test_without_terms_or_recordings_the_page_says_what_to_do(admin_client):
    assert "No terms were chosen" in admin_client.get(f"{HINTS}?ids=x").content.decode()
    page = admin_client.get(f"{HINTS}?ids={add('Ozempic').pk}").content.decode()
    assert "In none of the last reviewed recordings" in page


def test_a_run_that_failed_is_told(review, runs, admin_client):
    job, term = review("Ozempic"), add("Ozempic")
    _, told = runs(job, term, ["text"], ["text"])
    Job.objects.filter(pk=told.pk).update(status="failed", error_message="The engine is down.")
    page = admin_client.get(f"{HINTS}{told.pk}/").content.decode()
    assert "did not end well" in page
    assert "The engine is down." in page


def test_a_long_recording_asks_the_database_as_little_as_a_short_one(review, runs, admin_client):
    term, asked = add("Ozempic"), []
    for length in (2, 40):
        job = review(*["he takes Ozempic"] * length)
        _, told = runs(job, term, ["he takes it"] * length, ["he takes Ozempic"] * length)
        for address in (f"{HINTS}?ids={term.pk}", f"{HINTS}{told.pk}/"):
            admin_client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert admin_client.get(address).status_code == 200
            asked.append(len(queries))
    assert asked[:2] == asked[2:]
    assert max(asked) <= 12, asked


def test_only_curators_ask_and_only_about_what_they_see(client, review, runs):
    job, term = review("Ozempic"), add("Ozempic")
    _, told = runs(job, term, ["text"], ["text"])
    cora = User.objects.create_user("cora", is_staff=True)
    cora.user_permissions.add(Permission.objects.get(codename="view_term"))
    client.force_login(cora)
    assert client.get(f"{HINTS}?ids={term.pk}").status_code == 403
    assert client.get(f"{HINTS}{told.pk}/").status_code == 200
    Group.objects.create(name="Cardiology")
    assert client.get(f"{HINTS}{told.pk}/").status_code == 404
    cora.user_permissions.add(Permission.objects.get(codename="change_term"))
    wish = {"job": job.pk, "model": "pocketsphinx"}
    assert client.post(f"{HINTS}?ids={term.pk}", wish).status_code == 404
    assert Job.objects.count() == 3
