"""The quality page with 500 reviewed recordings: by keys, by mouse, and on a tablet."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import findings
from tests.reviews import many


def test_five_hundred_reviews(page: Page, reviewer: User) -> None:
    many(500, reviewer)
    page.goto("/quality/")
    expect(page.get_by_text("Only reviewed text counts")).to_be_visible()
    plots = page.locator("svg.chart")
    expect(plots).to_have_count(14)
    # each has a name and something to read in its place
    for plot in plots.all():
        name, about = plot.get_attribute("aria-labelledby"), plot.get_attribute("aria-describedby")
        assert page.locator(f"#{name}").text_content()
        assert page.locator(f"#{about}").text_content()
    # by keys alone: the table behind a plot, and of a row the reviews behind it
    figure = page.get_by_role("figure", name="By model", exact=True)
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    row = figure.get_by_role("row", name="whisper-large-v3")
    expect(row).to_be_visible()
    count = int(row.get_by_role("cell").first.inner_text())
    assert not findings(page)
    while not row.get_by_role("link").evaluate("link => link === document.activeElement"):
        assert figure.evaluate("figure => figure.contains(document.activeElement)")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Reviews", level=1)).to_be_visible()
    expect(page.get_by_text(f"{count} reviews.")).to_be_visible()
    expect(page.get_by_label("Model")).to_have_value("whisper-large-v3")
    assert not findings(page)
    # by the mouse: a dot of a plot, here of the last week
    page.go_back()
    page.locator("#main figure", has_text="Word errors (WER)").locator("svg a").last.click()
    expect(page).to_have_url(re.compile(r"/quality/reviews/\?since=[\d-]+&until=[\d-]+$"))
    # and on a tablet nothing is wider than the page
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto("/quality/")
    assert page.evaluate("document.documentElement.scrollWidth") == 768
