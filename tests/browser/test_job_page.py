"""A recording's page while it is transcribed, and afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import findings
from transcription.models import Chunk, Job


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    """Its first part is being heard."""
    job = make_job(status="transcribing", chunk_count=None)
    job.chunks.update(status="transcribing")
    return job


def add_part(job: Job, **fields: object) -> Chunk:
    at = job.chunks.count()
    return job.chunks.create(position=at, start_ms=4000 * at, end_ms=4000 * (at + 1), **fields)


def visit(page: Page, job: Job) -> None:
    page.clock.install()
    page.goto(f"/jobs/{job.pk}/")


def test_the_text_appears_as_it_comes(page: Page, job: Job) -> None:
    visit(page, job)
    parts = page.locator(".chunks > li")
    expect(parts).to_have_text(["00:00 Listening…"])
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    with page.expect_response(lambda answer: answer.status == 204):  # nothing new, and it goes on
        page.clock.fast_forward(1100)
    job.chunks.update(partial="good")
    page.clock.fast_forward(1100)
    expect(parts).to_have_text(["00:00 good"])
    add_part(job)
    job.chunks.filter(position=0).update(status="completed", text="good morning")
    page.clock.fast_forward(1100)
    expect(parts).to_have_text(["00:00 good morning", "00:04 Waiting"])
    expect(cancel).to_be_focused()
    job.chunks.update(status="completed", text="good morning")
    Job.objects.update(status="completed", chunk_count=2)
    page.clock.fast_forward(1100)
    expect(page.get_by_role("link", name="Review")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(20_000)
    expect(parts).to_have_text(["00:00 good morning", "00:04 good morning"])
    assert not asked


def test_what_one_reads_stays_open_and_selected_while_the_rest_works(page: Page, job: Job) -> None:
    done = add_part(job, status="completed", text="twice a day")
    for step in ("first", "smaller"):
        done.attempts.create(
            step=step,
            model="whisper-1",
            text=f"answer of {step}",
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
    visit(page, job)
    page.get_by_text("asked 2 times").click()
    page.get_by_text("twice a day").click(click_count=3)
    for text in ("so", "so far"):
        job.chunks.filter(position=0).update(partial=text)
        page.clock.fast_forward(1100)
        expect(page.locator(".partial")).to_have_text(text)
    expect(page.get_by_text("answer of smaller")).to_be_visible()
    assert page.evaluate("getSelection().toString().trim()") == "twice a day"


def test_another_model_is_chosen_by_keyboard(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job("text")
    page.goto(f"/jobs/{job.pk}/")
    page.locator("summary", has_text="Transcribe again").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("With")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Transcribed again from")).to_be_visible()
    new = Job.objects.get(source_job=job)
    assert page.url.endswith(f"/jobs/{new.pk}/")
    page.get_by_role("link", name="Ward round").click()
    expect(page.get_by_role("link", name="Review")).to_be_visible()


def test_nothing_is_in_anybody_s_way(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job("text", asked_model="whisper-1", speech_dbfs=-50, cost_usd=1, budget_usd=2)
    done = job.chunks.get()
    done.checks = [{"kind": "loop", "reason": "The engine repeated itself here."}]
    done.save()
    for error in ("", "timeout"):
        done.attempts.create(
            model="whisper-1",
            error_code=error,
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
    add_part(job, status="transcribing", partial="so far", channel=0)
    add_part(job, error_message="The service asks for a pause.", channel=1)
    page.goto(f"/jobs/{job.pk}/")
    page.get_by_text("asked 2 times").click()
    page.locator("summary", has_text="Transcribe again").click()
    assert not findings(page)
    Job.objects.update(status="transcribing")
    page.reload()
    expect(page.locator(".partial")).to_be_visible()
    assert not findings(page)
    page.goto("/")
    page.get_by_text("More", exact=True).click()
    assert not findings(page)
