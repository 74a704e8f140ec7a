"""Files from the menu, and subtitles as a browser itself reads them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import findings
from transcription.models import Job, Segment

READ_CUES = """address => new Promise((resolve, reject) => {
  const track = document.createElement("track");
  track.src = address;
  track.onload = () => resolve([...track.track.cues].map(
    cue => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent, cue.text]));
  track.onerror = reject;
  const video = document.createElement("video");
  video.append(track);
  document.body.append(video);
  track.track.mode = "hidden";
})"""


def test_a_file_is_downloaded_from_the_menu(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job("Good morning.", title="Ward round, 3 May")
    page.goto(f"/jobs/{job.pk}/")
    page.get_by_text("Export", exact=True).click()
    assert findings(page) == []
    with page.expect_download() as started:
        page.get_by_role("link", name="Text with times", exact=True).click()
    assert started.value.suggested_filename == "Ward round, 3 May.txt"
    assert started.value.path().read_text().endswith("[00:00:00] Good morning.\n")


def test_the_menu_stays_on_a_narrow_page(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job("Good morning.")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/jobs/{job.pk}/")
    page.get_by_text("Export", exact=True).click()
    box = page.get_by_role("link", name="Word").locator("..").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_a_browser_reads_the_subtitles(page: Page, make_job: Callable[..., Job]) -> None:
    texts = ["a < b & c --> d &amp; <b>", "NOTE nothing", "WEBVTT", "👩‍👩‍👧 مرحبا"]
    job = make_job(*texts)
    Segment.objects.update(speaker="A > B & <C>\nD")
    page.goto(f"/jobs/{job.pk}/")
    expect(page.get_by_text("Export", exact=True)).to_be_visible()
    cues = page.evaluate(READ_CUES, f"/jobs/{job.pk}/export.vtt")
    assert [text for _, _, text, _ in cues] == texts
    assert [(start, end) for start, end, _, _ in cues][:2] == [(0, 3.5), (4, 7.5)]
    assert all(raw.startswith("<v A &gt; B &amp; &lt;C&gt; D>") for *_, raw in cues)
