"""Reviews as rows of a CSV file, with all figures of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from feedback.language_scores import read
from feedback.models import Feedback
from feedback.quality.filters import client_name, reviewer_name
from feedback.quality.tables import csv_of

AT_ONCE = 1000
HEADER = (
    "review",
    "job",
    "title",
    "added",
    "reviewed",
    "reviewer",
    "client",
    "engine",
    "model",
    "languages",
    "seconds of sound",
    "words",
    "word errors",
    "WER",
    "characters",
    "character errors",
    "CER",
    "MER units",
    "MER errors",
    "MER",
    "switched units",
    "switched errors",
    "paired units",
    "in another script",
    "terms",
    "term errors",
    "term error rate",
    "lexicon changes",
    "word errors gone by the lexicon",
    "word errors new by the lexicon",
    "changes let stand",
    "changes taken back",
    "WER after the lexicon",
    "seconds of review",
    "review time per time of sound",
    "cost, US$",
    "cost per hour of sound, US$",
)


def as_csv(reviews: QuerySet[Feedback]) -> Iterator[str]:
    """In pieces, the newest first."""
    slim = reviews.select_related("job", "job__api_key").order_by("-created_at", "-id")
    slim = slim.defer("engine_text", "corrected_text", "diff_data", "extracted_terms")
    return csv_of(HEADER, (_row(each) for each in slim.iterator(AT_ONCE)))


def _row(feedback: Feedback) -> tuple[Any, ...]:
    job, counts, lexicon = feedback.job, feedback.counts, feedback.lexicon
    scores = read(counts)
    switched, switched_errors = scores.switched
    terms = lexicon.get("terms", {}).values()
    seconds = job.duration_ms / 1000 if job.duration_ms else None
    cost = None if job.cost_usd is None else float(job.cost_usd)
    return (
        feedback.pk,
        str(job.pk),
        job.title,
        job.created_at,
        feedback.created_at,
        reviewer_name(feedback.reviewer_id, feedback.reviewer_name),
        client_name(job.api_key_id, job.api_key.name if job.api_key else None),
        job.engine,
        job.model,
        " ".join(job.languages or job.heard_languages),
        seconds,
        feedback.reference_words,
        feedback.word_errors,
        feedback.wer,
        counts.get("characters"),
        counts.get("character_errors"),
        feedback.cer,
        scores.said.total(),
        scores.wrong.total(),
        feedback.mer,
        switched,
        switched_errors,
        scores.paired,
        scores.other_script,
        counts.get("terms"),
        counts.get("term_errors"),
        feedback.term_error_rate,
        lexicon.get("applied"),
        lexicon.get("took"),
        lexicon.get("made"),
        sum(each["confirmed"] for each in terms),
        sum(each["undone"] for each in terms),
        lexicon.get("wer"),
        feedback.seconds_spent,
        feedback.seconds_spent / seconds if seconds and feedback.seconds_spent else None,
        cost,
        cost * 3600 / seconds if seconds and cost is not None else None,
    )
