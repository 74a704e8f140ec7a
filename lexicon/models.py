"""The lexicon's terms (mirrors of speech_project/schema.py)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from speech_project.access.models import ApiKey


class Source(models.TextChoices):
    ADMIN = "admin"
    API = "api", "API"
    IMPORT = "import"
    LEARNED = "learned"


class Term(models.Model):
    class Kind(models.TextChoices):
        DRUG = "drug"
        BRAND = "brand"
        PERSON = "person"
        ORGANISATION = "organisation"
        PLACE = "place"
        ACRONYM = "acronym"
        OTHER = "other"

    class Status(models.TextChoices):
        SUGGESTED = "suggested"
        APPROVED = "approved"
        REJECTED = "rejected"
        RETIRED = "retired"

    term = models.TextField(help_text="As it is to be written.")
    normalized = models.TextField(editable=False)
    romanised = models.TextField(blank=True, editable=False)
    language = models.CharField(blank=True, help_text="ISO 639 code, e.g. de; empty: any.")
    script = models.CharField(
        blank=True, help_text="ISO 15924 code, e.g. Deva; empty: as the term is."
    )
    kind = models.CharField(choices=Kind, default=Kind.OTHER)
    status = models.CharField(choices=Status, default=Status.SUGGESTED)
    api_key = models.ForeignKey(
        ApiKey,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name="only for API key",
        help_text="Empty: for everyone.",
    )
    sounds_like = models.TextField(blank=True, help_text="Where the spelling does not tell.")
    sound = models.TextField(blank=True, editable=False)
    case_sensitive = models.BooleanField(default=False)
    priority = models.SmallIntegerField(default=0)
    pinned = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    example = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    source = models.CharField(choices=Source, default=Source.ADMIN, editable=False)
    confidence = models.FloatField(null=True, editable=False)
    frequency = models.IntegerField(default=0, editable=False)
    sent_count = models.IntegerField(default=0, editable=False)
    matched_count = models.IntegerField(default=0, editable=False)
    confirmed_count = models.IntegerField(default=0, editable=False)
    undone_count = models.IntegerField(default=0, editable=False)
    created_by_id = models.IntegerField(null=True, editable=False)
    created_by_name = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # of what curators enter, not of counters; whoever changes that writes it
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        managed = False
        db_table = "lexicon_terms"
        constraints = [
            models.UniqueConstraint(
                fields=["normalized", "language"],
                condition=Q(api_key=None),
                name="uq_lexicon_terms_everyone",
            ),
            models.UniqueConstraint(
                fields=["normalized", "language", "api_key"],
                condition=Q(api_key__isnull=False),
                name="uq_lexicon_terms_api_key",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "normalized"], name="ix_lexicon_terms_status"),
            models.Index(
                fields=["sound"], opclasses=["text_pattern_ops"], name="ix_lexicon_terms_sound"
            ),
        ]

    def __str__(self) -> str:
        return self.term


class Alternative(models.Model):
    term = models.ForeignKey(Term, models.CASCADE, related_name="alternatives")
    text = models.TextField(help_text="What engines write in the term's place.")
    normalized = models.TextField(editable=False)
    source = models.CharField(choices=Source, default=Source.ADMIN, editable=False)
    count = models.IntegerField(default=0, editable=False)
    undone_count = models.IntegerField(default=0, editable=False)
    enabled = models.BooleanField(default=True)
    proven = models.BooleanField(
        default=False, help_text="Nothing else is heard so: replaced though its words are ordinary."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "lexicon_alternatives"
        constraints = [
            models.UniqueConstraint(
                fields=["term", "normalized"], name="uq_lexicon_alternatives_term_id_normalized"
            )
        ]
        indexes = [models.Index(fields=["normalized"], name="ix_alternatives_normalized")]

    def __str__(self) -> str:
        return self.text


class LexiconVersion(models.Model):
    """One row; triggers raise its number in the transaction of a change (see versions.py)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "lexicon_version"

    def __str__(self) -> str:
        return f"version {self.version}"
