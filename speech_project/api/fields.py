"""Fields of what clients send."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from speech_project.access.objects import why_not


class ObjectField(serializers.JSONField):
    """A JSON object that can be stored."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = super().to_internal_value(data)
        except RecursionError:
            self.fail("invalid")
        if reason := why_not(value):
            raise serializers.ValidationError(reason)
        return value
