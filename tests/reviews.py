"""Reviews made by hand, and many at once, for the quality page."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from feedback.models import Feedback
from speech_project.access.keys import create_key
from transcription.models import Job

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.get_default_timezone())  # a Monday
# by model: its engine, the share of words that it gets wrong, and US$ for an hour
MODELS = {
    "gpt-4o-transcribe": ("openai", 0.052, 0.36),
    "gpt-4o-mini-transcribe": ("openai", 0.081, 0.18),
    "whisper-large-v3": ("in-house", 0.067, 0.05),
    "pocketsphinx": ("pocketsphinx", 0.31, None),
}
LANGUAGES = ("en", "de", "hi", "tr")


def review(
    job: Job,
    errors: int,
    words: int,
    *,
    when: datetime = NOON,
    by: User | None = None,
    **fields: Any,
) -> Feedback:
    """A review of a job, with so many wrong words, all of them English."""
    found = Feedback.objects.create(
        **{
            "job": job,
            "reviewer_id": by.pk if by else None,
            "reviewer_name": by.username if by else "",
            "accuracy_score": max(0.0, 1 - errors / max(1, words)),
            "wer": errors / max(1, words),
            "cer": 0.0,
            "mer": errors / max(1, words),
            "reference_words": words,
            "word_errors": errors,
            "counts": {"said": {"en": words}, "wrong": {"en": errors}},
        }
        | fields
    )
    Feedback.objects.filter(pk=found.pk).update(created_at=when)
    Job.objects.filter(pk=job.pk).update(review_status=Job.Review.REVIEWED, reviewed_at=when)
    return found


def many(count: int, reviewer: User, *, weeks: int = 26, waiting: int = 60) -> None:
    """Jobs of several models, languages and clients, reviewed over half a year and getting better,
    and some that wait. Each time the same."""
    chance, now = random.Random(7), timezone.now()
    keys = [create_key(name)[0] for name in ("clinic-north", "clinic-south", "archive")]
    others = [User.objects.create_user(name) for name in ("conrad", "mei", "olu")]
    jobs, reviews = [], []
    for number in range(count + waiting):
        model = chance.choices(list(MODELS), (6, 3, 2, 1))[0]
        engine, share, price = MODELS[model]
        minutes = min(90.0, chance.lognormvariate(2, 0.8))
        reviewed = number < count
        age = chance.uniform(0, 7 * weeks) if reviewed else chance.expovariate(1 / 5)
        added = now - timedelta(days=age)
        language = chance.choices(LANGUAGES, (8, 4, 2, 1))[0]
        key = chance.choice([None, None, *keys])
        job = Job(
            title=f"Recording {number}",
            source=Job.Source.API if key else Job.Source.PAGE,
            api_key=key,
            audio_file="recordings/none.wav",
            audio_name="none.wav",
            audio_sha256=f"{number:064}",
            audio_bytes=1,
            engine=engine,
            model=model,
            status=Job.Status.COMPLETED,
            review_status=Job.Review.REVIEWED if reviewed else Job.Review.WAITING,
            duration_ms=int(60_000 * minutes),
            languages=[language],
            cost_usd=None if price is None else round(price * minutes / 60, 6),
        )
        jobs.append((job, added))
        if reviewed:
            better = share * (0.75 + 0.5 * age / (7 * weeks))
            reviews.append((_made(job, better, minutes, chance, [reviewer, *others]), added))
    Job.objects.bulk_create(job for job, _ in jobs)
    for job, added in jobs:
        job.created_at = added
    Job.objects.bulk_update((job for job, _ in jobs), ["created_at"])
    Feedback.objects.bulk_create(each for each, _ in reviews)
    for each, added in reviews:
        each.created_at = added
    Feedback.objects.bulk_update((each for each, _ in reviews), ["created_at"])


def _made(
    job: Job, share: float, minutes: float, chance: random.Random, people: list[User]
) -> Feedback:
    words = int(minutes * 140)
    errors = sum(chance.random() < share for _ in range(words // 4)) * 4
    errors = round(errors * chance.lognormvariate(0, 0.5))
    terms, who = words // 60, chance.choices(people, (4, 3, 2, 1))[0]
    missed = sum(chance.random() < 3 * share for _ in range(terms))
    took = sum(chance.random() < 0.4 for _ in range(missed))
    made = int(chance.random() < 0.25)
    main, wrong = job.languages[0], min(errors, words)
    return Feedback(
        job=job,
        reviewer_id=who.pk,
        reviewer_name=who.username,
        accuracy_score=max(0.0, 1 - errors / max(1, words)),
        wer=errors / max(1, words),
        cer=errors / max(1, words) / 2,
        mer=wrong / max(1, words),
        term_error_rate=missed / terms if terms else None,
        reference_words=words,
        word_errors=errors,
        seconds_spent=int(60 * minutes * chance.lognormvariate(0.8, 0.4)),
        counts={
            "said": {main: words - words // 20, "la": words // 20},
            "wrong": {main: wrong - wrong // 10, "la": wrong // 10},
            "characters": 6 * words,
            "character_errors": 3 * errors,
            "paired": words,
            "other_script": wrong // 50,
            "terms": terms,
            "term_errors": missed,
        },
        lexicon={
            "applied": took + made,
            "took": took,
            "made": made,
            "wer": (errors - took + made) / max(1, words),
            "terms": {"1": {"confirmed": took, "undone": made}},
        },
    )
