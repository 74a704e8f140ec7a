"""A proposal beside what stands: taken from and put back by keyboard, heard, and never over others'
changes."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from feedback.saving import Save, save_segment
from tests.browser.conftest import Complaints
from transcription.models import Job, Segment


def test_segments_are_taken_and_put_back(
    page: Page, heard: Callable[..., Job], colleague: User, complaints: Complaints
) -> None:
    complaints.expected = ["409 (Conflict)", "500 (Internal", "Status Error Code", "htmx:"]
    complaints.expected += ["ERR_INTERNET_DISCONNECTED"]
    job = heard("she takes us and paid", "one dose")
    proposal = heard("She takes Ozempic", "two doses", source_job=job, proposal=True)
    first, second = job.segments.all()
    page.goto(f"/jobs/{job.pk}/compare/{proposal.pk}/")
    row = page.locator(f"#c{first.pk}")
    take = row.get_by_role("button", name="Take")

    page.context.set_offline(True)
    take.press("Enter")
    expect(row.get_by_role("alert")).to_have_text("Not done: no connection.")
    page.context.set_offline(False)
    page.route("**/take/**", lambda route: route.fulfill(status=500))
    take.press("Enter")
    expect(row.get_by_role("alert")).to_have_text("Not done: the server has trouble (500).")
    page.unroute("**/take/**")

    take.press("Enter")
    expect(row.get_by_role("status")).to_have_text("Taken")
    back = row.get_by_role("button", name="Put back")
    expect(back).to_be_focused()
    assert Segment.objects.get(pk=first.pk).text == "She takes Ozempic"
    back.press("Enter")
    expect(take).to_be_focused()
    assert Segment.objects.get(pk=first.pk).text == "she takes us and paid"

    other = page.locator(f"#c{second.pk}")
    save_segment(colleague, job, second.pk, Save("three doses", 1))
    other.get_by_role("button", name="Take").click()
    expect(other.get_by_role("alert")).to_contain_text("conrad changed this segment meanwhile")
    expect(other.locator(".now del")).to_have_text("three")
    assert Segment.objects.get(pk=second.pk).text == "three doses"
    other.get_by_role("button", name="Take").click()
    expect(other.get_by_role("status")).to_have_text("Taken")
    assert Segment.objects.get(pk=second.pk).text == "two doses"

    other.get_by_role("link", name="Play from 00:04 to 00:07").press("Enter")
    expect(other).to_have_class(re.compile("playing"))
    page.wait_for_function("() => document.getElementById('sound').currentTime > 4")
    page.keyboard.press("Escape")
    expect(other).not_to_have_class(re.compile("playing"))
