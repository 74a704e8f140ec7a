"""Which segments there are, when each is said and by whom: changed from the keyboard, and taken
back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from feedback.models import Revision
from tests.browser.conftest import Complaints
from tests.browser.desk import Desk, Gate
from transcription.models import Job

TEXTS = ("one dose daily", "two doses weekly", "three doses monthly")


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    desk = Desk(page, heard(*TEXTS), hurried=True)
    for segment in desk.segments:  # a word each second
        words = enumerate(segment.text.split())
        at = segment.start_ms
        segment.words = [[word, at + 1000 * n, at + 1000 * n + 900, 0.9] for n, word in words]
        segment.save()
    return desk.visit()


def times(desk: Desk) -> list[tuple[int, int]]:
    return [(segment.start_ms, segment.end_ms) for segment in desk.live]


def caret(box: Locator) -> int:
    return int(box.evaluate("box => box.selectionStart"))


def told(desk: Desk) -> Locator:
    return desk.page.locator("#told")


# --- Split and merge


def test_enter_splits_at_the_caret_and_it_can_be_taken_back(desk: Desk) -> None:
    desk.open(1, at=9)
    desk.page.keyboard.press("Enter")
    desk.shows("one dose daily", "two doses", "weekly", "three doses monthly")
    desk.is_saved()
    assert desk.texts == ["one dose daily", "two doses", "weekly", "three doses monthly"]
    assert times(desk)[1:3] == [(4000, 5900), (6000, 7500)]
    desk.reread()
    expect(desk.segment(2).locator("textarea")).to_be_focused()
    assert caret(desk.box) == 0
    desk.has_column(2)
    desk.page.keyboard.type("or")
    desk.page.keyboard.press("Control+z")  # the browser's own undo goes on in the part
    expect(desk.box).to_have_value("weekly")
    expect(desk.page.locator("#tally")).to_have_text("0 of 4 segments accepted")

    desk.page.keyboard.press("Alt+PageUp")
    desk.has_column(1)
    desk.page.get_by_role("button", name="Take back").click()
    desk.shows(*TEXTS)
    assert desk.texts == list(TEXTS)
    expect(desk.box).to_have_value("two doses weekly")
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type("!")  # and it can be corrected as before
    desk.is_saved()
    assert desk.texts[1] == "two doses weekly!"


def test_backspace_at_the_start_merges_with_all_that_was_typed(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.type(", a")  # neither is saved yet
    desk.page.keyboard.press("Alt+PageDown")
    desk.page.keyboard.type(" b")
    desk.page.keyboard.press("Home")
    desk.page.keyboard.press("Backspace")
    whole = "one dose daily, a two doses weekly b"
    desk.shows(whole, "three doses monthly")
    expect(desk.box).to_be_focused()
    assert caret(desk.box) == len("one dose daily, a ")
    desk.is_saved()
    assert desk.texts == [whole, "three doses monthly"]
    assert times(desk)[0] == (0, 7500)
    desk.page.get_by_role("button", name="Take back").click()
    desk.shows("one dose daily, a", "two doses weekly b", "three doses monthly")
    assert desk.texts == ["one dose daily, a", "two doses weekly b", "three doses monthly"]


def test_where_there_is_nothing_to_split_or_merge_it_says_so(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.press("Enter")
    expect(told(desk)).to_contain_text("put the caret between two words")
    desk.page.keyboard.press("Home")
    desk.page.keyboard.press("Backspace")
    expect(told(desk)).to_have_text("There is no segment before this one.")
    expect(box).to_have_value(TEXTS[0])
    desk.page.keyboard.press("Shift+Enter")  # an end of a line in the text
    desk.is_saved()
    assert desk.texts == ["\none dose daily", *TEXTS[1:]]


def test_one_more_segment_in_a_gap(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = ["422"]
    desk.open(0)
    desk.page.keyboard.type("!")
    desk.page.keyboard.press("Alt+Enter")
    desk.shows("one dose daily!", "", *TEXTS[1:])
    expect(desk.box).to_have_value("")
    desk.page.keyboard.type("and then")
    desk.is_saved()
    assert desk.texts == ["one dose daily!", "and then", *TEXTS[1:]]
    assert times(desk)[1] == (3500, 4000)
    desk.page.keyboard.press("Alt+Enter")
    expect(told(desk)).to_contain_text("The next segment begins where this one ends")


# --- Times


def column_times(desk: Desk) -> tuple[str, str]:
    start, end = desk.page.locator("#time-start"), desk.page.locator("#time-end")
    return start.input_value(), end.input_value()


def test_edges_are_moved_by_keys_while_typing(desk: Desk) -> None:
    box = desk.open(1)
    desk.has_column(1)
    desk.page.keyboard.type("!")
    with desk.page.expect_response(desk.address(1, "times")), desk.at_once():
        for key in ("Shift+F1", "Shift+F1", "Shift+F3", "Shift+F4", "Shift+F2", "Shift+F4"):
            desk.page.keyboard.press(key)
    desk.is_saved()
    assert times(desk)[1] == (3900, 7600)
    assert Revision.objects.filter(kind="times").count() == 1  # as they were pressed in one go
    expect(desk.page.locator("#time-start")).to_have_value("00:03.900")
    expect(desk.page.locator("#time-end")).to_have_value("00:07.600")
    expect(desk.segment(1).locator(".time")).to_have_text("00:03")
    expect(box).to_have_value("two doses weekly!")
    expect(box).to_be_focused()


def test_moved_edges_are_kept_by_a_split_and_by_leaving(desk: Desk) -> None:
    desk.open(1, at=9)
    desk.page.keyboard.press("Shift+F1")
    desk.page.keyboard.press("Enter")
    desk.shows("one dose daily", "two doses", "weekly", "three doses monthly")
    assert times(desk)[1:3] == [(3900, 5900), (6000, 7500)]
    desk.page.keyboard.press("Shift+F3")
    desk.page.goto("/")
    desk.comes_to(lambda: times(desk)[2] == (6000, 7400))


def test_an_edge_is_a_slider_with_keys(desk: Desk) -> None:
    desk.open(1)
    desk.has_column(1)
    edge = desk.page.get_by_role("slider", name="Start")
    edge.focus()
    with desk.page.expect_response(desk.address(1, "times")), desk.at_once():
        for _ in range(5):
            desk.page.keyboard.press("ArrowRight")
        expect(edge).to_have_attribute("aria-valuetext", "00:04.0")
        expect(desk.page.locator("#time-start")).to_have_value("00:04.050")
    expect(edge).to_be_focused()
    assert times(desk)[1] == (4050, 7500)
    with desk.page.expect_response(desk.address(1, "times")):
        desk.page.keyboard.press("ArrowRight")  # and on from there
    assert times(desk)[1] == (4060, 7500)
    field = desk.page.get_by_label("From")
    field.fill("4.2")
    with desk.page.expect_response(desk.address(1, "times")):
        field.press("Enter")
    desk.page.wait_for_function("() => document.activeElement.matches('textarea')")
    assert times(desk)[1] == (4200, 7500)


def test_an_edge_is_dragged(desk: Desk) -> None:
    desk.open(1)
    desk.has_column(1)
    edge = desk.page.get_by_role("slider", name="End")
    expect(edge).to_have_attribute("aria-valuetext", "00:07.5")  # it is drawn
    strip = desk.page.locator(".edges")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    shown_ms = 3500 + 2 * 1500
    inner = box["width"] - 14  # the thumbs' middles reach so far

    def x(ms: int) -> float:
        return box["x"] + 7 + inner * (ms - 2500) / shown_ms

    y = box["y"] + box["height"] / 2
    desk.page.mouse.move(x(7500), y)
    desk.page.mouse.down()
    desk.page.mouse.move(x(7000), y, steps=3)
    with desk.page.expect_response(desk.address(1, "times")):
        desk.page.mouse.move(
            x(6500), y, steps=3
        )  # held for longer than the pause before it is sent
    desk.page.mouse.move(x(6000), y, steps=3)
    with desk.page.expect_response(desk.address(1, "times")):
        desk.page.mouse.up()
    start, end = times(desk)[1]
    assert start == 4000
    assert end == pytest.approx(6000, abs=60)


def test_times_that_cannot_be_are_told_and_put_back(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = ["422"]
    desk.open(2)
    desk.has_column(2)
    desk.page.locator("#time-start").fill("11.9")
    desk.page.locator("#time-start").press("Enter")
    expect(told(desk)).to_contain_text("ends after it begins")
    desk.page.locator("#time-start").fill("soon")
    desk.page.locator("#time-start").press("Enter")
    expect(told(desk)).to_contain_text("Write times like 02:03.5")
    expect(desk.page.locator("#time-start")).to_have_value("soon")  # to be mended there
    assert times(desk)[2] == (8000, 11500)
    desk.open(0)
    with desk.page.expect_response(desk.address(0, "times")), desk.at_once():
        for _ in range(50):  # past the beginning of the segment after it
            desk.page.keyboard.press("Shift+F4")
            desk.page.keyboard.press("Shift+F2")
    expect(told(desk)).to_have_text(
        "The times are not set: It would begin after the segment that follows it."
    )
    expect(desk.page.locator("#time-start")).to_have_value("00:00.000")
    assert desk.segment(0).get_attribute("data-start") == "0"
    assert times(desk)[0] == (0, 3500)


# --- Speakers, and what is said


def test_naming_the_speaker_and_throughout(desk: Desk) -> None:
    box = desk.open(0)
    desk.has_column(0)
    desk.page.keyboard.type("!")
    desk.page.keyboard.press("Control+i")
    desk.page.keyboard.type("Dr Ada")
    desk.page.keyboard.press("Enter")
    expect(desk.segment(0).locator(".t")).to_contain_text("Dr Ada")
    expect(box).to_be_focused()
    expect(box).to_have_value("one dose daily!")
    desk.page.keyboard.press("Control+i")
    desk.page.keyboard.type("a")  # in the place of it, as it is selected
    desk.page.keyboard.press("Backspace")
    desk.page.keyboard.type("Dr Ada L.")
    desk.page.keyboard.press("Alt+PageDown")  # without Enter
    desk.page.keyboard.press("Control+i")  # before the column is there
    desk.page.keyboard.type("Otto")
    throughout = desk.page.get_by_role("checkbox", name="throughout the recording")
    throughout.press("Space")  # wherever nobody is named so far
    throughout.press("Enter")
    expect(desk.segment(2).locator(".t")).to_contain_text("Otto")
    expect(desk.segment(1).locator(".t")).to_contain_text("Otto")
    expect(desk.segment(0).locator(".t")).to_contain_text("Dr Ada L.")
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    desk.page.keyboard.type("!")
    desk.is_saved()
    assert [segment.speaker for segment in desk.live] == ["Dr Ada L.", "Otto", "Otto"]
    assert desk.texts == ["one dose daily!", "two doses weekly!", "three doses monthly"]


def test_a_name_typed_while_the_one_before_is_on_its_way(desk: Desk) -> None:
    gate = Gate(desk.page, desk.address(0, "speaker"))
    column = Gate(desk.page, f"**/segments/{desk.segments[1].pk}/")
    desk.open(0)
    desk.has_column(0)
    desk.page.keyboard.press("Control+i")
    desk.page.keyboard.type("Dr Ada")
    desk.page.keyboard.press("Alt+PageDown")  # which sends it
    desk.page.keyboard.press("Control+i")
    desk.page.keyboard.type("Otto")
    gate.open()
    expect(desk.segment(0).locator(".t")).to_contain_text("Dr Ada")
    desk.page.get_by_role("checkbox", name="throughout the recording").focus()
    with desk.page.expect_response(f"**/segments/{desk.segments[1].pk}/"):
        column.open()
    desk.page.keyboard.press("Enter")
    expect(desk.segment(1).locator(".t")).to_contain_text("Otto")
    assert [segment.speaker for segment in desk.live] == ["Dr Ada", "Otto", ""]


def test_nothing_is_said_and_inaudible(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("Control+Shift+Backspace")
    expect(desk.segment(1).locator("textarea")).to_be_focused()
    expect(desk.segment(0)).to_contain_class("done")
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type(" ")
    desk.page.keyboard.press("Shift+F7")
    desk.page.keyboard.type("?")
    desk.is_saved()
    assert desk.texts == ["", "two doses weekly [inaudible]?", "three doses monthly"]
    assert desk.live[0].accepted
    for _ in range(3):
        desk.page.keyboard.press("Control+z")
    expect(desk.box).to_have_value("two doses weekly")


def test_the_recording_is_renamed(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.type("!")
    desk.page.locator("summary", has_text="Rename").click()
    desk.page.get_by_label("Name of the recording").fill("Round, ward 4")
    desk.page.get_by_label("Name of the recording").press("Enter")
    expect(desk.page.get_by_role("heading", name="Round, ward 4")).to_be_visible()
    desk.is_ready()
    desk.shows("one dose daily!", *TEXTS[1:])
    assert desk.texts[0] == "one dose daily!"
