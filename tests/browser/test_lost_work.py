"""Whatever happens, what was typed is stored, or is shown as not stored: networks, servers, tabs,
sessions and other people fail in the middle of things."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from playwright.sync_api import BrowserContext, Page, Route, expect

from feedback.models import Presence, Revision
from feedback.restructuring import split_segment
from feedback.saving import Save, save_segment
from tests.browser.conftest import Complaints, log_in
from tests.browser.desk import RETRY_AFTER_MS, Desk, Gate
from tests.conftest import running
from transcription import pipeline
from transcription.models import Chunk, Job, Segment
from transcription.services import rerun_job, retry_job

TEXTS = ("one dose daily", "two doses weekly", "three doses monthly")
CUT = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "htmx:"]
CONFLICT = ["409 (Conflict)", "Response Status Error Code 409"]
TRYING = "Not saved: no connection, trying again"
PATIENCE_S = 60


@pytest.fixture
def desk(page: Page, heard: Callable[..., Job]) -> Desk:
    return Desk(page, heard(*TEXTS), hurried=True).visit()


def saved_by(user: User, desk: Desk, index: int, text: str) -> None:
    save_segment(user, desk.job, desk.segments[index].pk, Save(text, desk.stored(index).version))


def kept(page: Page) -> list[str]:
    """The texts that the browser keeps until the server has them."""
    values = page.evaluate("() => Object.values(localStorage).map(JSON.parse)")
    return sorted(value["text"] for value in values if isinstance(value, dict))


def another_tab(desk: Desk) -> Desk:
    return Desk(desk.page.context.new_page(), desk.job, hurried=True).visit()


# --- The server


class Server:
    """A real one, on the test database."""

    def __init__(self, stack: ExitStack) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.stack = stack
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        arguments = ("--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread")
        process = running("-m", "gunicorn", "speech_project.wsgi", *arguments, "--threads", "8")
        self.process = self.stack.enter_context(process)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        raise AssertionError("The server did not start.")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    with ExitStack() as stack:
        found = Server(stack)
        found.start()
        yield found
        found.kill()


def wait_for_locks(count: int) -> None:
    """Until so many requests wait for a lock in the database."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] == count:
                return
        time.sleep(0.02)
    raise AssertionError(f"{count} requests did not come to wait.")


def test_the_server_is_killed_in_the_middle_of_a_save_and_a_split(
    new_context: Callable[..., BrowserContext],
    reviewer: User,
    heard: Callable[..., Job],
    server: Server,
    complaints: Complaints,
) -> None:
    complaints.expected = CUT
    context = new_context(base_url=server.url)
    log_in(context, server.url, reviewer)
    page = context.new_page()
    desk = Desk(page, heard(*TEXTS), hurried=True).visit()
    desk.open(0)
    desk.has_column(0)
    with transaction.atomic():
        Job.objects.select_for_update().get()  # what each of them waits for
        page.keyboard.type(", before")
        page.keyboard.press("Alt+PageDown")
        page.keyboard.press("Home")
        page.keyboard.press("Control+ArrowRight")
        page.keyboard.press("Enter")
        page.keyboard.type("or three ")
        desk.says("Saving…")
        wait_for_locks(2)
        server.kill()
    desk.says(TRYING)
    page.keyboard.type("big ")
    assert desk.texts == list(TEXTS)
    server.start()
    page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    expected = ["one dose daily, before", "two", "or three big doses weekly", TEXTS[2]]
    desk.shows(*expected)
    assert desk.texts == expected
    assert desk.stored(0).version == 2
    assert kept(page) == []


def cut(desk: Desk, address: str, *, done: bool) -> None:
    """Lose the first request there, or with `done` only its answer."""

    def lose(route: Route) -> None:
        if done:
            route.fetch()
        route.abort()

    desk.page.route(address, lose, times=1)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_the_network_is_cut_during_a_split(
    desk: Desk, complaints: Complaints, *, done: bool
) -> None:
    complaints.expected = CUT
    desk.open(1, at=9)
    cut(desk, desk.address(1, "save"), done=done)
    cut(desk, desk.address(1, "split"), done=done)
    desk.page.keyboard.type("!")
    desk.pauses()
    desk.says(TRYING)  # and whether that was saved nobody knows
    desk.page.keyboard.type("!")
    with desk.page.expect_event("requestfailed", lambda sent: sent.url.endswith("/split/")):
        desk.page.keyboard.press("Enter")
        desk.page.keyboard.type("only ")
    desk.says(TRYING)
    assert kept(desk.page) == ["two doses!! only weekly"]
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    expected = [TEXTS[0], "two doses!!", "only weekly", TEXTS[2]]
    desk.shows(*expected)
    assert desk.texts == expected
    assert kept(desk.page) == []


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_the_network_is_cut_during_a_merger(
    desk: Desk, complaints: Complaints, *, done: bool
) -> None:
    complaints.expected = CUT
    cut(desk, desk.address(1, "merge"), done=done)
    desk.open(1, at=0)
    desk.page.keyboard.press("Backspace")
    desk.says(TRYING)
    desk.page.keyboard.type("or ")
    assert kept(desk.page) == ["or two doses weekly"]
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    expected = ["one dose daily or two doses weekly", TEXTS[2]]
    desk.shows(*expected)
    assert desk.texts == expected
    assert kept(desk.page) == []


def test_logged_out_during_a_split(desk: Desk, reviewer: User) -> None:
    desk.open(1, at=9)
    desk.has_column(1)
    Session.objects.all().delete()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("only ")
    desk.says("Not saved: log in again")
    assert desk.texts == list(TEXTS)
    log_in(desk.page.context, desk.page.url, reviewer)
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.is_saved()
    assert desk.texts == [TEXTS[0], "two doses", "only weekly", TEXTS[2]]


# --- Typing at speed, while a split or a merger is under way


@pytest.fixture
def gate(desk: Desk) -> Gate:
    """Nothing but saves gets through."""
    return Gate(desk.page, "**/segments/*/{split,merge,insert}/")


def test_keys_after_enter_belong_to_the_second_part(desk: Desk, gate: Gate) -> None:
    desk.open(1, at=9)
    desk.page.keyboard.type("!")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("at first ")
    desk.page.keyboard.press("Enter")  # again, before the first is done
    desk.page.keyboard.type("then ")
    desk.says("Saving…")
    gate.open()
    desk.shows(TEXTS[0], "two doses!", "at first", "then weekly", TEXTS[2])
    desk.page.keyboard.type("on ")  # the caret stayed
    desk.is_saved()
    assert desk.texts == [TEXTS[0], "two doses!", "at first", "then on weekly", TEXTS[2]]


def test_a_split_that_is_deleted_again_at_once(
    desk: Desk, gate: Gate, complaints: Complaints
) -> None:
    complaints.expected = ["404", "htmx"]  # the second part is gone before all of it is told
    desk.open(1, at=10)
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Backspace")
    desk.page.keyboard.type("only ")
    gate.open()
    desk.shows(TEXTS[0], "two doses only weekly", TEXTS[2])
    desk.is_saved()
    assert desk.texts == [TEXTS[0], "two doses only weekly", TEXTS[2]]


def test_who_has_moved_on_is_not_called_back(desk: Desk, gate: Gate) -> None:
    desk.open(1, at=9)
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("only ")
    desk.page.keyboard.press("Control+Enter")  # of the second part
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.type(" or")
    gate.open()
    desk.shows(TEXTS[0], "two doses", "only weekly", "three doses monthly or")
    desk.page.keyboard.type(" so")
    desk.is_saved()
    expected = [TEXTS[0], "two doses", "only weekly", "three doses monthly or so"]
    assert desk.texts == expected
    assert [segment.accepted for segment in desk.live] == [False, False, True, False]
    expect(desk.segment(2).locator("textarea")).to_be_focused()


def test_keys_after_backspace_and_after_one_more_segment(desk: Desk, gate: Gate) -> None:
    desk.open(1, at=0)
    desk.page.keyboard.press("Backspace")
    desk.page.keyboard.type("and ")
    desk.page.keyboard.press("Shift+F7")  # what cannot be done now is told, and not forgotten
    expect(desk.page.locator("#told")).to_contain_text("One moment")
    gate.open()
    desk.shows("one dose daily and two doses weekly", TEXTS[2])
    desk.page.keyboard.type("then ")
    desk.is_saved()
    gate.shut = True
    desk.page.keyboard.press("Alt+Enter")
    desk.page.keyboard.type("one more")
    gate.open()
    desk.shows("one dose daily and then two doses weekly", "one more", TEXTS[2])
    desk.page.keyboard.type("!")
    desk.is_saved()
    assert desk.texts == ["one dose daily and then two doses weekly", "one more!", TEXTS[2]]


def test_text_in_a_segment_that_goes_is_shown(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = CUT
    gate = Gate(desk.page, desk.address(1, "merge"))
    desk.page.route("**/save/", lambda route: route.abort())
    desk.open(1, at=0)
    desk.page.keyboard.press("Backspace")
    desk.page.keyboard.press("Alt+PageUp")
    desk.page.keyboard.type(", at noon")  # into what is being merged
    desk.says(TRYING)
    gate.open()
    desk.shows("one dose daily two doses weekly", TEXTS[2])
    left = desk.page.get_by_label("Text that was not saved")
    expect(left).to_have_value("one dose daily, at noon")
    assert kept(desk.page) == ["one dose daily, at noon"]

    desk.reread()
    desk.open(0)
    desk.has_column(0)
    desk.page.keyboard.type("!")
    desk.says(TRYING)
    desk.page.get_by_role("button", name="Take back").click()
    expect(desk.page.locator("#told")).to_have_text("Save the text first.")
    expect(desk.box).to_have_value("one dose daily two doses weekly!")


def test_an_input_method_has_its_keys_to_itself(desk: Desk) -> None:
    box = desk.open(1, at=0)
    composing = {"isComposing": True, "bubbles": True, "cancelable": True}
    keyboard = desk.page.context.new_cdp_session(desk.page)
    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 0, "selectionEnd": 0})
    asked: list[str] = []
    desk.page.on("request", lambda sent: asked.append(sent.url) if sent.method == "POST" else None)
    for key in ("Enter", "Backspace", "F9"):
        box.dispatch_event("keydown", {"key": key, **composing})
    desk.page.clock.fast_forward(5000)
    assert not [url for url in asked if "/segments/" in url]
    keyboard.send("Input.insertText", {"text": "日本 "})
    desk.page.keyboard.press("Enter")
    desk.shows(TEXTS[0], "日本", "two doses weekly", TEXTS[2])
    desk.is_saved()
    assert desk.texts == [TEXTS[0], "日本", "two doses weekly", TEXTS[2]]


# --- Undo


def test_the_browsers_undo_is_not_letter_by_letter(desk: Desk) -> None:
    def press_twice(key: str) -> None:  # saying that it is not saved may come in between
        desk.page.keyboard.press(key)
        desk.page.keyboard.press(key)

    box = desk.open(0)
    desk.has_column(0)
    desk.page.keyboard.press("Escape")  # also while it plays
    desk.page.keyboard.type(", after the meal")
    press_twice("Control+z")
    expect(box).to_have_value(TEXTS[0])
    press_twice("Control+Shift+z")
    expect(box).to_have_value("one dose daily, after the meal")
    desk.is_saved()
    press_twice("Control+z")
    desk.is_saved()
    assert desk.texts[0] == TEXTS[0]


def test_back_through_the_history_and_forth(desk: Desk, colleague: User) -> None:
    saved_by(colleague, desk, 0, "one dose hourly")
    desk.visit()
    box = desk.open(0)
    desk.page.keyboard.type("!")
    desk.is_saved()
    desk.page.keyboard.type("!")
    for text in ("one dose hourly", "one dose daily", "one dose daily"):
        desk.page.keyboard.press("Alt+ArrowUp")
        expect(box).to_have_value(text)
    expect(desk.page.locator("#told")).to_have_text("There is no text before this one.")
    desk.is_saved()
    assert desk.texts[0] == "one dose daily"
    for text in ("one dose hourly", "one dose hourly!!", "one dose hourly!!"):
        desk.page.keyboard.press("Alt+ArrowDown")
        expect(box).to_have_value(text)
    expect(desk.page.locator("#told")).to_have_text("There is no text after this one.")
    desk.page.keyboard.press("Alt+ArrowUp")
    expect(box).to_have_value("one dose hourly")
    desk.page.keyboard.type("?")
    desk.page.keyboard.press("Alt+ArrowDown")  # what was typed since stays
    expect(box).to_have_value("one dose hourly?")
    desk.is_saved()
    assert desk.texts[0] == "one dose hourly?"


# --- Tabs


def crash(desk: Desk, text: str) -> Desk:
    """Close the tab without a word, as soon as the browser has what it keeps; open another."""
    other = desk.page.context.new_page()
    other.goto("/settings/")
    other.wait_for_function(
        "text => Object.values(localStorage).some((value) => value.includes(text))", arg=text
    )
    desk.page.close()
    return Desk(other, desk.job, hurried=True).visit()


def test_the_tab_crashes_during_a_save(desk: Desk) -> None:
    """The server has it, the answer never came, and more was typed."""
    desk.page.route(desk.save_address(0), lambda route: route.fetch())
    desk.open(0)
    desk.page.keyboard.type(" a")
    desk.says("Saving…")
    desk.comes_to(lambda: desk.stored(0).version == 2)
    desk.page.keyboard.type("b")
    desk.page.keyboard.press("Control+Enter")
    again = crash(desk, "one dose daily ab")
    again.shows("one dose daily ab", *TEXTS[1:])
    again.is_saved()
    assert again.texts[0] == "one dose daily ab"
    assert again.stored(0).accepted
    assert Revision.objects.count() == 1
    assert kept(again.page) == []


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_the_tab_crashes_during_a_split(desk: Desk, complaints: Complaints, *, done: bool) -> None:
    complaints.expected = CUT
    split = desk.address(1, "split")
    desk.page.route(split, lambda route: route.fetch() if done else route.abort())
    desk.open(1, at=9)
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("only ")
    desk.comes_to(lambda: len(desk.live) == (4 if done else 3))
    again = crash(desk, "two doses only weekly")
    if not done:
        again.shows(TEXTS[0], "two doses only weekly", TEXTS[2])
        again.is_saved()
        assert again.texts[1] == "two doses only weekly"
        return
    again.shows(TEXTS[0], "two doses", "weekly", TEXTS[2])
    left = again.page.get_by_role("textbox", name="Text that was not saved")
    expect(left).to_have_value("two doses only weekly")
    again.visit()
    expect(left).to_be_visible()  # until one says that it is not needed
    again.page.get_by_role("button", name="I have what I need").click()
    again.visit()
    expect(left).to_have_count(0)


def test_two_tabs_in_the_same_segment(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = [*CONFLICT, *CUT]
    other = another_tab(desk)
    desk.open(0)
    desk.has_column(0)
    desk.page.route(desk.save_address(0), lambda route: route.abort())
    desk.page.keyboard.type(" in one")
    other.open(0)
    other.page.keyboard.type(" in the other")
    other.is_saved()
    assert kept(other.page) == ["one dose daily in one"]  # the other tab left it alone
    desk.page.unroute(desk.save_address(0))
    desk.page.clock.fast_forward(RETRY_AFTER_MS)
    desk.says("Two versions")
    expect(desk.box).to_have_value("one dose daily in one")
    desk.page.close()
    other.page.keyboard.type("!")
    other.is_saved()
    again = another_tab(other)
    again.says("Two versions")
    expect(again.box).to_have_value("one dose daily in one")
    again.page.keyboard.press("F7")
    again.is_saved()
    assert again.texts[0] == "one dose daily in one"
    assert kept(other.page) == []


def test_one_tab_splits_what_the_other_edits(desk: Desk, complaints: Complaints) -> None:
    complaints.expected = [*CONFLICT, *CUT, "404"]
    other = another_tab(desk)
    desk.open(1)
    desk.has_column(1)
    gate = Gate(desk.page, desk.save_address(1))
    desk.page.keyboard.type(", at most")
    other.open(1, at=9)
    other.page.keyboard.press("Enter")
    other.shows(TEXTS[0], "two doses", "weekly", TEXTS[2])
    gate.open()
    box = desk.segment(1).locator("textarea")
    notice = desk.segment(1).get_by_role("alert")
    expect(notice).to_contain_text("This segment was replaced meanwhile")
    expect(box).to_have_value("two doses weekly, at most")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    notice.get_by_role("link", name="Load the page again").click()
    desk.shows(TEXTS[0], "two doses", "weekly", TEXTS[2])
    left = desk.page.get_by_role("textbox", name="Text that was not saved")
    expect(left).to_have_value("two doses weekly, at most")
    desk.page.get_by_role("button", name="I have what I need").click()
    assert kept(desk.page) == []


# --- Other people


def test_who_is_at_the_same_segment_is_seen(
    desk: Desk, new_context: Callable[..., BrowserContext], reviewer: User, colleague: User
) -> None:
    def tells(each: Desk, user: User) -> None:
        each.page.clock.fast_forward(11_000)
        here = Presence.objects.filter(user_id=user.pk, segment_id=desk.segments[1].pk)
        each.comes_to(here.exists)

    conrad = Desk(new_context(colleague).new_page(), desk.job, hurried=True).visit()
    conrad.open(1)
    tells(conrad, colleague)
    desk.page.clock.fast_forward(11_000)
    badge = desk.segment(1).get_by_text("conrad is here")
    expect(badge).to_be_visible()
    expect(desk.page.locator("#others")).to_have_text("conrad is here")
    desk.open(1)
    desk.has_column(1)
    with desk.page.expect_response(desk.address(1, "times")):
        desk.page.keyboard.press("Shift+F2")  # which brings the time anew
    tells(desk, reviewer)
    expect(badge).to_be_visible()
    conrad.page.clock.fast_forward(11_000)
    expect(conrad.segment(1).get_by_text("rita is here")).to_be_visible()
    conrad.page.goto("/")
    desk.comes_to(lambda: not Presence.objects.filter(user_id=colleague.pk).exists())
    desk.page.clock.fast_forward(11_000)
    expect(desk.page.locator(".here")).to_have_count(0)


@pytest.mark.parametrize("key", ["Enter", "Backspace"])
def test_a_split_or_a_merger_after_anothers_save(
    desk: Desk, colleague: User, complaints: Complaints, key: str
) -> None:
    complaints.expected = CONFLICT
    box = desk.open(1, at=9 if key == "Enter" else 0)
    desk.has_column(1)
    saved_by(colleague, desk, 1, "two doses hourly")
    desk.page.keyboard.press(key)
    desk.says("Two versions")
    expect(box).to_have_value("two doses weekly")
    expect(desk.segment(1).get_by_role("alert")).to_contain_text("conrad saved this segment")
    assert desk.texts == [TEXTS[0], "two doses hourly", TEXTS[2]]
    desk.page.keyboard.press("F7")
    desk.is_saved()
    assert desk.texts == list(TEXTS)
    desk.page.keyboard.press(key)  # the caret is where it was
    parts = {"Enter": [TEXTS[0], "two doses", "weekly"], "Backspace": [f"{TEXTS[0]} {TEXTS[1]}"]}
    desk.shows(*parts[key], TEXTS[2])
    desk.is_saved()
    assert desk.texts == [*parts[key], TEXTS[2]]


def test_what_another_wrote_in_the_segment_before_is_merged_too(
    desk: Desk, colleague: User
) -> None:
    desk.open(1, at=0)
    saved_by(colleague, desk, 0, "one dose hourly")
    desk.page.keyboard.press("Backspace")
    desk.shows("one dose hourly two doses weekly", TEXTS[2])
    desk.is_saved()
    assert desk.texts == ["one dose hourly two doses weekly", TEXTS[2]]


def test_another_split_the_segment_that_is_split(
    desk: Desk, colleague: User, complaints: Complaints
) -> None:
    complaints.expected = CONFLICT
    box = desk.open(1, at=3)
    desk.has_column(1)
    first = desk.segments[1]
    split_segment(colleague, desk.job, first.pk, text=first.text, at=9, version=1)
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("or ")
    expect(desk.segment(1).get_by_role("alert")).to_contain_text("was replaced meanwhile")
    # with the blank before it or behind, as the answer came before the typing or after it
    expect(box).to_have_value(re.compile(r"^two ?or +doses weekly$"))
    assert desk.texts == [TEXTS[0], "two doses", "weekly", TEXTS[2]]


# --- The engine


@pytest.mark.usefixtures("sent")
def test_the_engine_fills_a_gap_while_one_types_beside_it(
    page: Page, heard: Callable[..., Job], complaints: Complaints
) -> None:
    complaints.expected = [*CONFLICT, "404", "htmx:"]
    job = heard(status="transcribing", chunk_count=2, model="pocketsphinx")
    second = Chunk.objects.create(
        job=job, position=1, start_ms=4000, end_ms=8000, status="failed", error_message="Away."
    )
    job.chunks.exclude(pk=second.pk).update(text="one dose", words=[["one dose", 0, 900]])
    pipeline.finish(job.pk)
    desk = Desk(page, job, hurried=True).visit()
    expect(desk.segment(1).get_by_role("button", name="Not transcribed")).to_be_visible()
    desk.open(0)
    desk.has_column(0)
    page.keyboard.type(" da")
    job.refresh_from_db()
    retry_job(job)
    page.keyboard.type("ily")
    Chunk.objects.filter(pk=second.pk).update(
        status="completed", text="two doses", words=[["two doses", 4000, 4900]]
    )
    pipeline.finish(job.pk)
    page.keyboard.type("!")
    desk.is_saved()
    expect(desk.box).to_be_focused()
    assert desk.texts == ["one dose daily!", "two doses"]

    page.keyboard.press("Alt+PageDown")  # into what was the gap
    expect(page.locator("#told")).to_contain_text("was replaced meanwhile. Load the page again")
    page.keyboard.type("typed by hand")
    expect(desk.segment(1).get_by_role("alert")).to_contain_text("was replaced meanwhile")
    page.on("dialog", lambda dialog: dialog.accept())
    desk.segment(1).get_by_role("link", name="Load the page again").click()
    desk.shows("one dose daily!", "two doses")
    expect(page.get_by_label("Text that was not saved")).to_have_value("typed by hand")


@pytest.mark.usefixtures("sent")
def test_to_transcribe_anew_is_a_job_of_its_own(desk: Desk, reviewer: User) -> None:
    desk.open(0)
    desk.page.keyboard.type("!")
    anew = rerun_job(desk.job, model="pocketsphinx", owner=reviewer)
    pipeline.prepare(anew.pk)
    desk.page.keyboard.type("!")
    desk.is_saved()
    assert desk.texts == ["one dose daily!!", *TEXTS[1:]]
    assert not Segment.objects.filter(job=anew).exists()
