"""The queue: narrowed down as one types, handed out with one key, picked from and downloaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.desk import Gate
from tests.browser.test_accessibility import findings
from transcription.models import Job

NOW = timezone.now()


@pytest.fixture
def jobs(heard: Callable[..., Job]) -> list[Job]:
    """Three that wait: the first is worth the most, the last was added last."""
    wishes = (("Ward round", ["en"]), ("Visite", ["de"]), ("Dictation", ["en", "hi"]))
    return [
        heard("text", title=title, languages=spoken, rank_at=NOW + timedelta(hours=n))
        for n, (title, spoken) in enumerate(wishes)
    ]


def titles(page: Page) -> Locator:
    return page.locator("#jobs .title a")


def pick(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {title}")


def menu(page: Page, title: str, entry: str) -> Locator:
    """The entry, after its menu was opened."""
    row = page.locator("#jobs tr", has_text=title)
    row.locator("summary").click()
    return row.get_by_text(entry, exact=True)


# --- Narrowed down -------------------------------------------------------------------------------


def test_the_list_follows_what_is_typed(page: Page, jobs: list[Job]) -> None:
    page.goto("/?state=waiting")
    expect(titles(page)).to_have_text(["Ward round", "Visite", "Dictation"])
    box = page.get_by_role("searchbox", name="Find by title")
    box.press_sequentially("visi")
    expect(titles(page)).to_have_text(["Visite"])
    expect(box).to_be_focused()
    expect(page).to_have_url(re.compile(r"/\?state=waiting&q=visi$"))
    expect(page.get_by_role("status").filter(has_text="recording")).to_contain_text("1 recording.")
    box.press_sequentially("tation")
    expect(page.get_by_text("No recording matches.")).to_be_visible()
    page.get_by_role("link", name="All", exact=True).click()
    expect(page).to_have_url(re.compile(r"/\?q=visitation$"))


def test_what_is_chosen_can_be_gone_back_from_and_shared(page: Page, jobs: list[Job]) -> None:
    page.goto("/?state=waiting")
    page.get_by_label("Language", exact=True).select_option("English")
    expect(titles(page)).to_have_text(["Ward round", "Dictation"])
    page.get_by_label("Whose").select_option("Assigned to me")
    expect(page.get_by_text("No recording matches.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?state=waiting&language=en&owner=assigned$"))
    page.go_back()
    expect(titles(page)).to_have_text(["Ward round", "Dictation"])
    expect(page.get_by_label("Whose")).to_have_value("")
    expect(page.get_by_label("Language", exact=True)).to_have_value("en")
    page.reload()
    expect(titles(page)).to_have_text(["Ward round", "Dictation"])
    page.go_back()
    expect(titles(page)).to_have_text(["Ward round", "Visite", "Dictation"])
    # what the page was left with is a whole page too, not the part that a script had fetched
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_a_list_that_does_not_come_is_said_to_be_missing(
    page: Page, jobs: list[Job], complaints: Complaints
) -> None:
    complaints.expected = ["500", "ERR_FAILED", "htmx:"]
    page.goto("/")
    failing = "**/?*q=visi*"
    page.route(failing, lambda route: route.abort())
    page.get_by_label("Find by title").fill("visi")
    alert = page.get_by_role("alert").filter(has_text="could not be loaded")
    expect(alert).to_be_visible()
    expect(titles(page)).to_have_count(3)
    page.unroute(failing)
    page.route(failing, lambda route: route.fulfill(status=500), times=1)
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_be_visible()
    alert.get_by_role("button", name="Try again").click()
    expect(titles(page)).to_have_text(["Visite"])
    expect(alert).to_be_hidden()


def test_of_two_lists_the_newer_one_stands(
    page: Page, jobs: list[Job], complaints: Complaints
) -> None:
    complaints.expected = ["htmx:"]  # it tells the console that the older one was given up
    page.goto("/")
    gate = Gate(page, "**/?*q=ward*")
    box = page.get_by_label("Find by title")
    box.fill("ward")
    page.wait_for_function("() => document.querySelector('#jobs.htmx-request')")
    box.fill("visite")
    expect(titles(page)).to_have_text(["Visite"])
    gate.open()
    expect(titles(page)).to_have_text(["Visite"])


# --- Handed out ----------------------------------------------------------------------------------


def test_one_key_leads_two_reviewers_to_different_desks(
    page: Page,
    new_context: Callable[..., BrowserContext],
    colleague: User,
    jobs: list[Job],
) -> None:
    his = new_context(colleague).new_page()
    for each in (page, his):
        each.goto("/")
    page.keyboard.press("n")
    his.keyboard.press("n")
    for each in (page, his):
        expect(each.locator("#segments")).to_be_visible()
    holders = dict(Job.objects.order_by("rank_at").values_list("title", "assigned_to_name"))
    (hers,) = (title for title, holder in holders.items() if holder == "rita")
    (other,) = (title for title, holder in holders.items() if holder == "conrad")
    assert {hers, other} == {"Ward round", "Visite"}
    expect(page.get_by_role("heading", name=hers)).to_be_visible()
    expect(his.get_by_role("heading", name=other)).to_be_visible()
    page.goto("/")
    expect(page.locator("#jobs tr", has_text=hers)).to_contain_text("you")
    expect(page.locator("#jobs tr", has_text=other)).to_contain_text("conrad")


def test_the_key_is_a_letter_where_one_types(page: Page, jobs: list[Job]) -> None:
    page.goto("/")
    box = page.get_by_label("Find by title")
    box.press("n")
    expect(box).to_have_value("n")
    page.get_by_label("Whose").press("n")
    page.locator("h1").click()
    for keys in ("Control+n", "Alt+n", "Meta+n"):
        page.keyboard.press(keys)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    assert not Job.objects.exclude(assigned_to_id=None).exists()


def test_the_next_is_one_of_those_that_are_shown(page: Page, jobs: list[Job]) -> None:
    page.goto("/")
    page.get_by_label("Find by title").fill("visite")
    expect(titles(page)).to_have_text(["Visite"])
    page.get_by_role("button", name="Review next").click()
    expect(page.get_by_role("heading", name="Visite")).to_be_visible()


def test_nothing_left_is_said_kindly(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("n")
    expect(page.get_by_text("Nothing waits for a reviewer. You are done, for now.")).to_be_visible()


def test_taken_and_given_back_in_the_row(page: Page, jobs: list[Job]) -> None:
    page.goto("/")
    pick(page, "Visite").check()
    menu(page, "Visite", "Take").click()
    row = page.locator("#jobs tr", has_text="Visite")
    expect(row).to_contain_text("you")
    expect(pick(page, "Visite")).to_be_checked()
    assert Job.objects.get(title="Visite").assigned_to_name == "rita"
    menu(page, "Visite", "Give back").click()
    expect(row).not_to_contain_text("you")
    assert Job.objects.get(title="Visite").assigned_to_name == ""


def test_nothing_is_taken_from_another_in_silence(
    page: Page, jobs: list[Job], colleague: User
) -> None:
    page.goto("/")
    entry = menu(page, "Visite", "Take")
    his = {"assigned_to_id": colleague.pk, "assigned_to_name": "conrad", "assigned_at": NOW}
    Job.objects.filter(title="Visite").update(review_status="in_review", **his)
    entry.click()
    expect(page.get_by_role("heading", name="conrad has this recording")).to_be_visible()
    page.get_by_role("link", name="Leave it").click()
    expect(page.get_by_text("conrad has this recording in review.")).to_be_visible()
    page.get_by_role("link", name="Take over").click()
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_text("You have this recording in review.")).to_be_visible()
    page.get_by_role("button", name="Give back").click()
    expect(page.get_by_text("Given back: Visite")).to_be_visible()


def test_menus_close_as_people_expect(page: Page, jobs: list[Job]) -> None:
    page.goto("/")
    entry = menu(page, "Visite", "Details")
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(page.locator("#jobs tr", has_text="Visite").locator("summary")).to_be_focused()
    menu(page, "Visite", "Details")
    page.locator("h1").click()
    expect(entry).to_be_hidden()


# --- Picked from ---------------------------------------------------------------------------------


def test_some_are_picked_and_downloaded(page: Page, jobs: list[Job]) -> None:
    page.goto("/?state=waiting")
    bar = page.get_by_role("form", name="Selection")
    expect(bar).to_be_hidden()
    pick(page, "Ward round").check()
    pick(page, "Dictation").check()
    expect(bar).to_contain_text("2 selected")
    bar.get_by_label("Download as").select_option("srt")
    with page.expect_download() as downloaded:
        bar.get_by_role("button", name="Download ZIP").click()
    with ZipFile(downloaded.value.path()) as archive:
        assert sorted(archive.namelist()) == ["Dictation.srt", "Ward round.srt"]
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


def test_all_of_the_page_at_once(page: Page, jobs: list[Job], make_job: Callable[..., Job]) -> None:
    make_job(title="At work", status="transcribing")
    page.goto("/")
    everything = page.get_by_role("checkbox", name="Select all on this page")
    everything.check()
    expect(page.get_by_role("form", name="Selection")).to_contain_text("3 selected")
    pick(page, "Visite").uncheck()
    expect(everything).not_to_be_checked()
    assert everything.evaluate("box => box.indeterminate")
    pick(page, "Visite").check()
    expect(everything).to_be_checked()
    everything.uncheck()
    expect(page.get_by_role("form", name="Selection")).to_be_hidden()


def test_ticks_stay_while_other_rows_ask_how_far_they_are(
    page: Page, jobs: list[Job], make_job: Callable[..., Job]
) -> None:
    job = make_job(title="At work", status="transcribing")
    page.clock.install()
    page.goto("/")
    pick(page, "Visite").check()
    Job.objects.filter(pk=job.pk).update(status="completed")
    page.clock.fast_forward(2100)
    expect(pick(page, "At work")).to_be_visible()
    expect(pick(page, "Visite")).to_be_checked()
    page.get_by_label("Find by title").fill("visite")
    page.clock.fast_forward(400)
    expect(titles(page)).to_have_count(1)
    expect(pick(page, "Visite")).to_be_checked()
    expect(page.get_by_role("form", name="Selection")).to_contain_text("1 selected")


# --- Everywhere ----------------------------------------------------------------------------------


def test_all_of_it_without_javascript(
    new_context: Callable[..., BrowserContext], reviewer: User, jobs: list[Job]
) -> None:
    page = new_context(reviewer, java_script_enabled=False).new_page()
    page.goto("/?state=waiting")
    expect(page.get_by_role("checkbox", name="Select all")).to_be_hidden()
    pick(page, "Ward round").check()
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download ZIP").click()
    with ZipFile(downloaded.value.path()) as archive:
        assert archive.namelist() == ["Ward round.docx"]
    page.get_by_label("Language", exact=True).select_option("German")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(titles(page)).to_have_text(["Visite"])
    menu(page, "Visite", "Take").click()
    expect(page.get_by_text("You have this recording.")).to_be_visible()
    page.get_by_role("button", name="Give back").click()
    page.get_by_role("button", name="Review next").click()
    expect(page.get_by_role("heading", name="Ward round")).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 800), (768, 1024), (360, 640)])
def test_nothing_sticks_out(
    new_context: Callable[..., BrowserContext],
    reviewer: User,
    make_job: Callable[..., Job],
    size: tuple[int, int],
) -> None:
    """However long its title is, and whatever is said about it."""
    odd = {"languages": ["en", "de", "hi", "ar", "tr"], "expected_errors": 0.31, "priority": -7}
    make_job(title="x" * 200, duration_ms=36_000_000, assigned_to_name="y" * 150, **odd)
    make_job(title="جولة القلب " * 18, owner_name="z" * 150, status="transcribing")
    page = new_context(reviewer, viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto("/")
    pick(page, "x").check()
    page.locator("#jobs summary").first.click()
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= size[0]


def test_axe_finds_nothing_with_menus_open_and_some_picked(
    page: Page, jobs: list[Job], colleague: User
) -> None:
    Job.objects.filter(title="Visite").update(
        review_status="in_review", assigned_to_id=colleague.pk, assigned_to_name="conrad",
        expected_errors=0.2, finished_at=NOW, priority=4,
    )  # fmt: skip
    page.goto("/")
    pick(page, "Visite").check()
    menu(page, "Visite", "Take over …")
    assert not findings(page)
    page.get_by_role("link", name="Take over …").click()
    expect(page.get_by_role("heading", name="conrad has this recording")).to_be_visible()
    assert not findings(page)
    page.goto("/?q=nothing")
    assert not findings(page)
