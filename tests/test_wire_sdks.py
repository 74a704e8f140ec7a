"""OpenAI's own SDKs, for Python and Node, at a server and a worker as they are started."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from contextlib import ExitStack
from http.client import HTTPConnection

import openai
import pytest
from kombu import Queue

from speech_project.access.keys import create_key
from speech_project.celery import app
from tests.conftest import HALF_MINUTE, PATIENCE_S, ROOT, SAMPLE, running, wait_until
from tests.standin.client import StandInProcess
from transcription.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "The patient takes Ozempic once a week and is well."
THREADS = 4  # of which two may wait
SERVER = ("-m", "gunicorn", "speech_project.wsgi", "--config", "python:speech_project.web",
          "--worker-class", "gthread", "--graceful-timeout", "1", "--no-control-socket",
          "--log-level", "warning")  # fmt: skip
WORKER = ("-m", "celery", "-A", "speech_project", "worker", "-l", "WARNING", "-P", "threads",
          "-c", "4", "-Q", "media,engine", "-n", "wire@test", "--without-gossip",
          "--without-mingle", "--without-heartbeat")  # fmt: skip


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def empty_queues():
    """What other tests sent is not for this worker."""
    with app.connection_for_write() as connection:
        for name in ("media", "engine"):
            queue = Queue(name, routing_key=name).bind(connection.default_channel)
            queue.declare()
            queue.purge()


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    """The address of a web server with a worker, and the speech service that they ask."""
    port = free_port()
    with ExitStack() as stack:
        with django_db_blocker.unblock():  # the test database's address is asked for
            empty_queues()
            asked = StandInProcess().start()
            service = {"OPENAI_BASE_URL": asked.base_url, "OPENAI_API_KEY": asked.api_key}
            web = (*SERVER, "--bind", f"127.0.0.1:{port}")
            stack.enter_context(running(*web, WEB_THREADS=str(THREADS), **service))
            worker = stack.enter_context(running(*WORKER, **service))
        stack.callback(worker.kill)  # who would wait for a recording that nobody wants any more
        stack.callback(asked.stop)
        wait_until(lambda: answers(port), "the server's first answer")
        yield f"http://127.0.0.1:{port}/v1", asked


@pytest.fixture
def standin(server):
    server[1].control(reset=True, text=TEXT)
    return server[1]


@pytest.fixture
def client(server, standin):
    return sdk(server)


def sdk(server, key=None, **wishes):
    secret = key or create_key("SDK", rate_limit_per_minute=0)[1]
    return openai.OpenAI(base_url=server[0], api_key=secret, **{"timeout": 60} | wishes)


@pytest.fixture
def ask(client, short_clip):
    """One call, by a client of its own if there is one."""

    def ask(by=client, file=short_clip, model="gpt-transcribe", **wishes):
        return by.audio.transcriptions.create(file=file, model=model, **wishes)

    return ask


# --- Python --------------------------------------------------------------------------------------


def test_every_form(ask, standin):
    assert ask().text == TEXT
    assert ask().usage.seconds == 4
    assert ask(response_format="text") == f"{TEXT}\n"
    assert ask(response_format="srt").startswith("1\n00:00:0")
    assert ask(response_format="vtt").startswith("WEBVTT")
    verbose = ask(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert (verbose.text, verbose.language) == (TEXT, "english")
    assert "".join(segment.text for segment in verbose.segments) == TEXT
    assert [word.word for word in verbose.words] == TEXT.split()
    assert len(standin.log()) == 1


def test_a_stream(ask, standin):
    standin.set_text(HALF_MINUTE)
    *deltas, done = ask(file=SAMPLE, stream=True)
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text == f"{HALF_MINUTE} {HALF_MINUTE}"
    assert done.usage.seconds == 61


def test_what_the_engine_is_told(ask, standin):
    ask(keywords=["Zyloprim"], languages=["en", "de"], prompt="A visit.")
    (told,) = (entry["fields"] for entry in standin.log())
    assert told["keywords[]"] == ["Zyloprim"]
    assert sorted(told["languages[]"]) == ["de", "en"]
    assert told["prompt"] == ["A visit."]


def test_models(client):
    ids = [model.id for model in client.models.list()]
    assert {"gpt-transcribe", "whisper-1"} <= set(ids)
    assert client.models.retrieve("whisper-1").id == "whisper-1"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_errors_have_their_classes(ask, server):
    with pytest.raises(openai.AuthenticationError) as wrong:
        ask(by=sdk(server, "sk-wrong"))
    assert (wrong.value.status_code, wrong.value.code) == (401, "invalid_api_key")
    with pytest.raises(openai.NotFoundError) as missing:
        ask(model="gpt-9")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as bad:
        ask(file=("notes.wav", b"no sound" * 1000))
    assert bad.value.param == "file"
    with pytest.raises(openai.PermissionDeniedError):
        ask(by=sdk(server, create_key("reader", scopes=["jobs:read"])[1]))
    once = sdk(server, create_key("slow", rate_limit_per_minute=1)[1], max_retries=0)
    once.models.list()
    with pytest.raises(openai.RateLimitError) as limited:
        ask(by=once)
    assert limited.value.code == "rate_limit_exceeded"
    assert int(limited.value.response.headers["retry-after"]) > 0


def test_a_large_upload_that_is_refused_is_told_why(ask, server):
    """And is no broken connection."""
    with pytest.raises(openai.AuthenticationError):
        ask(by=sdk(server, "sk-wrong", max_retries=0), file=("big.wav", bytes(20_000_000)))


def test_a_failure_in_a_stream_is_raised(ask, standin):
    standin.control(faults=[{"name": "quota", "always": True}])
    with pytest.raises(openai.APIError, match="quota"):
        list(ask(stream=True))


def test_a_client_that_loses_patience_joins_its_own_job(ask, server, standin):
    standin.set_latency(3)
    hasty = sdk(server, timeout=1, max_retries=60)
    assert ask(by=hasty).text == TEXT
    assert len(standin.log()) == 1
    assert Job.objects.count() == 1


# --- Node ----------------------------------------------------------------------------------------


@pytest.fixture
def node(node_folder):
    """A folder with the calls and what they need."""
    shutil.copy(ROOT / "tests" / "node" / "calls.mjs", node_folder)
    return node_folder


def test_node(node, server, standin, short_clip):
    _, secret = create_key("Node", rate_limit_per_minute=0)
    command = ["node", "calls.mjs", server[0], secret, short_clip]
    done = subprocess.run(
        command, cwd=node, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["json"]["text"] == found["verbose_json"]["text"] == found["told"]["text"] == TEXT
    assert found["text"] == f"{TEXT}\n"
    assert found["srt"].startswith("1\n00:00:0")
    assert found["vtt"].startswith("WEBVTT")
    assert [word["word"] for word in found["words"]["words"]] == TEXT.split()
    *deltas, last = found["stream"]
    assert "".join(event["delta"] for event in deltas) == last["text"] == TEXT
    assert standin.log()[-1]["fields"]["keywords[]"] == ["Zyloprim"]
    assert "gpt-transcribe" in found["models"]
    assert found["model"]["id"] == "whisper-1"
    assert found["ignored"] == "temperature"
    assert [(error["name"], error["code"]) for error in found["errors"]] == [
        ("AuthenticationError", "invalid_api_key"),
        ("NotFoundError", "model_not_found"),
        ("BadRequestError", "invalid_value"),
    ]


# --- Both are gone -------------------------------------------------------------------------------


def test_clients_that_hang_up_free_their_threads(ask, server, standin, short_clip):
    """The last here: the first recording is still waited for when the servers end."""
    standin.control(faults=[{"name": "hang"}])
    hasty = sdk(server, timeout=1, max_retries=0)
    for _ in range(THREADS // 2):
        with pytest.raises((openai.APITimeoutError, openai.InternalServerError)):
            ask(by=hasty)
    other = sdk(server, max_retries=0)

    def is_served():
        try:
            return ask(by=other).text == TEXT
        except openai.InternalServerError as error:
            assert error.code == "server_is_overloaded"
            return False

    wait_until(is_served, "a place for another client")
