"""Two people in one segment: both texts are shown, and neither is overwritten in silence."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from feedback.saving import Save, save_segment
from tests.browser.conftest import Complaints
from tests.browser.desk import Desk, Gate
from transcription.models import Job, Segment


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job], complaints: Complaints) -> Desk:
    complaints.expected = ["409 (Conflict)", "Response Status Error Code 409"]
    return Desk(page, heard("one dose", "two doses", "three doses"), hurried=True).visit()


def saved_by(user: User, desk: Desk, index: int, text: str) -> None:
    segment = desk.stored(index)
    save = Save(text=text, version=segment.version, id=uuid.uuid4().hex)
    save_segment(user, desk.job, segment.pk, save)


@pytest.fixture
def box(desk: Desk, colleague: User) -> Locator:
    """The box with a reviewer's own text, after another's save came first."""
    box = desk.open(0)
    desk.has_column(0)
    saved_by(colleague, desk, 0, "one dose daily")
    desk.page.keyboard.type(" weekly")
    desk.pauses()
    desk.says("Two versions")
    return box


def test_both_texts_are_shown_and_ones_own_is_untouched(desk: Desk, box: Locator) -> None:
    expect(box).to_have_value("one dose weekly")
    expect(box).to_be_focused()
    notice = desk.segment(0).get_by_role("alert")
    expect(notice).to_contain_text("conrad saved this segment before you")
    expect(notice.locator(".theirs")).to_have_text("one dose daily")
    expect(notice.locator("del")).to_have_text("daily")
    expect(notice.locator("ins")).to_have_text("weekly")
    desk.page.keyboard.type(" or so")  # typing goes on; nothing is sent before the choice
    expect(box).to_have_value("one dose weekly or so")
    assert desk.stored(0).text == "one dose daily"


@pytest.mark.parametrize("way", ["button", "key"])
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_each_way_out(desk: Desk, box: Locator, choice: str, way: str) -> None:
    if way == "key":
        desk.page.keyboard.press({"mine": "F7", "theirs": "F9"}[choice])
    else:
        desk.segment(0).get_by_role("button", name=f"{choice} F").click()
    text = {"mine": "one dose weekly", "theirs": "one dose daily"}[choice]
    expect(desk.segment(0).locator(".conflict-box")).to_have_count(0)
    expect(desk.state).to_have_attribute("data-state", "saved")
    expect(box).to_have_value(text)
    expect(box).to_be_focused()
    assert desk.stored(0).text == text
    desk.page.keyboard.type("!")  # and on from there
    desk.page.keyboard.press("Alt+PageDown")
    expect(desk.segment(0).locator(".say")).to_have_text(text + "!")
    desk.is_saved()
    assert desk.stored(0).text == text + "!"


def test_a_choice_that_comes_too_late_is_asked_again(
    desk: Desk, box: Locator, colleague: User
) -> None:
    saved_by(colleague, desk, 0, "one dose hourly")
    desk.page.keyboard.press("F7")
    expect(desk.segment(0).locator(".theirs")).to_have_text("one dose hourly")
    expect(box).to_have_value("one dose weekly")
    desk.page.keyboard.press("F7")
    desk.is_saved()
    assert desk.stored(0).text == "one dose weekly"


def test_accepting_waits_for_the_choice(desk: Desk, box: Locator) -> None:
    desk.page.keyboard.press("Control+Enter")
    expect(box).to_be_focused()
    assert desk.stored(0).text == "one dose daily"


def test_a_conflict_left_behind_stays_open_and_holds_the_submission(
    desk: Desk, colleague: User
) -> None:
    gate = Gate(desk.page, desk.save_address(0))
    desk.open(0)
    desk.has_column(0)
    saved_by(colleague, desk, 0, "one dose daily")
    desk.page.keyboard.type(" weekly")
    desk.page.keyboard.press("Alt+PageDown")
    gate.open()
    desk.says("Two versions")
    desk.page.keyboard.type("!")
    expect(desk.segment(1).locator("textarea")).to_have_value("two doses!")
    expect(desk.segment(0).locator("textarea")).to_have_value("one dose weekly")
    desk.page.keyboard.press("Control+Shift+Enter")
    expect(desk.segment(0).locator("textarea")).to_be_focused()  # what stands in the way
    desk.page.keyboard.press("F9")
    expect(desk.state).to_have_attribute("data-state", "saved")
    desk.page.keyboard.press("Control+Shift+Enter")
    expect(desk.page.get_by_role("heading", name="Submit the review")).to_be_visible()
    assert desk.stored(0).text == "one dose daily"
    assert desk.stored(1).text == "two doses!"


def test_an_untouched_box_shows_the_newest_text(desk: Desk, colleague: User) -> None:
    saved_by(colleague, desk, 0, "one dose daily")
    box = desk.open(0)  # on a page from before
    expect(box).to_have_value("one dose daily")
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type("!")
    desk.is_saved()
    assert desk.stored(0).text == "one dose daily!"


def test_the_text_of_a_segment_that_was_replaced_can_be_kept_aside(desk: Desk) -> None:
    box = desk.open(0)
    desk.has_column(0)
    Segment.objects.filter(pk=desk.segments[0].pk).update(retired_at=timezone.now())
    desk.page.keyboard.type(" weekly")
    desk.pauses()
    expect(desk.segment(0).get_by_role("alert")).to_contain_text("replaced meanwhile")
    expect(box).to_have_value("one dose weekly")
    desk.page.keyboard.press("F9")
    expect(desk.state).to_have_attribute("data-state", "saved")
    assert desk.stored(0).text == "one dose"
