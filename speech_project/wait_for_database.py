"""`python -m speech_project.wait_for_database`: until the database answers, or time is up.

No management command: `alembic` in a container needs the database's variables only, so waiting
for it must not ask for a SECRET_KEY.
"""

import sys
import time
from argparse import ArgumentParser

from django.core.exceptions import ImproperlyConfigured

from speech_project import database, env

POLL_S = 0.5


def wait(timeout_s: int) -> None:
    """Raises Unreachable when time is up, and at once where waiting cannot help."""
    where = database.address()
    deadline = time.monotonic() + timeout_s
    told = False
    while True:
        try:
            database.connect(where).close()
            return
        except database.Unreachable as error:
            if not error.passing or time.monotonic() > deadline:
                raise
        if not told:
            told = True
            sys.stderr.write(f"Waiting for the database, at most {timeout_s} s ...\n")
        time.sleep(POLL_S)


def main() -> int:
    parser = ArgumentParser(prog="python -m speech_project.wait_for_database")
    parser.add_argument("--timeout", type=int, metavar="S", help="default: DB_WAIT_TIMEOUT, or 60")
    given = parser.parse_args().timeout
    try:
        wait(env.integer("DB_WAIT_TIMEOUT", 60, least=0, most=3600) if given is None else given)
    except (ImproperlyConfigured, database.Unreachable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
