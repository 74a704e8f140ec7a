"""The desk as a reviewer sees it, in words that tests can use."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from transcription.models import Job, Segment


class Desk:
    def __init__(self, page: Page, job: Job) -> None:
        self.page = page
        self.job = job
        self.segments = list(Segment.objects.filter(job=job).order_by("position"))
        self.box = page.locator(".seg.on textarea:focus")
        self.state = page.locator("#state")

    def visit(self) -> Desk:
        self.page.goto(f"/review/{self.job.pk}/")
        self.is_ready()
        return self

    def is_ready(self) -> None:
        """The script is at work: clicks before that are lost."""
        expect(self.state).to_have_text(re.compile(r"\w"))

    def segment(self, index: int) -> Locator:
        return self.page.locator(f"#s{self.segments[index].pk}")

    def open(self, index: int) -> Locator:
        """Click into a segment; the caret goes to its end."""
        self.segment(index).locator(".say").click()
        box = self.segment(index).locator("textarea")
        expect(box).to_be_focused()
        self.page.keyboard.press("Control+End")
        return box

    def stored(self, index: int) -> Segment:
        return Segment.objects.get(pk=self.segments[index].pk)

    def is_saved(self) -> None:
        expect(self.state).to_have_text(re.compile(r"^Saved \d"))

    def save_address(self, index: int) -> str:
        return f"**/segments/{self.segments[index].pk}/save/"


class Gate:
    """Holds requests back until told: the network as it is on a bad day."""

    def __init__(self, page: Page, address: str) -> None:
        self.held: list[Any] = []
        self.shut = True
        page.route(address, self._arrived)

    def _arrived(self, route: Any) -> None:
        if self.shut:
            self.held.append(route)
        else:
            route.continue_()

    def open(self) -> None:
        self.shut = False
        for route in self.held:
            route.continue_()
        self.held.clear()
