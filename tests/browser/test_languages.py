"""At the desk each word's language is shown, can be filtered by, and is set with a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.desk import Desk
from tests.switching import ARABIC_ENGLISH, TURKISH_GERMAN, tag
from transcription.models import Job


@pytest.fixture
def job(heard: Callable[..., Job]) -> Job:
    return tag(heard(*TURKISH_GERMAN), "tr", "de")


@pytest.fixture
def desk(page: Page, job: Job) -> Desk:
    return Desk(page, job, hurried=True).visit()


def runs(place: Locator) -> list[tuple[str, str]]:
    """The languages and words that are shown; under a box by their colours alone."""
    found: list[Any] = place.locator("span").evaluate_all(
        """spans => spans.map((span) => {
          const same = document.querySelector(`.say span.${span.classList[0]}`);
          return [span.lang || same.lang, span.textContent];
        })"""
    )
    return [(lang, text) for lang, text in found]


def test_words_have_their_languages_and_the_page_a_legend(desk: Desk) -> None:
    assert runs(desk.segment(0).locator(".say")) == [
        ("tr", "Ondan sonra"),
        ("de", "ich habe noch bis sechs gearbeitet"),
        ("tr", "ama çok yoruldum yani"),
    ]
    mixed = desk.segment(1).get_by_text("Prüfunglar", exact=True)
    expect(mixed).to_have_attribute("title", "German with an ending in Turkish")
    legend = desk.page.get_by_role("navigation", name="Languages")
    expect(legend).to_contain_text("Turkish")
    expect(legend).to_contain_text("German")


def test_only_the_parts_in_one_language(desk: Desk) -> None:
    desk.page.get_by_role("link", name="Turkish").click()
    expect(desk.segment(2)).to_be_hidden()
    expect(desk.segment(3)).to_be_visible()
    expect(desk.page.locator("#tally")).to_contain_text("of 4 segments")
    desk.is_ready()
    desk.open(1)
    desk.page.keyboard.press("Alt+PageDown")
    expect(desk.segment(3).locator("textarea")).to_be_focused()
    desk.page.get_by_role("link", name="All", exact=True).click()
    expect(desk.segment(2)).to_be_visible()


def test_a_key_sets_the_language_of_a_word_and_of_what_is_selected(desk: Desk) -> None:
    desk.open(3)  # "Tamam, görüşürüz o zaman, ehm, Mittwoch da olur."
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.press("Shift+F9")
    under = desk.segment(3).locator(".under")
    expect(under.locator("span").first).to_have_text("Tamam")
    assert runs(under)[:2] == [("de", "Tamam"), ("tr", "görüşürüz o zaman")]
    assert desk.stored(3).tags[0][2:] == ["de", "", 1.0, True]
    assert desk.stored(3).version == 1, "the text is the same"

    desk.page.keyboard.press("Control+Shift+End")
    desk.page.keyboard.press("Shift+F9")
    expect(under.locator("span")).to_have_count(1)
    assert runs(under) == [("tr", "Tamam, görüşürüz o zaman, ehm, Mittwoch da olur")]


def test_what_somebody_typed_is_saved_first_and_what_people_said_stays(desk: Desk) -> None:
    box = desk.open(3)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.type("🩺 Heute ")
    desk.page.keyboard.press("Shift+F9")  # at the word after the caret
    expect(box).to_have_value("🩺 Heute Tamam, görüşürüz o zaman, ehm, Mittwoch da olur.")
    expect(desk.segment(3).locator(".under span").get_by_text("Tamam", exact=True)).to_be_attached()
    assert ("de", "Tamam") in runs(desk.segment(3).locator(".under"))
    desk.is_saved()
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type(" Bis dann.")
    desk.is_saved()
    said = [row for row in desk.stored(3).tags if row[5]]
    assert [desk.stored(3).text[start:end] for start, end, *_ in said] == ["Tamam"]


def test_the_column_sets_it_too(desk: Desk) -> None:
    desk.open(0)
    choice = desk.page.get_by_label("Language of “ich habe noch bis sechs gearbeitet”")
    choice.focus()
    choice.select_option("tr")
    expect(desk.page.locator(".tongues")).to_contain_text("said by a reviewer")
    expect(desk.page.locator(".tongues select:focus")).to_have_value("tr")  # keys go on from there
    assert [lang for lang, _ in runs(desk.segment(0).locator(".under"))] == ["tr", "tr", "tr"]
    assert [row[2] for row in desk.stored(0).tags] == ["tr", "tr", "tr"]


def test_the_languages_stay_when_the_segment_is_left(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("Control+Home")
    desk.page.keyboard.type("Evet ")
    desk.page.keyboard.press("Alt+PageDown")
    said = desk.segment(0).locator(".say")
    expect(said).to_have_text("Evet " + TURKISH_GERMAN[0])
    assert ("de", "ich habe noch bis sechs gearbeitet") in runs(said)
    desk.is_saved()


def test_right_to_left(page: Page, heard: Callable[..., Job]) -> None:
    desk = Desk(page, tag(heard(*ARABIC_ENGLISH), "ar", "en")).visit()
    said = desk.segment(0).locator(".say")
    expect(said).to_have_attribute("dir", "rtl")
    expect(said.locator("span[lang=en]")).to_have_attribute("dir", "ltr")
    expect(desk.segment(1).locator(".say")).to_have_attribute("dir", "ltr")
    # the English word stands where it was said: left of what comes before, right of what follows
    left = "span => span.getBoundingClientRect().left"
    first, english, last = (said.locator("span").nth(at).evaluate(left) for at in range(3))
    assert first > english > last
    box = desk.open(0)
    expect(box).to_have_attribute("dir", "rtl")
    where = "node => { const r = node.getBoundingClientRect(); return [r.left, r.right]; }"
    under = desk.segment(0).locator(".under span").get_by_text("deadline")
    before = under.evaluate(where)
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type(" نعم")
    desk.is_saved()
    assert under.evaluate(where) == pytest.approx(before, abs=2), "under the same word still"
    assert desk.stored(0).text == ARABIC_ENGLISH[0] + " نعم"


def test_without_javascript(
    new_context: Callable[..., BrowserContext], reviewer: User, job: Job
) -> None:
    page = new_context(reviewer, java_script_enabled=False).new_page()
    desk = Desk(page, job)
    page.goto(f"/review/{job.pk}/?segment={desk.segments[0].pk}")
    choice = page.get_by_label("Language of “Ondan sonra”")
    choice.select_option("de")
    page.locator(".tongues form").first.get_by_role("button", name="Set").click()
    expect(page.locator(".tongues")).to_contain_text("said by a reviewer")
    expect(page.get_by_label("Language of “Ondan sonra”")).to_have_value("de")
    assert desk.stored(0).tags[0][2] == "de"
