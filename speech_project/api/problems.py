"""Errors of the API as problem details (RFC 9457): `code` for programs, `detail` for people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# those of the framework's errors that a client tells apart
CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ValidationError: "invalid",
    exceptions.ParseError: "unreadable",
    exceptions.AuthenticationFailed: "key_refused",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.PermissionDenied: "not_allowed",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "rate_limit_exceeded",
}
NOT_FOUND = "There is nothing at this address, or it is not yours to see."
AWAY = "The database does not answer. Try again later."
WHOLE = "non_field_errors"


class Problem(exceptions.APIException):
    """An answer that says no. `more`: further members of its body; `headers`: of the answer."""

    def __init__(
        self,
        status_code: int,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.code = code
        self.headers = headers or {}
        self.more = more


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's exception handler. None: a fault of ours, which Django reports."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(NOT_FOUND)
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RecursionError):  # by the time that anybody looks into it
        error = exceptions.ParseError("What was sent is nested too deeply.")
    elif isinstance(error, OperationalError | InterfaceError):
        logger.exception("The database does not answer")
        error = Problem(503, "unavailable", AWAY, headers={"Retry-After": "5"})
    if not isinstance(error, exceptions.APIException):
        return None
    headers = dict(getattr(error, "headers", {}))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Response(
        _body_of(error), status=error.status_code, headers=headers, content_type=MEDIA_TYPE
    )


def body(status_code: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """`type` is about:blank, which the standard leaves out: `code` tells programs what it is."""
    title = HTTPStatus(status_code).phrase
    return {"title": title, "status": status_code, "code": code, "detail": detail} | more


def _body_of(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, Problem):
        return body(error.status_code, error.code, str(error.detail), **error.more)
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "refused")
    if isinstance(error, exceptions.ValidationError):
        errors = list(_errors(error.detail))
        return body(error.status_code, code, _summary(errors), errors=errors)
    return body(error.status_code, code, str(error.detail))


def _errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Each error with its field's name, as `segments[2].text`; without one where it is of all."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            part = "" if name == WHOLE else f"[{name}]" if isinstance(name, int) else str(name)
            dot = "." if field and part and not part.startswith("[") else ""
            yield from _errors(inner, f"{field}{dot}{part}")
    elif isinstance(detail, list):
        for at, inner in enumerate(detail):
            listed = isinstance(inner, dict | list)
            if not listed or inner:
                yield from _errors(inner, f"{field}[{at}]" if listed else field)
    else:
        yield {"field": field, "detail": str(detail)}


def _summary(errors: list[dict[str, str]]) -> str:
    return " ".join(
        f"{each['field']}: {each['detail']}" if each["field"] else each["detail"] for each in errors
    )


# --- What Django itself refuses ----------------------------------------------------------------

OF_DJANGO = {
    400: ("unreadable", "This request cannot be read. Check its form, its fields and its size."),
    403: ("not_allowed", "This was refused. With a session, send its CSRF token."),
    404: ("not_found", "There is nothing at this address. Most end with a slash."),
    500: ("fault", "Something broke on this server. Try again; its log has the reason."),
}


def of_django(status_code: int) -> JsonResponse:
    code, detail = OF_DJANGO[status_code]
    return JsonResponse(
        body(status_code, code, detail), status=status_code, content_type=MEDIA_TYPE
    )
