"""POST /v1/audio/transcriptions and GET /v1/models, for OpenAI's clients."""

from __future__ import annotations

import time
import uuid
from typing import Any, ClassVar, cast

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from speech_project.access import audit, scopes
from speech_project.access.authentication import ApiKeyAuthentication
from speech_project.access.models import ApiKey
from speech_project.api import bodies
from transcription.exports import document
from transcription.models import Job
from transcription.wire import catalogue, errors, form, holding, joining, replies, streaming


class HasAScope(BasePermission):
    """One of the view's `scopes`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if any(scopes.allows(request, scope) for scope in view.scopes):
            return True
        raise PermissionDenied(
            f"This API key has not the scope {' or '.join(view.scopes)}. Ask an admin for it."
        )


class WireView(APIView):
    """Errors and headers are OpenAI's; only API keys come in."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasAScope]
    scopes: ClassVar[tuple[str, ...]] = ()

    def setup(self, *args: Any, **kwargs: Any) -> None:
        super().setup(*args, **kwargs)
        self.started = time.monotonic()
        self.told: dict[str, str] = {}  # further headers

    def get_exception_handler(self) -> Any:
        return errors.handle

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        renderer = self.get_renderers()[0]  # whatever the client accepts
        return renderer, renderer.media_type

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if response.status_code >= 400:
            bodies.drop(request)
        response = super().finalize_response(request, response, *args, **kwargs)
        spent_ms = round((time.monotonic() - self.started) * 1000)
        headers = {"x-request-id": f"req_{uuid.uuid4().hex}", "openai-processing-ms": str(spent_ms)}
        if rate := getattr(request, "rate", None):
            headers |= {
                "x-ratelimit-limit-requests": str(rate.limit),
                "x-ratelimit-remaining-requests": str(rate.left),
                "x-ratelimit-reset-requests": f"{rate.reset_s}s",
            }
        for name, value in (headers | self.told).items():
            response[name] = value
        return response


class Transcriptions(WireView):
    scopes = ("jobs:write",)
    parser_classes = [MultiPartParser, FormParser]

    def post(self, request: Request) -> HttpResponseBase:
        data = cast(QueryDict, request.data)  # as both parsers read it
        wish = form.read(data)
        if names := form.ignored(data):
            self.told["Verbatim-Ignored"] = names
        job = self._job(request, wish)
        client = holding.Client(request._request)
        if wish.stream:
            return _streamed(streaming.Stream(job, client))
        try:
            job = holding.finished(job, client)
        except holding.Gone:
            raise errors.still_at_work(job.pk) from None  # nobody reads it
        return self._whole(job, wish)

    def _job(self, request: Request, wish: form.Wish) -> Job:
        job, is_new = joining.job_for(wish, cast(ApiKey, request.auth))
        wish.upload.close()  # a repeated one need not lie there while it is waited
        self.told["Verbatim-Job"] = str(job.pk)
        if is_new:
            audit.record_request(request, "job.create", f"job {job.pk}")
        return job

    def _whole(self, job: Job, wish: form.Wish) -> HttpResponse:
        timed = wish.response_format not in form.STREAMED
        found = document(job, words=timed)
        content_type, content = replies.body(found, wish.response_format, wish.granularities)
        if note := replies.note(found):
            self.told["Verbatim-Note"] = note
        joining.delivered(job)
        return HttpResponse(content, content_type=content_type)


def _streamed(events: streaming.Stream) -> StreamingHttpResponse:
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


class Models(WireView):
    scopes = ("jobs:read", "jobs:write")

    def get(self, request: Request) -> Response:
        return Response(catalogue.listed())


class Model(WireView):
    scopes = ("jobs:read", "jobs:write")

    def get(self, request: Request, name: str) -> Response:
        return Response(catalogue.entry(name))
