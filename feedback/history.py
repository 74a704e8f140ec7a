"""How many words were wrong in what was reviewed before."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, Sum

from feedback.models import Feedback
from transcription.models import Job

LATEST = 200  # reviews; older ones tell of other recordings, or of another engine


def reviewed(job: Job, languages: Sequence[str]) -> tuple[int, int]:
    """Of the same client, in the transcript's main language: wrong words, and all."""
    feedback = Feedback.objects.filter(
        withdrawn_at=None,
        job__api_key_id=job.api_key_id,
        job__owner_id=job.owner_id,
    )
    if languages:
        code = languages[0]
        feedback = feedback.filter(
            Q(job__languages__contains=[code]) | Q(job__heard_languages__contains=[code])
        )
    latest = feedback.order_by("-created_at").values("pk")[:LATEST]
    sums = Feedback.objects.filter(pk__in=latest).aggregate(
        wrong=Sum("word_errors"), words=Sum("reference_words")
    )
    return sums["wrong"] or 0, sums["words"] or 0
