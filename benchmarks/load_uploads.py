"""Uploads of 100 MB, to the API and to a bare view of Django in turn (bare_urls.py)."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median
from typing import Any

import numpy as np
import psutil

from speech_project.serve import HOST

MB = 1_000_000
SIZE_MB, ROUNDS = 100, 7
WARM_UPS = 16  # as many as there are threads, which each have memory of their own
RSS_EVERY_S = 0.01
BOUNDARY = "of-the-benchmark"
API, BARE = "/api/v1/jobs/", "/bare-upload/"


def recording(size: int) -> bytes:
    """A WAV of noise, of about so many bytes."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(np.random.default_rng(size).bytes(size - 44 & ~1))
    return file.getvalue()


def form(content: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="noise.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(port: int, path: str, key: str, body: bytes) -> tuple[float, dict[str, Any]]:
    """How many seconds it took, and the answer."""
    connection = HTTPConnection(HOST, port, timeout=300)
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    began = time.perf_counter()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    told = answer.read()
    took = time.perf_counter() - began
    connection.close()
    if answer.status != 201:
        sys.exit(f"{path} answers {answer.status}: {told[:500]!r}")
    return took, json.loads(told)


@contextmanager
def highest_rss(process: psutil.Process) -> Iterator[list[int]]:
    """The bytes that a process has in memory, at their highest so far."""
    highest, over = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not over.wait(RSS_EVERY_S):
            highest[0] = max(highest[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield highest
    finally:
        over.set()
        watcher.join()


def uploads(port: int, key: str, server: psutil.Process) -> dict[str, float]:
    from django.core.files.storage import default_storage

    from transcription.models import Job

    def upload(path: str, content: bytes) -> float:
        took, told = send(port, path, key, form(content))
        if path == API:
            job = Job.objects.get(pk=told["id"])
            name, told_hash = job.audio_file, job.audio_sha256
        else:
            name, told_hash = told["name"], told["sha256"]
        if told_hash != hashlib.sha256(content).hexdigest():
            sys.exit(f"{path} has hashed something else.")
        default_storage.delete(name)
        return len(content) / MB / took

    for path in WARM_UPS * (API, BARE):
        upload(path, recording(MB))
    (worker,) = server.children()
    before = worker.memory_info().rss
    content = recording(SIZE_MB * MB)
    speeds: dict[str, list[float]] = {API: [], BARE: []}
    with highest_rss(worker) as rss:
        for number in range(2 * ROUNDS):
            path = (API, BARE)[number % 2]
            speeds[path].append(upload(path, content))
    return {
        "upload_mb_per_s": round(median(speeds[API]), 1),
        "bare_upload_mb_per_s": round(median(speeds[BARE]), 1),
        "upload_rss_growth_mb": round((rss[0] - before) / MB, 1),
    }
