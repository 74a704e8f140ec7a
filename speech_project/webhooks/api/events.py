"""What is sent to webhooks, for the API's description."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from speech_project.webhooks.models import Event

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
JOB = {
    "id": STRING | {"format": "uuid"},
    "url": STRING | {"description": "The job's path in this API."},
    "status": STRING,
    "review_status": STRING,
    "error_code": STRING | {"description": "Empty but where it failed."},
    "proposal": {"type": "boolean", "description": "It is only to be compared with source_job."},
    "source_job": {"type": ["string", "null"], "format": "uuid"},
    "metadata": {"type": "object", "description": "What was sent with the recording."},
}
REVIEW = JOB | {"feedback": {"type": "integer"}}
TERM = {
    "id": {"type": "integer"},
    "term": STRING,
    "language": STRING,
    "kind": STRING,
    "everyone": {"type": "boolean", "description": "Else it is the key's own."},
}
HEADERS = {
    "webhook-id": "Of the delivery: the same whenever it is tried again or replayed.",
    "webhook-timestamp": "When this try was made, in seconds since 1970.",
    "webhook-signature": "As the Standard Webhooks specification has it: v1,<base64>, several of "
    "them while a secret is rotated.",
}


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _webhook(event: Event, data: Schema) -> OpenApiWebhook:
    moment = STRING | {"format": "date-time"}
    body = _object({"type": {"const": event.value}, "timestamp": moment, "data": _object(data)})
    operation = {
        "operationId": event.value.replace(".", "_"),
        "summary": f"Sent when {event.label}",
        "tags": ["webhooks"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": STRING, "description": told}
            for name, told in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": "It was taken. All else is tried again."}},
    }
    return OpenApiWebhook(event.value, {"post": operation})


COMPLETED = _webhook(Event.JOB_COMPLETED, JOB)
FAILED = _webhook(Event.JOB_FAILED, JOB)
REVIEWED = _webhook(Event.JOB_REVIEWED, REVIEW)
APPROVED = _webhook(Event.TERM_APPROVED, {"terms": {"type": "array", "items": _object(TERM)}})
