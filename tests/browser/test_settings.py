"""The settings page by keyboard: keys are recorded as they are pressed, and told where they cannot
be had."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Locator, Page, expect

from speech_project.access import preferences
from speech_project.access.preferences import Own, Preferences
from tests.browser.conftest import Complaints, script_runs
from tests.browser.test_accessibility import findings

ACCEPT, FIND, MARK = "Accept the segment, go to the next", "Find and replace", "Next mark"


@pytest.fixture
def settings_page(page: Page) -> Page:
    page.goto("/settings/")
    return page


def field(page: Page, action: str) -> Locator:
    return page.get_by_label(action, exact=True)


def error(page: Page, name: str) -> Locator:
    return page.locator(f"#key-{name}-error")


def press(page: Page, action: str, key: str) -> Locator:
    found = field(page, action)
    found.focus()
    page.keyboard.press(key)
    return found


def send(found: Locator, key: str, code: str, **held: bool) -> None:
    """A key of a keyboard that Playwright does not have."""
    found.dispatch_event(
        "keydown", {"key": key, "code": code, "bubbles": True, "cancelable": True} | held
    )


@pytest.mark.parametrize(
    ("pressed", "name"),
    [
        ("F9", "F9"),
        ("Escape", "Escape"),
        ("Alt+PageDown", "Alt+PageDown"),
        ("Control+g", "Ctrl+G"),
        ("Control+Shift+Y", "Ctrl+Shift+Y"),
        ("Control+Alt+Shift+F2", "Ctrl+Alt+Shift+F2"),
        ("Control+Shift+Space", "Ctrl+Shift+Space"),
        ("Meta+k", "Meta+K"),
    ],
)
def test_pressed_keys_are_written_as_they_are_stored(
    settings_page: Page, pressed: str, name: str
) -> None:
    expect(press(settings_page, ACCEPT, pressed)).to_have_value(name)
    expect(settings_page.get_by_role("status")).to_contain_text(name)


@pytest.mark.parametrize("pressed", ["Backspace", "Delete"])
def test_a_field_can_be_emptied(settings_page: Page, pressed: str) -> None:
    expect(press(settings_page, ACCEPT, pressed)).to_have_value("")
    expect(settings_page.get_by_role("status")).to_contain_text("No key")
    expect(settings_page.get_by_text("at first: Ctrl+Enter")).to_be_visible()


def test_keys_of_other_keyboards_are_named_by_their_place(settings_page: Page) -> None:
    find = field(settings_page, FIND)
    find.focus()
    send(find, "п", "KeyG", ctrlKey=True)
    expect(find).to_have_value("Ctrl+G")
    send(find, "ö", "Semicolon", ctrlKey=True)
    expect(find).to_have_value("Ctrl+Ö")


def test_what_an_input_method_takes_is_not_recorded(settings_page: Page) -> None:
    find = field(settings_page, FIND)
    find.focus()
    send(find, "F9", "F9", isComposing=True)
    send(find, "Process", "KeyK", ctrlKey=True)
    send(find, "Shift", "ShiftLeft", shiftKey=True)
    expect(find).to_have_value("Ctrl+H")
    session = settings_page.context.new_cdp_session(settings_page)
    session.send("Input.imeSetComposition", {"text": "か", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.insertText", {"text": "か"})
    expect(find).to_have_value("Ctrl+H")
    expect(settings_page.get_by_role("status")).to_contain_text("input method")


@pytest.mark.parametrize(
    ("pressed", "why"),
    [
        ("a", "A types a character"),
        ("Alt+l", "Alt+L types a character"),
        ("F5", "F5 belongs to the browser"),
        ("Control+1", "Ctrl+1 belongs to the browser"),
        ("ArrowLeft", "ArrowLeft is needed for writing"),
        ("Control+Space", "Ctrl+Space always plays and pauses"),
    ],
)
def test_keys_that_cannot_be_had_are_told_at_once(
    settings_page: Page, pressed: str, why: str
) -> None:
    accept = press(settings_page, ACCEPT, pressed)
    expect(accept).to_have_value("Ctrl+Enter")
    expect(error(settings_page, "accept")).to_contain_text(why)
    expect(settings_page.get_by_role("status")).to_contain_text(why)
    expect(press(settings_page, ACCEPT, "Alt+Insert")).to_have_value("Alt+Insert")
    expect(error(settings_page, "accept")).to_be_hidden()


def test_one_key_for_two_is_told_at_both_until_one_has_another(settings_page: Page) -> None:
    accept = press(settings_page, ACCEPT, "F8")
    expect(error(settings_page, "accept")).to_contain_text("also the key of “next mark”")
    expect(error(settings_page, "next_mark")).to_contain_text("also the key of “accept")
    expect(accept).to_have_attribute("aria-invalid", "true")
    expect(settings_page.get_by_role("status")).to_contain_text("also the key of “next mark”")
    assert not findings(settings_page)
    press(settings_page, MARK, "Alt+Insert")
    expect(error(settings_page, "accept")).to_be_hidden()
    expect(error(settings_page, "next_mark")).to_be_hidden()
    expect(accept).not_to_have_attribute("aria-invalid", "true")


def test_all_of_it_by_keyboard(page: Page, reviewer: User) -> None:
    page.goto("/")
    page.get_by_text("rita", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    script_runs(page)
    page.get_by_label("step back").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0.5")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("dark")
    page.keyboard.press("Tab")
    expect(field(page, "Play, pause")).to_be_focused()
    page.keyboard.press("Alt+Insert")
    page.keyboard.press("Tab")
    expect(field(page, "Back 1.5 s")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(field(page, "Play, pause")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(field(page, "Play, pause")).to_have_value("Alt+Insert")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert preferences.read(reviewer.pk) == Own(
        {"play": "Alt+Insert"}, Preferences(500, follow=False, theme="dark")
    )
    page.get_by_role("button", name="Restore the default keys").press("Enter")
    expect(field(page, "Play, pause")).to_have_value("Escape")


def test_what_the_server_refuses_is_shown_at_the_field(
    settings_page: Page, complaints: Complaints
) -> None:
    complaints.expected = ["422"]
    find = field(settings_page, FIND)
    find.evaluate("field => field.value = 'Hyper+K'")
    settings_page.get_by_role("button", name="Save").click()
    expect(settings_page.get_by_role("alert")).to_contain_text("1 field needs another look")
    expect(error(settings_page, "find")).to_contain_text("“Hyper+K” is not a key")
    expect(find).to_be_focused()
    press(settings_page, MARK, "Alt+Insert")
    expect(error(settings_page, "find")).to_be_visible()
    press(settings_page, FIND, "Alt+Home")
    expect(error(settings_page, "find")).to_be_hidden()
    settings_page.get_by_role("button", name="Save").click()
    expect(settings_page.get_by_text("Saved.")).to_be_visible()


@pytest.mark.parametrize(
    ("theme", "paper"), [("dark", "rgb(22, 23, 26)"), ("light", "rgb(251, 250, 248)")]
)
def test_chosen_colours_hold_whatever_the_system_says(
    page: Page, reviewer: User, theme: str, paper: str
) -> None:
    preferences.write(reviewer.pk, preferences=Preferences(theme=theme))
    page.goto("/settings/")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body")).to_have_css("background-color", paper)


def test_no_serious_finding(settings_page: Page) -> None:
    assert not findings(settings_page)


def test_without_the_script_names_are_typed(
    new_context: Callable[..., BrowserContext], reviewer: User, complaints: Complaints
) -> None:
    complaints.expected = ["422"]
    page = new_context(reviewer, java_script_enabled=False).new_page()
    page.goto("/settings/")
    field(page, ACCEPT).fill("alt+pgdn")
    page.get_by_role("button", name="Save").click()
    expect(error(page, "next")).to_contain_text("Alt+PageDown is also the key of")
    field(page, ACCEPT).fill("ctrl + k")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(field(page, ACCEPT)).to_have_value("Ctrl+K")
