"""Requests to engines and their answers, as they are kept: an answer is paid for once."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from lexicon.prompting import Hints
from transcription import admission, hints
from transcription.engines.base import Answer, Capabilities, EngineError, Request, Stretch, Word
from transcription.models import Attempt, Chunk, Job

logger = logging.getLogger(__name__)

STORE_PATIENCE_S = 120.0
# after these errors the service may have done the work, and charged for it
PERHAPS_CHARGED = frozenset({"timeout", "bad_answer", "abandoned"})


def described(request: Request, given: Hints, way: str) -> dict[str, Any]:
    """What was asked, without the audio. `way`: a key of switching.WAYS, or empty."""
    told = hints.described(given)
    return {
        "audio_ms": request.audio_ms,
        "languages": list(request.languages),
        "prompt": request.prompt,
        "way": way,
    } | ({"hints": told} if told else {})


def stored(attempt: Attempt) -> Attempt | None:
    """The answered request for this part of the chunk in this step.

    With what prompt and terms it was asked does not matter: the lexicon may have changed since,
    and more of the recording around be heard, but it is an answer, and paid for.
    """
    answered = Attempt.objects.exclude(answer={}).filter(
        chunk=attempt.chunk,
        step=attempt.step,
        part=attempt.part,
        model=attempt.model,
        request__audio_ms=attempt.request["audio_ms"],
    )
    return answered.order_by("pk").first()


def answer_of(attempt: Attempt) -> Answer:
    """As it was read when it came."""
    kept = attempt.answer
    return Answer(
        text=kept["text"],
        words=tuple(Word(**word) for word in kept["words"]),
        stretches=tuple(Stretch(**stretch) for stretch in kept["stretches"]),
        language=kept["language"],
        usage=attempt.usage,
    )


def abandon_earlier(chunk: Chunk) -> None:
    """Close what a worker that died has left open. It may have been charged."""
    Attempt.objects.filter(chunk=chunk, finished_at=None, number__lt=chunk.attempt).update(
        finished_at=timezone.now(),
        error_code="abandoned",
        error_message="The worker stopped before an answer came.",
    )


def close(job: Job, attempt: Attempt, came: Answer | EngineError, record: Capabilities) -> None:
    """Keep what came of a request."""
    if isinstance(came, Answer):
        changes = _answered(came, attempt, record)
    else:
        charged = attempt.cost_usd if came.code in PERHAPS_CHARGED else None
        changes = {"error_code": came.code, "error_message": came.message, "cost_usd": charged}
    changes["finished_at"] = timezone.now()
    _store_patiently(job, attempt, changes)


def _answered(answer: Answer, attempt: Attempt, record: Capabilities) -> dict[str, Any]:
    return {
        "text": answer.text,
        "answer": {
            "text": answer.text,
            "words": [asdict(word) for word in answer.words],
            "stretches": [asdict(stretch) for stretch in answer.stretches],
            "language": answer.language,
        },
        "response": dict(answer.raw),
        "usage": dict(answer.usage),
        "request_id": answer.request_id,
        "cost_usd": record.cost_usd(_charged_s(answer, attempt)),
        "error_code": "",
        "error_message": "",
    }


def _charged_s(answer: Answer, attempt: Attempt) -> float:
    """Seconds of audio as the service counts them; it may round up."""
    seconds = answer.usage.get("seconds")
    if answer.usage.get("type") == "duration" and isinstance(seconds, int | float):
        return float(seconds)
    return float(attempt.request["audio_ms"]) / 1000


def _store_patiently(job: Job, attempt: Attempt, changes: dict[str, Any]) -> None:
    """An answer is paid for: a database that is away is waited for."""
    deadline = time.monotonic() + STORE_PATIENCE_S
    while True:
        try:
            with transaction.atomic():
                if Attempt.objects.filter(pk=attempt.pk).update(**changes):  # else job is deleted
                    rest = (changes["cost_usd"] or 0) - (attempt.cost_usd or 0)
                    admission.charge_key(job.api_key_id, Decimal(rest))
            return
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise
            logger.warning("The database is away; an answer waits for it: %s", error)
            connection.close()
            time.sleep(1)
