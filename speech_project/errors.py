"""What is answered where no view answers: pages for people, and to programs what they can read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from speech_project.api import problems
from transcription.wire import errors as wire

# by how their addresses begin
OF_PROGRAMS = {"/api/": problems.of_django, "/v1/": wire.of_django}


def _told(request: HttpRequest, status_code: int) -> HttpResponse | None:
    """None: it is a page that was asked for."""
    for begin, of_django in OF_PROGRAMS.items():
        if request.path_info.startswith(begin):
            return of_django(status_code)
    return None


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _told(request, 400) or defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _told(request, 403) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _told(request, 404) or defaults.page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    return _told(request, 500) or defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _told(request, 403) or csrf.csrf_failure(request, reason)
