"""What stands after the ? of an address."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from speech_project.api import bodies

# of the pages of lists
OF_PAGES = ("cursor", "page_size")


def read(
    request: Request, form: type[serializers.Serializer] = serializers.Serializer
) -> dict[str, Any]:
    """The wishes that the form describes. Raises ValidationError."""
    check_names(request, form, besides=OF_PAGES)
    found = form(data=request.query_params)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def check_names(
    request: Request, form: type[serializers.Serializer], *, besides: Collection[str] = ()
) -> None:
    """Refuse a name that the form has not: a filter that is misspelt must not show everything."""
    bodies.check_names(request.query_params, sorted({*form().fields, *besides}))
