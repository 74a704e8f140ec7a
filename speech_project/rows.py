"""Rows that nearly each request reads, as models.

Django puts a statement together anew each time, column by column, which takes far longer than to
have it answered. Here that is done once.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

M = TypeVar("M", bound=Model)


class Row(Generic[M]):
    """The only row of a table that fits a condition, in SQL with %s for what it is called with."""

    def __init__(self, model: type[M], condition: str) -> None:
        fields = model._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        self._model = model
        self._names = [field.attname for field in fields]
        self._read = [
            (at, field.from_db_value)
            for at, field in enumerate(fields)
            if hasattr(field, "from_db_value")
        ]
        self._sql = f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {condition}'

    def __call__(self, *values: Any) -> M | None:
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, values)
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for at, read in self._read:
            row[at] = read(row[at], None, connection)
        return self._model.from_db(connection.alias, self._names, row)
