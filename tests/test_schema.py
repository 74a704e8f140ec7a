"""Alembic is the authority: migrations, schema.py and Django's models must tell the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.migration import MigrationContext
from django.apps import apps
from django.db import connection, models
from sqlalchemy import inspect, text

from speech_project import database
from speech_project.schema import metadata
from tests.conftest import ROOT, engine_of, migrate, test_database

OURS = ("access", "webhooks", "lexicon", "transcription", "feedback")
DJANGO_PREFIXES = ("auth_", "django_", "axes_")
NOWHERE = database.Address("none", "nobody", host="127.0.0.1", port="1")


def our_models() -> list[type[models.Model]]:
    found = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    return [model for model in found if not model._meta.proxy]


@pytest.fixture
def scratch(db: None) -> Iterator[database.Address]:
    """An empty database beside the test database."""
    where = test_database()
    scratch = database.Address(
        f"{where.name}_scratch", where.user, where.password, where.host, where.port
    )
    admin = database.connect(where)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{scratch.name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{scratch.name}" TEMPLATE template0')
    yield scratch
    with admin.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{scratch.name}" WITH (FORCE)')
    admin.close()


def url_of(where: database.Address) -> str:
    login = where.user + (f":{where.password}" if where.password else "")
    if where.host.startswith("/"):
        return f"postgresql://{login}@/{where.name}?host={where.host}"
    return f"postgresql://{login}@{where.host}:{where.port}/{where.name}"


def run_alembic(where: database.Address, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *args],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": url_of(where)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def tables(where: database.Address) -> set[str]:
    found = database.connect(where)
    with found.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = {name for (name,) in cursor.fetchall()}
    found.close()
    return names


def ours_only(name: str | None, type_: str, parents: object) -> bool:
    return type_ != "table" or not (name or "").startswith(DJANGO_PREFIXES)


def test_a_migrated_database_is_what_schema_py_says(db):
    with engine_of(test_database()).connect() as found:
        options = {"include_name": ours_only, "compare_server_default": True}
        context = MigrationContext.configure(found, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_table_has_a_model_and_every_model_a_table():
    assert {model._meta.db_table for model in our_models()} == set(metadata.tables)


def test_every_model_has_the_columns_of_its_table():
    for model in our_models():
        columns = {field.column for field in model._meta.concrete_fields}
        assert columns == set(metadata.tables[model._meta.db_table].c.keys()), model


def test_models_built_by_django_are_the_schema(scratch, monkeypatch):
    """Types, nullability, keys, unique constraints, and which columns have an index. Django
    knows no ON DELETE and keeps no comments: these are the schema's own."""
    for model in our_models():  # of those that it does not manage, it leaves out indexes
        monkeypatch.setattr(model._meta, "managed", True)
    found = database.connect(scratch)
    with found.cursor() as cursor:
        with connection.schema_editor(collect_sql=True) as editor:
            for model in our_models():
                editor.create_model(model)
        for statement in editor.collected_sql:
            cursor.execute(statement)
    found.commit()
    found.close()
    engine = engine_of(scratch)
    with engine.connect() as there:
        difference = compare_metadata(MigrationContext.configure(there), metadata)
    assert [entry for entry in map(essence, flat(difference)) if entry is not None] == []


def flat(difference: list[Any]) -> list[tuple[Any, ...]]:
    return [e for entry in difference for e in (entry if isinstance(entry, list) else [entry])]


def essence(entry: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """None for what may differ: names, comments, defaults, and a foreign key's ON DELETE."""
    kind = entry[0]
    if kind in ("modify_comment", "modify_default", "add_table_comment", "remove_table_comment"):
        return None
    if kind.endswith("_fk"):
        return None if kind == "remove_fk" else foreign_key_missing(entry[1])
    if kind.endswith(("_index", "_constraint")):
        return None if names_only(entry) else entry
    return entry


def foreign_key_missing(key: Any) -> tuple[Any, ...] | None:
    column = next(iter(key.columns))
    model = next(m for m in our_models() if m._meta.db_table == key.parent.name)
    target = next(f for f in model._meta.concrete_fields if f.column == column.name).related_model
    same = target is not None and target._meta.db_table == key.referred_table.name
    return None if same else ("add_fk", key)


def names_only(entry: tuple[Any, ...]) -> bool:
    """Whether the other side has an index or constraint over the same columns."""
    item = entry[1]
    columns = tuple(column.name for column in item.columns)
    table = metadata.tables[item.table.name]
    schema = {tuple(c.name for c in i.columns) for i in table.indexes}
    schema |= {tuple(c.name for c in getattr(k, "columns", ())) for k in table.constraints}
    model = next(m for m in our_models() if m._meta.db_table == table.name)
    fields: Any = model._meta.concrete_fields
    django = {(f.column,) for f in fields if f.db_index or f.unique}
    column_of = {f.name: f.column for f in fields}
    for named in (*model._meta.indexes, *model._meta.constraints):
        django.add(tuple(column_of[name.lstrip("-")] for name in named.fields))
    return columns in (schema if entry[0].startswith("remove") else django)


def test_choices_are_those_that_the_database_allows():
    for model in our_models():
        for field in model._meta.concrete_fields:
            if not field.choices:
                continue
            checks = [
                str(c.sqltext)
                for c in metadata.tables[model._meta.db_table].constraints
                if str(getattr(c, "sqltext", "")).startswith(f"{field.column} IN")
            ]
            assert checks, f"{model.__name__}.{field.name} is not checked"
            allowed = set(re.findall(r"'([^']*)'", checks[0]))
            assert allowed == {value for value, _ in field.flatchoices}, (model, field.name)


def test_every_foreign_key_is_indexed():
    for table in metadata.tables.values():
        leading = {column.name for index in table.indexes for column in [*index.columns][:1]}
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_no_foreign_key_leads_into_djangos_tables():
    targets = {key.column.table.name for t in metadata.tables.values() for key in t.foreign_keys}
    assert targets <= set(metadata.tables)


def test_djangos_tables_are_told_by_their_prefixes(db):
    managed = {m._meta.db_table for m in apps.get_models()} - set(metadata.tables)
    assert managed
    assert all(name.startswith(DJANGO_PREFIXES) for name in managed)
    assert not any(name.startswith(DJANGO_PREFIXES) for name in metadata.tables)


def test_up_and_down_from_a_bare_shell(scratch):
    assert run_alembic(scratch, "upgrade", "head").returncode == 0
    assert set(metadata.tables) < tables(scratch)
    assert run_alembic(scratch, "check").returncode == 0
    assert "(head)" in run_alembic(scratch, "current").stdout
    assert run_alembic(scratch, "downgrade", "base").returncode == 0
    assert tables(scratch) == {"alembic_version"}


def test_downgrade_leaves_djangos_tables_alone(scratch):
    found = database.connect(scratch)
    with found.cursor() as cursor:
        cursor.execute("CREATE TABLE auth_user (id int); INSERT INTO auth_user VALUES (7)")
    found.commit()
    migrate(scratch)
    assert run_alembic(scratch, "check").returncode == 0
    migrate(scratch, "base", downgrade)
    with found.cursor() as cursor:
        cursor.execute("SELECT id FROM auth_user")
        assert cursor.fetchall() == [(7,)]
    found.close()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("downgrade", "head:base"), "DROP TABLE jobs"),
        (("stamp", "head"), "INSERT INTO alembic_version"),
    ],
)
def test_sql_is_printed_without_a_database(command, expected):
    printed = run_alembic(NOWHERE, *command, "--sql")
    assert printed.returncode == 0, printed.stderr
    assert expected in printed.stdout


def test_printed_sql_builds_the_schema(scratch):
    sql = run_alembic(NOWHERE, "upgrade", "head", "--sql").stdout
    with engine_of(scratch).connect() as found:
        found.exec_driver_sql("ROLLBACK")
        cursor = found.connection.cursor()
        cursor.execute(sql)
        assert set(metadata.tables) <= set(inspect(found).get_table_names())
        assert version_of(cursor) < version_of(cursor, after=ADD_TERM)


ADD_TERM = "INSERT INTO lexicon_terms (term, normalized) VALUES ('Ozempic', 'ozempic')"


def version_of(cursor: Any, after: str = "SELECT 1") -> int:
    """The lexicon's version, after a statement."""
    cursor.execute(after)
    cursor.execute("SELECT version FROM lexicon_version")
    ((version,),) = cursor.fetchall()
    return version


def test_a_lexicon_from_before_versions_gets_one_and_loses_nothing_on_the_way_back(scratch):
    """Nor do answers of a kind that was not known then."""
    migrate(scratch, "0002")
    found = database.connect(scratch)
    found.autocommit = True
    cursor = found.cursor()
    cursor.execute(ADD_TERM)
    migrate(scratch, "0003")
    first = version_of(cursor)
    assert version_of(cursor, after="UPDATE lexicon_terms SET pinned = true") > first
    cursor.execute(
        "INSERT INTO jobs (id, title, source, audio_file, audio_name, audio_sha256, audio_bytes,"
        " engine, model) VALUES (gen_random_uuid(), 'a', 'api', 'a', 'a', repeat('0', 64), 1, 'a',"
        " 'a'); INSERT INTO chunks (job_id, start_ms, end_ms) SELECT id, 0, 1 FROM jobs;"
        " INSERT INTO attempts (chunk_id, model, step) SELECT id, 'a', 'second_look' FROM chunks"
    )
    migrate(scratch, "0002", downgrade)
    cursor.execute("SELECT term, (SELECT step FROM attempts) FROM lexicon_terms")
    assert cursor.fetchall() == [("Ozempic", "other_model")]
    cursor.execute("SELECT count(*) FROM pg_proc WHERE proname = 'raise_lexicon_version'")
    assert cursor.fetchall() == [(0,)]
    cursor.execute("UPDATE lexicon_terms SET pinned = false; DELETE FROM lexicon_terms")
    migrate(scratch)
    found.close()


def test_what_spoke_against_a_term_is_no_evidence_for_it_on_the_way_back(scratch):
    migrate(scratch, "0006")
    found = database.connect(scratch)
    found.autocommit = True
    cursor = found.cursor()
    cursor.execute(ADD_TERM)
    cursor.execute(
        "INSERT INTO term_evidence (term_id, kind, heard, corrected)"
        " SELECT id, way, way, '' FROM lexicon_terms, (VALUES ('taught'), ('undone')) k (way)"
    )
    migrate(scratch, "0005", downgrade)
    cursor.execute("SELECT heard FROM term_evidence")
    assert cursor.fetchall() == [("taught",)]
    found.close()


def test_keys_may_do_no_more_after_a_way_back_and_forth(scratch):
    migrate(scratch)
    found = database.connect(scratch)
    found.autocommit = True
    cursor = found.cursor()
    cursor.execute(
        "INSERT INTO api_keys (name, prefix, key_hash, scopes)"
        " VALUES ('a', 'a', repeat('0', 64), '[\"jobs:read\"]')"
    )
    migrate(scratch, "0006", downgrade)
    migrate(scratch)
    cursor.execute("SELECT scopes FROM api_keys")
    assert cursor.fetchall() == [(["jobs:read"],)]
    found.close()


def test_a_missing_database_is_told_with_its_create_line(db):
    where = test_database()
    missing = database.Address(
        "verbatim_nowhere", where.user, where.password, where.host, where.port
    )
    failed = run_alembic(missing, "upgrade", "head")
    assert failed.returncode != 0
    assert 'CREATE DATABASE "verbatim_nowhere"' in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_second_upgrade_waits_for_the_first(scratch):
    """Two containers that start at once: both succeed, the schema is built once."""
    args = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": url_of(scratch)}
    both = [subprocess.Popen(args, cwd=ROOT, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert run_alembic(scratch, "check").returncode == 0


def test_autogenerate_finds_a_column_that_schema_py_has_more(scratch, monkeypatch):
    """What `alembic revision --autogenerate` would write."""
    migrate(scratch)
    with engine_of(scratch).connect() as found:
        found.execute(text("ALTER TABLE jobs DROP COLUMN audio_codec"))
        found.commit()
        difference = flat(compare_metadata(MigrationContext.configure(found), metadata))
    assert [(e[0], e[3].name) for e in difference] == [("add_column", "audio_codec")]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("jobs", "status", "lost"), ("jobs", "audio_bytes", -1), ("lexicon_terms", "kind", "verb")],
)
def test_the_database_refuses_what_makes_no_sense(db, make_job, table, column, value):
    make_job("a")
    from lexicon.models import Term

    Term.objects.create(term="Ozempic", normalized="ozempic")
    with pytest.raises(psycopg2.errors.CheckViolation), connection.cursor() as cursor:
        try:
            cursor.execute(f"UPDATE {table} SET {column} = %s", [value])
        except Exception as error:
            raise error.__cause__ or error from None


def test_deleting_a_job_deletes_all_that_hangs_on_it(db, make_job):
    job = make_job("one", "two")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feedback (job_id, accuracy_score, wer, cer) VALUES (%s, 1, 0, 0)", [job.pk]
        )
        cursor.execute("DELETE FROM jobs WHERE id = %s", [job.pk])
        for table in ("segments", "chunks", "feedback"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)
