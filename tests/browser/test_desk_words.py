"""Words as they are said: highlighted, played from, followed; with real sound."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from speech_project.access import preferences
from speech_project.access.preferences import Preferences
from tests.browser.desk import Desk
from transcription.models import Job

WORD_MS = 800
# the words that are highlighted, and where they stand
PLAYING = """() => [...CSS.highlights.get("playing")].map((range) => {
  const place = range.startContainer.parentElement;
  const held = place.closest(".under") ? "box" : "text";
  return [String(range), place.closest(".seg")?.id.slice(1), held];
})"""


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    desk = Desk(page, heard(*(f"one{n} two{n} three{n} four{n}" for n in range(15))))
    for segment in desk.segments:
        words = enumerate(segment.text.split())
        at = segment.start_ms
        segment.words = [[w, at + WORD_MS * n, at + WORD_MS * (n + 1), 0.9] for n, w in words]
        segment.save()
    desk.visit()
    page.wait_for_function("() => document.querySelector('audio').readyState > 0")
    return desk


def seek(desk: Desk, ms: int) -> None:
    desk.page.evaluate("ms => { document.querySelector('audio').currentTime = ms / 1000 }", ms)


def slowly(desk: Desk) -> None:
    """What is said can be looked at while it is said."""
    desk.page.evaluate("document.querySelector('audio').playbackRate = 0.25")


def seconds(desk: Desk) -> float:
    return float(desk.page.evaluate("document.querySelector('audio').currentTime"))


def stands_still(desk: Desk) -> None:
    """Sound is sought, and not played: what is shown can be looked at."""
    desk.page.evaluate("HTMLMediaElement.prototype.play = async () => {}")


def highlighted(desk: Desk, word: str, index: int, where: str = "text") -> None:
    expected = [[word, str(desk.segments[index].pk), where]]
    desk.page.wait_for_function(
        f"expected => JSON.stringify(({PLAYING})()) === JSON.stringify(expected)", arg=expected
    )


def test_the_word_that_is_said_is_highlighted(desk: Desk) -> None:
    slowly(desk)
    seek(desk, 700)
    highlighted(desk, "one0", 0)
    desk.page.keyboard.press("Escape")
    highlighted(desk, "two0", 0)
    desk.page.keyboard.press("Escape")
    for ms, word, index in ((48_900, "two12", 12), (4100, "one1", 1)):
        seek(desk, ms)
        highlighted(desk, word, index)
    seek(desk, 3900)  # between two segments
    desk.page.wait_for_function("() => !CSS.highlights.get('playing').size")


def test_in_the_segment_that_is_corrected_too(desk: Desk) -> None:
    desk.open(1, at=0)
    desk.has_column(1)
    seek(desk, 4900)
    highlighted(desk, "two1", 1, "box")
    desk.page.keyboard.type("Well, ")
    desk.is_saved()  # which brings new times of its words
    seek(desk, 5700)
    highlighted(desk, "three1", 1, "box")
    desk.page.keyboard.press("Alt+PageDown")
    seek(desk, 4900)
    highlighted(desk, "two1", 1)


def test_ctrl_and_a_click_on_a_word_plays_from_it(desk: Desk) -> None:
    def on(word: str, index: int, where: str) -> None:
        box = (
            desk.segment(index)
            .locator(where)
            .evaluate(
                """(say, word) => {
              const node = say.firstChild;
              const range = document.createRange();
              range.setStart(node, node.data.indexOf(word));
              range.setEnd(node, node.data.indexOf(word) + word.length);
              const { x, y, width, height } = range.getBoundingClientRect();
              return { x: x + width / 2, y: y + height / 2 };
            }""",
                word,
            )
        )
        desk.page.keyboard.down("Control")
        desk.page.mouse.click(box["x"], box["y"])
        desk.page.keyboard.up("Control")

    slowly(desk)
    on("three2", 2, ".say")
    desk.page.wait_for_function("() => !document.querySelector('audio').paused")
    desk.page.wait_for_function("() => document.querySelector('audio').currentTime >= 9.6")
    assert seconds(desk) < 11
    expect(desk.page.locator("form.edit")).to_have_count(0)  # it is not opened
    desk.page.keyboard.press("Escape")
    stands_still(desk)
    desk.open(4)
    on("two4", 4, ".under")  # the box lies over it
    desk.page.wait_for_function("() => document.querySelector('audio').currentTime === 16.8")
    expect(desk.segment(4).locator("textarea")).to_be_focused()


def test_a_segment_is_played_again_and_again(desk: Desk) -> None:
    desk.open(2)
    desk.page.keyboard.press("Shift+F6")
    expect(desk.segment(2)).to_contain_class("looped")
    for _ in range(2):
        seek(desk, 11_300)  # it ends at 11.5 s
        desk.page.wait_for_function("() => document.querySelector('audio').currentTime < 10")
        assert seconds(desk) >= 8
    desk.page.keyboard.press("Shift+F6")
    expect(desk.segment(2)).not_to_contain_class("looped")
    seek(desk, 11_300)
    desk.page.wait_for_function("() => document.querySelector('audio').currentTime > 11.6")


def test_the_page_follows_the_words_until_the_reader_scrolls(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 420})
    back = desk.page.get_by_role("button", name="Back to what is playing")
    slowly(desk)
    seek(desk, 47_800)
    desk.page.keyboard.press("Escape")
    expect(desk.segment(11)).to_be_in_viewport()
    desk.page.mouse.move(400, 300)
    desk.page.mouse.wheel(0, -5000)
    expect(back).to_be_visible()
    expect(desk.segment(12)).to_contain_class("playing")
    expect(desk.segment(12)).not_to_be_in_viewport()
    desk.page.keyboard.press("Alt+End")
    expect(desk.segment(12)).to_be_in_viewport()
    expect(back).to_be_hidden()


def test_the_page_stays_where_one_types(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 420})
    box = desk.open(0)
    seek(desk, 47_900)
    desk.page.keyboard.press("Escape")
    expect(desk.segment(12)).to_contain_class("playing")
    expect(box).to_be_in_viewport()
    desk.page.keyboard.type("!")
    expect(box).to_have_value("one0 two0 three0 four0!")
    desk.page.keyboard.press("Alt+End")
    expect(desk.segment(12)).to_be_in_viewport()


@pytest.mark.parametrize(("step_ms", "plays_from"), [(0, 9.0), (4000, 5.0)])
def test_playing_on_steps_back_as_the_user_set_it(
    desk: Desk, reviewer: User, step_ms: int, plays_from: float
) -> None:
    preferences.write(reviewer.pk, preferences=Preferences(step_back_ms=step_ms, follow=False))
    desk.visit()
    stands_still(desk)
    desk.page.evaluate(
        """() => {  // playing, for as long as nobody pauses it
          const audio = document.querySelector("audio");
          let paused = false;
          Object.defineProperty(audio, "paused", { get: () => paused });
          audio.pause = () => { paused = true; };
        }"""
    )
    seek(desk, 9000)
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    assert seconds(desk) == pytest.approx(plays_from, abs=0.05)


def test_a_page_that_is_told_not_to_follow_stays(desk: Desk, reviewer: User) -> None:
    preferences.write(reviewer.pk, preferences=Preferences(follow=False))
    desk.page.set_viewport_size({"width": 1280, "height": 420})
    desk.visit()
    seek(desk, 47_900)
    desk.page.keyboard.press("Escape")
    expect(desk.segment(12)).to_contain_class("playing")
    expect(desk.segment(12)).not_to_be_in_viewport()
    expect(desk.segment(0)).to_be_in_viewport()
