"""The desk without a mouse: the user's own keys, all of them shown, and a whole review."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from feedback import keys
from feedback.models import Feedback
from speech_project.access import preferences
from tests.browser.conftest import Complaints
from tests.browser.desk import SHOWN, Desk
from tests.corrections import CHANGES, HEARD, MADE, apply
from transcription.models import Job

PRESSED = {"Ctrl": "Control"}  # as Playwright names it


def press(page: Page, key: str) -> None:
    page.keyboard.press("+".join(PRESSED.get(part, part) for part in key.split("+")))


def test_ones_own_keys_are_the_keys_and_the_old_ones_are_not(
    page: Page, heard: Callable[..., Job], reviewer: User
) -> None:
    own = {"accept": "Ctrl+G", "play": "F9", "turn": "Alt+Insert", "next_mark": ""}
    preferences.write(reviewer.pk, keys=own)
    job = heard(HEARD, "two doses", "three doses")
    apply(job, *CHANGES)
    desk = Desk(page, job).visit()
    box = desk.open(0, at=0)
    desk.has_column(0)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("F8")
    expect(box).to_be_focused()
    assert desk.page.locator("audio").evaluate("audio => audio.paused")
    hint = page.locator(".changed").get_by_role("button", name="Undo")
    expect(hint).to_have_text("Undo Alt+Ins")
    page.keyboard.press("Alt+Insert")
    expect(box).to_have_value(HEARD)
    page.keyboard.press("F9")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Control+Space")  # always
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("Control+g")
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    desk.is_saved()
    assert [segment.accepted for segment in desk.live] == [True, False, False]


def test_all_keys_are_shown(page: Page, heard: Callable[..., Job], reviewer: User) -> None:
    preferences.write(reviewer.pk, keys={"accept": "Ctrl+G"})
    desk = Desk(page, heard("one dose", "two doses")).visit()
    overlay = page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    expect(overlay).to_be_visible()
    for action in keys.ACTIONS:
        expect(overlay.get_by_text(action.says, exact=True).first).to_be_visible()
    expect(overlay.get_by_text("Ctrl+G", exact=True)).to_be_visible()
    expect(overlay.get_by_text("Ctrl+Enter", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    assert page.locator("audio").evaluate("audio => audio.paused")
    box = desk.open(0)
    page.keyboard.type("?")  # a letter here
    page.keyboard.press("F10")
    expect(overlay).to_be_visible()
    page.keyboard.press("Enter")  # its button to close it has the focus
    expect(overlay).to_be_hidden()
    expect(box).to_be_focused()
    page.keyboard.type("!")
    desk.is_saved()
    assert desk.texts[0] == "one dose?!"


def test_each_key_does_something_wherever_it_is_pressed(
    page: Page, heard: Callable[..., Job], complaints: Complaints
) -> None:
    """At least it breaks nothing; what it does is told elsewhere."""
    complaints.expected = ["422"]
    assert all(action.default for action in keys.ACTIONS)
    desk = Desk(page, heard(*("one dose and two",) * 4)).visit()
    for _ in range(2):  # with nothing open, then in a segment
        for action in keys.ACTIONS:
            if action.name not in ("submit", "add_term"):  # they lead elsewhere, later
                press(page, action.default)
                page.locator("dialog[open]").evaluate_all("all => all.map((each) => each.close())")
        desk.open(1)
    desk.comes_to(lambda: page.evaluate(SHOWN) == desk.texts)
    desk.is_saved()


def test_a_whole_review_without_the_mouse(page: Page, heard: Callable[..., Job]) -> None:
    job = heard(HEARD, "two doses", "three doses and more", title="Ward round")
    apply(job, *CHANGES)
    page.goto("/")
    page.get_by_role("link", name="Ward round").focus()
    page.keyboard.press("Enter")
    desk = Desk(page, job)
    desk.is_ready()
    page.keyboard.press("F8")  # the first mark
    page.keyboard.press("F8")  # the suggestion
    page.keyboard.press("F9")
    expect(desk.box).to_have_value(MADE.replace("sparing lactone", "spironolactone"))
    page.keyboard.press("Control+Enter")
    page.keyboard.press("End")
    page.keyboard.type(" daily")
    page.keyboard.press("Control+i")
    page.keyboard.type("Dr Ada")
    page.keyboard.press("Enter")
    expect(desk.box).to_have_value("two doses daily")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Home")
    for _ in range(2):
        page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Enter")
    expect(desk.box).to_have_value("and more")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Alt+PageUp")
    page.keyboard.press("Control+Enter")
    desk.is_saved()
    expect(page.locator("#tally")).to_have_text("4 of 4 segments accepted")
    page.keyboard.press("Control+Shift+Enter")
    submit = page.get_by_role("button", name="Submit review")
    expect(submit).to_be_visible()
    for _ in range(40):
        if submit.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ward round is reviewed")).to_be_visible()
    assert Feedback.objects.get().corrected_text.splitlines() == [
        MADE.replace("sparing lactone", "spironolactone"),
        "two doses daily",
        "three doses",
        "and more",
    ]


@pytest.mark.parametrize("index", [0, 2])
def test_what_is_not_open_is_reached_by_tab_and_opened_by_enter(
    page: Page, heard: Callable[..., Job], index: int
) -> None:
    desk = Desk(page, heard("one dose", "two doses", "three doses")).visit()
    desk.segment(index).locator(".time").focus()
    page.keyboard.press("Tab")
    expect(desk.segment(index).locator(".say")).to_be_focused()
    page.keyboard.press("Enter")
    expect(desk.segment(index).locator("textarea")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(desk.segment(index).locator(".time")).to_be_focused()
