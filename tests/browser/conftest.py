"""A real Chromium against the real site. Whatever the browser complains of fails the test."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test import Client
from django.test.testcases import LiveServerThread

from tests.conftest import SAMPLE
from transcription import audio, recordings
from transcription.models import Job

# the shell is Chromium without the windows around its pages, which take more time than the pages
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if sync_playwright is None:
        pytest.skip("Playwright's Python package is not installed")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (apt-get install chromium-headless-shell)")
    # Playwright keeps an event loop in this thread, where Django would refuse to query
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


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


class Server(ThreadedWSGIServer):
    """The live server; knows how many connections are open."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.open = 0
        self.changed = threading.Condition()
        super().__init__(*args, **options)

    def count(self, change: int) -> None:
        with self.changed:
            self.open += change
            self.changed.notify_all()

    def get_request(self) -> tuple[Any, Any]:
        self.count(1)
        return super().get_request()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.count(-1)

    def let_end(self) -> None:
        """Until browsers that were closed have no connection left. A page that is closed saves once
        more: emptying the tables meanwhile is a deadlock."""

        def idle() -> bool:
            return not self.open and not select.select([self.socket], [], [], 0)[0]

        with self.changed:
            assert self.changed.wait_for(idle, timeout=PATIENCE_MS / 1000)


LiveServerThread.server_class = Server


@pytest.fixture
def new_context(
    browser: Browser, live_server: Any, complaints: Complaints
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
    live_server.thread.httpd.let_end()


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
