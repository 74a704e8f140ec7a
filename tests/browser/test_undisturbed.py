"""The desk shows, edits and saves every script byte for byte."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.desk import Desk
from tests.odd_texts import NASTY
from tests.switching import tag
from transcription.models import Job


def test_what_is_not_touched_stays(page: Page, heard: Callable[..., Job]) -> None:
    job = tag(heard(*NASTY.values()), "en", "ar", "hi", "zh")
    desk = Desk(page, job).visit()
    for at, text in enumerate(NASTY.values()):
        said: str = desk.segment(at).locator(".say").evaluate("node => node.textContent")
        assert said == text
        box = desk.open(0) if at == 0 else desk.segment(at).locator("textarea")
        value: str = box.evaluate("box => box.value")
        assert value == text
        page.keyboard.press("End" if "\n" in text else "Control+End")
        page.keyboard.type(" x")
        page.keyboard.press("Alt+PageDown")
        desk.is_saved()
        assert desk.stored(at).text == f"{text} x"
        assert desk.stored(at).engine_text == text
