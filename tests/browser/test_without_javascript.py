"""The same work with links and forms alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, expect

from feedback.models import Feedback
from feedback.saving import Save, save_segment
from tests.browser.conftest import Complaints
from tests.browser.desk import Desk
from transcription.models import Job


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], reviewer: User) -> Page:
    return new_context(reviewer, java_script_enabled=False).new_page()


def test_logging_in(new_context: Callable[..., BrowserContext], reviewer: User) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/?state=waiting")
    page.get_by_label("User name").fill("rita")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    page.get_by_label("Password").fill("a password for rita")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?state=waiting$"))
    page.get_by_text("rita", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_changing_the_password(page: Page, reviewer: User) -> None:
    page.goto("/password/")
    page.get_by_label("Old password").fill("a password for rita")
    for label in ("New password:", "New password confirmation:"):
        page.get_by_label(label.rstrip(":"), exact=True).fill("an even better one 7")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Password changed")).to_be_visible()
    reviewer.refresh_from_db()
    assert reviewer.check_password("an even better one 7")


def test_uploading(page: Page, short_clip: Path, tmp_path: Path) -> None:
    nonsense = tmp_path / "notes.mp3"
    nonsense.write_text("no sound in here")
    page.goto("/")
    page.locator("input[type=file]").set_input_files([short_clip, nonsense])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="first sentence")).to_be_visible()
    expect(page.locator(".messages")).to_contain_text("notes.mp3: ")


def test_correcting_leads_from_segment_to_segment(page: Page, heard: Callable[..., Job]) -> None:
    desk = Desk(page, heard("one dose", "two doses"))
    page.goto(f"/review/{desk.job.pk}/")
    desk.segment(0).locator(".time").click()
    box = desk.segment(0).get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill("\n one dose, daily")
    page.get_by_role("button", name="Save").click()
    expect(desk.segment(1).get_by_role("textbox")).to_be_focused()
    assert desk.stored(0).text == "\n one dose, daily"
    page.get_by_role("button", name="Accept, next").click()
    expect(page.locator("#tally")).to_have_text("1 of 2 segments accepted")
    assert desk.stored(1).accepted

    page.get_by_role("link", name="Submit review").click()
    page.get_by_role("button", name="Submit review").click()
    expect(page.get_by_role("heading", name="Ward round is reviewed")).to_be_visible()
    assert Feedback.objects.get().corrected_text == "\n one dose, daily\ntwo doses"
    page.get_by_role("link", name="See the transcript").click()
    page.get_by_role("button", name="Reopen").click()
    desk.segment(1).locator(".time").click()
    expect(desk.segment(1).get_by_role("textbox")).to_be_focused()


def test_two_in_one_segment(
    page: Page, heard: Callable[..., Job], colleague: User, complaints: Complaints
) -> None:
    complaints.expected = ["409"]
    desk = Desk(page, heard("one dose", "two doses"))
    page.goto(f"/review/{desk.job.pk}/?segment={desk.segments[0].pk}")
    save = Save(text="one dose daily", version=1, id=uuid.uuid4().hex)
    save_segment(colleague, desk.job, desk.segments[0].pk, save)
    desk.segment(0).get_by_role("textbox").fill("one dose weekly")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="conrad saved this segment before you")).to_be_visible()
    expect(page.get_by_role("textbox", name="Yours")).to_have_value("one dose weekly")
    assert desk.stored(0).text == "one dose daily"
    page.get_by_role("button", name="Save mine").click()
    expect(desk.segment(1).get_by_role("textbox")).to_be_focused()
    assert desk.stored(0).text == "one dose weekly"
