"""Find and replace over the recording, and what the lexicon learns from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Locator, Page, expect

from feedback.saving import Save, save_segment
from lexicon.models import Term
from tests.browser.conftest import Complaints
from tests.browser.desk import Desk
from transcription.models import Job

TEXTS = ("the interest oh dose", "Interest oh and rest", "no interest in it", "interest  oh again")


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    return Desk(page, heard(*TEXTS), hurried=True).visit()


@pytest.fixture
def dialog(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name="Find and replace")


def hits(dialog: Locator) -> Locator:
    return dialog.get_by_role("listitem")


def look_for(desk: Desk, dialog: Locator, text: str, replacement: str) -> None:
    desk.page.keyboard.press("Control+h")
    expect(dialog.get_by_label("Find", exact=True)).to_be_focused()
    desk.page.keyboard.type(text)
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type(replacement)


def test_what_is_chosen_is_replaced_and_one_is_back_at_work(desk: Desk, dialog: Locator) -> None:
    desk.open(1, at=3)
    desk.page.keyboard.type("X")  # not saved yet, and found all the same
    desk.page.keyboard.press("Backspace")
    desk.open(0, at=2)
    look_for(desk, dialog, "interest oh", "Entresto")
    expect(hits(dialog)).to_have_count(3)
    expect(dialog).to_contain_text("3 places.")
    expect(hits(dialog).nth(1)).to_have_text("00:04 Interest oh Entresto and rest go there")
    hits(dialog).nth(2).get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Replace the chosen").press("Enter")
    expect(dialog).to_be_hidden()
    expect(desk.page.locator("#told")).to_have_text("2 places replaced.")
    expected = ["the Entresto dose", "Entresto and rest", *TEXTS[2:]]
    desk.shows(*expected)
    assert desk.texts == expected
    expect(desk.segment(0).locator("textarea")).to_be_focused()
    desk.page.keyboard.type("X")  # the caret is where it was
    desk.is_saved()
    assert desk.texts[0] == "thXe Entresto dose"


def test_what_is_selected_is_looked_for_and_escape_leads_back(desk: Desk, dialog: Locator) -> None:
    box = desk.open(3)
    desk.page.keyboard.type(" rest")
    for _ in range(4):
        desk.page.keyboard.press("Shift+ArrowLeft")
    desk.page.keyboard.press("Control+h")
    expect(dialog.get_by_label("Find", exact=True)).to_have_value("rest")
    expect(hits(dialog)).to_have_count(2)  # what was just typed too
    dialog.get_by_label("Whole words").uncheck()
    expect(hits(dialog)).to_have_count(6)
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(box).to_be_focused()
    assert box.evaluate("box => [box.selectionStart, box.selectionEnd]") == [19, 23]
    assert desk.page.locator("audio").evaluate("audio => audio.paused")  # Escape closed, only
    desk.page.keyboard.type("more")
    desk.is_saved()
    assert desk.texts[3] == "interest  oh again more"


@pytest.mark.parametrize("decides", [False, True])
def test_what_is_replaced_is_learned(
    desk: Desk, dialog: Locator, reviewer: User, *, decides: bool
) -> None:
    if decides:
        names = ("add_term", "change_term")
        reviewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    look_for(desk, dialog, "interest oh", "Entresto")
    dialog.get_by_label("and learn it").check()
    dialog.get_by_role("button", name="Replace the chosen").click()
    told = "is in the lexicon" if decides else "is suggested for the lexicon"
    expect(desk.page.locator("#told")).to_contain_text(f"3 places replaced. “Entresto” {told}")
    term = Term.objects.get()
    assert (term.term, term.status) == ("Entresto", "approved" if decides else "suggested")
    assert [each.text for each in term.alternatives.all()] == ["interest oh"]


def test_going_to_a_place_and_finding_nothing(desk: Desk, dialog: Locator) -> None:
    desk.open(0)
    look_for(desk, dialog, "nothing like it", "")
    expect(dialog).to_contain_text("“nothing like it” is nowhere in the text.")
    dialog.get_by_label("Find", exact=True).fill("again")
    hits(dialog).get_by_role("link", name="go there").click()
    expect(dialog).to_be_hidden()
    expect(desk.segment(3).locator("textarea")).to_be_focused()
    desk.has_column(3)


def test_places_that_another_changed_meanwhile_stay(
    desk: Desk, dialog: Locator, colleague: User
) -> None:
    look_for(desk, dialog, "interest", "concern")
    expect(hits(dialog)).to_have_count(4)
    save_segment(colleague, desk.job, desk.segments[0].pk, Save("the dose", 1))
    dialog.get_by_role("button", name="Replace the chosen").click()
    expect(desk.page.locator("#told")).to_have_text(
        "3 places replaced. 1 was changed since, and stays."
    )
    assert desk.texts[:2] == ["the dose", "concern oh and rest"]


def test_text_that_cannot_be_saved_is_not_replaced(
    desk: Desk, dialog: Locator, complaints: Complaints
) -> None:
    complaints.expected = ["ERR_FAILED", "htmx"]
    box = desk.open(0)
    desk.page.route("**/save/", lambda route: route.abort())
    desk.page.keyboard.type("!")
    look_for(desk, dialog, "and rest", "x")
    dialog.get_by_role("button", name="Replace the chosen").click()
    expect(dialog).to_be_hidden()
    desk.says("Not saved: no connection")
    expect(box).to_have_value("the interest oh dose!")
    assert desk.texts == list(TEXTS)


def test_the_selection_becomes_a_term(desk: Desk) -> None:
    box = desk.open(0)
    box.evaluate("box => box.setSelectionRange(4, 15)")
    desk.page.keyboard.type("Entresto")
    for _ in range(8):
        desk.page.keyboard.press("Shift+ArrowLeft")
    desk.page.keyboard.press("Control+Shift+L")
    dialog = desk.page.get_by_role("dialog", name="A term for the lexicon")
    expect(dialog.get_by_label("Term")).to_have_value("Entresto")
    expect(dialog.get_by_label("Heard as")).to_have_value("interest oh")
    dialog.get_by_role("button", name="Add to the lexicon").press("Enter")
    expect(desk.page.locator("#told")).to_contain_text("“Entresto” is suggested for the lexicon")
    expect(box).to_be_focused()
    assert Term.objects.get().term == "Entresto"
    desk.page.keyboard.press("Control+Shift+L")
    dialog.get_by_label("Term").fill("")
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(box).to_be_focused()
