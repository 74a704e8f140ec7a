"""A real Chromium against the real site. Whatever the browser complains of fails the test."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.servers.basehttp import WSGIRequestHandler
from django.core.signals import request_finished, request_started
from django.test import Client

from tests.conftest import SAMPLE
from transcription import audio, recordings
from transcription.models import Job

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
try:
    from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
except ImportError:
    sync_playwright = None  # type: ignore[assignment]
HERE = Path(__file__).parent
PATIENCE_MS = 20_000  # a machine may be slow; what comes is seen at once all the same
# else each answer waits 40 ms for the browser to acknowledge that answer's head
WSGIRequestHandler.disable_nagle_algorithm = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if sync_playwright is None:
        pytest.skip("Playwright's Python package is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    # Playwright keeps an event loop in this thread, where Django would refuse to query
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Complaints(list[str]):
    """What the browser found wrong; `expected` are parts of what a test brings about itself."""

    def __init__(self) -> None:
        self.expected: list[str] = []

    def note(self, kind: str, text: str) -> None:
        self.append(f"{kind}: {text}")

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", lambda found: self.note("page error", str(found.error)))
        context.on("requestfailed", self._failed)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.note("console", f"{message.text} {message.location.get('url', '')}")

    def _failed(self, request: Any) -> None:
        # a page that is left drops what it was loading
        if request.failure != "net::ERR_ABORTED":
            self.note("request failed", f"{request.failure} {request.url}")

    @property
    def unexpected(self) -> list[str]:
        return [found for found in self if not any(part in found for part in self.expected)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    noted = Complaints()
    yield noted
    assert not noted.unexpected


class Requests:
    """Those that the live server is at work on."""

    QUIET_S = 0.06  # one that the browser sent last may be on its way

    def __init__(self) -> None:
        self.under_way: set[int] = set()
        self.changed_at = 0.0

    def started(self, **_: Any) -> None:
        self.under_way.add(threading.get_ident())
        self.changed_at = time.monotonic()

    def finished(self, **_: Any) -> None:
        self.under_way.discard(threading.get_ident())
        self.changed_at = time.monotonic()

    def let_end(self) -> None:
        """A page that is closed saves once more: emptying the tables meanwhile is a deadlock."""
        begun = self.changed_at = time.monotonic()
        while (now := time.monotonic()) < begun + 10:
            if not self.under_way and now - self.changed_at > self.QUIET_S:
                return
            time.sleep(0.01)


@pytest.fixture
def requests() -> Iterator[Requests]:
    seen = Requests()
    request_started.connect(seen.started)
    request_finished.connect(seen.finished)
    yield seen
    request_started.disconnect(seen.started)
    request_finished.disconnect(seen.finished)


@pytest.fixture
def new_context(
    browser: Browser, live_server: Any, complaints: Complaints, requests: Requests
) -> Iterator[Callable[..., BrowserContext]]:
    """A browser of its own, logged in as `user`. Depends on `complaints`, so closes first."""
    opened: list[BrowserContext] = []

    def new(user: User | None = None, **options: Any) -> BrowserContext:
        context = browser.new_context(
            **{
                "viewport": {"width": 1280, "height": 800},
                "base_url": live_server.url,
                "reduced_motion": "reduce",
            }
            | options
        )
        opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        complaints.listen(context)
        if user:
            log_in(context, live_server.url, user)
        return context

    yield new
    for context in opened:
        context.close()
    requests.let_end()


def log_in(context: BrowserContext, url: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": url}])


def script_runs(page: Page) -> None:
    """Where a click or a key led to: the page's modules have run, as they do before it is loaded.
    The new page must be there already."""
    page.wait_for_load_state()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], reviewer: User) -> Page:
    """A tab in which Rita is logged in."""
    return new_context(reviewer).new_page()


@pytest.fixture
def colleague(db: None) -> User:
    return User.objects.create_user("conrad", password="a password for conrad")


@pytest.fixture(scope="session")
def sound() -> dict[str, Any]:
    """The sample recording, its playback copy and its waveform, stored as workers would."""
    peaks = audio.Peaks()
    for block in audio.decode(SAMPLE):
        peaks.feed(block)
    with recordings.scratch_file() as copy:
        audio.write_playback(SAMPLE, copy, timeout_s=60)
        playback = recordings.save("of-tests/sound.mp3", copy.read_bytes())
    return {
        "audio_file": recordings.save("of-tests/sound.flac", SAMPLE.read_bytes()),
        "audio_name": SAMPLE.name,
        "audio_sha256": hashlib.sha256(SAMPLE.read_bytes()).hexdigest(),
        "audio_bytes": SAMPLE.stat().st_size,
        "playback_file": playback,
        "peaks_file": recordings.save("of-tests/sound.bin", peaks.to_bytes()),
        "duration_ms": 61_000,
    }


@pytest.fixture
def heard(make_job: Callable[..., Job], sound: dict[str, Any]) -> Callable[..., Job]:
    """A transcribed job that can be played: one segment of four seconds for each text."""

    def make(*texts: str, **fields: Any) -> Job:
        return make_job(*texts, **sound | fields)

    return make
