"""Examples for the API's description."""

from __future__ import annotations

from typing import Any

ID = "6f9b5a3e-0f0a-4c0e-9b57-2f6f3f1d2c11"

JOB: dict[str, Any] = {
    "id": ID,
    "title": "Ward round",
    "status": "completed",
    "review_status": "waiting",
    "progress": 100,
    "model": "gpt-transcribe",
    "asked_model": "",
    "demo_quality": False,
    "languages": ["en", "de"],
    "script_policy": "",
    "options": {"channels": "auto", "prompt": "Dr. Okafor's ward round"},
    "source_job": None,
    "proposal": False,
    "priority": 0,
    "audio_name": "visit.flac",
    "audio_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "audio_bytes": 183412,
    "audio_format": "flac",
    "duration_ms": 162000,
    "speech_dbfs": -21.4,
    "word_count": 344,
    "lexicon_version": "41",
    "lexicon_problem": "",
    "budget_usd": "0.250000",
    "cost_usd": "0.016200",
    "usage": {"seconds": 162},
    "error_code": "",
    "error_message": "",
    "metadata": {"patient": 7},
    "created_at": "2026-03-02T09:15:00Z",
    "started_at": "2026-03-02T09:15:01Z",
    "finished_at": "2026-03-02T09:15:20Z",
    "reviewed_at": None,
}
NEW_JOB = JOB | {
    "status": "queued",
    "progress": 0,
    "duration_ms": None,
    "speech_dbfs": None,
    "word_count": 0,
    "lexicon_version": "",
    "cost_usd": None,
    "usage": {},
    "started_at": None,
    "finished_at": None,
}
NEW_RUN = NEW_JOB | {"id": "0c5d2f0e-52f0-4b0b-8a39-1c8f0f4a7d22", "source_job": ID}
SEGMENT: dict[str, Any] = {
    "id": 17,
    "start_ms": 0,
    "end_ms": 1900,
    "speaker": "Dr. Okafor",
    "language": "en",
    "engine_text": "She takes ozem pik.",
    "text": "She takes Ozempic.",
    "replacements": [
        {
            "start": 10,
            "end": 18,
            "before": "ozem pik",
            "after": "Ozempic",
            "term": 3,
            "rule": "sound",
            "score": 0.97,
            "applied": True,
            "state": "applied",
            "text_start": 10,
            "text_end": 17,
        }
    ],
    "marks": [],
    "languages": [
        {
            "start": 0,
            "end": 17,
            "language": "en",
            "ending": "",
            "confidence": 1.0,
            "by_person": False,
        }
    ],
    "version": 1,
    "accepted": False,
    "words": [
        {"text": "She", "start_ms": 0, "end_ms": 300, "confidence": 0.98, "estimated": False},
        {"text": "takes", "start_ms": 340, "end_ms": 700, "confidence": 0.97, "estimated": False},
        {"text": "ozem", "start_ms": 760, "end_ms": 1200, "confidence": 0.41, "estimated": False},
        {"text": "pik.", "start_ms": 1240, "end_ms": 1900, "confidence": 0.38, "estimated": False},
    ],
}
WORD = {
    "segment": 17,
    "text": "Ozempic.",
    "start": 10,
    "end": 18,
    "start_ms": 760,
    "end_ms": 1900,
    "language": "en",
    "confidence": None,
    "estimated": True,
}
HINTS = {
    "complete": True,
    "asked": ["languages"],
    "sent": [{"id": 3, "term": "Ozempic", "parts": 2}],
    "left_out": [{"reason": "budget", "count": 11, "terms": ["Entresto"]}],
}
