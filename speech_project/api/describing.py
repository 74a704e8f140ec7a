"""The API's description, as a file and as a page. Both are for everybody: they tell what the source
tells, and a client is written before it has a key."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


@cache
def description() -> dict[str, Any]:
    """Made once; it changes with the code only."""
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return found


class Schema(SpectacularAPIView):
    """As YAML; as JSON where the request accepts only that, or has `?format=json`."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(description())
