"""A term in the lexicon corrects the next transcript; reviewers see it, and turn it with a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Locator, Page, expect

from lexicon.models import Term
from lexicon.services import add_term
from tests.browser.conftest import Complaints
from tests.browser.desk import Desk, Gate
from tests.corrections import CHANGES, HEARD, MADE, apply
from tests.standin.client import Control
from transcription import inline
from transcription.models import Job, Segment

TAKEN = MADE.replace("sparing lactone", "spironolactone")


@pytest.fixture
def terms(transactional_db: None) -> tuple[int, ...]:
    return tuple(add_term(t, source="admin").term.pk for t in ("Entresto", "spironolactone"))


@pytest.fixture
def job(heard: Callable[..., Job], terms: tuple[int, ...]) -> Job:
    job = heard(HEARD, "two tablets", "then pause", HEARD, languages=["en"])
    apply(job, *CHANGES, terms=terms)
    Segment.objects.filter(job=job, text="then pause").update(
        marks=[{"kind": "hole", "reason": "Words may be missing."}]
    )
    return job


@pytest.fixture
def desk(page: Page, job: Job) -> Desk:
    return Desk(page, job, hurried=True).visit()


def selected(box: Locator) -> str:
    text: str = box.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
    return text


def column(desk: Desk, word: str) -> Locator:
    """What the column beside the text tells of a change."""
    return desk.page.locator(".changed div").filter(has_text=word)


# --- From a term to a transcript


@pytest.fixture
def at_work(media: Path, standin: Control, settings: Any) -> Iterator[None]:
    settings.STT_MODEL = "gpt-transcribe"
    standin.set_text("Then we will lower the ozem pik to forty.")
    with inline.workers():
        yield


def enter_term(page: Page, term: str, heard: str) -> None:
    page.goto("/admin/lexicon/term/add/")
    page.locator("#id_term").fill(term)
    page.locator("#id_status").select_option("approved")
    page.get_by_text("Add another Alternative").click()
    page.locator("#id_alternatives-0-text").fill(heard)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text(term)


def upload(page: Page, recording: Path) -> None:
    page.goto("/")
    page.locator("input[type=file]").set_input_files(recording)
    # until it is transcribed, it leads to the recording's page
    page.locator("a[href^='/review/']", has_text="first sentence").click(timeout=60_000)


def submit(page: Page) -> None:
    page.get_by_role("link", name="Submit review").click()
    page.get_by_role("button", name="Submit review").click()
    expect(page.get_by_role("heading", name="is reviewed")).to_be_visible()


@pytest.mark.usefixtures("at_work")
def test_from_a_term_in_admin_to_its_undoing(
    new_context: Callable[..., BrowserContext], admin_user: User, short_clip: Path
) -> None:
    page = new_context(admin_user).new_page()
    enter_term(page, "Ozempic", "ozem pik")
    upload(page, short_clip)
    said = page.locator(".say")
    expect(said).to_have_text("Then we will lower the Ozempic to forty.")
    expect(said.locator("mark.lex")).to_have_text("Ozempic")

    desk = Desk(page, Job.objects.get())
    desk.is_ready()
    box = desk.open(0)
    page.keyboard.press("Control+Home")
    page.keyboard.press("F9")
    expect(box).to_have_value("Then we will lower the ozem pik to forty.")
    desk.is_saved()
    page.reload()
    expect(said).to_have_text("Then we will lower the ozem pik to forty.")
    expect(said.locator("mark")).to_have_count(0)
    desk.is_ready()
    desk.open(0)
    expect(column(desk, "Ozempic")).to_contain_text("taken back")

    submit(page)
    page.goto(f"/admin/lexicon/term/{Term.objects.get().pk}/change/")
    expect(page.locator(".field-undone_count .readonly")).to_have_text("1")
    expect(page.locator(".field-confirmed_count .readonly")).to_have_text("0")


# --- At the desk


def test_f9_undoes_at_the_mark_and_does_it_again(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("F9")
    expect(box).to_have_value(HEARD)
    assert selected(box) == "interest oh"
    desk.is_saved()
    assert desk.stored(0).text == HEARD
    expect(column(desk, "Entresto")).to_contain_text("taken back")
    desk.page.keyboard.press("F9")
    expect(box).to_have_value(MADE)
    expect(column(desk, "Entresto").get_by_role("button")).to_have_text("Undo F9")
    assert desk.stored(0).text == MADE
    assert desk.stored(0).version == 3


def test_f9_takes_a_suggestion(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("F8")
    desk.page.keyboard.press("F8")
    assert selected(box) == "sparing lactone"
    desk.page.keyboard.press("F9")
    expect(box).to_have_value(TAKEN)
    expect(column(desk, "spironolactone")).to_contain_text("taken")
    assert desk.stored(0).text == TAKEN
    submit(desk.page)
    assert Term.objects.get(term="spironolactone").confirmed_count == 1


def test_the_browsers_undo_takes_it_back(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.type(" Today.")
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("F9")
    expect(box).to_have_value(HEARD + " Today.")
    desk.page.keyboard.press("Control+z")
    expect(box).to_have_value(MADE + " Today.")
    desk.page.keyboard.press("Control+Shift+z")
    expect(box).to_have_value(HEARD + " Today.")
    desk.is_saved()
    assert desk.stored(0).text == HEARD + " Today."


def test_f9_finds_its_place_in_text_that_is_not_saved_yet(desk: Desk) -> None:
    gate = Gate(desk.page, desk.save_address(0))
    box = desk.open(0)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.type("🩺 Well: ")
    desk.page.keyboard.press("F9")
    desk.page.keyboard.press("F8")
    desk.page.keyboard.press("F9")
    expected = "🩺 Well: " + HEARD.replace("sparing lactone", "spironolactone")
    expect(box).to_have_value(expected)
    gate.open()
    desk.is_saved()
    assert desk.stored(0).text == expected
    # and where the server counts it, after a letter that is two for the browser
    desk.page.keyboard.press("Control+Home")
    expect(column(desk, "Entresto")).to_contain_text("taken back")
    column(desk, "Entresto").get_by_role("button").click()
    expect(box).to_have_value("🩺 Well: " + TAKEN)


def test_f9_leaves_alone_what_people_wrote_otherwise(desk: Desk) -> None:
    box = desk.open(0)
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type("Something else.")
    desk.page.keyboard.press("F9")
    desk.is_saved()
    expect(column(desk, "Entresto")).to_contain_text("written otherwise since")
    desk.page.keyboard.press("F9")
    expect(box).to_have_value("Something else.")


def test_the_buttons_beside_the_text_do_the_same(desk: Desk) -> None:
    box = desk.open(0)
    column(desk, "Entresto").get_by_role("button", name="Undo").click()
    expect(box).to_have_value(HEARD)
    expect(box).to_be_focused()
    column(desk, "spironolactone").get_by_role("button", name="Take it").click()
    expect(box).to_have_value(HEARD.replace("sparing lactone", "spironolactone"))
    column(desk, "Entresto").get_by_role("button", name="Redo").press("Enter")
    expect(box).to_have_value(TAKEN)
    desk.is_saved()
    assert desk.stored(0).text == TAKEN


def test_a_button_keeps_the_focus_when_the_column_comes_anew(desk: Desk) -> None:
    gate = Gate(desk.page, desk.save_address(0))
    box = desk.open(0)
    desk.page.keyboard.type(" Today.")
    button = column(desk, "Entresto").get_by_role("button")
    button.focus()
    gate.open()
    desk.is_saved()
    expect(column(desk, "Entresto").get_by_role("button")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(box).to_have_value(HEARD + " Today.")
    desk.is_saved()


def test_f8_goes_from_mark_to_mark_and_back(desk: Desk) -> None:
    def here() -> tuple[str, str]:
        box = desk.box
        expect(box).to_be_focused()
        place: str = box.evaluate("box => box.closest('.seg').id")
        return place, selected(box)

    ids = [f"s{segment.pk}" for segment in desk.segments]
    way = [
        (ids[0], "Entresto"),
        (ids[0], "sparing lactone"),
        (ids[2], ""),  # a check found something here
        (ids[3], "Entresto"),
        (ids[3], "sparing lactone"),
    ]
    for step in way:
        desk.page.keyboard.press("F8")
        assert here() == step
    desk.page.keyboard.press("F8")
    assert here() == way[-1]
    for step in way[-2::-1]:
        desk.page.keyboard.press("Shift+F8")
        assert here() == step
    desk.page.get_by_role("button", name="Next mark").click()
    assert here() == way[1]


def test_marks_are_there_again_when_the_segment_is_left(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.type("Well. ")
    desk.page.keyboard.press("Alt+PageDown")
    said = desk.segment(0).locator(".say")
    expect(said).to_have_text("Well. " + MADE)
    expect(said.locator("mark")).to_have_text(["Entresto", "sparing lactone"])
    desk.page.keyboard.press("Alt+PageUp")
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("F9")
    desk.page.keyboard.press("Alt+PageDown")
    expect(said).to_have_text("Well. " + HEARD)
    expect(said.locator("mark")).to_have_text(["sparing lactone"])
    desk.is_saved()
    desk.visit()
    expect(said.locator("mark")).to_have_text(["sparing lactone"])


def test_while_one_types_the_marks_stay_under_their_words(desk: Desk) -> None:
    where = "mark => { const r = mark.getBoundingClientRect(); return [r.x, r.y, r.width]; }"
    before = desk.segment(0).locator(".say mark").first.evaluate(where)
    desk.open(0)
    expect(column(desk, "Entresto")).to_be_visible()
    under = desk.segment(0).locator(".under mark")
    assert under.first.evaluate(where) == pytest.approx(before, abs=1)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.type("Now. ")
    expect(under).to_have_text(["Entresto", "sparing lactone"])
    assert under.first.evaluate(where)[0] > before[0] + 20
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type("All new")
    expect(under).to_have_count(0)
    desk.is_saved()


def test_f9_in_a_conflict_takes_theirs(desk: Desk, colleague: User, complaints: Complaints) -> None:
    complaints.expected = ["409 (Conflict)", "Response Status Error Code 409"]
    box = desk.open(0)
    expect(column(desk, "Entresto")).to_be_visible()
    Segment.objects.filter(pk=desk.segments[0].pk).update(
        text=MADE + " Theirs.", version=2, edited_by_name="conrad"
    )
    desk.page.keyboard.type(" Mine.")
    desk.pauses()
    desk.says("Two versions")
    desk.page.keyboard.press("F9")
    expect(box).to_have_value(MADE + " Theirs.")
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("F9")  # and then it is the lexicon's key again
    expect(box).to_have_value(HEARD + " Theirs.")
    desk.is_saved()
    assert desk.stored(0).text == HEARD + " Theirs."


def test_an_input_method_keeps_its_keys(desk: Desk) -> None:
    box = desk.open(0)
    keyboard = desk.page.context.new_cdp_session(desk.page)
    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    desk.page.keyboard.press("F9")
    keyboard.send("Input.insertText", {"text": "日本"})
    expect(box).to_have_value(MADE + "日本")
    desk.is_saved()


# --- Without a script


def test_without_javascript(
    new_context: Callable[..., BrowserContext], reviewer: User, job: Job, terms: tuple[int, ...]
) -> None:
    page = new_context(reviewer, java_script_enabled=False).new_page()
    desk = Desk(page, job)
    page.goto(f"/review/{job.pk}/")
    first = desk.segment(0)
    expect(first.locator(".say mark")).to_have_text(["Entresto", "sparing lactone"])
    expect(page.get_by_role("button", name="Next mark")).to_be_hidden()
    first.locator(".time").click()
    box = first.get_by_role("textbox")
    expect(box).to_be_focused()
    box.press("Control+Home")
    box.press_sequentially("Now: ")
    column(desk, "Entresto").get_by_role("button", name="Undo").click()
    expect(box).to_have_value("Now: " + HEARD)
    expect(box).to_be_focused()
    column(desk, "spironolactone").get_by_role("button", name="Take it").click()
    expect(box).to_have_value("Now: " + HEARD.replace("sparing lactone", "spironolactone"))
    column(desk, "Entresto").get_by_role("button", name="Redo").click()
    expect(box).to_have_value("Now: " + TAKEN)
    expect(page).to_have_url(re.compile(rf"\?segment={desk.segments[0].pk}$"))
    submit(page)
    counts = Term.objects.order_by("pk").values_list("confirmed_count", "undone_count")
    assert list(counts) == [(2, 0), (1, 0)]
