"""`make run`: the whole product on this machine, under one supervisor.

    python -m speech_project.serve [AUDIO ...]

This process owns the embedded PostgreSQL and a supervisord, which runs the web server, the
workers and the scheduler (supervisord.conf) and restarts what dies. Everything that it starts
has a session of its own, so that Ctrl-C in a terminal reaches this process alone, which then
ends the others in order. Django is not set up here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
from django.core.exceptions import ImproperlyConfigured

from speech_project import database, env
from speech_project.datadir import BASE_DIR, data_dir, make_writable, own_secret_key

HOST = "127.0.0.1"
SUPERVISORD_CONF = Path(__file__).with_name("supervisord.conf")
# what this process starts carries the data folder in this variable, and is known by it
MARK = "VERBATIM_SUPERVISED"
MOST_MEDIA_PROCESSES = 4
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15  # supervisord itself kills what has not stopped after 8 s
POLL_S = 0.1
FORGET_AFTER_S = 24 * 3600

_asked_to_stop = False


class CannotServe(Exception):
    """The message says why, and what to do."""


class AskedToStop(Exception):
    """Ctrl-C, or a signal that means the same."""


def main() -> int:
    parser = ArgumentParser(prog="python -m speech_project.serve", description="Run Verbatim.")
    parser.add_argument("audio", nargs="*", type=Path, help="recordings to transcribe")
    files = [path.resolve() for path in parser.parse_args().audio]
    # it only takes note: starting the database must not be interrupted half way
    on_signals(_ask_to_stop)
    try:
        serve(files)
    except AskedToStop:
        return 0
    except (CannotServe, ImproperlyConfigured, database.Unreachable) as error:
        say(f"\n{error}\n")
        return 1
    return 0


def serve(files: list[Path]) -> None:
    """Check, start, watch; end all on the way out, whatever the reason."""
    for path in files:
        if not path.is_file():
            raise CannotServe(f"There is no file {path}.")
    port = env.integer("PORT", 8000, least=1, most=65535)
    folder = make_writable(data_dir())
    with only_one(folder, f"http://{HOST}:{port}/"):
        if left_behind := marked(folder):
            say("Ending what an earlier run, which was killed, left behind.")
            end(left_behind)
        forget_uploads(folder / "uploads")
        check_port(port)
        try:
            configure(folder, port)
            run(files, folder, port)
        finally:
            on_signals(signal.SIG_IGN)  # a second Ctrl-C changes nothing
            say("\nStopping ...")
            end(marked(folder))
            database.stop()
            say("Stopped. All data is kept.")


def configure(folder: Path, port: int) -> None:
    """Put what all programs shall agree on into the environment, and start the database.

    Raises ImproperlyConfigured for what the settings refuse.
    """
    make_writable(folder / "log")
    os.environ |= {"VERBATIM_DATA": str(folder), "PORT": str(port)}
    site = env.text("SITE_URL", f"http://{HOST}:{port}")
    os.environ["SITE_URL"] = env.origin("SITE_URL", site)
    if not env.secret("SECRET_KEY"):
        own_secret_key(create=True)
    from speech_project import settings

    # without Redis the limits of API keys are counted inside one process
    processes = env.integer("WEB_CONCURRENCY", 2, least=1, most=64) if settings.REDIS_URL else 1
    os.environ["WEB_CONCURRENCY"] = str(processes)
    cpus = min(os.cpu_count() or 1, MOST_MEDIA_PROCESSES)
    os.environ["VERBATIM_MEDIA_PROCESSES"] = str(cpus)
    os.environ["ENGINE_THREADS"] = str(env.integer("ENGINE_THREADS", 16, least=1, most=1000))
    # supervisord looks the programs' `python` up here
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if settings.DATABASE.embedded:
        say("Starting the database ...")
        try:
            host = quote(database.reach(), safe="")
        except subprocess.SubprocessError:
            raise CannotServe(
                f"The embedded PostgreSQL does not start with its data in {folder / 'postgres'}. "
                "The reason is above, or in the file `log` there."
            ) from None
        os.environ["DATABASE_URL"] = f"postgresql://postgres@/{database.EMBEDDED_NAME}?host={host}"


def run(files: list[Path], folder: Path, port: int) -> None:
    """Bring the schema up, start the programs and watch them until asked to stop."""
    with (folder / "log" / "upgrade.log").open("w+") as log:
        upgrade = start(folder, "manage.py", "upgrade_schema", output=log)
        while upgrade.poll() is None:
            pause()
        if upgrade.returncode:
            log.seek(0)
            raise CannotServe(f"The database's schema could not be brought up.\n{log.read()}")
    say("Starting web server and workers ...")
    supervisor = start(folder, "-m", "supervisor.supervisord", "-c", str(SUPERVISORD_CONF))
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(port):
        if time.monotonic() > deadline:
            raise CannotServe(f"The web server does not start. See {folder / 'log' / 'web.log'}.")
        watch(supervisor, folder)
    say(f"\nVerbatim runs at {os.environ['SITE_URL']}/ (Ctrl-C ends it)")
    start(folder, "manage.py", "first_start", *map(str, files))
    while True:
        watch(supervisor, folder)


def start(folder: Path, *arguments: str, output: IO[str] | None = None) -> subprocess.Popen[bytes]:
    """A Python program of ours, in a session of its own, known by its mark."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=os.environ | {MARK: str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def watch(supervisor: subprocess.Popen[bytes], folder: Path) -> None:
    pause()
    database.keep_running()
    if supervisor.poll() is not None:
        log = folder / "log" / "supervisord.log"
        raise CannotServe(f"The supervisor has ended by itself. See {log}, then start again.")


def pause() -> None:
    time.sleep(POLL_S)
    if _asked_to_stop:
        raise AskedToStop


def answers(port: int) -> bool:
    """Whether the web server works; it may well refuse this host's name (400)."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


# --- What runs already -------------------------------------------------------------------------


def forget_uploads(folder: Path) -> None:
    """Recordings that were on their way in when a process was killed must not stay for ever."""
    for path in folder.glob("*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > FORGET_AFTER_S:
                path.unlink()


@contextmanager
def only_one(folder: Path, address: str) -> Iterator[None]:
    """Hold the data folder. The lock goes with the process, however that ends."""
    with (folder / "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotServe(
                f"Verbatim runs already, with the data in {folder}: {lock.read()}\n"
                "Use that one, or end it first. For a second one set VERBATIM_DATA to another "
                "folder and PORT to another port."
            ) from None
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield


def marked(folder: Path) -> list[psutil.Process]:
    """The programs that serve has started with this data folder, and all that those started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(folder) and process.pid != os.getpid():
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask those at the top to end, which end their children; kill what is left after a while."""
    pids = {process.pid for process in processes}
    for process in processes:
        with suppress(psutil.Error):
            if process.ppid() not in pids:
                process.terminate()
    for process in psutil.wait_procs(processes, timeout=STOP_TIMEOUT_S)[1]:
        with suppress(psutil.Error):
            process.kill()


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = f"Port {port} is in use by {holder(port)}. End that"
            else:
                reason = f"Port {port} cannot be used ({error.strerror}). Allow it"
            free = port + 1 if 1024 <= port < 65535 else 8000
            raise CannotServe(
                f"{reason}, or choose another port, for example: make run PORT={free}"
            ) from None


def holder(port: int) -> str:
    with suppress(psutil.Error):  # some systems tell only root
        for found in psutil.net_connections("tcp"):
            listens = found.status == psutil.CONN_LISTEN
            if listens and getattr(found.laddr, "port", 0) == port and found.pid:
                return f"{psutil.Process(found.pid).name()} (process {found.pid})"
    return "another program"


# --- Terminal and signals ----------------------------------------------------------------------


def say(line: str) -> None:
    with suppress(OSError):  # the terminal may be closed already
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def on_signals(handler: Callable[..., None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has SIGHUP ignored, and so it stays
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _ask_to_stop(*_: object) -> None:
    global _asked_to_stop
    _asked_to_stop = True


if __name__ == "__main__":
    sys.exit(main())
