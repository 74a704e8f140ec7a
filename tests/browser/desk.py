"""The desk as a reviewer sees it, in words that tests can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from transcription.models import Job, Segment

SHOWN = """[...document.querySelectorAll(".seg")].map(
  (seg) => seg.querySelector("textarea")?.value ?? seg.querySelector(".say").textContent)"""
SAVE_AFTER_MS = 600  # without a key
RETRY_AFTER_MS = 3500  # and longer than that


class Desk:
    def __init__(self, page: Page, job: Job, *, hurried: bool = False) -> None:
        """At a `hurried` one nobody waits for pauses: time passes when tests say so, too."""
        self.page = page
        self.job = job
        self.hurried = hurried
        if hurried:
            page.clock.install()
        self.segments = list(Segment.objects.filter(job=job).order_by("position"))
        self.box = page.locator(".seg.on textarea:focus")
        self.state = page.locator("#state")

    def visit(self) -> Desk:
        self.page.goto(f"/review/{self.job.pk}/")
        self.is_ready()
        return self

    def is_ready(self) -> None:
        """The script is at work: clicks before that are lost."""
        self.page.wait_for_function("() => document.getElementById('state')?.textContent.trim()")

    def segment(self, index: int) -> Locator:
        return self.page.locator(f"#s{self.segments[index].pk}")

    def open(self, index: int, at: int | None = None) -> Locator:
        """Click into a segment; the caret goes to its end, or to this place."""
        self.segment(index).locator(".say").click()
        box = self.segment(index).locator("textarea")
        expect(box).to_be_focused()
        self.page.keyboard.press("Control+End")
        if at is not None:
            box.evaluate("(box, at) => box.setSelectionRange(at, at)", at)
        return box

    def has_column(self, index: int) -> None:
        """What is beside the text tells of this segment."""
        script = "pk => document.querySelector('#detail [data-segment]')?.dataset.segment === pk"
        self.page.wait_for_function(script, arg=str(self.segments[index].pk))

    def shows(self, *texts: str) -> None:
        """The segments on the page, those that are being edited too."""
        try:
            self.page.wait_for_function(
                f"texts => JSON.stringify({SHOWN}) === JSON.stringify(texts)", arg=list(texts)
            )
        except PlaywrightTimeout:
            raise AssertionError(f"{self.page.evaluate(SHOWN)} are shown") from None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """For the page no time passes meanwhile, however slow the machine is."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 1)
        yield
        self.page.clock.resume()

    def comes_to(self, check: Callable[[], bool]) -> None:
        """For what is seen in the database only."""
        for _ in range(1000):
            if check():
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("It did not come to that.")

    def stored(self, index: int) -> Segment:
        return Segment.objects.get(pk=self.segments[index].pk)

    @property
    def live(self) -> list[Segment]:
        """As they are in the database now."""
        return list(Segment.objects.filter(job=self.job, retired_at=None).order_by("position"))

    @property
    def texts(self) -> list[str]:
        return [segment.text for segment in self.live]

    def reread(self) -> None:
        """Count the segments anew, after a split or a merger."""
        self.segments = self.live

    def says(self, state: str) -> None:
        """Beside the title, about what is saved; a regular expression. Looked at in each frame,
        where `expect` would come back after a second; a page that is being left has no state."""
        script = "text => new RegExp(text).test(document.getElementById('state')?.textContent)"
        try:
            self.page.wait_for_function(script, arg=state)
        except PlaywrightTimeout:
            raise AssertionError(f"It says {self.state.text_content()!r}") from None

    def is_saved(self) -> None:
        if self.hurried:
            self.pauses()
        self.says(r"^Saved \d")

    def pauses(self) -> None:
        """The reviewer does, for as long as it takes until text is saved."""
        self.page.clock.fast_forward(SAVE_AFTER_MS)

    def address(self, index: int, what: str) -> str:
        return f"**/segments/{self.segments[index].pk}/{what}/"

    def save_address(self, index: int) -> str:
        return self.address(index, "save")


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
