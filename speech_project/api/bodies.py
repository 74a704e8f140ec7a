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
    check_names(request.data, found.fields, answered)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def check_names(given: Any, known: Collection[str], answered: Collection[str] = ()) -> None:
    """The same of a part of what came, where it is an object."""
    names = given.keys() if isinstance(given, dict) else ()
    if unknown := sorted({*names} - {*known} - {*answered}):
        told = f"Not known. Allowed: {', '.join(known)}."
        raise serializers.ValidationError(dict.fromkeys(unknown, told))


def drop(request: Request) -> None:
    """Read what is still to come of a request that is refused, so that the client hears what is
    wrong with its upload instead of a broken connection."""
    with suppress(UnreadablePostError):
        for _ in range(MOST_DROPPED):
            if not request._request.read(BLOCK):
                return
