"""What the queue shows, in which order, and how it is narrowed down."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from speech_project.access.keys import create_key
from tests.test_queue_page import HTMX, titles
from transcription.models import Job

NOW = timezone.now()


def hours(count):
    return timedelta(hours=count)


@pytest.fixture
def conrad(db):
    return User.objects.create_user("conrad")


def options(page, name):
    """Value and text of each option of the select with this name."""
    (found,) = re.findall(rf'<select name="{name}".*?</select>', page.content.decode(), re.S)
    return dict(re.findall(r'<option value="([^"]*)"[^>]*>(.*?)</option>', found))


# --- In which order ------------------------------------------------------------------------------


def test_urgent_recordings_come_first_then_the_newest(desk_client, make_job):
    for title, priority in (("old", 0), ("urgent", 5), ("later", -1), ("new", 0)):
        make_job(title=title, priority=priority)
    page = desk_client.get("/")
    assert titles(page) == ["urgent", "new", "old", "later"]
    assert "Ordered by priority, then the newest first." in page.content.decode()


def test_what_waits_is_ordered_by_what_it_is_worth(desk_client, make_job):
    """Errors and waiting trade against each other; what was never ranked comes last."""
    make_job(title="never ranked")
    make_job(title="fresh and clean", rank_at=NOW)
    make_job(title="fresh, many errors", rank_at=NOW - hours(40))
    make_job(title="old and clean", rank_at=NOW - hours(30))
    make_job(title="urgent", priority=1, rank_at=NOW)
    page = desk_client.get("/", {"state": "waiting"})
    assert titles(page) == [
        "urgent",
        "fresh, many errors",
        "old and clean",
        "fresh and clean",
        "never ranked",
    ]
    assert "Ordered by priority, then by how much there is to correct" in page.content.decode()


def test_a_row_tells_how_much_there_is_to_correct_until_it_is_done(desk_client, make_job):
    make_job(title="a", expected_errors=0.063, finished_at=NOW, priority=3)
    make_job(title="b", expected_errors=0.001, finished_at=NOW)
    make_job(title="c", expected_errors=0.5, finished_at=NOW, review_status="reviewed")
    make_job(title="d", expected_errors=0.5, status="transcribing")
    page = desk_client.get("/").content.decode()
    told = re.findall(r'<span title="([^"]*)"><progress[^>]*></progress> ([^<]*)<', page)
    assert [text for _, text in told] == ["about 6 %", "under 1 %"]
    assert "its priority is 3" in told[0][0]
    assert "priority" not in told[1][0]


# --- Narrowed down -------------------------------------------------------------------------------


@pytest.fixture
def of_every_state(make_job):
    make_job(title="working", status="transcribing")
    make_job(title="waiting")
    make_job(title="corrected", review_status="in_review")
    make_job(title="done", review_status="reviewed")
    make_job(title="broken", status="failed")
    make_job(title="stopped", status="cancelled")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("working", {"working"}),
        ("waiting", {"waiting"}),
        ("in_review", {"corrected"}),
        ("reviewed", {"done"}),
        ("failed", {"broken", "stopped"}),
        ("", {"working", "waiting", "corrected", "done", "broken", "stopped"}),
    ],
)
def test_by_state(desk_client, of_every_state, state, expected):
    page = desk_client.get("/", {"state": state})
    assert set(titles(page)) == expected
    (current,) = re.findall(r'href="/([^"]*)" aria-current="true"', page.content.decode())
    assert current == (f"?state={state}" if state else "")


def test_by_title_and_by_file(desk_client, make_job):
    make_job(title="Visite bei Müller")
    make_job(title="Other", audio_name="mueller_50%.wav")
    make_job(title="50 percent")
    assert titles(desk_client.get("/", {"q": "MÜLLER"})) == ["Visite bei Müller"]
    assert titles(desk_client.get("/", {"q": " 50% "})) == ["Other"]
    nothing = desk_client.get("/", {"q": "nobody"}).content.decode()
    assert "No recording matches." in nothing


def test_by_language_expected_or_heard(desk_client, make_job):
    make_job(title="mixed", languages=["hi", "en"])
    make_job(title="heard", heard_languages=["en"])
    make_job(title="german", languages=["de"])
    page = desk_client.get("/", {"language": "en"})
    assert set(titles(page)) == {"mixed", "heard"}
    assert options(page, "language") == {
        "": "Any language",
        "en": "English",
        "de": "German",
        "hi": "Hindi",
    }
    assert '<option value="en" selected>' in page.content.decode()


def test_by_whose_they_are(desk_client, make_job, reviewer, conrad):
    key, _ = create_key("clinic-north")
    make_job(title="hers", owner=reviewer)
    make_job(title="his, for her", owner=conrad, assigned_to_id=reviewer.pk)
    make_job(title="of a client", api_key=key)
    make_job(title="of nobody")
    shown = {
        owner: titles(desk_client.get("/", {"owner": owner}))
        for owner in ("mine", "assigned", f"user-{conrad.pk}", f"key-{key.pk}")
    }
    assert list(shown.values()) == [["hers"], ["his, for her"], ["his, for her"], ["of a client"]]
    assert options(desk_client.get("/"), "owner") == {
        "": "Anybody’s",
        "mine": "Uploaded by me",
        "assigned": "Assigned to me",
        f"key-{key.pk}": "API key clinic-north",
        f"user-{conrad.pk}": "conrad",
        f"user-{reviewer.pk}": "rita",
    }


def test_what_a_reviewer_may_not_see_is_no_choice_either(desk_client, make_job, conrad):
    Group.objects.create(name="Cardiology")
    make_job(title="secret", owner=conrad, languages=["sw"])
    page = desk_client.get("/")
    assert list(options(page, "language")) == [""]
    assert list(options(page, "owner")) == ["", "mine", "assigned"]
    assert titles(desk_client.get("/", {"owner": f"user-{conrad.pk}"})) == []


def test_all_of_it_at_once(desk_client, make_job, reviewer):
    fields = {"owner": reviewer, "languages": ["de"], "title": "Visit one"}
    make_job(**fields)
    for other in ({"owner": None}, {"languages": []}, {"title": "Two"}, {"status": "failed"}):
        make_job(**fields | other)
    wishes = {"state": "waiting", "language": "de", "owner": "mine", "q": "visit"}
    assert titles(desk_client.get("/", wishes)) == ["Visit one"]


def test_a_choice_is_shown_though_no_job_has_it_any_more(desk_client):
    page = desk_client.get("/", {"language": "fr", "owner": "user-77"})
    assert options(page, "language")["fr"] == "French"
    assert options(page, "owner")["user-77"] == "user 77"


ODD = ["a\x00b", "%_\\'\"", "x" * 5000, "nonsense\x00", "-1", "9" * 500, "²", "user-" + "9" * 99]
ODD += ["user--1", "key-²", "key-999999999", "zzz", '"]', "en\n", "<b>"]


@pytest.mark.parametrize("name", ["q", "state", "language", "owner", "page"])
@pytest.mark.parametrize("value", ODD)
def test_no_address_breaks_the_queue(desk_client, make_job, name, value):
    make_job()
    assert desk_client.get("/", {name: value}).status_code == 200
    assert desk_client.get("/", {name: value}, headers=HTMX).status_code == 200
    assert desk_client.post("/next/", {name: value}).status_code == 302


def test_choices_that_nothing_could_match_are_left_out(desk_client, make_job):
    make_job(title="there")
    odd = {"state": "nonsense", "language": "English", "owner": "everybody"}
    page = desk_client.get("/", odd, headers=HTMX)
    assert titles(page) == ["there"]
    assert page["HX-Push-Url"] == "/"


# --- Pages and addresses -------------------------------------------------------------------------


def test_pages_keep_what_was_chosen(desk_client, make_job):
    jobs = [make_job(title=f"Visit {n:02}", languages=["en"]) for n in range(60)]
    for age, job in enumerate(reversed(jobs)):
        Job.objects.filter(pk=job.pk).update(rank_at=NOW + hours(age))
    wishes = {"q": "Visit", "state": "waiting", "language": "en"}
    first = desk_client.get("/", wishes)
    assert titles(first) == [f"Visit {n:02}" for n in range(59, 9, -1)]
    (following,) = re.findall(r'href="([^"]*)" rel="next"', first.content.decode())
    second = desk_client.get(unescape(following))
    assert titles(second) == [f"Visit {n:02}" for n in range(9, -1, -1)]
    assert 'rel="prev"' in second.content.decode()
    for name, value in wishes.items():
        assert f"{name}={value}" in following
    assert "60 recordings." in second.content.decode()


def test_the_script_gets_what_changes_and_the_address(desk_client, make_job):
    make_job(title="Visit")
    wishes = {"q": "visit & more", "state": "waiting", "language": "", "owner": "mine"}
    typed = desk_client.get("/", wishes, headers=HTMX | {"HX-Trigger-Name": "q"})
    address = "/?state=waiting&owner=mine&q=visit+%26+more"
    assert typed["HX-Replace-Url"] == address  # no step of its own for each letter
    chosen = desk_client.get("/", wishes, headers=HTMX | {"HX-Trigger-Name": "owner"})
    assert chosen["HX-Push-Url"] == address
    assert "HX-Request" in chosen["Vary"]
    content = chosen.content.decode()
    assert re.findall(r'id="(\w+)"[^>]* hx-swap-oob', content) == ["next", "states", "order"]
    assert 'href="/?state=reviewed&amp;owner=mine&amp;q=visit+%26+more"' in content
    assert '<input type="hidden" name="owner" value="mine">' in content


@pytest.mark.parametrize("kind", ["HX-Boosted", "HX-History-Restore-Request"])
def test_whole_pages_are_sent_where_they_are_asked_for(desk_client, kind):
    assert "<html" in desk_client.get("/", headers=HTMX | {kind: "true"}).content.decode()
