"""What is read in admin and never changed there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """A mixin for a ModelAdmin or an inline, before it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
