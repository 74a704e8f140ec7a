"""The API's page: its calls are listed, and can be tried, all of it from this site."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from speech_project.access.keys import create_key
from transcription.models import Job


def call(page: Page, method: str, path: str) -> Locator:
    return page.locator(".opblock", has=page.locator(f"[data-path='{path}']")).filter(
        has=page.locator(".opblock-summary-method", has_text=method)
    )


def execute(box: Locator, **fields: str) -> Locator:
    """Try the call; what was answered."""
    box.locator(".opblock-summary-control").click()
    box.get_by_role("button", name="Try it out").click()
    for name, value in fields.items():
        box.get_by_placeholder(name).fill(value)
    box.get_by_role("button", name="Execute").click()
    return box.locator(".live-responses-table")


def test_calls_can_be_tried_with_the_session(page: Page, make_job: Callable[..., Job]) -> None:
    job = make_job(title="Ward round", status=Job.Status.QUEUED)
    page.goto("/")
    page.locator("summary", has_text="rita").click()
    page.get_by_role("link", name="API").click()
    expect(execute(call(page, "GET", "/api/v1/jobs/"))).to_contain_text("Ward round")

    cancelled = execute(call(page, "POST", "/api/v1/jobs/{job_id}/cancel/"), job_id=str(job.pk))
    expect(cancelled).to_contain_text('"status": "cancelled"')
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED


def test_clients_read_it_without_an_account_and_try_it_with_their_key(
    new_context: Callable[..., BrowserContext], make_job: Callable[..., Job]
) -> None:
    key, text = create_key("clinic")
    make_job(title="Of the clinic", api_key=key)
    page = new_context(color_scheme="dark").new_page()
    page.goto("/api/docs/")
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_label("auth-bearer-value").fill(text)
    dialog.get_by_label("auth-bearer-value").press("Enter")
    dialog.get_by_role("button", name="Close").last.click()
    expect(execute(call(page, "GET", "/api/v1/jobs/"))).to_contain_text("Of the clinic")
