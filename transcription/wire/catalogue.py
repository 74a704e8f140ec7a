"""The models that this server has, as OpenAI lists its own."""

from __future__ import annotations

from typing import Any

from transcription import choosing
from transcription.engines.base import Capabilities
from transcription.wire.errors import unknown_model

UNKNOWN_TIME = 0  # when a model was made, nobody tells


def listed() -> dict[str, Any]:
    return {"object": "list", "data": [_entry(each) for each in choosing.offered_models()]}


def entry(name: str) -> dict[str, Any]:
    """Raises WireError."""
    offered = {record.model: record for record in choosing.offered_models()}
    if name not in offered:
        raise unknown_model(name, list(offered))
    return _entry(offered[name])


def _entry(record: Capabilities) -> dict[str, Any]:
    found = {
        "id": record.model,
        "object": "model",
        "created": UNKNOWN_TIME,
        "owned_by": "openai" if choosing.account_of(record) == "openai" else "self-hosted",
    }
    if record.shutdown_date:
        found["shutdown_date"] = record.shutdown_date.isoformat()
    return found
