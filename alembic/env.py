"""How Alembic reaches the database, and what of it is ours.

Two containers that upgrade at once take turns (an advisory lock); a migration that waits for a
busy table gives up (lock_timeout) instead of stopping everyone behind it.
"""

import logging

from alembic import context
from alembic.util import CommandError
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from speech_project import database
from speech_project.schema import metadata

# any fixed number: whoever migrates this product's schema takes the same one
ADVISORY_LOCK = 0x7665726261
DJANGO_PREFIXES = ("auth_", "django_", "axes_")

config = context.config
# does nothing where a program around us has set up logging already
logging.basicConfig(format="%(message)s")
logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Leave Django's own tables out of what is read from the database."""
    return type_ != "table" or not (name or "").startswith(DJANGO_PREFIXES)


def include_object(object_: object, name: str | None, type_: str, *_: object) -> bool:
    return include_name(name, type_, {})


OPTIONS = {
    "target_metadata": metadata,
    "include_name": include_name,
    "include_object": include_object,
    "compare_type": True,
    "compare_server_default": True,
    "transactional_ddl": True,
}


def migrate_offline() -> None:
    """Print the SQL (--sql); no database is needed."""
    context.configure(dialect_name="postgresql", literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def set_timeout(connection: Connection, name: str, value: str | None) -> None:
    connection.execute(text("SELECT set_config(:n, :v, false)"), {"n": name, "v": value})


def migrate_online() -> None:
    where = database.address()
    try:
        holder = database.connect(where)
    except database.Unreachable as error:
        raise CommandError(str(error)) from None
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=lambda: database.connect(where),
        poolclass=pool.NullPool,
    )
    try:
        database.take_turn(holder, ADVISORY_LOCK, timeout_s=database.TURN_TIMEOUT_S)
        with engine.connect() as connection:
            for setting in ("lock_timeout", "statement_timeout"):
                set_timeout(connection, setting, config.get_main_option(setting))
            connection.commit()
            migrate(connection)
    except TimeoutError as error:
        raise CommandError(str(error)) from None
    finally:
        holder.close()  # gives the turn back


if context.is_offline_mode():
    migrate_offline()
elif (given := config.attributes.get("connection")) is not None:
    migrate(given)  # the tests hand over theirs
else:
    migrate_online()
