"""The speech models that can be chosen, and the engines that run them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from transcription.engines.base import Capabilities, Engine

OPENAI_HOST = "api.openai.com"
ENDING_DAYS = 120  # in which somebody should choose another model

_ANNOUNCED_SHUTDOWN = date(2027, 2, 26)
_SUCCESSOR = "gpt-transcribe"
_USD_PER_MINUTE = {
    "gpt-transcribe": Decimal("0.0045"),
    "gpt-4o-transcribe": Decimal("0.006"),
    "gpt-4o-mini-transcribe": Decimal("0.003"),
    "gpt-4o-transcribe-diarize": Decimal("0.006"),
    "whisper-1": Decimal("0.006"),
    "pocketsphinx": Decimal(0),
}


def _record(model: str, **changes: Any) -> Capabilities:
    """A model of OpenAI's, of the generation that ends, with what is different about it."""
    common: dict[str, Any] = {
        "label": f"OpenAI {model}",
        "target_ms": 30_000,
        "longest_ms": 45_000,
        "shutdown_date": _ANNOUNCED_SHUTDOWN,
        "successor": _SUCCESSOR,
        "usd_per_minute": _USD_PER_MINUTE[model],
    }
    return Capabilities(model=model, **(common | changes))


_BUILT_IN = (
    _record(
        "gpt-transcribe",
        language_field="languages",
        keywords_field="keywords",
        streams=True,
        shutdown_date=None,
        successor="",
    ),
    *(
        _record(model, logprobs=True, streams=True, most_output_tokens=2000, switches_by="words")
        for model in ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
    ),
    _record(
        "gpt-4o-transcribe-diarize",
        segment_times=True,
        speakers=True,
        streams=True,
        prompt=False,
        # it names speakers anew in each request: few long chunks, as far as the output reaches
        target_ms=240_000,
        longest_ms=300_000,
        most_output_tokens=2000,
    ),
    _record(
        "whisper-1",
        word_times=True,
        segment_times=True,
        prompt_tokens=224,
        switches_by="example",
        target_ms=180_000,
        longest_ms=240_000,
    ),
    _record(
        "pocketsphinx",
        engine="pocketsphinx",
        label="PocketSphinx (offline demo, English)",
        queue="media",
        word_times=True,
        languages=("en",),
        language_field="none",
        keywords_field="words",
        most_terms=1000,  # of so many the speech of others is heard as well as without
        prompt=False,
        streams=True,
        shutdown_date=None,
        successor="",
        demo=True,
    ),
)

MODELS: dict[str, Capabilities] = {record.model: record for record in _BUILT_IN}


def served_elsewhere(base_url: str) -> list[Capabilities]:
    """OpenAI's models as another server has them under their names: its shutdowns are not theirs.

    Their price stays, as far as anybody knows; STT_MODELS can tell another.
    """
    if urlsplit(base_url).hostname == OPENAI_HOST:
        return []
    own = (record for record in _BUILT_IN if record.engine == "openai")
    return [replace(record, shutdown_date=None, successor="") for record in own]


def declare(records: Iterable[Capabilities]) -> None:
    """Add models to MODELS, for this process; one with the name of a known model takes its place.

    ValueError where a successor is not known or leads back to its model; nothing is added then.
    """
    known = MODELS | {record.model: record for record in records}
    for record in known.values():
        _check_successors(record, known)
    MODELS.update(known)
    get_engine.cache_clear()


def _check_successors(record: Capabilities, known: dict[str, Capabilities]) -> None:
    seen, successor = {record.model}, record.successor
    while successor:
        if successor not in known:
            raise ValueError(f"{record.model}: its successor {successor!r} is not a known model.")
        if successor in seen:
            raise ValueError(f"{record.model}: its successors lead back to {successor!r}.")
        seen.add(successor)
        successor = known[successor].successor


def capabilities(model: str) -> Capabilities:
    """The record of a model; ValueError, listing the known ones, for any other name."""
    try:
        return MODELS[model]
    except KeyError:
        raise ValueError(f"Unknown model {model!r}. Choose one of: {', '.join(MODELS)}.") from None


def in_force(record: Capabilities, today: date) -> Capabilities:
    """The record, or from its shutdown date on the successor that still runs.

    A model that ended without a successor stays: asking it will say what is wrong.
    """
    while record.successor and record.shutdown_date and today >= record.shutdown_date:
        record = MODELS[record.successor]
    return record


def ending(
    records: Iterable[Capabilities], today: date, within_days: int = ENDING_DAYS
) -> list[Capabilities]:
    """The models that end in fewer days than that, or have ended; the first to end comes first."""
    horizon = today + timedelta(days=within_days)
    dated = [(record.shutdown_date, record) for record in records if record.shutdown_date]
    soon = [(day, record) for day, record in dated if day < horizon]
    return [record for _, record in sorted(soon, key=lambda pair: pair[0])]


def account(record: Capabilities, base_url: str | None) -> str:
    """The service that is asked, for budgets and pauses: "openai", or a server's "host:port".

    `base_url` is the one for all models, which a record's own takes the place of. "" is this
    machine itself.
    """
    if record.engine != "openai":
        return ""
    place = urlsplit(record.base_url or base_url or f"https://{OPENAI_HOST}")
    if place.hostname == OPENAI_HOST:
        return "openai"
    return f"{place.hostname}:{place.port or {'http': 80}.get(place.scheme, 443)}"


@lru_cache(maxsize=16)
def get_engine(
    model: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    timeout_s: float = 300.0,
) -> Engine:
    """The engine that runs `model`; the same arguments get the same one, with its connections.

    `base_url` is that of an OpenAI-compatible server; None is OpenAI itself. A record's own
    base_url and api_key win, and `api_key` never goes to a record's own server: it is another
    one's. `timeout_s` bounds each wait for the network. ValueError for an unknown model,
    EngineError for a missing API key.
    """
    return engine_of(capabilities(model), api_key, base_url, timeout_s)


def engine_of(
    record: Capabilities, api_key: str | None, base_url: str | None, timeout_s: float
) -> Engine:
    """As get_engine, for a record that need not be one of MODELS; a new engine each time."""
    # Imported here: pages that only list the models should not wait for an SDK to load.
    if record.engine == "openai":
        from transcription.engines.openai import OpenAIEngine

        return OpenAIEngine(
            record,
            api_key=record.api_key or (None if record.base_url else api_key),
            base_url=record.base_url or base_url,
            timeout_s=timeout_s,
        )
    from transcription.engines.pocketsphinx import PocketSphinxEngine

    return PocketSphinxEngine(record)
