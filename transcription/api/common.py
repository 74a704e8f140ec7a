"""What the views of jobs share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import status
from rest_framework.request import Request

from speech_project.access.clients import key_of
from speech_project.api.problems import Problem
from transcription.services import JobRefused, NotPossible

STATUS_OF = {
    "too_large": status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    "budget_spent": status.HTTP_402_PAYMENT_REQUIRED,
    "too_many_jobs": status.HTTP_429_TOO_MANY_REQUESTS,
}
# seconds until it is worth asking again
RETRY_AFTER = {"too_many_jobs": "10"}


@contextmanager
def told() -> Iterator[None]:
    """What the services refuse, as problems."""
    try:
        yield
    except JobRefused as error:
        answer = STATUS_OF.get(error.code, status.HTTP_422_UNPROCESSABLE_ENTITY)
        wait = RETRY_AFTER.get(error.code)
        headers = {"Retry-After": wait} if wait else {}
        raise Problem(answer, error.code, error.message, headers=headers) from None
    except NotPossible as error:
        raise Problem(status.HTTP_409_CONFLICT, "not_possible", str(error)) from None


def whose(request: Request) -> dict[str, Any]:
    """Whose a new job is, for the services."""
    key = key_of(request)
    return {"api_key": key, "owner": None if key else request.user}
