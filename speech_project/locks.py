"""Locks by a name, for what is not there yet and so has no row to lock."""

from __future__ import annotations

import hashlib

from django.db import connection


def hold(name: str, *, wait_s: float | None = None) -> None:
    """Until the transaction ends. Raises OperationalError where it takes longer than `wait_s`."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        if wait_s is not None:
            cursor.execute(f"SET LOCAL lock_timeout = '{round(1000 * wait_s)}ms'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        if wait_s is not None:
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
