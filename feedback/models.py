"""Corrections, reviews and what they teach (mirrors of speech_project/schema.py)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from lexicon.models import Term
from speech_project.access.models import ApiKey
from transcription.models import Job, Segment


class Presence(models.Model):
    """Somebody at the desk of a recording."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="presences")
    user_id = models.IntegerField()
    user_name = models.TextField()
    segment_id = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "presences"
        constraints = [
            models.UniqueConstraint(fields=["job", "user_id"], name="uq_presences_job_id_user_id")
        ]

    def __str__(self) -> str:
        return f"{self.user_name} at {self.job_id}"


class Revision(models.Model):
    """One person's sitting in one segment."""

    class Kind(models.TextChoices):
        EDIT = "edit"
        ACCEPT = "accept"
        SPLIT = "split"
        MERGE = "merge"
        TIMES = "times"
        SPEAKER = "speaker"
        LANGUAGE = "language"
        INSERT = "insert"
        RETIRE = "retire"
        RESTORE = "restore"

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="revisions")
    job = models.ForeignKey(Job, models.CASCADE, related_name="revisions")
    kind = models.CharField(choices=Kind, default=Kind.EDIT)
    user_id = models.IntegerField(null=True)
    user_name = models.TextField(blank=True)
    text_before = models.TextField(blank=True)
    text_after = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    saves = models.JSONField(default=dict)
    version_after = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "revisions"
        indexes = [
            models.Index(fields=["segment", "updated_at"], name="ix_revisions_segment_updated")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of segment {self.segment_id} by {self.user_name}"


class Feedback(models.Model):
    """A submitted review, scored."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="feedback")
    reviewer_id = models.IntegerField(null=True)
    reviewer_name = models.TextField("reviewer", blank=True)
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True)
    engine_text = models.TextField(blank=True)
    corrected_text = models.TextField(blank=True)
    diff_data = models.JSONField(default=list)
    accuracy_score = models.FloatField("accuracy")
    wer = models.FloatField("WER")
    cer = models.FloatField("CER")
    mer = models.FloatField("MER", null=True)
    term_error_rate = models.FloatField(null=True)
    reference_words = models.IntegerField("words", default=0)
    word_errors = models.IntegerField(default=0)
    seconds_spent = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    lexicon = models.JSONField(default=dict)
    extracted_terms = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "feedback"
        verbose_name_plural = "feedback"
        indexes = [models.Index(fields=["created_at"], name="ix_feedback_created")]

    def __str__(self) -> str:
        return f"review by {self.reviewer_name or 'an API client'}"


class Candidate(Term):
    """A term that reviews suggest, as curators see it."""

    class Meta:
        managed = False
        proxy = True


class TermEvidence(models.Model):
    """Where a term was learned from, or where what it led to was taken back."""

    class Kind(models.TextChoices):
        TAUGHT = "taught"
        UNDONE = "undone"

    term = models.ForeignKey(Term, models.CASCADE, related_name="evidence")
    feedback = models.ForeignKey(Feedback, models.CASCADE, null=True)
    segment = models.ForeignKey(Segment, models.SET_NULL, null=True)
    kind = models.CharField(choices=Kind, default=Kind.TAUGHT)
    heard = models.TextField()
    corrected = models.TextField()
    start_ms = models.BigIntegerField(null=True)
    end_ms = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "term_evidence"

    def __str__(self) -> str:
        return f"{self.heard} -> {self.corrected}"
