"""What of the engine's settings can be checked before the first recording comes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from transcription.engines import capabilities


@register()
def check_model(**_: Any) -> list[CheckMessage]:
    try:
        record = capabilities(settings.STT_MODEL)
    except ValueError as error:
        return [Error(f"STT_MODEL: {error}", id="transcription.E001")]
    if record.engine == "openai" and not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        hint = "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."
        return [
            Error(f"STT_MODEL is {record.model}, which needs a key.", hint, id="transcription.E002")
        ]
    return []
