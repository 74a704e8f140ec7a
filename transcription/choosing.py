"""Which model is asked: what is offered, what is in force today, and the engine that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from transcription.engines import MODELS, account, capabilities, get_engine, in_force
from transcription.engines.base import Capabilities, Engine, EngineError
from transcription.models import Job


def today() -> date:
    """A model is shut down at the start of its last day, UTC."""
    return timezone.now().date()


def offered_models() -> list[Capabilities]:
    """The models that can be asked today with what is configured."""
    return [
        record
        for record in MODELS.values()
        if reachable(record) and in_force(record, today()) is record
    ]


@dataclass(frozen=True)
class Offer:
    """A model that a recording may be transcribed again with, and what that costs, about; None
    where nobody has said."""

    record: Capabilities
    usd: Decimal | None


def offers(job: Job) -> list[Offer]:
    seconds = (job.duration_ms or 0) / 1000
    return [Offer(record, record.cost_usd(seconds)) for record in offered_models()]


def reachable(record: Capabilities) -> bool:
    """Whether there is a key or a server for it."""
    return bool(record.engine != "openai" or record.base_url or settings.ENGINE_CONFIGURED)


def model_of(job: Job) -> Capabilities:
    """The job's model, or its successor after its shutdown, which the job then tells.

    Raises EngineError where it is not declared any more.
    """
    try:
        record = in_force(capabilities(job.model), today())
    except ValueError as error:
        raise EngineError("model_unknown", str(error), permanent=True, scope="account") from None
    if record.model != job.model:
        Job.objects.filter(pk=job.pk, model=job.model).update(
            model=record.model, engine=record.engine, asked_model=job.asked_model or job.model
        )
    return record


def queue_of(model: str) -> str:
    """The Celery queue of a model; of one that is declared no more, whoever tells the job so."""
    record = MODELS.get(model)
    return record.queue if record else "engine"


def fallback() -> Capabilities | None:
    """The model that is asked where another's answer stays wrong."""
    name = settings.STT_FALLBACK_MODEL
    return in_force(capabilities(name), today()) if name else None


def account_of(record: Capabilities) -> str:
    """The service whose limits a request for this model must keep to; empty: this machine."""
    return account(record, settings.OPENAI_BASE_URL or None)


def engine_for(record: Capabilities) -> Engine:
    """Raises EngineError where its key is missing."""
    return get_engine(
        record.model,
        api_key=settings.OPENAI_API_KEY or None,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout_s=float(settings.ENGINE_TIMEOUT_S),
    )
