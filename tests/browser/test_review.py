"""The whole way: correct, submit, see what it came to, reopen."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from feedback.models import Feedback
from tests.browser.conftest import script_runs
from tests.browser.desk import Desk
from transcription.models import Job


def test_a_review_from_the_queue_to_its_figures_and_back(
    page: Page, heard: Callable[..., Job]
) -> None:
    job = heard("take the interest oh in the morning", "and come back on monday")
    page.goto("/")
    page.get_by_role("link", name="Ward round").click()
    desk = Desk(page, job)
    desk.is_ready()
    desk.open(0).fill("take the Entresto in the morning")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#tally")).to_have_text("2 of 2 segments accepted")
    page.keyboard.press("Control+Shift+Enter")

    expect(page.get_by_role("heading", name="Submit the review of Ward round")).to_be_visible()
    expect(page.get_by_text("2 of 2 segments accepted")).to_be_visible()
    expect(page.locator("ol.changes ins")).to_have_text("Entresto")
    page.get_by_role("button", name="Submit review").click()

    expect(page.get_by_role("heading", name="Ward round is reviewed")).to_be_visible()
    feedback = Feedback.objects.get()
    errors = page.locator(".figures div").filter(has_text="Word errors")
    expect(errors.locator("dd")).to_contain_text(str(feedback.word_errors))
    wer = page.locator(".figures div").filter(has_text="WER").locator("dd")
    expect(wer).to_have_text(f"{100 * feedback.wer:.1f} %")
    assert feedback.corrected_text == "take the Entresto in the morning\nand come back on monday"

    page.get_by_role("link", name="See the transcript").click()
    expect(page.get_by_text("Reviewed", exact=False).first).to_be_visible()
    script_runs(page)
    desk.segment(0).locator(".say").click()
    page.keyboard.press("Alt+PageDown")
    expect(page.locator("textarea")).to_have_count(0)  # closed

    page.get_by_role("button", name="Reopen").click()
    desk.is_ready()
    desk.open(0).press_sequentially("!")
    desk.is_saved()
    assert desk.stored(0).text == "take the Entresto in the morning!"
    page.goto("/?state=in_review")
    expect(page.get_by_role("link", name="Ward round")).to_be_visible()


def test_submitting_saves_first(page: Page, heard: Callable[..., Job]) -> None:
    desk = Desk(page, heard("one dose")).visit()
    desk.open(0).press_sequentially(" daily")
    page.get_by_role("link", name="Submit review").click()
    expect(page.locator("ol.changes ins")).to_have_text("daily")
    assert desk.stored(0).text == "one dose daily"


def test_a_recording_without_speech(page: Page, heard: Callable[..., Job]) -> None:
    Desk(page, heard()).visit()
    expect(page.get_by_text("No speech was found")).to_be_visible()
    page.get_by_role("link", name="Submit review").click()
    page.get_by_role("button", name="Submit review").click()
    expect(page.get_by_role("heading", name="Ward round is reviewed")).to_be_visible()
