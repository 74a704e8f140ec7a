"""The speech models that can be chosen, and the engines that run them."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from transcription.engines.base import Capabilities, Engine

_OPENAI_BYTES = 26_214_400 - 65_536  # the service counts the whole body; the rest of the form fits
_ANNOUNCED_SHUTDOWN = date(2027, 2, 26)


def _openai(
    model: str,
    usd_per_minute: str,
    *,
    max_audio_ms: int = 1_400_000,
    newest: bool = False,
    times: bool = False,
) -> Capabilities:
    """`newest` is the generation that takes keywords and several languages."""
    return Capabilities(
        model=model,
        engine="openai",
        label=f"OpenAI {model}",
        queue="engine",
        word_times=times,
        segment_times=times,
        languages=None,
        language_field="languages" if newest else "language",
        keywords=newest,
        prompt=True,
        max_audio_ms=max_audio_ms,
        max_bytes=_OPENAI_BYTES,
        shutdown_date=None if newest else _ANNOUNCED_SHUTDOWN,
        usd_per_minute=Decimal(usd_per_minute),
    )


_POCKETSPHINX = Capabilities(
    model="pocketsphinx",
    engine="pocketsphinx",
    label="PocketSphinx (offline demo, English)",
    queue="media",
    word_times=True,
    segment_times=False,
    languages=("en",),
    language_field="none",
    keywords=False,
    prompt=False,
    max_audio_ms=600_000,
    max_bytes=_OPENAI_BYTES,
    shutdown_date=None,
    usd_per_minute=Decimal(0),
    demo=True,
)

MODELS: dict[str, Capabilities] = {
    record.model: record
    for record in (
        _openai("gpt-transcribe", "0.0045", max_audio_ms=1_800_000, newest=True),
        _openai("gpt-4o-transcribe", "0.006"),
        _openai("gpt-4o-mini-transcribe", "0.003"),
        _openai("whisper-1", "0.006", times=True),
        _POCKETSPHINX,
    )
}


def capabilities(model: str) -> Capabilities:
    """The record of a model; ValueError, listing the known ones, for any other name."""
    try:
        return MODELS[model]
    except KeyError:
        raise ValueError(f"Unknown model {model!r}. Choose one of: {', '.join(MODELS)}.") from None


@lru_cache(maxsize=16)
def get_engine(
    model: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    timeout_s: float = 300.0,
) -> Engine:
    """The engine that runs `model`; the same arguments get the same one, with its connections.

    `base_url` is that of an OpenAI-compatible server; None is OpenAI itself. `timeout_s` bounds
    each wait for the network. ValueError for an unknown model, EngineError for a missing API key.
    """
    record = capabilities(model)
    # Imported here: pages that only list the models should not wait for an SDK to load.
    if record.engine == "openai":
        from transcription.engines.openai import OpenAIEngine

        return OpenAIEngine(record, api_key=api_key, base_url=base_url, timeout_s=timeout_s)
    from transcription.engines.pocketsphinx import PocketSphinxEngine

    return PocketSphinxEngine(record)
