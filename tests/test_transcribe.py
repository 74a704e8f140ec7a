"""`manage.py transcribe`: one recording in the terminal, without a worker."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import ROOT, SAMPLE, test_database_url
from transcription.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def start(*args, **environment):
    """As in a terminal."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "transcribe", *map(str, args)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": test_database_url()} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests in the background may have it ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def transcribe(*args):
    """In this process: exit code, output and errors."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("transcribe", *map(str, args), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def test_the_text_is_printed_and_labelled(short_clip):
    process = start(short_clip)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "heart attack" in out
    assert "demo quality" in err
    assert Job.objects.get().status == Job.Status.COMPLETED


def test_json_has_words_and_times(short_clip):
    code, out, err = transcribe(short_clip, "--json", "--language", "en")
    assert code == 0, err
    document = json.loads(out)
    words = [word for segment in document["segments"] for word in segment["words"]]
    assert "heart" in [word["text"] for word in words]
    assert all(0 <= word["start_ms"] <= word["end_ms"] <= document["duration_ms"] for word in words)
    assert (document["demo_quality"], document["languages"]) == (True, ["en"])


def test_another_engine_can_be_chosen(short_clip, standin):
    standin.set_text("The engine heard this.")
    code, out, err = transcribe(short_clip, "--model", "whisper-1")
    assert (code, out) == (0, "The engine heard this.\n"), err


def test_who_speaks_is_said_where_it_is_known(short_clip, standin):
    standin.set_text("The engine heard this.")
    wishes = ["--model", "gpt-4o-transcribe-diarize", "--channels", "separate"]
    code, out, err = transcribe(short_clip, *wishes, "--prompt", "A visit.", "--speakers")
    assert code == 0, err
    assert "Speaker A: " in out
    assert Job.objects.get().options == {"channels": "separate", "prompt": "A visit."}
    code, out, err = transcribe(short_clip, *wishes)
    assert (code, out) == (0, "The engine heard this.\n"), err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["README.md"], "No sound could be decoded"),
        ([SAMPLE, "--model", "nope"], "Choose one of: gpt-transcribe"),
        ([SAMPLE, "--model", "whisper-1"], "OPENAI_API_KEY"),
        ([SAMPLE, "--language", "de"], "understands only en"),
        ([SAMPLE, "--language", "klingon"], "“klingon” is not known"),
        ([SAMPLE, "--prompt", "x" * 4001], "4,000 are the most"),
    ],
)
def test_mistakes_are_told(args, message):
    code, out, err = transcribe(*args)
    assert (code, out) == (1, "")
    assert message in err
    assert not Job.objects.exists()


def test_a_mistake_is_told_in_one_line():
    process = start("nowhere.mp3")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert err == "CommandError: There is no file nowhere.mp3.\n"


def test_ctrl_c_ends_it_at_once_and_cancels_the_job(openai_standin):
    openai_standin.set_latency(60)
    process = start(
        SAMPLE,
        "--model",
        "whisper-1",
        OPENAI_API_KEY=openai_standin.api_key,
        OPENAI_BASE_URL=openai_standin.base_url,
    )
    deadline = time.monotonic() + 60
    while not Job.objects.filter(status=Job.Status.TRANSCRIBING).exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 1
    assert err.strip().endswith("CommandError: Cancelled.")
    assert Job.objects.get().status == Job.Status.CANCELLED
