"""The settings page: what users choose for themselves is kept, checked and theirs alone."""

from __future__ import annotations

import html
import re
import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template import Context, Template
from django.test import Client, RequestFactory

from feedback.keys import ACTIONS, REFUSED, of
from feedback.personal import for_desk
from speech_project.access import preferences
from speech_project.access.models import UserSettings
from speech_project.access.preferences import Own, Preferences

DEFAULTS = {action.name: action.default for action in ACTIONS}
FORM = {f"key-{name}": key for name, key in DEFAULTS.items()} | {
    "step_back": "1.5",
    "follow": "on",
    "theme": "system",
}


def fields(page):
    """Name -> value of the form's text fields."""
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(
            r'<input id="[^"]*" name="([^"]*)"[^>]*? value="([^"]*)"', page.content.decode()
        )
    }


def errors(page):
    """Field -> the sentence at it."""
    found = re.findall(r'<p class="error" id="(\S*)-error">([^<]+)</p>', page.content.decode())
    return {name: html.unescape(sentence) for name, sentence in found}


def save(client, **changes):
    return client.post("/settings/", FORM | {n.replace("__", "-"): v for n, v in changes.items()})


def test_at_first_all_is_as_by_default(desk_client):
    page = desk_client.get("/settings/")
    shown = fields(page)
    assert {name: shown[f"key-{name}"] for name in DEFAULTS} == DEFAULTS
    assert shown["step_back"] == "1.5"
    assert not UserSettings.objects.exists()
    for label in re.findall(r'<label for="([^"]*)"', page.content.decode()):
        assert f'id="{label}"' in page.content.decode()


def test_only_who_is_logged_in_has_settings(client):
    assert client.get("/settings/")["Location"].startswith("/login/")
    assert client.post("/settings/keys/restore/")["Location"].startswith("/login/")


def test_what_was_saved_is_there_again(desk_client, reviewer):
    answer = save(desk_client, key__accept="ctrl + k", key__help="", step_back="0,7", theme="dark")
    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    page = desk_client.get("/settings/")
    assert "Saved." in page.content.decode()
    assert fields(page)["key-accept"] == "Ctrl+K"
    assert fields(page)["key-help"] == ""
    assert fields(page)["step_back"] == "0.7"
    assert "at first: Ctrl+Enter" in page.content.decode()
    stored = UserSettings.objects.get()
    assert (stored.user_id, stored.keys) == (reviewer.pk, {"accept": "Ctrl+K", "help": ""})
    assert stored.preferences == {"step_back_ms": 700, "follow": True, "theme": "dark"}


def test_following_can_be_switched_off(desk_client, reviewer):
    desk_client.post("/settings/", {n: v for n, v in FORM.items() if n != "follow"})
    assert preferences.read(reviewer.pk).preferences.follow is False


def test_settings_are_each_users_own(desk_client, reviewer):
    other = User.objects.create_user("conrad")
    preferences.write(other.pk, keys={"accept": "F13"}, preferences=Preferences(theme="light"))
    save(desk_client, key__accept="Ctrl+K", theme="dark")
    desk_client.post("/settings/keys/restore/")
    theirs = preferences.read(other.pk)
    assert theirs == Own({"accept": "F13"}, Preferences(theme="light"))
    assert preferences.read(reviewer.pk) == Own({}, Preferences(theme="dark"))


def test_keys_that_are_restored_leave_the_rest(desk_client, reviewer):
    save(desk_client, key__accept="Ctrl+K", step_back="0")
    page = desk_client.post("/settings/keys/restore/", follow=True)
    assert "All keys are as they were at first." in page.content.decode()
    assert fields(page)["key-accept"] == "Ctrl+Enter"
    assert fields(page)["step_back"] == "0"


def test_a_key_for_two_actions_is_told_at_both_and_nothing_is_lost(desk_client):
    page = save(desk_client, key__accept="F8", key__find="Ctrl+G", theme="dark", step_back="3")
    assert page.status_code == 422
    assert errors(page).keys() == {"key-accept", "key-next_mark"}
    assert "also the key of “next mark”" in errors(page)["key-accept"]
    assert "2 fields need another look" in page.content.decode()
    assert fields(page)["key-accept"] == fields(page)["key-next_mark"] == "F8"
    assert fields(page)["key-find"] == "Ctrl+G"
    assert fields(page)["step_back"] == "3"
    assert '<option value="dark" selected>' in page.content.decode()
    assert not UserSettings.objects.exists()


@pytest.mark.parametrize("key", ["F11", "x", "Ctrl", "\x00", "k" * 100_000, "<b>", "Ctrl+Space"])
def test_a_key_that_cannot_be_had_is_told(desk_client, key):
    page = save(desk_client, key__accept=key)
    assert page.status_code == 422
    assert list(errors(page)) == ["key-accept"]
    assert fields(page)["key-accept"] == key[:200]
    assert "1 field needs another look" in page.content.decode()


@pytest.mark.parametrize(
    "seconds",
    [
        "",
        "-0.1",
        "10.1",
        "x",
        "NaN",
        "Infinity",
        "1e999999",
        "1e9999999",
        "9" * 5000,
        "\x00",
        "1.5 s",
    ],
)
def test_a_step_back_that_is_none_is_told(desk_client, seconds):
    page = save(desk_client, step_back=seconds)
    assert page.status_code == 422
    assert errors(page) == {
        "step-back": "Step back: write a number of seconds from 0 to 10, such as 1.5."
    }
    assert not UserSettings.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "ms"), [("0", 0), ("10", 10_000), ("1e0", 1000), (" 2 ", 2000)]
)
def test_a_step_back_from_none_to_ten_seconds_is_kept(desk_client, reviewer, seconds, ms):
    save(desk_client, step_back=seconds)
    assert preferences.read(reviewer.pk).preferences.step_back_ms == ms


@pytest.mark.parametrize("theme", ["pink", "", "\x00"])
def test_colours_that_there_are_not_are_told(desk_client, theme):
    page = save(desk_client, theme=theme)
    assert page.status_code == 422
    assert list(errors(page)) == ["theme"]


def test_what_the_form_leaves_out_stays_and_what_it_invents_is_ignored(desk_client, reviewer):
    save(desk_client, key__accept="Ctrl+K", step_back="3", theme="dark")
    answer = desk_client.post("/settings/", {"key-find": "Ctrl+G", "key-dance": "F13", "x": "y"})
    assert answer.status_code == 302
    assert preferences.read(reviewer.pk) == Own(
        {"accept": "Ctrl+K", "find": "Ctrl+G"}, Preferences(3000, follow=False, theme="dark")
    )


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(desk_client, method):
    assert getattr(desk_client, method)("/settings/").status_code == 405
    assert desk_client.get("/settings/keys/restore/").status_code == 405


def test_another_site_can_change_nothing(reviewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    assert client.post("/settings/", FORM).status_code == 403
    assert client.post("/settings/keys/restore/").status_code == 403


def test_few_queries(desk_client, reviewer, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):  # session, user, settings
        desk_client.get("/settings/")
    preferences.write(reviewer.pk, keys={"accept": "F13"}, preferences=Preferences())
    with django_assert_max_num_queries(3):
        desk_client.get("/settings/")
    with django_assert_max_num_queries(4):
        save(desk_client, key__accept="F14")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({}, Preferences()),
        ({"step_back_ms": 0, "follow": False, "theme": "light"}, Preferences(0, False, "light")),
        ({"step_back_ms": 10_001, "follow": 1, "theme": "pink"}, Preferences()),
        ({"step_back_ms": True, "theme": ["dark"], "follow": False}, Preferences(follow=False)),
        ({"step_back_ms": 1.5, "unknown": 7, "theme": "dark"}, Preferences(theme="dark")),
    ],
)
def test_stored_preferences_that_are_not_right_fall_back(reviewer, stored, expected):
    UserSettings.objects.create(user_id=reviewer.pk, preferences=stored)
    assert preferences.read(reviewer.pk).preferences == expected


def test_writing_one_part_leaves_the_other(reviewer):
    preferences.write(reviewer.pk, keys={"accept": "F13"})
    preferences.write(reviewer.pk, preferences=Preferences(follow=False))
    before = UserSettings.objects.get().updated_at
    preferences.write(reviewer.pk, keys={})
    assert preferences.read(reviewer.pk) == Own({}, Preferences(follow=False))
    assert UserSettings.objects.get().updated_at > before


@pytest.mark.django_db(transaction=True)
def test_two_first_saves_at_once_are_both_taken(reviewer):
    both = threading.Barrier(2)
    failures: list[BaseException] = []

    def write(**part):
        try:
            both.wait(10)
            preferences.write(reviewer.pk, **part)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    parts = ({"keys": {"accept": "F13"}}, {"preferences": Preferences(theme="dark")})
    threads = [threading.Thread(target=write, kwargs=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert failures == []
    assert preferences.read(reviewer.pk) == Own({"accept": "F13"}, Preferences(theme="dark"))


@pytest.mark.parametrize(("theme", "schemes"), [("light", "light"), ("dark", "dark")])
def test_colours_hold_on_every_page(desk_client, reviewer, theme, schemes):
    plain = desk_client.get("/").content.decode()
    assert "data-theme" not in plain
    assert '<meta name="color-scheme" content="light dark">' in plain
    preferences.write(reviewer.pk, preferences=Preferences(theme=theme))
    for address in ("/", "/settings/", "/quality/"):
        page = desk_client.get(address).content.decode()
        assert f'<html lang="en" data-theme="{theme}">' in page
        assert f'<meta name="color-scheme" content="{schemes}">' in page


def test_the_menu_leads_to_the_page(desk_client):
    assert '<a href="/settings/">Settings</a>' in desk_client.get("/").content.decode()


def asked(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def shown(source, user, **context):
    return Template("{% load keys %}" + source).render(Context({"request": asked(user)} | context))


def test_hints_show_the_users_own_keys(reviewer, django_assert_num_queries):
    preferences.write(reviewer.pk, keys={"accept": "Alt+PageUp", "help": ""})
    hints = '{% key "accept" %}|{% key "help" %}|{% key "play" %}{% key_hint "play" %}'
    with django_assert_num_queries(1):
        assert shown(hints + '{% key_hint "help" %}', reviewer) == "Alt+PgUp||Esc (Esc)"
    context = for_desk(asked(reviewer))
    with django_assert_num_queries(0):
        assert shown('{% key "accept" %}', reviewer, **context) == "Alt+PgUp"


def test_the_overlay_shows_every_key(reviewer):
    preferences.write(reviewer.pk, keys={"accept": "F13", "help": ""})
    context = for_desk(asked(reviewer))
    page = shown('{% include "keys_help.html" %}', reviewer, **context)
    pairs = dict(re.findall(r"<div><dt><kbd>(.*?)</kbd></dt><dd>(.*?)</dd>", page))
    assert pairs["F13"] == "accept the segment, go to the next"
    assert pairs["Esc"] == "play, pause"
    assert pairs["Enter"] == "split the segment at the caret"
    assert "no key</span></dt><dd>show all keys" in page
    assert 'href="/settings/"' in page
    assert context["preferences"] == Preferences()
    assert context["keys"].of_action == of({"accept": "F13", "help": ""})


def test_the_page_tells_its_script_what_cannot_be_had(desk_client):
    page = html.unescape(desk_client.get("/settings/").content.decode())
    assert all(why in page for why in REFUSED)
