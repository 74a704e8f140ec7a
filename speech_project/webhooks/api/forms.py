"""Webhooks and deliveries as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from speech_project.api.fields import Choice
from speech_project.webhooks import services
from speech_project.webhooks.addresses import LONGEST
from speech_project.webhooks.models import TEST, Delivery, Event, Webhook

LONGEST_DESCRIPTION = 500


class WebhookSerializer(serializers.ModelSerializer):
    api_key = serializers.CharField(source="api_key.prefix", help_text="Its public part.")
    events = serializers.ListField(child=Choice(Event.choices))
    disabled_reason = serializers.CharField(help_text="Where it was switched off after failures.")
    failures = serializers.IntegerField(help_text="Deliveries given up in a row.")
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="Deliveries are signed with the secret before too until then."
    )

    class Meta:
        model = Webhook
        fields = ["id", "api_key", "url", "description", "events", "enabled", "disabled_reason",
                  "failures", "previous_until", "created_at", "updated_at"]  # fmt: skip


class WebhookWithSecret(WebhookSerializer):
    secret = serializers.CharField(help_text="What deliveries are signed with; shown this once.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


@extend_schema_field(
    {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": LONGEST}
)
class Address(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        try:
            return services.check_url(super().to_internal_value(data))
        except services.Refused as error:
            raise serializers.ValidationError(str(error)) from None


class ChangedWebhook(serializers.Serializer):
    url = Address(help_text="An https:// address, which may have a query.")
    events = serializers.ListField(
        child=Choice(Event.choices), allow_empty=False, required=False, max_length=50
    )
    description = serializers.CharField(
        allow_blank=True, required=False, max_length=LONGEST_DESCRIPTION
    )
    enabled = serializers.BooleanField(required=False)


class NewWebhook(ChangedWebhook):
    """No events: all."""

    enabled = None  # type: ignore[assignment]
    api_key = serializers.CharField(
        required=False, help_text="The public part of the key whose it is to be; for people."
    )


class TrySerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Of the answer, if one came.")
    took_ms = serializers.IntegerField()
    problem = serializers.CharField(help_text="Empty: it was taken.")


class DeliverySerializer(serializers.ModelSerializer):
    event = Choice([*Event.values, TEST])
    payload = serializers.DictField(help_text="What is sent.")
    tries = serializers.SerializerMethodField()
    next_try_at = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ["id", "event", "status", "payload", "tries", "next_try_at", "created_at",
                  "delivered_at"]  # fmt: skip

    @extend_schema_field(TrySerializer(many=True))
    def get_tries(self, delivery: Delivery) -> list[dict[str, Any]]:
        names = ("at", "status", "took_ms", "problem")
        return [dict(zip(names, each, strict=True)) for each in delivery.tries]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_try_at(self, delivery: Delivery) -> Any:
        return delivery.not_before if delivery.status == Delivery.Status.WAITING else None


class DeliveryFilter(serializers.Serializer):
    status = Choice(Delivery.Status.choices, required=False)
    event = Choice([*Event.values, TEST], required=False)
