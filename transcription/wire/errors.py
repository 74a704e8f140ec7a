"""Errors as OpenAI tells them: {"error": {"message", "type", "param", "code"}}."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from transcription import audio
from transcription.models import Job
from transcription.services import JobRefused

logger = logging.getLogger(__name__)

INVALID = "invalid_request_error"  # what OpenAI calls type
OURS = "server_error"
QUOTA = "insufficient_quota"
RATE = "requests"
# OpenAI's SDKs try again by themselves, unless they are told that it will not help
NEVER_AGAIN = {"x-should-retry": "false"}
COME_BACK_S = 5


class WireError(exceptions.APIException):
    """`param` is the field at fault, `kind` what OpenAI calls type."""

    def __init__(
        self,
        status_code: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = INVALID,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.body = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }
        self.headers = headers or {}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The exception handler of the wire's views."""
    wire = error if isinstance(error, WireError) else _translated(error)
    return Response(wire.body, status=wire.status_code, headers=wire.headers)


def _translated(error: Exception) -> WireError:
    match error:
        case JobRefused():
            return of_refused(error)
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            headers = {"WWW-Authenticate": "Bearer"}
            return WireError(401, str(error.detail), code="invalid_api_key", headers=headers)
        case exceptions.PermissionDenied():
            return WireError(403, str(error.detail), code="insufficient_permissions")
        case exceptions.Throttled():
            headers = {"Retry-After": str(math.ceil(getattr(error, "wait", None) or 1))}
            message = "This API key makes too many requests. Its limit is in the headers."
            return WireError(429, message, code="rate_limit_exceeded", kind=RATE, headers=headers)
        case exceptions.APIException():
            return WireError(error.status_code, str(error.detail))
        case RequestDataTooBig():
            return WireError(413, "The form's fields are too large.", kind=OURS)
        case SuspiciousOperation() | UnreadablePostError():
            return WireError(400, "The form cannot be read.")
        case OperationalError() | InterfaceError():
            logger.exception("The database does not answer")
            return overloaded("The database does not answer. Try again later.")
    logger.exception("OpenAI's wire broke")
    return WireError(500, OF_DJANGO[500], kind=OURS)


def overloaded(message: str, headers: dict[str, str] | None = None) -> WireError:
    pause = {"Retry-After": str(COME_BACK_S)}
    return WireError(
        503, message, code="server_is_overloaded", kind=OURS, headers=pause | (headers or {})
    )


def unknown_model(name: str, known: list[str]) -> WireError:
    message = f"The model `{name}` does not exist here. This server has: {', '.join(known)}."
    return WireError(404, message, code="model_not_found", param="model")


# --- What keeps an upload from becoming a job ----------------------------------------------------

# the field at fault; with the file where the decoder refused it
PARAMS = {
    "language_invalid": "language",
    "language_not_supported": "language",
    "keywords_invalid": "keywords",
    "prompt_too_long": "prompt",
    **dict.fromkeys(audio.REFUSALS, "file"),
}


def of_refused(error: JobRefused) -> WireError:
    match error.code:
        case "too_large":
            return WireError(413, error.message, kind=OURS, param="file")
        case "budget_spent":
            return spent(error.message)
        case "too_many_jobs":
            headers = {"Retry-After": str(COME_BACK_S)}
            code = "rate_limit_exceeded"
            return WireError(429, error.message, code=code, kind=RATE, headers=headers)
    return WireError(400, error.message, code="invalid_value", param=PARAMS.get(error.code))


def spent(message: str) -> WireError:
    return WireError(429, message, code="insufficient_quota", kind=QUOTA, headers=NEVER_AGAIN)


# --- What keeps a job from becoming a transcript -------------------------------------------------


def of_ended(job: Job) -> WireError:
    """Of a job that failed or was cancelled: to ask again would make, and pay for, another one."""
    if job.status == Job.Status.CANCELLED:
        message = f"The job {job.pk} was cancelled."
        return WireError(409, message, code="job_cancelled", headers=NEVER_AGAIN)
    if job.error_code == "budget_spent":
        return spent(job.error_message)
    if job.chunk_count is None and job.error_code in audio.REFUSALS:
        return WireError(400, job.error_message, code="invalid_value", param="file")
    return WireError(
        500, job.error_message, code=job.error_code or None, kind=OURS, headers=NEVER_AGAIN
    )


def deleted(job_id: Any) -> WireError:
    message = f"The job {job_id} was deleted while it was waited for."
    return WireError(409, message, code="job_deleted", headers=NEVER_AGAIN)


def still_at_work(job_id: Any) -> WireError:
    message = (
        f"The recording is still being transcribed, as job {job_id}; the work goes on. "
        "Send the same request again, and it waits for the same job."
    )
    return WireError(504, message, code="still_at_work", kind=OURS)


# --- What Django itself refuses ------------------------------------------------------------------

OF_DJANGO = {
    400: "This request cannot be read. Check its form, its fields and its host.",
    403: "This was refused.",
    404: "There is nothing at this address. Addresses are as OpenAI's, without a slash at the end.",
    500: "Something broke on this server; its log tells what.",
}


def of_django(status_code: int) -> JsonResponse:
    kind = OURS if status_code == 500 else INVALID
    error = WireError(status_code, OF_DJANGO[status_code], kind=kind)
    return JsonResponse(error.body, status=status_code)
