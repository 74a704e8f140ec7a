"""Lists in pages, each with the address of the next: however far in, a page costs the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

MOST = 200


class NewestFirst(CursorPagination):
    """By `created_at`, which has an index."""

    ordering: Any = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = MOST
    invalid_cursor_message = "This is no cursor of this list. Begin without one."

    @classmethod
    def answer(
        cls, request: Request, found: QuerySet, data: Callable[[Sequence[Any]], list[Any]]
    ) -> Response:
        """The page that is asked for. `data`: what is shown of its objects."""
        pages = cls()
        return pages.get_paginated_response(data(pages.paginate_queryset(found, request) or []))

    def get_page_size(self, request: Request) -> int:
        wish = request.query_params.get("page_size")
        if wish is None:
            return self.page_size or MOST
        most = self.max_page_size or MOST
        if not wish.isascii() or not wish.isdigit() or len(wish) > 6 or not 1 <= int(wish) <= most:
            raise serializers.ValidationError(
                {"page_size": f"This is a whole number from 1 to {most}."}
            )
        return int(wish)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor, size = super().get_schema_operation_parameters(view)
        cursor["description"] = "Comes with the addresses in `next` and `previous`."
        size["description"] = "How many of a list to send at once."
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [cursor, size]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        page = "https://verbatim.example.org/api/v1/jobs/?cursor=cD0yMDI2"
        for name, example in (("next", page), ("previous", None)):
            uri = {"type": ["string", "null"], "format": "uri", "example": example}
            described["properties"][name] = uri
        return described | {"required": ["next", "previous", "results"]}

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor = super().decode_cursor(request)
        except Exception:
            raise self._invalid() from None
        if cursor and cursor.position is not None and not self.is_position(str(cursor.position)):
            raise self._invalid()
        return cursor

    def _invalid(self) -> Exception:
        return serializers.ValidationError({"cursor": self.invalid_cursor_message})

    @staticmethod
    def is_position(text: str) -> bool:
        """Whether it is a value of the column that the list is ordered by."""
        try:
            return parse_datetime(text) is not None
        except ValueError:
            return False


class LatestFirst(NewestFirst):
    """By `id`, which all have an index on."""

    ordering = ("-id",)

    @staticmethod
    def is_position(text: str) -> bool:
        return text.isascii() and text.isdigit() and len(text) < 19
