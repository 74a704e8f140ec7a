"""Warnings before a configured model is shut down, and after: in `manage.py check` and in admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from transcription import choosing
from transcription.engines import MODELS, ending
from transcription.engines.base import Capabilities

SETTINGS = ("STT_MODEL", "STT_FALLBACK_MODEL")


def notices() -> list[str]:
    """One sentence for each setting whose model ends soon, or has ended."""
    today = choosing.today()
    found = []
    for name in SETTINGS:
        record = MODELS.get(getattr(settings, name))
        if record and ending([record], today):
            found.append(_sentence(name, record))
    return found


def _sentence(name: str, record: Capabilities) -> str:
    assert record.shutdown_date
    days = (record.shutdown_date - choosing.today()).days
    advice = f"Set {name}={record.successor}." if record.successor else f"Choose another {name}."
    if days > 0:
        return (
            f"{record.model} will be shut down on {record.shutdown_date}, in {days} days. {advice}"
        )
    instead = f"; {record.successor} is used in its place" if record.successor else ""
    return f"{record.model} was shut down on {record.shutdown_date}{instead}. {advice}"


@register
def check_models(**_: Any) -> list[CheckMessage]:
    return [Warning(sentence, id="transcription.W001") for sentence in notices()]
