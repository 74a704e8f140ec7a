"""A transcript in the forms that other programs take."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from transcription import tags
from transcription.correcting import read, stored
from transcription.engines import MODELS
from transcription.models import Job, Segment
from transcription.standing import Standing, standings

WORD = ("text", "start_ms", "end_ms", "confidence", "estimated")


def live_segments(job: Job, *, words: bool = True) -> list[Segment]:
    """The segments that are the transcript now, in order; their words take most of the time."""
    found = Segment.objects.filter(job=job, retired_at=None).order_by("position", "id")
    return list(found if words else found.defer("words"))


def standings_of(segment: Segment) -> list[Standing]:
    """What became of the lexicon's replacements in the segment."""
    return standings(segment.engine_text, read(segment.replacements), segment.text)


def segment_dict(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.pk,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "speaker": segment.speaker,
        "language": segment.language,
        "engine_text": segment.engine_text,
        "text": segment.text,
        "replacements": [_replacement(standing) for standing in standings_of(segment)],
        "marks": segment.marks,
        "languages": [asdict(run) for run in tags.read(segment)],
        "version": segment.version,
        "accepted": segment.accepted,
        "words": [
            dict(zip(WORD, word, strict=False))  # older ones have no `estimated`
            for word in segment.words
        ],
    }


def _replacement(standing: Standing) -> dict[str, Any]:
    """`start` and `end` count characters of the engine's text, `text_start` and `text_end` of
    the text as it is now."""
    return stored(standing.replacement) | {
        "state": standing.state,
        "text_start": standing.start,
        "text_end": standing.end,
    }


def as_json(job: Job) -> dict[str, Any]:
    """The whole transcript with words and times."""
    segments, record = live_segments(job), MODELS.get(job.model)
    return {
        "id": str(job.pk),
        "title": job.title,
        "status": job.status,
        "review_status": job.review_status,
        "model": job.model,
        "demo_quality": bool(record and record.demo),
        "languages": job.languages,
        "lexicon_version": job.lexicon_version,
        "duration_ms": job.duration_ms,
        "text": " ".join(segment.text for segment in segments if segment.text),
        "segments": [segment_dict(segment) for segment in segments],
    }
