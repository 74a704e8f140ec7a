"""A transcript as data, for other programs and for what is written of it (export_files.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from lexicon.tagging import Run
from transcription import tags
from transcription.correcting import read, stored
from transcription.engines import MODELS
from transcription.exporting.document import Document, Passage, printable
from transcription.models import Job, Segment
from transcription.said import said
from transcription.segments import SegmentRow, live_segments, segment_rows
from transcription.standing import Standing, standings

WORD = ("text", "start_ms", "end_ms", "confidence", "estimated")
FORMAT_VERSION = 1  # of the JSON: another number where a program that reads it has to change


# --- Segments ----------------------------------------------------------------------------------


def standings_of(segment: Segment | SegmentRow) -> list[Standing]:
    """What became of the lexicon's replacements in the segment."""
    return standings(segment.engine_text, read(segment.replacements), segment.text)


def segment_dict(segment: Segment) -> dict[str, Any]:
    """`words` are those that the engine's times belong to."""
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
        "languages": [run._asdict() for run in tags.read(segment)],
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
    """The whole transcript; `text_words` are the words of each segment's text as it is now, with
    times."""
    segments, record = live_segments(job), MODELS.get(job.model)
    return {
        "format_version": FORMAT_VERSION,
        "id": str(job.pk),
        "title": job.title,
        "status": job.status,
        "review_status": job.review_status,
        "reviewed_at": job.reviewed_at.isoformat() if job.reviewed_at else None,
        "model": job.model,
        "demo_quality": bool(record and record.demo),
        "languages": job.languages,
        "lexicon_version": job.lexicon_version,
        "duration_ms": job.duration_ms,
        "text": " ".join(segment.text for segment in segments if segment.text),
        "segments": [
            segment_dict(segment) | {"text_words": _text_words(segment)} for segment in segments
        ],
    }


def _text_words(segment: Segment) -> list[dict[str, Any]]:
    found = said(segment.text, segment.words, segment.start_ms, segment.end_ms)
    return [vars(word) for word in found]


def words_of(segment: Segment) -> list[dict[str, Any]]:
    """The words of the text as it is now, with times and languages; empty where none is known."""
    runs = tags.read(segment)
    return [word | {"language": _language(runs, **word)} for word in _text_words(segment)]


def _language(runs: Sequence[Run], start: int, end: int, **_: Any) -> str:
    return next((run.language for run in runs if run.start < end and start < run.end), "")


# --- The transcript for writers ----------------------------------------------------------------


def document(job: Job, *, words: bool = False) -> Document:
    """`words`: with what was heard, for the times of words."""
    record = MODELS.get(job.model)
    segments = list[Segment | SegmentRow](live_segments(job) if words else segment_rows(job))
    return Document(
        title=printable(job.title),
        passages=tuple(_passage(segment, at) for at, segment in enumerate(segments, 1)),
        duration_ms=job.duration_ms or 0,
        languages=tuple(job.languages or job.heard_languages),
        model=record.label if record else job.model,
        demo=bool(record and record.demo),
        made_at=made_at(job),
        reviewed_at=timezone.localtime(job.reviewed_at) if job.reviewed_at else None,
    )


def made_at(job: Job) -> datetime:
    return job.finished_at or job.created_at


def _passage(segment: Segment | SegmentRow, number: int) -> Passage:
    text = printable(segment.text)
    runs = tags.read(segment) if text == segment.text else []  # which count its characters
    return Passage(
        number=number,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        text=text,
        speaker=printable(segment.speaker),
        language=segment.language,
        engine_text=printable(segment.engine_text),
        accepted=segment.accepted,
        gap=segment.is_gap and not text.strip(),
        runs=tuple((run.start, run.end, run.language) for run in runs),
        heard=segment.words if isinstance(segment, Segment) else (),
    )
