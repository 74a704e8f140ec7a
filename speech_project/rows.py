"""Rows that nearly each request reads, as models.

Django puts a statement together anew each time, and a model field by field, which takes far longer
than to have the statement answered. Here the first is done once, and the second in one go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.db.models.base import ModelState

from speech_project.postgres.base import DatabaseWrapper

M = TypeVar("M", bound=Model)
N = TypeVar("N", bound=Model)


class Row(Generic[M]):
    """The only row of a table that fits a condition, in SQL with $1 for what it is called with."""

    def __init__(self, model: type[M], condition: str) -> None:
        self._columns = _Columns(model)
        table = model._meta.db_table
        self._sql = f'SELECT {self._columns.sql} FROM "{table}" WHERE {condition}'

    def __call__(self, *values: Any) -> M | None:
        row = _connection().first(self._sql, values)
        return None if row is None else self._columns.model_of(row)


class RowAndOther(Generic[M, N]):
    """The only row of a table that fits a condition, and the one of another table that belongs to
    it, in one question. In SQL both tables go by their names.

    `only`: the other's fields that are read; any other is, when it is asked for.
    """

    def __init__(
        self, model: type[M], condition: str, other: type[N], on: str, only: Collection[str]
    ) -> None:
        self._columns, self._others = _Columns(model), _Columns(other, only)
        self._sql = (
            f"SELECT {self._columns.sql}, {self._others.sql}"
            f' FROM "{model._meta.db_table}" LEFT JOIN "{other._meta.db_table}" ON {on}'
            f" WHERE {condition}"
        )

    def __call__(self, *values: Any) -> tuple[M | None, N | None]:
        row = _connection().first(self._sql, values)
        if row is None:
            return None, None
        own = len(self._columns.names)
        other = self._others.model_of(row[own:])
        return self._columns.model_of(row[:own]), None if other.pk is None else other


class _Columns(Generic[M]):
    """Of a model: all, or those of `only` fields."""

    def __init__(self, model: type[M], only: Collection[str] = ()) -> None:
        fields = [f for f in model._meta.concrete_fields if not only or f.name in only]
        table = model._meta.db_table
        self.sql = ", ".join(f'"{table}"."{field.column}"' for field in fields)
        self.names = [field.attname for field in fields]
        self._model = model
        self._read = [
            (field.attname, field.from_db_value)
            for field in fields
            if hasattr(field, "from_db_value")
        ]

    def model_of(self, row: Sequence[Any]) -> M:
        connection = _connection()
        found = self._model.__new__(self._model)
        attributes = found.__dict__
        attributes.update(zip(self.names, row, strict=True))
        for name, read in self._read:
            attributes[name] = read(attributes[name], None, connection)
        state = found._state = ModelState()
        state.db, state.adding = connection.alias, False
        return found


def _connection() -> DatabaseWrapper:
    return cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
