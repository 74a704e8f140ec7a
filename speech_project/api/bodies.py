"""What a request brings."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.http import UnreadablePostError
from rest_framework import serializers
from rest_framework.request import Request

BLOCK = 1 << 20
MOST_DROPPED = 256  # blocks


def read(
    request: Request,
    form: type[serializers.Serializer],
    *,
    answered: Collection[str] = (),
    partial: bool = False,
) -> dict[str, Any]:
    """As the form describes it. `answered`: what only answers have; it may be sent back, and is
    left alone. `partial`: only what is there is checked. Raises ValidationError, also for a name
    that is neither: what is misspelt must not be lost."""
    found = form(data=request.data, partial=partial)
    given = request.data.keys() if isinstance(request.data, dict) else ()
    if unknown := sorted({*given} - {*found.fields} - {*answered}):
        allowed = f"Allowed: {', '.join(found.fields)}."
        raise serializers.ValidationError(dict.fromkeys(unknown, f"Not known. {allowed}"))
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def drop(request: Request) -> None:
    """Read what is still to come of a request that is refused, so that the client hears what is
    wrong with its upload instead of a broken connection."""
    with suppress(UnreadablePostError):
        for _ in range(MOST_DROPPED):
            if not request._request.read(BLOCK):
                return
