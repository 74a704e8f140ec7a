"""Hearing what one reads: playing, seeking, and following along, with real sound."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.desk import Desk
from transcription import audio, recordings
from transcription.models import Job

# the tallest bar is more than the line that stands there without a waveform
DRAWN = """() => {
  const canvas = document.querySelector(".wave canvas");
  const { width } = canvas;
  return canvas.getContext("2d").getImageData(0, 12, width, 1).data.some((v, i) => i > 4 * 9 && v);
}"""


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    desk = Desk(page, heard(*(f"what was said, part {index}" for index in range(15)))).visit()
    ready = "() => document.querySelector('audio').readyState > 0"
    page.wait_for_function(ready)
    return desk


def seconds(desk: Desk) -> float:
    return desk.page.evaluate("document.querySelector('audio').currentTime")


def reaches(desk: Desk, least: float) -> None:
    desk.page.wait_for_function(
        "least => document.querySelector('audio').currentTime >= least", arg=least
    )


def test_play_and_pause_by_key_and_button(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("button", name="Pause")).to_be_visible()
    reaches(desk, 0.3)
    desk.page.keyboard.press("Escape")
    play = desk.page.get_by_role("button", name="Play")
    expect(play).to_be_visible()
    expect(desk.box).to_be_focused()
    play.click()
    expect(desk.page.get_by_role("button", name="Pause")).to_be_visible()
    desk.page.keyboard.press("Control+Space")
    expect(play).to_be_visible()


def test_playing_goes_on_a_little_before_where_it_stopped(desk: Desk) -> None:
    desk.segment(2).locator(".time").click()
    reaches(desk, 8.2)
    desk.page.keyboard.press("Escape")
    stopped = seconds(desk)
    desk.page.evaluate("HTMLMediaElement.prototype.play = async () => {}")  # only where it starts
    desk.page.keyboard.press("Escape")
    assert seconds(desk) == pytest.approx(stopped - 1.5, abs=0.05)


def test_a_click_on_a_time_plays_from_there(desk: Desk) -> None:
    desk.page.evaluate("HTMLMediaElement.prototype.play = async () => {}")
    desk.segment(12).locator(".time").click()
    desk.page.wait_for_function("() => !document.querySelector('audio').seeking")
    assert seconds(desk) == pytest.approx(48, abs=0.3)
    expect(desk.segment(12)).to_contain_class("playing")
    expect(desk.page.locator("#now")).to_have_text("00:48.0")


def test_a_click_on_the_waveform_seeks(desk: Desk) -> None:
    wave = desk.page.get_by_role("slider", name="Position")
    box = wave.bounding_box()
    assert box is not None
    wave.click(position={"x": box["width"] / 2, "y": 10})
    assert seconds(desk) == pytest.approx(30.5, abs=0.3)
    wave.press("ArrowRight")
    assert seconds(desk) == pytest.approx(32, abs=0.3)
    wave.press("Home")
    assert seconds(desk) == 0
    desk.page.wait_for_function(DRAWN)


def bars(desk: Desk) -> list[int]:
    """How tall the waveform is drawn, in each column of the canvas."""
    return desk.page.locator(".wave canvas").evaluate(
        """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const tall = (x) => {
            let count = 0;
            for (let y = 0; y < height; y += 1) count += data[4 * (y * width + x) + 3] > 127;
            return count;
          };
          return Array.from({ length: width }, (_, x) => tall(x));
        }"""
    )


@pytest.mark.parametrize("scale", [1, 2])
def test_as_many_bars_are_fetched_as_can_be_seen_and_stand_where_the_sound_is(
    new_context: Callable[..., BrowserContext],
    heard: Callable[..., Job],
    reviewer: User,
    complaints: Complaints,
    scale: int,
) -> None:
    complaints.expected = ["willReadFrequently"]  # of this test's own looking
    peaks = audio.Peaks()
    for second in range(61):  # only the last third is loud
        peaks.feed(np.full(audio.SAMPLE_RATE, 30_000 if second > 40 else 0, np.int16))
    name = recordings.save(f"of-tests/{scale}.bin", peaks.to_bytes())
    page = new_context(reviewer, device_scale_factor=scale).new_page()
    with page.expect_response("**/peaks/**") as asked:
        desk = Desk(page, heard("text", peaks_file=name)).visit()
    width = page.locator(".wave").bounding_box()["width"]  # type: ignore[index]
    assert asked.value.url.endswith(f"?buckets={math.ceil(width * scale)}")
    page.wait_for_function(DRAWN)
    drawn = bars(desk)
    third = len(drawn) // 3
    assert max(drawn[9 : 2 * third - 9]) < 10 * scale
    assert max(drawn[2 * third + 9 :]) > 40 * scale


def test_back_and_forward_while_typing(desk: Desk) -> None:
    desk.open(0)
    desk.page.keyboard.press("F2")
    desk.page.keyboard.press("F2")
    assert seconds(desk) == pytest.approx(3, abs=0.05)
    desk.page.keyboard.press("F1")
    assert seconds(desk) == pytest.approx(1.5, abs=0.05)
    expect(desk.box).to_have_value("what was said, part 0")


def test_the_speed_is_remembered(desk: Desk) -> None:
    speed = desk.page.locator("#speed")
    for _ in range(3):
        desk.page.keyboard.press("F4")
    expect(speed).to_have_text("1.375×")
    desk.page.keyboard.press("F3")
    expect(speed).to_have_text("1.25×")
    desk.visit()
    expect(speed).to_have_text("1.25×")
    assert desk.page.evaluate("document.querySelector('audio').playbackRate") == 1.25
    speed.click()
    expect(speed).to_have_text("1×")


def test_what_plays_is_highlighted_and_the_next_after_it(desk: Desk) -> None:
    desk.page.evaluate("document.querySelector('audio').currentTime = 3.4")
    expect(desk.segment(0)).to_contain_class("playing")
    desk.page.keyboard.press("Escape")
    expect(desk.segment(1)).to_contain_class("playing")
    expect(desk.page.locator(".seg.playing")).to_have_count(1)


def test_the_page_follows_until_the_reader_scrolls(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 420})
    back = desk.page.get_by_role("button", name="Back to what is playing")
    desk.page.evaluate(
        "Object.assign(document.querySelector('audio'), { currentTime: 47.8, playbackRate: 0.25 })"
    )
    desk.page.keyboard.press("Escape")
    expect(desk.segment(11)).to_be_in_viewport()
    desk.page.mouse.move(400, 300)
    desk.page.mouse.wheel(0, -5000)
    expect(back).to_be_visible()
    expect(desk.segment(12)).to_contain_class("playing")
    expect(desk.segment(12)).not_to_be_in_viewport()
    back.click()
    expect(desk.segment(12)).to_be_in_viewport()
    expect(back).to_be_hidden()


def test_replaying_the_segment_in_focus(desk: Desk) -> None:
    desk.open(3)
    desk.page.evaluate("HTMLMediaElement.prototype.play = async () => {}")
    desk.page.keyboard.press("F6")
    assert seconds(desk) == pytest.approx(12, abs=0.05)


def test_sound_that_cannot_be_played_leaves_the_text_at_work(
    page: Page, heard: Callable[..., Job], complaints: object
) -> None:
    complaints.expected = ["404"]  # type: ignore[attr-defined]
    job = heard("one dose", playback_file="of-tests/gone.mp3", peaks_file="of-tests/gone.bin")
    desk = Desk(page, job).visit()
    expect(page.locator("#now")).to_have_text("no sound")
    desk.open(0)
    page.keyboard.type("!")
    desk.is_saved()
