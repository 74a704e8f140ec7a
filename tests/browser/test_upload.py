"""Recordings come in from the queue page, and their rows tell how far they are."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.browser.desk import Gate
from transcription.models import Job


def drop(page: Page, *paths: Path) -> None:
    """As if the files were dragged here from a folder."""
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    page.evaluate(
        """files => {
          const dropped = new DataTransfer();
          for (const [name, content] of files) {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            dropped.items.add(new File([bytes], name));
          }
          for (const kind of ["dragenter", "dragover", "drop"]) {
            const what = { dataTransfer: dropped, bubbles: true, cancelable: true };
            document.querySelector("h1").dispatchEvent(new DragEvent(kind, what));
          }
        }""",
        files,
    )


@pytest.fixture
def clips(short_clip: Path, tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.flac" for name in ("monday", "tuesday", "wednesday")]
    for path in paths:
        path.write_bytes(short_clip.read_bytes())
    return paths


def test_several_by_button(page: Page, clips: list[Path]) -> None:
    page.goto("/")
    expect(page.get_by_text("No recordings yet")).to_be_visible()
    gate = Gate(page, "**/upload/")
    page.locator("input[type=file]").set_input_files(clips)
    expect(page.get_by_role("progressbar", name="Uploading")).to_have_count(3)
    gate.open()
    for path in clips:
        expect(page.get_by_role("link", name=path.stem)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Recording")).to_be_visible()
    expect(page.locator(".uploads li")).to_have_count(0)
    assert set(Job.objects.values_list("title", "owner_name")) == {
        (path.stem, "rita") for path in clips
    }


def test_several_by_drop_of_which_one_is_refused(
    page: Page, clips: list[Path], tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected = ["422"]
    notes = tmp_path / "notes.txt"
    notes.write_text("no sound in here")
    page.goto("/")
    drop(page, clips[0], notes, clips[1])
    expect(page.locator("#jobs tbody tr")).to_have_count(2)
    left = page.locator(".uploads li")
    expect(left).to_have_count(1)
    expect(left).to_contain_text("notes.txt")
    expect(left.locator(".error")).to_contain_text("No sound could be decoded")
    expect(left.get_by_role("progressbar")).to_have_count(0)
    expect(page.locator("#upload")).not_to_contain_class("over")


def test_too_large_is_refused_before_anything_is_sent(
    page: Page, clips: list[Path], tmp_path: Path, settings: Any
) -> None:
    settings.MAX_UPLOAD_MB = 1
    large = tmp_path / "large.flac"
    large.write_bytes(bytes(1_000_001))
    page.goto("/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator(".uploads .error")).to_have_text("Too large: at most 1 MB are taken.")
    assert not any(address.endswith("/upload/") for address in sent)


def test_an_upload_that_broke_off_can_be_tried_again(
    page: Page, clips: list[Path], complaints: Complaints
) -> None:
    complaints.expected = ["ERR_FAILED"]
    page.goto("/")
    page.route("**/upload/", lambda route: route.abort(), times=1)
    page.locator("input[type=file]").set_input_files(clips[0])
    expect(page.locator(".uploads .error")).to_have_text("The connection broke.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="monday")).to_be_visible()


def test_what_the_form_says_goes_with_each_file(page: Page, clips: list[Path]) -> None:
    page.goto("/")
    expect(page.get_by_label("What it is about")).to_be_hidden()
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_label("Reuse my earlier transcript")).to_be_checked()
    page.get_by_label("What it is about").fill("Dr. Okafor")
    page.get_by_label("Stereo").select_option("Each channel apart")
    page.get_by_label("Languages spoken").fill("en")
    page.locator("input[type=file]").set_input_files(clips[:2])
    page.get_by_label("What it is about").fill("Dr. Lindqvist")
    page.get_by_label("Stereo").select_option("Both channels mixed")
    page.locator("input[type=file]").set_input_files(clips[2])
    expect(page.locator("#jobs tbody tr")).to_have_count(3)
    first = {"channels": "separate", "prompt": "Dr. Okafor"}
    assert dict(Job.objects.values_list("title", "options")) == {
        "monday": first,
        "tuesday": first,
        "wednesday": {"channels": "mix", "prompt": "Dr. Lindqvist"},
    }
    assert set(map(tuple, Job.objects.values_list("languages", flat=True))) == {("en",)}


@pytest.mark.parametrize("reuse", [True, False])
def test_an_earlier_transcript_is_taken_unless_one_is_wished_anew(
    page: Page, clips: list[Path], reuse: bool
) -> None:
    page.goto("/")
    page.locator("input[type=file]").set_input_files(clips[0])
    expect(page.locator("#jobs tbody tr")).to_have_count(1)
    Job.objects.update(status="completed", chunk_count=0)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Reuse my earlier transcript").set_checked(reuse)
    page.locator("input[type=file]").set_input_files(clips[0])
    expect(page.locator("#jobs tbody tr")).to_have_count(2)
    assert Job.objects.exclude(source_job=None).exists() == reuse


def polls(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_a_row_tells_how_far_its_job_is_until_it_rests(
    page: Page, make_job: Callable[..., Job]
) -> None:
    job = make_job(status="queued")
    page.clock.install()
    page.goto("/")
    row = page.locator(f"#job-{job.pk}")
    expect(row).to_contain_text("Queued")
    Job.objects.update(status="transcribing")
    page.clock.fast_forward(2100)
    expect(row).to_contain_text("Transcribing")
    Job.objects.update(status="completed")
    page.clock.fast_forward(2100)
    expect(row).to_contain_text("Waiting")
    expect(row.get_by_role("link", name="Ward round")).to_have_attribute(
        "href", f"/review/{job.pk}/"
    )
    asked = polls(page)
    page.clock.fast_forward(20_000)
    expect(row).to_contain_text("Waiting")
    assert not asked


def test_logged_out_while_waiting_leads_to_the_login(
    page: Page, make_job: Callable[..., Job]
) -> None:
    make_job(status="queued")
    page.clock.install()
    page.goto("/?state=working")
    Session.objects.all().delete()
    page.clock.fast_forward(2100)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("User name").fill("rita")
    page.get_by_label("Password").fill("a password for rita")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Transcribing")).to_have_attribute("aria-current", "true")


def test_a_row_whose_job_was_deleted_goes(
    page: Page, make_job: Callable[..., Job], complaints: Complaints
) -> None:
    complaints.expected = ["404"]
    job = make_job(status="queued")
    page.clock.install()
    page.goto("/")
    expect(page.locator(f"#job-{job.pk}")).to_be_visible()
    Job.objects.all().delete()
    page.clock.fast_forward(2100)
    expect(page.locator(f"#job-{job.pk}")).to_have_count(0)
