"""Coming in, being kept out, and what browsers are told about every page."""

import re

import pytest
from django.test import Client, RequestFactory

from speech_project.access import clients

PASSWORD = "a password for rita"


def log_in(client, password=PASSWORD, username="rita", address="/login/", **more):
    return client.post(address, {"username": username, "password": password, **more})


def logged_in(client):
    return client.get("/").status_code == 200


def test_logging_in_leads_to_where_one_was_going(client, reviewer):
    asked = client.get("/review/00000000-0000-0000-0000-000000000000/?segment=7")
    page = client.get(asked["Location"]).content.decode()
    (wanted,) = re.findall(r'name="next" value="([^"]*)"', page)
    assert log_in(client, next=wanted)["Location"] == wanted
    assert logged_in(client)


def test_logging_in_leads_to_no_other_site(client, reviewer):
    assert log_in(client, next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_is_told_without_saying_which_names_there_are(client, reviewer):
    wrong = log_in(client, "wrong").content.decode()
    unknown = log_in(client, "wrong", username="nobody").content.decode()
    assert "do not match" in wrong
    assert "do not match" in unknown
    assert not logged_in(client)


@pytest.mark.parametrize("address", ["/login/", "/admin/login/"])
def test_guessing_ends_after_ten_tries(client, reviewer, address):
    answers = [log_in(client, f"guess {n}", address=address).status_code for n in range(10)]
    assert answers == [200] * 9 + [429]
    locked = log_in(client, address=address)
    assert locked.status_code == 429
    assert "Too many wrong passwords" in locked.content.decode()
    assert "<b>rita</b>" in locked.content.decode()
    assert not logged_in(client)


def test_a_guesser_locks_out_nobody_elsewhere_and_nobody_else(client, reviewer, admin_user):
    for n in range(11):
        log_in(client, f"guess {n}")
    assert log_in(Client(REMOTE_ADDR="203.0.113.7")).status_code == 302
    assert log_in(client, "password", username="admin").status_code == 302


def test_a_right_password_forgives_the_wrong_ones(client, reviewer):
    for _ in range(3):
        for n in range(8):
            log_in(client, f"guess {n}")
        assert log_in(client).status_code == 302


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.4", "198.51.100.4"),
        ("made up, 10.0.0.1, 198.51.100.4", "198.51.100.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("198.51.100.4:49152", "198.51.100.4"),
        ("[2001:db8::1]:49152", "2001:db8::1"),
        ("unknown", "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
def test_behind_a_proxy_a_guesser_is_known_by_what_the_proxy_wrote(forwarded, address):
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get(
        "/", headers={"X-Forwarded-For": forwarded}
    )
    assert clients.address(request) == address


def test_two_people_behind_one_proxy_are_two(client, reviewer, settings):
    settings.AXES_CLIENT_IP_CALLABLE = clients.address
    guesser = Client(headers={"X-Forwarded-For": "203.0.113.7"})
    for n in range(11):
        log_in(guesser, f"guess {n}")
    assert log_in(guesser).status_code == 429
    assert log_in(Client(headers={"X-Forwarded-For": "203.0.113.8"})).status_code == 302


def change_password(client, new, old=PASSWORD, again=None):
    data = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/password/", data)


def test_a_changed_password_holds(client, reviewer):
    log_in(client)
    elsewhere = Client()
    log_in(elsewhere)
    assert change_password(client, "correct horse battery")["Location"] == "/password/done/"
    assert "holds from now on" in client.get("/password/done/").content.decode()
    assert logged_in(client)
    assert not logged_in(elsewhere)
    assert log_in(Client()).status_code == 200
    assert log_in(Client(), "correct horse battery").status_code == 302


@pytest.mark.parametrize(
    "wish",
    [
        {"new": "correct horse battery", "old": "wrong"},
        {"new": "correct horse battery", "again": "another horse"},
        {"new": "short"},
        {"new": "password123"},
        {"new": "9273648263948"},
    ],
)
def test_a_password_that_is_no_good_says_why(client, reviewer, wish):
    log_in(client)
    assert 'role="alert"' in change_password(client, **wish).content.decode()
    assert log_in(Client()).status_code == 302


def test_logging_out_ends_it(client, reviewer):
    log_in(client)
    assert client.get("/logout/").status_code == 405  # a link cannot do it
    assert client.post("/logout/")["Location"] == "/login/"
    assert not logged_in(client)


@pytest.fixture
def pages(admin_client, make_job):
    job = make_job("text")
    ours = [
        "/",
        f"/jobs/{job.pk}/",
        f"/review/{job.pk}/",
        f"/review/{job.pk}/submit/",
        "/password/",
    ]
    admin = ["/admin/", "/admin/transcription/job/", f"/admin/transcription/job/{job.pk}/change/"]
    return [admin_client.get(address) for address in ours + admin] + [Client().get("/login/")]


def test_every_page_forbids_foreign_and_inline_script(pages):
    for page in pages:
        assert page.status_code == 200
        policy = dict(
            directive.strip().partition(" ")[::2]
            for directive in page["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'self'"
        assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in page["Content-Security-Policy"]


def test_no_page_needs_what_its_policy_forbids(pages):
    for page in pages:
        content = page.content.decode()
        for script in re.findall(r"<script\b[^>]*>", content):
            assert " src=" in script or 'type="application/json"' in script, script
        assert not re.search(r"<[^>]+\son\w+=", content)
        assert not re.search(r"<[^>]+\sstyle=", content)
        assert "<style" not in content
        assert not re.findall(r'(?:src|action)="(?:https?:)?//', content)
        assert not re.findall(r'<link[^>]+href="(?:https?:)?//', content)


def test_every_page_is_for_this_site_alone(pages):
    for page in pages:
        assert page["X-Frame-Options"] == "DENY"
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["Referrer-Policy"] == "same-origin"
        assert page["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_in_which_something_broke_carry_the_policy_too(client, desk_client):
    for address in ("/jobs/nothing/", "/review/00000000-0000-0000-0000-000000000000/"):
        missing = desk_client.get(address)
        assert missing.status_code == 404
        assert "Content-Security-Policy" in missing
        assert "Nothing here" in missing.content.decode()


def test_a_form_from_another_site_does_nothing(reviewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    refused = client.post("/password/", {})
    assert refused.status_code == 403
    assert "out of date" in refused.content.decode()
    assert log_in(client).status_code == 403
