"""Jobs, their chunks and segments (mirrors of speech_project/schema.py)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from speech_project.access.models import ApiKey


class Work(models.Model):
    """A unit of work: claimed by a conditional UPDATE, held by a lease (see leases.py)."""

    attempt = models.IntegerField(default=0, editable=False)
    tries_from = models.IntegerField(default=0, editable=False)
    not_before = models.DateTimeField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    woken_at = models.DateTimeField(default=timezone.now, editable=False)
    error_code = models.CharField(blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True


class Job(Work):
    class Status(models.TextChoices):
        QUEUED = "queued"
        PREPARING = "preparing"
        TRANSCRIBING = "transcribing"
        FINISHING = "finishing"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Review(models.TextChoices):
        WAITING = "waiting"
        IN_REVIEW = "in_review", "In review"
        REVIEWED = "reviewed"

    class Source(models.TextChoices):
        PAGE = "page"
        API = "api", "API"
        COMMAND = "command"
        SAMPLE = "sample"

    # of these states the chunks may be asked for
    HEARING = (Status.PREPARING, Status.TRANSCRIBING)
    WORKING = (Status.QUEUED, Status.PREPARING, Status.TRANSCRIBING, Status.FINISHING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.TextField()
    source = models.CharField(choices=Source, editable=False)
    owner_id = models.IntegerField(null=True, editable=False)
    owner_name = models.TextField(blank=True, editable=False)
    group_id = models.IntegerField(null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, editable=False)
    source_job = models.ForeignKey("self", models.SET_NULL, null=True, editable=False)
    proposal = models.BooleanField(default=False, editable=False)
    audio_file = models.TextField(editable=False)
    audio_name = models.TextField(editable=False)
    audio_sha256 = models.CharField("SHA-256", editable=False)
    audio_bytes = models.BigIntegerField(editable=False)
    audio_format = models.CharField(blank=True, editable=False)
    audio_codec = models.CharField(blank=True, editable=False)
    audio_sample_rate = models.IntegerField(null=True, editable=False)
    audio_channels = models.SmallIntegerField(null=True, editable=False)
    duration_ms = models.BigIntegerField(null=True, editable=False)
    playback_file = models.TextField(blank=True, editable=False)
    peaks_file = models.TextField(blank=True, editable=False)
    speech_dbfs = models.FloatField(null=True, editable=False)
    engine = models.CharField(editable=False)
    model = models.CharField(editable=False)
    asked_model = models.CharField(blank=True, editable=False)
    languages = models.JSONField(default=list, blank=True)
    heard_languages = models.JSONField(default=list, blank=True, editable=False)
    script_policy = models.JSONField(default=dict, blank=True, editable=False)
    options = models.JSONField(default=dict, blank=True, editable=False)
    status = models.CharField(choices=Status, default=Status.QUEUED, editable=False)
    review_status = models.CharField(choices=Review, default=Review.WAITING, editable=False)
    priority = models.SmallIntegerField(default=0)
    chunk_count = models.IntegerField(null=True, editable=False)
    usage = models.JSONField(default=dict, editable=False)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, editable=False)
    budget_usd = models.DecimalField(
        "budget, US$",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What it may cost. Empty: no limit.",
    )
    word_count = models.IntegerField(default=0, editable=False)
    expected_errors = models.FloatField(null=True, editable=False)
    rank_at = models.DateTimeField(null=True, editable=False)
    lexicon_version = models.TextField(blank=True, editable=False)
    lexicon_problem = models.TextField(blank=True, editable=False)
    assigned_to_id = models.IntegerField(null=True, editable=False)
    assigned_to_name = models.TextField("assigned to", blank=True, editable=False)
    assigned_at = models.DateTimeField(null=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, editable=False)
    prepared_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    review_started_at = models.DateTimeField(null=True, editable=False)
    reviewed_at = models.DateTimeField(null=True, editable=False)
    wire_key = models.CharField(blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        managed = False
        db_table = "jobs"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="ix_jobs_created"),
            models.Index(fields=["review_status", "priority", "created_at"], name="ix_jobs_review"),
            models.Index(fields=["review_status", "-priority", "rank_at"], name="ix_jobs_rank"),
            models.Index(fields=["owner_id", "created_at"], name="ix_jobs_owner"),
            models.Index(fields=["group_id", "created_at"], name="ix_jobs_group"),
            models.Index(fields=["api_key", "created_at", "id"], name="ix_jobs_key_created"),
            models.Index(
                fields=["api_key", "status", "created_at", "id"], name="ix_jobs_key_status"
            ),
            models.Index(
                fields=["api_key", "review_status", "created_at", "id"], name="ix_jobs_key_review"
            ),
            models.Index(fields=["api_key", "model", "created_at", "id"], name="ix_jobs_key_model"),
            models.Index(fields=["status", "created_at", "id"], name="ix_jobs_status_created"),
            models.Index(
                fields=["review_status", "created_at", "id"], name="ix_jobs_review_created"
            ),
            GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], name="ix_jobs_metadata"),
            GinIndex(SearchVector("title", config="simple"), name="ix_jobs_title"),
            models.Index(fields=["wire_key"], condition=~Q(wire_key=""), name="ix_jobs_wire"),
            models.Index(fields=["audio_sha256"], name="ix_jobs_audio"),
            models.Index(fields=["audio_file"], name="ix_jobs_audio_file"),
            models.Index(
                fields=["status", "lease_until"],
                condition=Q(status__in=["queued", "preparing", "transcribing", "finishing"]),
                name="ix_jobs_working",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.id])

    @property
    def working(self) -> bool:
        return self.status in self.WORKING

    @property
    def review_begun(self) -> bool:
        """People may have written in it."""
        return self.review_status != self.Review.WAITING or self.review_started_at is not None


class Chunk(Work):
    class Status(models.TextChoices):
        QUEUED = "queued"
        TRANSCRIBING = "transcribing"
        COMPLETED = "completed"
        FAILED = "failed"

    PENDING = (Status.QUEUED, Status.TRANSCRIBING)

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks")
    position = models.IntegerField()
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    channel = models.SmallIntegerField(null=True)
    spans = models.JSONField(default=list)
    overlap_ms = models.IntegerField(default=0)
    speech_ms = models.IntegerField(default=0)
    audio_file = models.TextField(blank=True)
    status = models.CharField(choices=Status, default=Status.QUEUED)
    partial = models.TextField(blank=True)
    heard_ms = models.IntegerField(default=0)
    text = models.TextField(blank=True)
    words = models.JSONField(default=list)
    language = models.CharField(blank=True)
    checks = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "chunks"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="uq_chunks_job_id_position")
        ]
        indexes = [
            models.Index(
                fields=["status", "lease_until"],
                condition=Q(status__in=["queued", "transcribing"]),
                name="ix_chunks_working",
            )
        ]

    def __str__(self) -> str:
        return f"chunk {self.position} of {self.job_id}"


class Attempt(models.Model):
    """One request to an engine and what came of it, kept for ever."""

    class Step(models.TextChoices):
        FIRST = "first"
        WITHOUT_PROMPT = "without_prompt"
        WITHOUT_LANGUAGES = "without_languages"
        SMALLER = "smaller"
        OTHER_MODEL = "other_model"
        SECOND_LOOK = "second_look"

    chunk = models.ForeignKey(Chunk, models.CASCADE, related_name="attempts")
    number = models.IntegerField(default=0)
    step = models.CharField(choices=Step, default=Step.FIRST)
    part = models.IntegerField(default=0)
    account = models.CharField(blank=True)
    model = models.CharField()
    request = models.JSONField(default=dict)
    response = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    usage = models.JSONField(default=dict)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    request_id = models.CharField(blank=True)
    error_code = models.CharField(blank=True)
    error_message = models.TextField(blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "attempts"
        indexes = [
            models.Index(fields=["account"], condition=Q(finished_at=None), name="ix_attempts_open")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} at chunk {self.chunk_id}"


class EngineAccount(models.Model):
    """A service that is asked: what all workers together must keep to (see admission.py)."""

    name = models.CharField(primary_key=True)
    next_turn_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pause_reason = models.TextField(blank=True)

    class Meta:
        managed = False
        db_table = "engine_accounts"
        verbose_name = "speech service"

    def __str__(self) -> str:
        return self.name


def is_gap(marks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a segment with these marks stands where a chunk could not be transcribed."""
    return any(mark.get("kind") == "gap" for mark in marks)


class Segment(models.Model):
    job = models.ForeignKey(Job, models.CASCADE, related_name="segments")
    chunk = models.ForeignKey(Chunk, models.SET_NULL, null=True)
    position = models.FloatField()
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    speaker = models.TextField(blank=True)
    language = models.CharField(blank=True)
    engine_text = models.TextField(blank=True)
    text = models.TextField(blank=True)
    words = models.JSONField(default=list)
    replacements = models.JSONField(default=list)
    marks = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    version = models.IntegerField(default=1)
    accepted = models.BooleanField(default=False)
    edited_by_id = models.IntegerField(null=True)
    edited_by_name = models.TextField(blank=True)
    edited_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "segments"
        ordering = ["position"]
        indexes = [
            models.Index(
                fields=["job", "position"], condition=Q(retired_at=None), name="ix_segments_live"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_gap(self) -> bool:
        return is_gap(self.marks)
