"""How fast the review desk is: real Chromium against gunicorn and a database with 10,000 jobs.

    python -m benchmarks.review_page [--keep]

The recording has three hours, 2,000 segments and 30,000 words in two languages, with marks, doubts,
corrections and a history (desk_data.py). gunicorn is started as `make run` starts it, with an
embedded database that is gone afterwards. Needs Playwright and Chromium. With --keep nothing is
measured: it prints the address and a login, and waits.

Prints one JSON line; the first five are what the desk is held to:

server_p95_ms     the desk's page over HTTP, 60 times, from the request to the last byte
usable_ms         from navigation to a desk that can be typed in: its script has run and a frame
                  has been painted since; median of 9 loads with empty caches, after each of which
                  a real click opens a segment
keystroke_p95_ms  from a key's own time stamp to the paint of what it changed, of 200 keys in the
                  middle of the page, in bursts with pauses in which saves are sent
save_p95_ms       of 60 saves, from sending to the end of the answer, as the page sees it; half of
                  them are sent after a pause, half by going to another segment
long_tasks        tasks over 50 ms in 15 s of playing

and beside them: the load before (others on the machine make all of it slower); `view_ms`, the part
of the answer that is Django's, in this process, and of that `sql_ms`; the queue's page; the size of
the desk's; all loads; `open_ms`, from a click into a segment to its box being painted; the longest
task and the longest time between two frames while playing, and how many frames came late.

Paint is taken to be done when the main thread is free again after the frame that shows the input:
a message posted from requestAnimationFrame is handled after layout and paint of that frame. What
Chromium's own tracing tells of the same keys (EventTiming, up to the frame being on the screen)
agrees with it; the Event Timing API would tell it in steps of 8 ms only, and nothing below 16. The
wait for the next of 60 frames a second hardly counts: a page that was at rest is given its frame at
once. (--disable-frame-rate-limit changes nothing in this headless Chromium, so it is not used.)
There is no graphics processor.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.product import product
from benchmarks.web import free_port, p95, web
from speech_project.serve import HOST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]
USER, PASSWORD = "rita", "only for the benchmark"
REQUESTS, WARM_UPS, LOADS, KEYS, SAVES = 60, 5, 9, 200, 60
BURST, KEY_MS, PAUSE_MS = 10, 60, 650  # keys in a row, between two of them, and after a burst
PLAYED_S = 15
MIDDLE, MIDDLE_S = 1000, 5400  # of the segments, and of the recording
PATIENCE_S = 30

# What is noted inside the page, from before its own scripts run.
WATCH = """
(() => {
  const bench = (window.bench = {
    usable: 0, opened: [], keys: [], saves: [], refused: 0, tasks: [],
  });

  // Once the frame that is due is laid out and painted: the message is handled after that.
  const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => then(performance.now());
    port2.postMessage(0);
  });

  // The desk's script has run by then, as a rule; it is ready when it tells the state.
  document.addEventListener("DOMContentLoaded", () => {
    const state = document.getElementById("state");
    const ready = () => {
      if (!state.textContent.trim()) return;
      watch.disconnect();
      painted((now) => (bench.usable = now));
    };
    const watch = new MutationObserver(ready);
    watch.observe(state, { childList: true, characterData: true, subtree: true });
    ready();
  });

  let clicked = 0;
  addEventListener("pointerdown", (event) => (clicked = event.timeStamp), true);
  addEventListener("focusin", ({ target }) => {
    const began = clicked;
    if (target.localName === "textarea") painted((now) => bench.opened.push(now - began));
  });

  let pressed = 0;
  addEventListener("keydown", (event) => (pressed = event.timeStamp), true);
  addEventListener("input", () => {
    const began = pressed;
    painted((now) => bench.keys.push(now - began));
  }, true);

  new PerformanceObserver((list) => {
    for (const { name, startTime, responseEnd, responseStatus } of list.getEntries()) {
      if (!name.endsWith("/save/")) continue;
      if (responseStatus === 200) bench.saves.push(responseEnd - startTime);
      else bench.refused += 1;
    }
  }).observe({ type: "resource", buffered: true });

  new PerformanceObserver((list) => {
    for (const { startTime: at, duration } of list.getEntries()) bench.tasks.push({ at, duration });
  }).observe({ type: "longtask", buffered: true });

  // Long tasks, and times between frames, for as long as told.
  bench.play = (ms) => new Promise((resolve) => {
    const began = performance.now();
    const gaps = [];
    let last;
    const frame = (now) => {
      if (last) gaps.push(now - last);
      last = now;
      if (performance.now() < began + ms) requestAnimationFrame(frame);
      else setTimeout(end, 200); // so that all tasks are told of
    };
    const end = () => resolve({ gaps, tasks: bench.tasks.filter(({ at }) => at >= began) });
    requestAnimationFrame(frame);
  });
})();
"""


@dataclass(frozen=True)
class Site:
    """Where it is, and the cookie of who is logged in."""

    port: int
    session: str
    desk: str  # the paths of the pages
    queue: str
    compare: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


# --- The server --------------------------------------------------------------------------------


def fill(port: int) -> Site:
    """The database, and a reviewer who is logged in."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from benchmarks import desk_data

    user = User.objects.create_user(USER, password=PASSWORD)
    desk_data.other_jobs(user)
    job = desk_data.recording(user)
    proposal = desk_data.proposal(user, job)
    desk_data.analysed()
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    return Site(
        port,
        session,
        desk=reverse("desk", args=[job.pk]),
        queue=reverse("queue"),
        compare=reverse("compare", args=[job.pk, proposal.pk]),
    )


def over_http(site: Site, path: str) -> tuple[list[float], int]:
    """How many ms each answer took to its last byte, and how many bytes it has."""
    connection = HTTPConnection(HOST, site.port, timeout=30)
    headers = {"Cookie": f"sessionid={site.session}", "Accept-Encoding": "gzip, deflate, br, zstd"}
    times, size = [], 0
    for _ in range(WARM_UPS + REQUESTS):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        times.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            sys.exit(f"{path} answers {answer.status}.")
    connection.close()
    return times[WARM_UPS:], size


def in_django(site: Site) -> dict[str, float]:
    """What of the answer Django takes, middleware included, and what of that the database."""
    from django.db import connection
    from django.test import Client

    queries: list[float] = []

    def timed(execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            queries.append(1000 * (time.perf_counter() - began))

    client, times = Client(SERVER_NAME=HOST), []
    client.cookies["sessionid"] = site.session
    with connection.execute_wrapper(timed):
        for _ in range(WARM_UPS + REQUESTS // 2):
            queries.clear()
            began = time.perf_counter()
            client.get(site.desk)
            times.append((1000 * (time.perf_counter() - began), sum(queries)))
    whole, sql = (median(column) for column in zip(*times[WARM_UPS:], strict=True))
    return {"view_ms": round(whole, 1), "sql_ms": round(sql, 1), "queries": len(queries)}


def served(site: Site) -> dict[str, Any]:
    desk, size = over_http(site, site.desk)
    queue, _ = over_http(site, site.queue)
    compare, _ = over_http(site, site.compare)
    return {
        "server_p95_ms": p95(desk),
        "server_median_ms": round(median(desk), 1),
        **in_django(site),
        "queue_p95_ms": p95(queue),
        "compare_p95_ms": p95(compare),
        "compare_median_ms": round(median(compare), 1),
        "html_kb": round(size / 1024),
    }


# --- The page ----------------------------------------------------------------------------------


@contextmanager
def chromium(site: Site) -> Iterator[Callable[[], Page]]:
    """A browser; what it gives opens the desk in a profile of its own, with nothing cached."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def visit() -> Page:
            for context in browser.contexts:
                context.close()
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.add_cookies([{"name": "sessionid", "value": site.session, "url": site.url}])
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(site.url + site.desk, wait_until="commit")
            return page

        yield visit
        browser.close()


def until(page: Page, condition: str) -> Any:
    """The value, once there is one. It is looked at now and then only, and from outside: what is
    measured is the page's own work, and its policy forbids what Playwright's waiting does."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := page.evaluate(condition)):
        if time.monotonic() > deadline:
            sys.exit(f"The page was waited for in vain: {condition}")
        page.wait_for_timeout(20)
    return found


def open_segment(page: Page, number: int) -> None:
    """By a click into its text; the caret goes where it fell."""
    segment = page.locator("#segments .seg").nth(number)
    segment.locator(".say").click()
    segment.locator("textarea:focus").wait_for()


def loaded(visit: Callable[[], Page]) -> dict[str, Any]:
    usable, opened = [], []
    for _ in range(LOADS):
        page = visit()
        usable.append(until(page, "bench.usable"))
        open_segment(page, 1)
        until(page, "bench.opened.length")
        opened += page.evaluate("bench.opened")
    return {
        "usable_ms": round(median(usable)),
        "usable_runs": [round(ms) for ms in usable],
        "open_ms": round(median(opened), 1),
    }


def typed(visit: Callable[[], Page]) -> dict[str, float]:
    """Keys as someone types them; the saves of its pauses are under way meanwhile."""
    page = visit()
    until(page, "bench.usable")
    open_segment(page, MIDDLE)
    for number in range(KEYS):
        page.keyboard.type("and so on "[number % BURST])
        page.wait_for_timeout(KEY_MS if (number + 1) % BURST else PAUSE_MS)
    until(page, f"bench.saves.length >= {KEYS // BURST - 1}")
    keys = page.evaluate("bench.keys")
    if len(keys) != KEYS:
        sys.exit(f"Of {KEYS} keys {len(keys)} came into the text.")
    return {
        "keystroke_p95_ms": p95(keys),
        "keystroke_median_ms": round(median(keys), 1),
    }


def saved(visit: Callable[[], Page]) -> float:
    page = visit()
    until(page, "bench.usable")
    for number in range(SAVES):
        open_segment(page, MIDDLE + number)  # which saves what was typed before
        page.keyboard.type("x")
        if number % 2:
            until(page, f"bench.saves.length > {number}")
    until(page, f"bench.saves.length >= {SAVES}")
    if page.evaluate("bench.refused"):
        sys.exit("Some saves were refused.")
    page.locator("#state").get_by_text("Saved").wait_for()
    return p95(page.evaluate("bench.saves"))


def played(visit: Callable[[], Page]) -> dict[str, Any]:
    page = visit()
    until(page, "bench.usable")
    seconds = "document.querySelector('audio').currentTime"
    page.evaluate(f"{seconds} = {MIDDLE_S}")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{seconds} > {MIDDLE_S + 1}")
    began = page.evaluate(seconds)
    found = page.evaluate("ms => bench.play(ms)", 1000 * PLAYED_S)
    if page.evaluate(seconds) - began < 0.9 * PLAYED_S:
        sys.exit("The recording did not play.")
    tasks, gaps = [task["duration"] for task in found["tasks"]], found["gaps"]
    return {
        "long_tasks": len(tasks),
        "longest_task_ms": round(max(tasks, default=0)),
        "longest_frame_ms": round(max(gaps), 1),
        "late_frames": sum(gap > 25 for gap in gaps),
        "frames": len(gaps),
    }


def measured(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 2)} | served(site)
    with chromium(site) as visit:
        found |= loaded(visit)
        found["save_p95_ms"] = saved(visit)
        found |= played(visit)
        found |= typed(visit)
    first = ("server_p95_ms", "usable_ms", "keystroke_p95_ms", "save_p95_ms", "long_tasks")
    return {name: found[name] for name in first} | found


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", action="store_true", help="measure nothing, only serve")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))  # which cleans up
    if not CHROMIUM.exists():
        sys.exit(f"{CHROMIUM} is not installed (apt-get install chromium).")
    port = free_port()
    with product(SITE_URL=f"http://{HOST}:{port}", LOG_LEVEL="WARNING"):
        site = fill(port)
        with web(port):
            if options.keep:
                print(f"{site.url}{site.desk}\nuser {USER}, password “{PASSWORD}”")
                print("Ctrl+C ends it.", flush=True)
                threading.Event().wait()
            print(json.dumps(measured(site)))


if __name__ == "__main__":
    main()
