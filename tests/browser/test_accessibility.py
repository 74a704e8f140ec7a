"""axe-core over every page, light and dark: no serious or critical finding."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from feedback.attributes import name_speaker
from feedback.presence import tell
from feedback.restructuring import split_segment
from feedback.saving import Save, save_segment
from feedback.services import submit_review
from tests.browser.desk import Desk
from tests.corrections import CHANGES, HEARD, apply
from tests.switching import TURKISH_GERMAN, tag
from transcription.models import Job

# what else there is does not hang on the colours, and was looked at in the light
OF_COLOURS: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"]}
SHORT: dict[str, Any] = {"resultTypes": ["violations"]}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()


def findings(page: Page) -> list[str]:
    """In both colours, as `rule: element`."""
    # injected by the debugger, which the Content Security Policy does not hold back
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE)
    found: set[str] = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wish = SHORT if scheme == "light" else SHORT | OF_COLOURS
        result: dict[str, Any] = page.evaluate("wish => axe.run(wish)", wish)
        found |= {
            f"{scheme}: {violation['id']}: {node['html'][:120]} {node['failureSummary']}"
            for violation in result["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        }
    return sorted(found)


def test_login_and_password(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/")
    assert not findings(page)


def test_password_change(page: Page) -> None:
    page.goto("/password/")
    assert not findings(page)


def test_queue(page: Page, make_job: Callable[..., Job]) -> None:
    for status in Job.Status.values:
        make_job("text", status=status, languages=["en"])
    make_job("text", review_status="reviewed", assigned_to_name="rita")
    page.goto("/")
    assert not findings(page)


def test_job(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job("text", status="transcribing")
    job.chunks.update(text="good morning")
    job.chunks.create(position=1, start_ms=4000, end_ms=8000, status="transcribing")
    job.chunks.create(
        position=2, start_ms=8000, end_ms=9000, status="failed", error_message="The engine is down."
    )
    page.goto(f"/jobs/{job.pk}/")
    assert not findings(page)
    Job.objects.update(status="failed", error_message="The recording ends in the middle.")
    page.goto(f"/jobs/{job.pk}/")
    assert not findings(page)


def test_comparison(page: Page, heard: Callable[..., Job], reviewer: User) -> None:
    job = tag(heard(*TURKISH_GERMAN), "tr", "de")
    texts = [f"{text} neu" for text in TURKISH_GERMAN]
    proposal = tag(heard(*texts, source_job=job, proposal=True), "tr", "de")
    first = job.segments.all()[0]
    save_segment(reviewer, job, first.pk, Save("Başka bir metin", 1, accept=True))
    at = f"/jobs/{job.pk}/compare/{proposal.pk}/"
    page.goto(at)
    page.get_by_role("button", name="Take").first.click()
    expect(page.get_by_text("Put back")).to_be_visible()
    assert not findings(page)
    page.goto(f"/jobs/{job.pk}/")  # which lists it
    page.get_by_text("Transcribe again", exact=True).first.click()
    assert not findings(page)
    submit_review(reviewer, job)
    page.goto(at)
    assert not findings(page)


def test_correcting_the_rest(page: Page, heard: Callable[..., Job], reviewer: User) -> None:
    job = heard("we lower the interest oh", "she takes the interest oh again")
    first = job.segments.all()[0]
    save_segment(reviewer, job, first.pk, Save("we lower the Entresto", first.version))
    page.goto(f"/review/{job.pk}/rest/")
    expect(page.get_by_role("checkbox")).to_be_visible()
    assert not findings(page)


def test_languages_and_quality(page: Page, heard: Callable[..., Job], reviewer: User) -> None:
    job = tag(heard(*TURKISH_GERMAN), "tr", "de")
    desk = Desk(page, job).visit()
    desk.open(1)
    expect(page.locator(".tongues select").first).to_be_visible()
    assert not findings(page)
    page.goto(f"/review/{job.pk}/?only=tr")
    assert not findings(page)
    page.goto(f"/review/{job.pk}/submit/")
    assert not findings(page)
    submit_review(reviewer, job)
    page.goto("/quality/")
    assert not findings(page)
    page.goto("/")
    page.get_by_text("More", exact=True).click()
    assert not findings(page)


def test_desk(page: Page, heard: Callable[..., Job], colleague: User, complaints: Any) -> None:
    complaints.expected = ["409", "htmx"]
    desk = Desk(page, heard("one dose", "two doses", "", "नमस्ते डॉक्टर", languages=["en", "hi"]))
    Job.objects.update(owner_name="rita")
    gap = desk.segments[2]
    gap.marks = [{"kind": "gap", "reason": "the engine was down"}]
    gap.save()
    save_segment(colleague, desk.job, desk.segments[1].pk, Save("two doses!", 1, "x", True))
    desk.visit()
    assert not findings(page)
    desk.open(0)
    desk.has_column(0)
    page.keyboard.press("Escape")
    assert not findings(page)
    page.keyboard.press("Escape")
    save_segment(colleague, desk.job, desk.segments[0].pk, Save("one dose!", 1, "y"))
    page.keyboard.type(" now")
    desk.says("Two versions")
    assert not findings(page)


def test_the_column_and_the_dialogs(page: Page, heard: Callable[..., Job], colleague: User) -> None:
    desk = Desk(page, heard(HEARD, "two doses", "three doses", title="Ward round"))
    apply(desk.job, *CHANGES)
    first = desk.stored(0)
    first.doubts = [[0, 4, 0.3]]
    first.marks = [*first.marks, {"kind": "loop", "reason": "the same again and again"}]
    first.save()
    save_segment(colleague, desk.job, first.pk, Save(f"{first.text} Today.", 1, "x"))
    name_speaker(colleague, desk.job, first.pk, "Dr Ada")
    split_segment(colleague, desk.job, desk.segments[1].pk, text="two doses", at=3, version=1)
    tell(colleague, desk.job, first.pk)
    desk.reread()
    desk.visit()
    expect(desk.segment(0).locator(".here")).to_be_visible()
    for index in (0, 1):  # with changes and checks; with what can be taken back
        desk.open(index)
        desk.has_column(index)
        for line in page.locator(".history summary").all():
            line.click()
        page.get_by_role("slider", name="Start").focus()
        assert not findings(page)
    page.locator("summary", has_text="Rename").click()
    assert not findings(page)
    page.keyboard.press("F10")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert not findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+h")
    page.keyboard.type("doses")
    page.get_by_label("Replace by").fill("tablets")
    expect(page.locator(".hits li")).to_have_count(2)
    assert not findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+L")
    expect(page.get_by_role("dialog", name="A term for the lexicon")).to_be_visible()
    assert not findings(page)


def test_text_that_was_left_behind(page: Page, heard: Callable[..., Job], reviewer: User) -> None:
    desk = Desk(page, heard("one dose")).visit()
    key = f"verbatim:{reviewer.pk}:{desk.job.pk}:999:other"
    page.evaluate(
        "key => localStorage.setItem(key, JSON.stringify({ text: 'typed', version: 1 }))", key
    )
    desk.visit()
    expect(page.get_by_label("Text that was not saved")).to_have_value("typed")
    page.keyboard.press("Backspace")
    desk.open(0, at=0)
    page.keyboard.press("Backspace")
    expect(page.locator("#told")).to_be_visible()
    assert not findings(page)


def test_what_the_lexicon_changed(page: Page, heard: Callable[..., Job], colleague: User) -> None:
    desk = Desk(page, heard(HEARD, HEARD))
    apply(desk.job, *CHANGES)
    desk.visit()
    assert not findings(page)
    desk.open(0)
    expect(page.locator(".changed div")).to_have_count(2)
    assert not findings(page)
    page.goto(f"/review/{desk.job.pk}/submit/")
    assert not findings(page)
    submit_review(colleague, desk.job)
    page.goto(f"/review/{desk.job.pk}/reviewed/")
    assert not findings(page)


def test_submit_and_reviewed(page: Page, heard: Callable[..., Job], colleague: User) -> None:
    job = heard("the interest oh", "two doses")
    first = Desk(page, job).segments[0].pk
    save_segment(colleague, job, first, Save("the Entresto", 1, "x"))
    page.goto(f"/review/{job.pk}/submit/")
    assert not findings(page)
    submit_review(colleague, job)
    page.goto(f"/review/{job.pk}/reviewed/")
    assert not findings(page)
    page.goto(f"/review/{job.pk}/")
    assert not findings(page)


def test_not_found(page: Page, complaints: Any) -> None:
    complaints.expected = ["404"]
    page.goto("/nothing/")
    assert not findings(page)
