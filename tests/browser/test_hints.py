"""What the engine was told of the lexicon, and the form's wishes about it, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import findings
from transcription.models import Attempt, Job

HINTS = {
    "as": "keywords",
    "sent": [[1, "Ozempic"], [2, "पैरासिटामोल"], [3, "Monro Inc"]],
    "left_out": {
        "budget": {"count": 1234, "terms": [f"Filler {n}" for n in range(50)]},
        "language": {"count": 2, "terms": ["Schmerz", "Kopfweh"]},
    },
}


def test_the_terms_are_found_from_the_recordings_page(
    page: Page, make_job: Callable[..., Job]
) -> None:
    job = make_job("text", title="A visit")
    request = {"audio_ms": 1, "languages": [], "prompt": "", "hints": HINTS}
    chunk = job.chunks.get()
    Attempt.objects.create(chunk=chunk, model="x", request=request, started_at=timezone.now())
    page.goto(job.get_absolute_url())
    page.get_by_role("link", name="What the engine was told").click()
    expect(page.get_by_role("cell", name="Ozempic")).to_be_visible()
    left = page.locator("details", has_text="another language")
    expect(left.get_by_text("Schmerz")).to_be_hidden()
    left.locator("summary").press("Enter")
    expect(left.get_by_text("Schmerz")).to_be_visible()
    assert not findings(page)
    page.get_by_role("link", name="A visit").click()
    expect(page.get_by_role("heading", name="A visit")).to_be_visible()


def test_what_is_ticked_goes_with_the_upload(page: Page, short_clip: Path) -> None:
    page.goto("/")
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_label("Do not tell the engine")).not_to_be_checked()
    page.get_by_label("Do not tell the engine").check()
    page.get_by_label("Listen twice").check()
    page.get_by_label("Write terms in their own script").check()
    assert not findings(page)
    page.locator("input[type=file]").set_input_files(short_clip)
    expect(page.get_by_role("link", name=short_clip.stem)).to_be_visible()
    wished = {"hints": False, "second_look": True, "own_script": True}
    assert Job.objects.get().options.items() >= wished.items()
