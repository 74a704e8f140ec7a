"""What all views of the API have in common: scopes, audit, rate limits told in headers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.views.decorators.common import no_append_slash
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from speech_project.access import audit, scopes
from speech_project.access.clients import key_of
from speech_project.api import bodies

WHO = "Send an API key, as “Authorization: Bearer vk_…” or as “X-API-Key: vk_…”, or log in."
NOT_PERMITTED = "You have not the permission for this. Ask an admin."


class HasScope(BasePermission):
    """By the view's `scopes`; a view without one for a method lets every known caller do it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        scope = view.scopes.get(method)
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated(WHO)
        if scope is None or scopes.allows(request, scope):
            return True
        if key_of(request):
            raise exceptions.PermissionDenied(
                f"This API key has not the scope {scope}. Ask an admin for it."
            )
        raise exceptions.PermissionDenied(NOT_PERMITTED)


class ApiView(APIView):
    """`scopes`: what each method needs. `actions`: what is written in the audit when a method
    succeeds, such as `job.create`; each method that changes something has one.
    `people`: the permissions that people need for a method, besides what the scope asks of them.
    `kind`: what the address is of, such as `job`, the first of its parameters being the id."""

    permission_classes = [HasScope]
    scopes: ClassVar[dict[str, str]] = {}
    actions: ClassVar[dict[str, str]] = {}
    people: ClassVar[dict[str, str]] = {}
    kind: ClassVar[str] = ""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """A client that forgets the last slash is told so: redirected, its POST would be a GET."""
        return no_append_slash(super().as_view(**initkwargs))

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if needed := self.people.get(request.method or ""):
            self.check_person(request, needed)

    def check_person(self, request: Request, permission: str) -> None:
        """Raises PermissionDenied where a person asks who has not the permission."""
        if not key_of(request) and not request.user.has_perm(permission):
            raise exceptions.PermissionDenied(NOT_PERMITTED)

    def options(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Which methods there are stands in Allow; the rest tells the description of the API."""
        return Response(status=204)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if response.status_code >= 400:
            bodies.drop(request)
        response = super().finalize_response(request, response, *args, **kwargs)
        response.setdefault("Cache-Control", "private, no-cache")  # no proxy keeps it for others
        if rate := getattr(request, "rate", None):
            for name, value in rate.headers.items():
                response[name] = value
        action = self.actions.get(request.method or "")
        done = response.status_code < 400 and "Idempotency-Replayed" not in response
        if action and done and self.is_audited(request):
            record = audit.record_reading if request.method == "GET" else audit.record_request
            for target in self.audit_targets(response):
                record(request, action, target)
        return response

    def is_audited(self, request: Request) -> bool:
        return True

    def audit_targets(self, response: Any) -> list[str]:
        return [self.audit_target(response)]

    def audit_target(self, response: Any) -> str:
        """What was read or changed: the address' own id, or that of what was made."""
        data = getattr(response, "data", None)
        made = data.get("id") if isinstance(data, dict) else None
        of_address = next(iter(self.kwargs.values()), made)
        return f"{self.kind} {of_address}" if of_address is not None else self.kind


class FileView(ApiView):
    """Answers with a file, whatever type the client accepts; refusals are JSON."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type
