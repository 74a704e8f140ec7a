"""What is answered where no view answers: pages for people, problem details for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from speech_project.api import problems

API = "/api/"


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith(API):
        return problems.of_django(400)
    return defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith(API):
        return problems.of_django(403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith(API):
        return problems.of_django(404)
    return defaults.page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return problems.of_django(500)
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path.startswith(API):
        return problems.of_django(403)
    return csrf.csrf_failure(request, reason)
