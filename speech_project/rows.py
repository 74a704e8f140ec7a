"""Rows that nearly each request reads, as models.

Django puts a statement together anew each time, and a model field by field, which takes far longer
than to have the statement answered. Here the first is done once, and the second in one go.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.db.models.base import ModelState

from speech_project.postgres.base import DatabaseWrapper

M = TypeVar("M", bound=Model)


class Row(Generic[M]):
    """The only row of a table that fits a condition, in SQL with $1 for what it is called with.

    `only`: the fields that are read, where it is not all; any other is, when it is asked for.
    """

    def __init__(self, model: type[M], condition: str, only: Collection[str] = ()) -> None:
        fields = [f for f in model._meta.concrete_fields if not only or f.name in only]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        self._model = model
        self._names = [field.attname for field in fields]
        self._read = [
            (field.attname, field.from_db_value)
            for field in fields
            if hasattr(field, "from_db_value")
        ]
        self._sql = f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {condition}'

    def __call__(self, *values: Any) -> M | None:
        connection = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
        row = connection.first(self._sql, values)
        if row is None:
            return None
        found = self._model.__new__(self._model)
        attributes = found.__dict__
        attributes.update(zip(self._names, row, strict=True))
        for name, read in self._read:
            attributes[name] = read(attributes[name], None, connection)
        state = found._state = ModelState()
        state.db, state.adding = connection.alias, False
        return found
