"""API keys, what was done with them, and what users set up for themselves (mirrors of
speech_project/schema.py)."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    name = models.TextField(help_text="For example the client that holds it.")
    prefix = models.CharField(editable=False)
    key_hash = models.CharField(editable=False)
    previous_hash = models.CharField(blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    owner_id = models.IntegerField(null=True, blank=True, editable=False)
    owner_name = models.TextField(blank=True, editable=False)
    group_id = models.IntegerField(
        "group", null=True, blank=True, help_text="Reviewers of this group see the key's jobs."
    )
    scopes = models.JSONField(default=list, blank=True)
    allowed_networks = models.JSONField(default=list, blank=True)
    training_consent = models.BooleanField(
        default=False,
        help_text="Its recordings and their corrected text may be exported to train engines.",
    )
    rate_limit_per_minute = models.IntegerField(
        default=60, validators=[MinValueValidator(0)], help_text="0: no limit."
    )
    concurrent_jobs = models.IntegerField(
        default=0,
        validators=[MinValueValidator(0)],
        help_text="How many of its jobs may be at work at once. 0: no limit.",
    )
    monthly_budget_usd = models.DecimalField(
        "monthly budget, US$",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What its jobs may cost in a calendar month (UTC). Empty: no limit.",
    )
    spent_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, editable=False)
    spent_in = models.DateField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        managed = False
        db_table = "api_keys"
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(fields=["prefix"], name="uq_api_keys_prefix"),
            models.UniqueConstraint(fields=["key_hash"], name="uq_api_keys_key_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (vk_{self.prefix}…)"


class UserSettings(models.Model):
    user_id = models.IntegerField(primary_key=True)
    keys = models.JSONField(default=dict, blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "user_settings"
        verbose_name = "settings of a user"
        verbose_name_plural = "settings of users"

    def __str__(self) -> str:
        return f"user {self.user_id}"


class AuditEvent(models.Model):
    """Who did what. Written once, never changed."""

    at = models.DateTimeField(auto_now_add=True)
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True)
    user_id = models.IntegerField(null=True)
    actor = models.TextField(blank=True)
    address = models.TextField(blank=True)
    action = models.CharField()
    target = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "audit_events"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["action", "at"], name="ix_audit_events_action"),
            models.Index(fields=["at"], name="ix_audit_events_at"),
            models.Index(fields=["target"], name="ix_audit_events_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}".strip()


class IdempotencyKey(models.Model):
    """The answer to a request that created something, for when it is repeated."""

    api_key = models.ForeignKey(ApiKey, models.CASCADE, null=True)
    user_id = models.IntegerField(null=True)
    key = models.TextField()
    request_hash = models.CharField()
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "idempotency_keys"
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "key"],
                condition=Q(api_key__isnull=False),
                name="uq_idempotency_keys_api_key",
            ),
            models.UniqueConstraint(
                fields=["user_id", "key"],
                condition=Q(user_id__isnull=False),
                name="uq_idempotency_keys_user",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="ix_idempotency_keys_created")]

    def __str__(self) -> str:
        return self.key
