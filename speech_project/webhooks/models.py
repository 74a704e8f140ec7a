"""Addresses that clients want to be told at, and what became of each event (mirrors of
speech_project/schema.py)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from speech_project.access.models import ApiKey


class Event(models.TextChoices):
    JOB_COMPLETED = "job.completed", "a recording was transcribed"
    JOB_FAILED = "job.failed", "a recording could not be transcribed"
    JOB_REVIEWED = "job.reviewed", "a review was submitted"
    TERM_APPROVED = "term.approved", "terms of the lexicon are used from now on"


TEST = "webhook.test"  # only sent when somebody asks for it


class Webhook(models.Model):
    api_key = models.ForeignKey(ApiKey, models.CASCADE, verbose_name="API key")
    url = models.TextField("URL")
    description = models.TextField(blank=True)
    events = models.JSONField(default=list)
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.TextField(blank=True, editable=False)
    failures = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        managed = False
        db_table = "webhooks"

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField()
    payload = models.JSONField(default=dict)
    status = models.CharField(choices=Status, default=Status.WAITING)
    attempt = models.IntegerField(default=0)
    tries_from = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "webhook_deliveries"
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["created_at"], name="ix_webhook_deliveries_created"),
            models.Index(
                fields=["not_before"],
                condition=Q(status="waiting"),
                name="ix_webhook_deliveries_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"
