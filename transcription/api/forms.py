"""What clients send about jobs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from speech_project.api.fields import ObjectField

MOST_METADATA = 65_536  # characters: lists show them all


class MetadataField(ObjectField):
    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if len(json.dumps(value, ensure_ascii=False)) > MOST_METADATA:
            raise serializers.ValidationError(f"Allowed: {MOST_METADATA:,} characters of JSON.")
        return value


class NewJob(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True, use_url=False, help_text="The recording.")
    title = serializers.CharField(
        required=False, default="", max_length=200, help_text="Else the file's name."
    )
    model = serializers.CharField(required=False, default="", help_text="Else the site's usual.")
    languages = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        default=list,
        help_text="Those that may be spoken, ISO 639 codes; none for any.",
    )
    script_policy = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        help_text="In which script each language is to be written: `hi=Deva, en=Latn`.",
    )
    channels = serializers.CharField(
        required=False,
        default="auto",
        help_text="`separate`: two channels are two speakers, `mix`: they are not; or `auto`.",
    )
    prompt = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="What the recording is about."
    )
    keywords = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        default=list,
        help_text="Terms to listen for in this recording, before the lexicon's.",
    )
    hints = serializers.BooleanField(
        required=False, default=True, help_text="The engine is told of the lexicon's terms."
    )
    second_look = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Parts that may hold terms which the text lacks are heard again.",
    )
    own_script = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Terms that were heard in another script are written in their own.",
    )
    budget_usd = serializers.DecimalField(
        max_digits=12,
        decimal_places=6,
        min_value=Decimal(0),
        allow_null=True,
        default=None,
        help_text="What it may cost, in US dollars.",
    )
    reuse = serializers.BooleanField(
        required=False,
        default=True,
        help_text="The same sound with the same wishes is not paid for again.",
    )
    metadata = MetadataField(
        required=False, default=dict, binary=True, help_text="The client's own, a JSON object."
    )


class JobChange(serializers.Serializer):
    title = serializers.CharField(required=False, max_length=200)
    metadata = MetadataField(required=False, help_text="In place of what there is.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given:
            raise serializers.ValidationError("Send what is to change: `title` or `metadata`.")
        return given


class NewRun(serializers.Serializer):
    model = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="Else the same."
    )
    hints = serializers.BooleanField(
        required=False,
        default=None,
        allow_null=True,
        help_text="The engine is told of the lexicon's terms; as before where it is left out.",
    )
    proposal = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Only to be compared with the first; where a review has begun, it always is.",
    )
