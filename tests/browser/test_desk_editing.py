"""Typing at the desk: everything is saved, nothing is put elsewhere, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from feedback.models import Revision
from feedback.saving import Save, save_segment
from tests.browser.desk import Desk, Gate
from transcription.models import Job


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    return Desk(
        page, heard("first thing", "second thing", "third thing", "fourth"), hurried=True
    ).visit()


def test_typed_text_is_saved_and_there_after_a_reload(desk: Desk) -> None:
    box = desk.open(1)
    with desk.at_once():
        desk.page.keyboard.type(" said")
        desk.says("Not saved yet")
    desk.is_saved()
    assert desk.stored(1).text == "second thing said"
    assert desk.page.evaluate("localStorage.length") == 1  # the speed
    expect(box).to_be_focused()
    desk.visit()
    expect(desk.segment(1).locator(".say")).to_have_text("second thing said")


def test_a_click_puts_the_caret_where_it_fell(desk: Desk) -> None:
    desk.segment(0).locator(".say").click(position={"x": 1, "y": 12})
    desk.page.keyboard.type("The ")
    desk.is_saved()
    assert desk.stored(0).text == "The first thing"


def test_moving_on_saves_at_once_and_leaves_plain_text(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.type("!")
    desk.page.keyboard.press("Alt+PageDown")
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    expect(desk.segment(0).locator("form")).to_have_count(0)
    expect(desk.segment(0).locator(".say")).to_have_text("first thing!")
    assert desk.stored(0).text == "first thing!"
    desk.page.keyboard.press("Alt+PageUp")
    expect(desk.segment(0).locator("textarea")).to_be_focused()


def test_accepting_goes_on_to_the_next(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("Control+Enter")
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    expect(desk.segment(0)).to_contain_class("done")
    expect(desk.page.locator("#tally")).to_have_text("1 of 4 segments accepted")
    assert desk.stored(0).accepted
    assert not desk.stored(1).accepted


def test_what_is_typed_during_a_save_is_saved_next(desk: Desk) -> None:
    gate = Gate(desk.page, desk.save_address(0))
    box = desk.open(0)
    desk.page.keyboard.type(" one")
    desk.pauses()
    desk.says("Saving…")
    desk.page.keyboard.type(" two")
    desk.page.keyboard.press("Home")
    desk.page.keyboard.type("x")
    gate.open()
    desk.is_saved()
    expect(box).to_be_focused()
    assert box.evaluate("box => box.selectionStart") == 1  # the caret stayed
    assert desk.stored(0).text == "xfirst thing one two"
    assert desk.stored(0).version == 3  # one save, then the other


def test_leaving_during_a_save_loses_nothing(desk: Desk) -> None:
    gate = Gate(desk.page, desk.save_address(0))
    desk.open(0)
    desk.page.keyboard.type(" a")
    desk.pauses()
    desk.says("Saving…")
    desk.page.keyboard.type("b")
    desk.page.keyboard.press("Alt+PageDown")
    desk.page.keyboard.press("Alt+PageUp")  # back in a form that waits for its answer
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type("c")
    desk.page.keyboard.press("Alt+PageDown")
    desk.page.keyboard.type("!")
    gate.open()
    desk.is_saved()
    assert desk.stored(0).text == "first thing abc"
    assert desk.stored(1).text == "second thing!"
    expect(desk.segment(0).locator("form")).to_have_count(0)


def test_quick_typing_across_segments_puts_every_key_where_it_belongs(desk: Desk) -> None:
    desk.open(0)
    for word in (" alpha", " beta", " gamma"):
        desk.page.keyboard.type(word)
        desk.page.keyboard.press("Alt+PageDown")
    desk.page.keyboard.type(" delta")
    desk.is_saved()
    expect(desk.page.locator("form.edit")).to_have_count(1)
    texts = [desk.stored(index).text for index in range(4)]
    assert texts == ["first thing alpha", "second thing beta", "third thing gamma", "fourth delta"]


def test_clicking_fast_from_one_to_another(desk: Desk) -> None:
    for index in (0, 2, 1, 3):
        desk.segment(index).locator(".say").click(no_wait_after=True)
    expect(desk.segment(3).locator("textarea")).to_be_focused()
    expect(desk.page.locator("form.edit")).to_have_count(1)
    detail = desk.page.locator("#detail [data-segment]")
    expect(detail).to_have_attribute("data-segment", str(desk.segments[3].pk))
    assert not Revision.objects.exists()  # looking is not editing


def test_an_input_method_is_left_alone_until_it_is_done(desk: Desk) -> None:
    desk.open(0)
    keyboard = desk.page.context.new_cdp_session(desk.page)
    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    saves: list[str] = []
    desk.page.on("request", lambda sent: saves.append(sent.url) if sent.method == "POST" else None)
    desk.page.clock.fast_forward(5000)  # far more than the pause after which text is saved
    assert not saves
    keyboard.send("Input.insertText", {"text": "日本"})
    desk.is_saved()
    assert desk.stored(0).text == "first thing日本"


@pytest.mark.parametrize(
    "text",
    [
        "\n  a leading line",
        "   ",
        "",
        '<b>bold</b> & </textarea><script>alert(1)</script> "quoted"',
        "مرحبا، کیف حالك؟",
        "👩🏽‍⚕️ says 🩺\n\n\nmuch later  ",
    ],
    ids=["newline", "blank", "empty", "html", "rtl", "emoji"],
)
def test_any_text_survives_the_round_trip(desk: Desk, text: str) -> None:
    desk.open(0).fill(text)
    desk.is_saved()
    assert desk.stored(0).text == text
    desk.page.keyboard.press("Alt+PageDown")
    assert desk.segment(0).locator(".say").evaluate("say => say.textContent") == text
    desk.visit()
    assert desk.open(0).input_value() == text
    # and in the form that the server makes
    desk.page.goto(f"/review/{desk.job.pk}/?segment={desk.segments[0].pk}")
    expect(desk.segment(0).locator("textarea")).to_be_focused()
    assert desk.segment(0).locator("textarea").input_value() == text
    desk.page.keyboard.press("Alt+PageDown")
    assert desk.stored(0).text == text
    assert desk.stored(0).version == 2


def test_the_browsers_undo_keeps_working_over_saves(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.type("X")
    desk.is_saved()
    with desk.at_once():
        desk.page.keyboard.press("Control+z")
        expect(box).to_have_value("first thing")
        desk.says("Not saved yet")
    desk.is_saved()
    assert desk.stored(0).text == "first thing"


def test_what_is_open_in_the_column_stays_open(desk: Desk, colleague: User) -> None:
    save_segment(colleague, desk.job, desk.segments[0].pk, Save("one dose!", 1))
    desk.visit()
    desk.open(0)
    desk.has_column(0)
    desk.page.keyboard.type(" now")
    desk.pauses()
    desk.page.locator(".history summary").click()
    lines = desk.page.locator(".history summary")
    expect(lines).to_have_count(2)  # the answer is shown
    expect(lines.nth(1)).to_be_focused()
    expect(desk.page.locator(".history details[open]")).to_contain_text("conrad")
