"""Fields of what clients send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from speech_project.access.objects import why_not


@extend_schema_field(OpenApiTypes.OBJECT)
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


class Choice(serializers.ChoiceField):
    """Says what is allowed where something else is sent."""

    def __init__(self, choices: Any, **more: Any) -> None:
        super().__init__(choices, **more)
        allowed = ", ".join(str(each) for each in self.choices)
        self.error_messages["invalid_choice"] = f"Allowed: {allowed}."
