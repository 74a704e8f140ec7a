"""Which jobs a list is to have. Each wish has an index (tests/test_api_plans.py)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet
from rest_framework import serializers

from speech_project.api.fields import Choice, ObjectField
from transcription.models import Job

LOOKUPS = {
    "status": "status",
    "review_status": "review_status",
    "model": "model",
    "created_after": "created_at__gt",
    "created_before": "created_at__lt",
    "audio_sha256": "audio_sha256",
    "metadata": "metadata__contains",
}
SHA256 = r"^[0-9a-f]{64}\Z"


class JobFilter(serializers.Serializer):
    status = Choice(Job.Status.choices, required=False)
    review_status = Choice(Job.Review.choices, required=False)
    model = serializers.CharField(required=False, max_length=200)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    audio_sha256 = serializers.RegexField(
        SHA256,
        required=False,
        help_text="Of the recording.",
        error_messages={"invalid": "Allowed: 64 digits, 0 to 9 and a to f."},
    )
    q = serializers.CharField(required=False, max_length=200, help_text="Words of the title.")
    metadata = ObjectField(
        required=False, help_text='A JSON object that the job\'s has in it: `{"patient": 7}`.'
    )


def narrowed(jobs: QuerySet[Job], wishes: dict[str, Any]) -> QuerySet[Job]:
    """`wishes`: as the form has them."""
    found = jobs.filter(**{LOOKUPS[name]: wish for name, wish in wishes.items() if name != "q"})
    if "q" in wishes:  # both as the index has them
        words = SearchVector("title", config="simple")
        found = found.alias(words=words).filter(words=SearchQuery(wishes["q"], config="simple"))
    return found
