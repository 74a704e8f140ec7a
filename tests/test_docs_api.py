"""What docs/api.md shows is run as it stands, each language as one program, and works."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from speech_project import wakeups
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey, AuditEvent
from speech_project.api.describing import description
from tests.conftest import ROOT, STEPS, test_database_url

DOCUMENT = (ROOT / "docs/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.+?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"  # as it is shown
SAID = "She takes ozempic, twice a day."
DONE = {
    "job.create", "segment.change", "feedback.create", "term.create", "lexicon.bulk",
    "webhook.create", "job.delete",
}  # fmt: skip


def shown(language: str) -> str:
    return "\n".join(code for name, code in BLOCK.findall(DOCUMENT) if name == language)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Does what it is told to, one after the other, while the server answers."""
    told: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()

    def work() -> None:
        while message := told.get():
            task, pk = message
            STEPS.get(task, lambda _: None)(pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    with wakeups.delivered_to(lambda task, pk: told.put((task, pk))):
        yield
    told.put(None)
    thread.join()


@pytest.fixture
def folder(tmp_path: Path, short_clip: Path) -> Path:
    """As it is where the document's reader is: the product, and a recording."""
    shutil.copy(short_clip, tmp_path / "visit.flac")
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def run(
    live_server: Any, worker: None, media: Path, standin: Any, settings: Any, folder: Path
) -> Callable[..., None]:
    """Run a program of the language in the folder; it does all of it."""
    settings.STT_MODEL = "gpt-transcribe"
    standin.set_text(SAID)

    def run(*command: Any, source: str, **environment: str) -> str:
        done = subprocess.run(
            [*command, "-"],
            input=source.replace(ADDRESS, live_server.url),
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def checked(*command: Any, **wishes: str) -> None:
        printed = run(*command, **wishes)
        assert SAID in printed
        assert set(AuditEvent.objects.values_list("action", flat=True)) >= DONE

    return checked


@pytest.fixture
def of_client(live_server: Any) -> dict[str, str]:
    _, secret = create_key("my client")
    return {"VERBATIM": live_server.url, "KEY": secret}


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq (apt-get install jq)")
def test_curl(run: Any) -> None:
    run("bash", "-euo", "pipefail", source=shown("bash"), DATABASE_URL=test_database_url())
    assert ApiKey.objects.get().name == "my client"


def test_python(run: Any, of_client: dict[str, str]) -> None:
    run(sys.executable, source=shown("python"), **of_client)


def test_javascript(run: Any, of_client: dict[str, str], folder: Path, node_folder: Path) -> None:
    (folder / "node_modules").symlink_to(node_folder / "node_modules")
    run("node", "--input-type=module", source=shown("javascript"), **of_client)


def test_the_refusal_that_is_shown(client: Client, db: None) -> None:
    _, secret = create_key("my client")
    answer = client.get("/api/v1/jobs/?status=done", headers={"X-API-Key": secret})
    assert answer.json() == json.loads(shown("json"))


def test_each_code_that_the_description_tells_of_is_explained() -> None:
    codes = set(re.findall(r'"code": "(\w+)"', json.dumps(description())))
    explained = set(re.findall(r"`(\w+)`", DOCUMENT))
    missing = {code for code in codes - explained if not code.endswith("_invalid")}
    assert not missing
