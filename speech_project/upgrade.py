"""Bringing the schema to where this version of the code needs it: Alembic, then Django, then what
migrations cannot compute."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from speech_project import database
from speech_project.datadir import BASE_DIR

# held around both upgrades; Alembic's own lock is another one
ADVISORY_LOCK = 0x76657262617470


def alembic_config() -> Config:
    return Config(str(BASE_DIR / "alembic.ini"))


def upgrade() -> None:
    """Run both upgrades; of several processes that start at once, one after the other."""
    where = database.address()
    lock = database.connect(where)
    try:
        database.take_turn(lock, ADVISORY_LOCK, timeout_s=database.TURN_TIMEOUT_S)
        command.upgrade(alembic_config(), "head")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("refresh_lexicon", verbosity=0, if_missing=True)
    finally:
        lock.close()  # gives the lock back


def behind() -> str:
    """Which upgrade is missing and the command for it; "" when the schema is at head."""
    missing = []
    if not _alembic_at_head():
        missing.append("`alembic upgrade head`")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        missing.append("`python manage.py migrate`")
    if not missing:
        return ""
    return f"The database's schema is not that of this version. Run {' and then '.join(missing)}."


def _alembic_at_head() -> bool:
    heads = ScriptDirectory.from_config(alembic_config()).get_heads()
    if "alembic_version" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        return {revision for (revision,) in cursor.fetchall()} == set(heads)
