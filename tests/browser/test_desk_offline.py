"""Saves that fail: the text is kept, the reviewer knows, and it is saved once, later."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from feedback.models import Revision
from feedback.services import submit_review
from tests.browser.conftest import Complaints
from tests.browser.desk import RETRY_AFTER_MS, Desk
from transcription.models import Job

OFFLINE = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "htmx:sendError", "htmx:afterRequest"]


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    return Desk(page, heard("one dose", "two doses", "three doses"), hurried=True).visit()


def test_typed_without_a_network_is_saved_when_it_is_back(
    desk: Desk, complaints: Complaints
) -> None:
    complaints.expected = OFFLINE
    box = desk.open(0)
    desk.page.context.set_offline(True)
    desk.page.keyboard.type(" a")
    desk.pauses()
    desk.says("Not saved: no connection, trying again")
    desk.page.keyboard.type("b")
    desk.page.keyboard.press("Alt+PageDown")  # opening needs no network
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    desk.page.keyboard.type(" c")
    expect(box).to_have_value("one dose ab")
    desk.says("Not saved: no connection, trying again")
    desk.page.context.set_offline(False)
    desk.is_saved()
    assert [desk.stored(0).text, desk.stored(1).text] == ["one dose ab", "two doses c"]
    expect(desk.page.locator("form.edit")).to_have_count(1)


def test_a_save_whose_answer_was_lost_counts_once(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = OFFLINE
    sent: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        found = re.search(r"save_id=(\w+)", route.request.post_data or "")
        sent.append(found[1] if found else "")
        if len(sent) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    desk.page.route(desk.save_address(0), lose_the_first_answer)
    desk.open(0)
    desk.page.keyboard.type(" daily")
    desk.pauses()
    desk.says("Not saved:")
    assert desk.stored(0).version == 2
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    assert len(sent) == 2
    assert sent[0] == sent[1] != ""
    assert desk.stored(0).version == 2
    assert Revision.objects.count() == 1


def test_unsaved_text_outlives_the_page(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = OFFLINE
    desk.page.route("**/save/", lambda route: route.abort())
    for index in (0, 2):
        desk.open(index)
        desk.page.keyboard.type(f" {index}")
    desk.says("Not saved:")
    asked: list[str] = []

    def leave(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    desk.page.on("dialog", leave)
    desk.page.close(run_before_unload=True)
    while not desk.page.is_closed():
        desk.page.wait_for_event("close")
    assert asked == ["beforeunload"]
    assert desk.stored(0).text == "one dose"
    again = Desk(desk.page.context.new_page(), desk.job).visit()
    again.page.wait_for_function("() => localStorage.length === 1")  # the speed is left
    assert [desk.stored(index).text for index in (0, 2)] == ["one dose 0", "three doses 2"]


def test_a_save_interrupted_by_a_reload_is_no_conflict_with_oneself(
    desk: Desk, complaints: Complaints
) -> None:
    complaints.expected = OFFLINE

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.page.route(desk.save_address(0), lose_the_answer)
    desk.open(0)
    desk.page.keyboard.type(" daily")
    desk.pauses()
    desk.says("Not saved:")
    desk.page.keyboard.type(" or not")
    desk.page.unroute(desk.save_address(0))
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.says("^Saved")  # by this page, or as the one before was left
    assert desk.stored(0).text == "one dose daily or not"


def test_logged_out_during_a_save(desk: Desk, reviewer: User) -> None:
    box = desk.open(0)
    title = desk.page.title()
    Session.objects.all().delete()
    desk.page.keyboard.type(" daily")
    desk.pauses()
    desk.says("Not saved: log in again")
    expect(box).to_have_value("one dose daily")
    expect(box).to_be_focused()
    assert desk.page.title() == title
    with desk.page.context.expect_page() as opened:
        desk.state.get_by_role("link").click()
    login = opened.value
    login.get_by_label("User name").fill("rita")
    login.get_by_label("Password").fill("a password for rita")
    login.get_by_role("button", name="Log in").click()
    login.get_by_role("heading", name="Queue").wait_for()
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    assert desk.stored(0).text == "one dose daily"


def test_another_users_browser_does_not_save_what_one_left(
    desk: Desk, colleague: User, complaints: Complaints
) -> None:
    complaints.expected = OFFLINE
    kept = f"verbatim:{colleague.pk}:{desk.job.pk}:{desk.segments[0].pk}"
    desk.page.evaluate(
        "key => localStorage.setItem(key, JSON.stringify({text: 'not mine', version: 1}))", kept
    )
    desk.visit()
    expect(desk.page.locator("form.edit")).to_have_count(0)
    assert desk.page.evaluate("key => localStorage.getItem(key)", kept)


def test_a_refused_text_stays_in_the_box(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = ["422", "404"]
    box = desk.open(0)
    box.fill("x" * 20_001)
    desk.pauses()
    desk.says("Not saved: A segment holds at most 20,000 characters")
    box.fill("shorter")
    desk.is_saved()
    assert desk.stored(0).text == "shorter"


def test_a_review_submitted_by_another_meanwhile(
    desk: Desk, colleague: User, complaints: Complaints
) -> None:
    complaints.expected = ["422"]
    desk.open(0)
    desk.has_column(0)
    submit_review(colleague, desk.job)
    desk.page.keyboard.type(" daily")
    desk.pauses()
    desk.says("was submitted already. Reopen it")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.visit()
    desk.says("Text of yours is not saved. Reopen the review to save it")
    desk.page.get_by_role("button", name="Reopen").click()
    desk.is_saved()
    assert desk.stored(0).text == "one dose daily"


def test_a_recording_deleted_meanwhile(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = ["404"]
    box = desk.open(0)
    desk.has_column(0)
    Job.objects.all().delete()
    desk.page.keyboard.type(" daily")
    desk.pauses()
    desk.says("is not there any more. Copy your text")
    expect(box).to_have_value("one dose daily")
