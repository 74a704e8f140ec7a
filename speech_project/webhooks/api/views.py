"""The API of webhooks: a key sees its own, a superuser all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.access.clients import key_of
from speech_project.access.models import ApiKey
from speech_project.api import bodies, preconditions, queries
from speech_project.api.idempotency import idempotent
from speech_project.api.pages import NewestFirst
from speech_project.api.problems import Problem
from speech_project.api.schema import (
    IF_MATCH,
    IF_NONE_MATCH,
    LOCATION,
    answers,
    asks,
    refuses,
)
from speech_project.api.views import ApiView
from speech_project.webhooks import services
from speech_project.webhooks.api.forms import (
    ChangedWebhook,
    DeliveryFilter,
    DeliverySerializer,
    NewWebhook,
    WebhookSerializer,
    WebhookWithSecret,
)
from speech_project.webhooks.models import Delivery, Webhook

READ, WRITE = "jobs:read", "jobs:write"
NEW = {"url": "https://clinic.example.org/hooks", "events": ["job.completed", "job.failed"]}
WEBHOOK = {
    "id": 3,
    "api_key": "1a2b3c4d",
    "url": "https://clinic.example.org/hooks",
    "description": "",
    "events": ["job.completed", "job.failed"],
    "enabled": True,
    "disabled_reason": "",
    "failures": 0,
    "previous_until": None,
    "created_at": "2026-11-22T10:15:00Z",
    "updated_at": "2026-11-22T10:15:00Z",
}
SECRET = WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0Ljp4mF1vPk="}
JOB = "0b5c8a3e-6f0e-4a53-9d38-5d8f0e2f7b11"
DELIVERY = {
    "id": "7d1f3c52-98a5-4b0e-8c7e-0f6f3f1f2a90",
    "event": "job.completed",
    "status": "waiting",
    "payload": {
        "type": "job.completed",
        "timestamp": "2026-11-22T10:15:00+00:00",
        "data": {
            "id": JOB,
            "url": f"/api/v1/jobs/{JOB}/",
            "status": "completed",
            "review_status": "waiting",
            "error_code": "",
            "proposal": False,
            "source_job": None,
            "metadata": {"case": "17-b"},
        },
    },
    "tries": [
        {
            "at": "2026-11-22T10:15:01Z",
            "status": 503,
            "took_ms": 41,
            "problem": "It answered 503: Back at noon",
        }
    ],
    "next_try_at": "2026-11-22T10:15:06Z",
    "created_at": "2026-11-22T10:15:00Z",
    "delivered_at": None,
}
OFF = {"webhook_off": (409, "This webhook is off, so nothing is sent. Turn it on first.")}


class WebhookView(ApiView):
    kind = "webhook"

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not (key_of(request) or request.user.is_superuser):
            raise exceptions.PermissionDenied("Webhooks are for API keys and for superusers.")

    def found(self) -> QuerySet[Webhook]:
        all_ = Webhook.objects.select_related("api_key")
        key = key_of(self.request)
        return all_.filter(api_key=key) if key else all_

    def one(self, webhook_id: int) -> Webhook:
        return get_object_or_404(self.found(), pk=webhook_id)

    def one_to_change(self, request: Request, webhook_id: int) -> Webhook:
        """Locked, and as the client knows it, where it says so."""
        locked = self.found().select_for_update(no_key=True, of=("self",))
        webhook = get_object_or_404(locked, pk=webhook_id)
        preconditions.check(request, WebhookSerializer(webhook).data)
        return webhook


def refused(error: services.Refused) -> Problem:
    return Problem(status.HTTP_409_CONFLICT, error.code, str(error))


class Webhooks(WebhookView, generics.GenericAPIView):
    scopes = {"GET": READ, "POST": WRITE}
    actions = {"POST": "webhook.create"}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_webhooks",
        responses=WebhookSerializer(many=True),
        examples=[answers(WEBHOOK)],
    )
    def get(self, request: Request) -> Response:
        """List webhooks, the newest first."""
        queries.read(request)
        return NewestFirst.answer(request, self.found(), _webhooks)

    @extend_schema(
        operation_id="create_webhook",
        parameters=[LOCATION],
        request=NewWebhook,
        responses={201: WebhookWithSecret}
        | refuses(too_many=(409, "A key has at most 20 webhooks. Delete one that is not needed.")),
        examples=[asks(NEW), answers(SECRET)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Have events sent to an address.

        Nothing is sent to addresses that only this server reaches, unless an administrator has
        allowed their network. Without `events` all are sent. The answer has the secret that
        deliveries are signed with, which is never shown again.
        """
        given = bodies.read(request, NewWebhook)
        key = _key_for(request, given.pop("api_key", ""))
        try:
            webhook = services.create(key, **given)
        except services.Refused as error:
            raise refused(error) from None
        address = request.build_absolute_uri(reverse("api-webhook", args=[webhook.pk]))
        return Response(WebhookWithSecret(webhook).data, status=201, headers={"Location": address})


def _webhooks(found: Any) -> Any:
    return WebhookSerializer(found, many=True).data


def _key_for(request: Request, prefix: str) -> ApiKey:
    """Whose the webhook is to be. Raises ValidationError."""
    own, named = key_of(request), prefix.removeprefix("vk_")
    if own:
        if named not in ("", own.prefix):
            raise serializers.ValidationError({"api_key": "A key has webhooks for itself only."})
        return own
    if key := ApiKey.objects.filter(prefix=named, revoked_at=None).first():
        return key
    raise serializers.ValidationError(
        {"api_key": "Give the public part of an API key in force, the 8 characters after vk_."}
    )


class OneWebhook(WebhookView):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    actions = {"PATCH": "webhook.change", "DELETE": "webhook.delete"}

    @extend_schema(
        operation_id="read_webhook",
        parameters=[IF_NONE_MATCH],
        responses=WebhookSerializer,
        examples=[answers(WEBHOOK)],
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        """Read a webhook."""
        return preconditions.shown(request, WebhookSerializer(self.one(webhook_id)).data)

    @extend_schema(
        operation_id="change_webhook",
        parameters=[IF_MATCH],
        request=ChangedWebhook,
        responses=WebhookSerializer,
        examples=[asks({"enabled": True}, "Turn it on again"), answers(WEBHOOK)],
    )
    def patch(self, request: Request, webhook_id: int) -> Response:
        """Change a webhook.

        What is not sent stays. Turned on, it begins without failures, and what waits is sent. What
        only answers have may be sent back, and is left alone.
        """
        answered = WebhookSerializer.Meta.fields
        given = bodies.read(request, ChangedWebhook, answered=answered, partial=True)
        with transaction.atomic():
            webhook = self.one_to_change(request, webhook_id)
            services.change(webhook, **given)
        return preconditions.shown(request, WebhookSerializer(webhook).data)

    @extend_schema(
        operation_id="delete_webhook", parameters=[IF_MATCH], request=None, responses={204: None}
    )
    def delete(self, request: Request, webhook_id: int) -> Response:
        """Delete a webhook, with the log of its deliveries. What waits is not sent."""
        with transaction.atomic():
            services.delete(self.one_to_change(request, webhook_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSecret(WebhookView):
    scopes = {"POST": WRITE}
    actions = {"POST": "webhook.rotate"}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        request=None,
        responses={200: WebhookWithSecret},
        examples=[answers(SECRET | {"previous_until": "2026-11-23T10:15:00Z"})],
    )
    @idempotent
    def post(self, request: Request, webhook_id: int) -> Response:
        """Give a webhook a new secret.

        The answer has it; it is never shown again. For a day deliveries are signed with both
        secrets, this one and the one before.
        """
        webhook = self.one(webhook_id)
        services.rotate(webhook)
        return Response(WebhookWithSecret(webhook).data)


class SendTest(WebhookView):
    scopes = {"POST": WRITE}
    actions = {"POST": "webhook.test"}

    @extend_schema(
        operation_id="test_webhook",
        request=None,
        responses={202: DeliverySerializer} | refuses(**OFF),
        examples=[
            answers(
                DELIVERY
                | {
                    "event": "webhook.test",
                    "payload": {
                        "type": "webhook.test",
                        "timestamp": "2026-11-22T10:15:00+00:00",
                        "data": {"webhook": 3},
                    },
                    "tries": [],
                },
                status=202,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, webhook_id: int) -> Response:
        """Send an event `webhook.test`. The deliveries tell what came of it."""
        try:
            delivery = services.test(self.one(webhook_id))
        except services.Refused as error:
            raise refused(error) from None
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


class Deliveries(WebhookView, generics.GenericAPIView):
    scopes = {"GET": READ}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_deliveries",
        parameters=[DeliveryFilter],
        responses=DeliverySerializer(many=True),
        examples=[answers(DELIVERY)],
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        """List what was sent to a webhook, the newest first, with each try. Kept for 30 days."""
        wished = queries.read(request, DeliveryFilter)
        found = Delivery.objects.filter(webhook=self.one(webhook_id), **wished)
        return NewestFirst.answer(request, found, _deliveries)


def _deliveries(found: Any) -> Any:
    return DeliverySerializer(found, many=True).data


class ReplayDelivery(WebhookView):
    scopes = {"POST": WRITE}
    actions = {"POST": "webhook.replay"}

    @extend_schema(
        operation_id="replay_delivery",
        request=None,
        responses={202: DeliverySerializer}
        | refuses(**OFF, being_sent=(409, "It is being sent at this moment, or was deleted.")),
        examples=[answers(DELIVERY, status=202)],
    )
    def post(self, request: Request, webhook_id: int, delivery_id: UUID) -> Response:
        """Send a delivery once more, under the same id, with all its tries anew."""
        found = Delivery.objects.select_related("webhook").filter(webhook=self.one(webhook_id))
        delivery = get_object_or_404(found, pk=delivery_id)
        try:
            services.replay(delivery)
        except services.Refused as error:
            raise refused(error) from None
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
