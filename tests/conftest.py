"""Fixtures that many tests share. The test database is built by Alembic, as the real one is."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings as hypothesis
from sqlalchemy import Engine, create_engine, pool

from speech_project import database, schema, wakeups
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from tests.standin.client import Control
from transcription import audio, pipeline, services
from transcription.models import Chunk, Job, Segment

# the same examples in each run; a machine may be slow
hypothesis.register_profile("verbatim", derandomize=True, deadline=None)
hypothesis.load_profile("verbatim")

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 90
SAMPLE = ROOT / "sample" / "dictation.flac"
# as long as half a minute of speech
HALF_MINUTE = (
    "We saw the patient on Monday and she told us that the pain had gone after two days of rest. "
    "Her blood pressure was normal, she sleeps well, and she walks to the shops and back again "
    "every morning. We agreed to lower the dose and to look at her again in three months."
)
# what a worker does when it is told to; playback copies are not made here
STEPS = {
    "prepare_job": pipeline.prepare,
    "transcribe_chunk": pipeline.transcribe,
    "finish_job": pipeline.finish,
    "make_playback": lambda pk: None,
}

pytest_plugins = ["tests.standin.fixture", "tests.receiver"]
# these take longest, and go first: of the processes that test side by side, none is left alone
# with one of them in the end
LONGEST = (
    "test_serve", "test_paid_once", "test_transcribe", "test_hints_offline", "test_lost_work",
    "test_workers", "test_entrypoint", "test_engine_pocketsphinx",
    "test_robustness", "test_schemathesis", "test_schema", "test_learning_end_to_end",
    "test_docs_api", "test_wire_sdks",
)  # fmt: skip


class QuickHasher(PBKDF2PasswordHasher):
    """The product's own checks what this one makes, which takes no time."""

    iterations = 1


settings.PASSWORD_HASHERS = ["tests.conftest.QuickHasher"]
# head and body of the live server's answers go out one by one: the second would wait 40 ms
WSGIRequestHandler.disable_nagle_algorithm = True


def test_database() -> database.Address:
    """The test database, as a process of its own must be told of it."""
    found = connection.settings_dict
    return database.Address(
        name=found["NAME"],
        user=found["USER"],
        password=found["PASSWORD"],
        host=found["HOST"],
        port=str(found["PORT"]),
    )


test_database.__test__ = False  # type: ignore[attr-defined]


def test_database_url() -> str:
    where = test_database()
    login = quote(where.user, safe="") + (f":{quote(where.password)}" if where.password else "")
    if where.host.startswith("/"):
        return f"postgresql://{login}@/{where.name}?host={quote(where.host, safe='')}"
    return f"postgresql://{login}@{where.host}:{where.port or 5432}/{where.name}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


def engine_of(where: database.Address) -> Engine:
    return create_engine(
        "postgresql+psycopg2://", creator=lambda: database.connect(where), poolclass=pool.NullPool
    )


def migrate(
    where: database.Address,
    revision: str = "head",
    how: Callable[[Config, str], None] = command.upgrade,
) -> None:
    with engine_of(where).connect() as found:
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = found
        how(config, revision)
        found.commit()


def empty_tables(_: TransactionTestCase) -> None:
    """After a transactional test, instead of Django's flush, which takes seconds: it truncates
    tables, full or not, and writes content types and permissions anew."""
    names = [table.name for table in reversed(schema.metadata.sorted_tables)]
    of_django = set(connection.introspection.django_table_names())
    names += sorted(of_django - {"django_content_type", "auth_permission"})
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM {name}" for name in names))


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """Each of the workers that test side by side has a database of its own."""
    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False)
        with connection.cursor() as cursor:  # no test asks for what a crash of the machine leaves
            cursor.execute(f'ALTER DATABASE "{test_database().name}" SET synchronous_commit = off')
        connection.close()
        migrate(test_database())
    yield
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:  # a thread or a killed process may be in it still
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        teardown_databases(created, verbosity=0)


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_user("rita", password="a password for rita")


@pytest.fixture
def desk_client(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


@pytest.fixture
def key(db: None) -> tuple[ApiKey, str]:
    """A client's key, and its text."""
    return create_key("clinic", rate_limit_per_minute=0)


@pytest.fixture
def api(key: tuple[ApiKey, str]) -> Client:
    """That client."""
    return Client(headers={"Authorization": f"Bearer {key[1]}"})


@pytest.fixture
def make_job(db: None) -> Callable[..., Job]:
    """A transcribed job with segments as told, without any engine."""

    def make(*texts: str, owner: User | None = None, **fields: Any) -> Job:
        job = Job.objects.create(
            **{
                "title": "Ward round",
                "source": Job.Source.PAGE,
                "owner_id": owner.pk if owner else None,
                "owner_name": owner.username if owner else "",
                "audio_file": "recordings/none.wav",
                "audio_name": "none.wav",
                "audio_sha256": "0" * 64,
                "audio_bytes": 1,
                "engine": "pocketsphinx",
                "model": "pocketsphinx",
                "status": Job.Status.COMPLETED,
                "duration_ms": 4000 * max(1, len(texts)),
                "chunk_count": 1,
            }
            | fields
        )
        chunk = Chunk.objects.create(
            job=job, position=0, start_ms=0, end_ms=4000, status=Chunk.Status.COMPLETED
        )
        for index, text in enumerate(texts):
            Segment.objects.create(
                job=job,
                chunk=chunk,
                position=index,
                start_ms=4000 * index,
                end_ms=4000 * index + 3500,
                engine_text=text,
                text=text,
            )
        return job

    return make


@pytest.fixture
def upload_sample(db: None) -> Callable[..., Job]:
    """A queued job of the sample recording, through the real service."""

    def upload(path: Path = SAMPLE, **wishes: Any) -> Job:
        with path.open("rb") as stream:
            return services.create_job(
                File(stream, name=str(path)), **{"source": Job.Source.COMMAND} | wishes
            )

    return upload


@pytest.fixture
def sent() -> Iterator[list[tuple[str, str]]]:
    """What was sent to workers, in order; nothing is done with it."""
    messages: list[tuple[str, str]] = []
    with wakeups.delivered_to(lambda task, pk: messages.append((task, pk))):
        yield messages


@pytest.fixture
def standin(openai_standin: Control, settings: Any) -> Control:
    """The configured service, which hears half a minute of speech in any sound."""
    settings.OPENAI_BASE_URL = openai_standin.base_url
    settings.OPENAI_API_KEY, settings.ENGINE_CONFIGURED = openai_standin.api_key, True
    openai_standin.set_text(HALF_MINUTE)
    return openai_standin


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first sentence of the sample, which PocketSphinx gets right, in four seconds."""
    path = tmp_path_factory.mktemp("clip") / "first sentence.flac"
    blocks = audio.decode(SAMPLE, block_ms=100)
    first = [next(blocks) for _ in range(36)]
    blocks.close()

    path.write_bytes(audio.encode_flac(np.concatenate(first)))
    return path


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    """The recordings' storage, empty."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture(scope="session")
def node_folder(pytestconfig: pytest.Config) -> Path:
    """A folder with what programs for Node need, installed once for each lock file."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: on Debian, apt-get install nodejs npm")
    source = ROOT / "tests" / "node"
    folder = Path(pytestconfig.cache.mkdir("node"))
    lock = folder / "package-lock.json"
    wanted = (source / lock.name).read_bytes()
    with (folder / "held").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # tests run side by side
        if not (folder / "installed").exists() or lock.read_bytes() != wanted:
            (folder / "installed").unlink(missing_ok=True)
            for name in (".npmrc", "package.json", lock.name):
                shutil.copy(source / name, folder)
            subprocess.run(["npm", "ci", "--no-progress"], cwd=folder, check=True, timeout=300)
            (folder / "installed").touch()
    return folder


def wait_until(check: Callable[[], Any], what: str) -> None:
    """For what processes of the product do."""
    deadline = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE_S} s"
        time.sleep(0.1)


@contextmanager
def running(*args: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the product, on the test database, killed with the block, its children too."""
    process = subprocess.Popen(
        [sys.executable, *args],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": test_database_url()} | environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector, which tests/environment.py
    turned off for so long, never looks through it, which would take a tenth of the time."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is installed, nothing may be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and os.environ.get("VERBATIM_NO_SKIPS") and not exitstatus:
        for report in skipped:
            reporter.write_line(f"skipped, which is not allowed here: {report.nodeid}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_leftover_cache() -> None:
    from django.core.cache import cache

    if not settings.REDIS_URL:
        cache.clear()
