"""Exports for browsers and for programs: one recording as a file, or a ZIP file of several."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from transcription import export_files
from transcription.access import get_job, visible_jobs
from transcription.exporting.names import in_ascii
from transcription.models import Job

STATUS_OF = {"unknown_format": 404, "not_ready": 409, "invalid": 422}
ZIP_NAME = "transcripts.zip"
USUAL_FORMAT = "docx"


# --- Pages -------------------------------------------------------------------------------------


@require_safe
def export(request: HttpRequest, job_id: str, format: str) -> HttpResponseBase:
    job = get_job(request.user, job_id)
    try:
        return _file(request, job, format, request.GET)
    except export_files.Refused as error:
        context = {"job": job, "message": error.message}
        return render(request, "export_refused.html", context, status=STATUS_OF[error.code])


@require_http_methods(["GET", "HEAD", "POST"])
def export_zip(request: HttpRequest) -> HttpResponseBase:
    wishes = request.POST if request.method == "POST" else request.GET
    try:
        return _zip(request.user, wishes.getlist("job"), wishes)
    except export_files.Refused as error:
        context = {"message": error.message}
        return render(request, "export_refused.html", context, status=STATUS_OF[error.code])


# --- API ---------------------------------------------------------------------------------------


class FileView(APIView):
    """Answers with a file, whatever type the client accepts, and tells in JSON why not."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, export_files.Refused):
            body = {"code": error.code, "detail": error.message}
            return Response(body, status=STATUS_OF[error.code])
        return super().handle_exception(error)


class Export(FileView):
    def get(self, request: Request, job_id: str, ending: str) -> HttpResponseBase:
        return _file(request, get_job(request.user, job_id), ending, request.query_params)


class ExportZip(FileView):
    def get(self, request: Request) -> HttpResponseBase:
        wishes = request.query_params
        return _zip(request.user, wishes.getlist("job"), wishes)

    def post(self, request: Request) -> HttpResponseBase:
        """A form as the page sends it, or JSON whose `job` is a list."""
        wishes = request.data
        if hasattr(wishes, "getlist"):
            return _zip(request.user, wishes.getlist("job"), wishes)
        if not isinstance(wishes, dict) or not isinstance(wishes.get("job"), list):
            raise export_files.Refused("Send an object whose “job” is a list of ids.")
        return _zip(request.user, wishes["job"], wishes)


# --- Both --------------------------------------------------------------------------------------


def _file(request: Any, job: Job, name: str, wishes: Any) -> HttpResponseBase:
    format = export_files.format_named(name)
    file = export_files.exported(job, format, export_files.options_of(format, wishes))
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = _attachment(file.name)
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = quote_etag(hashlib.sha256(file.content).hexdigest()[:32])
    return get_conditional_response(request, response["ETag"], None, response) or response


def _zip(user: Any, ids: list[Any], wishes: Any) -> HttpResponseBase:
    format = export_files.format_named(str(wishes.get("format") or USUAL_FORMAT))
    options = export_files.options_of(format, wishes)
    try:
        jobs = export_files.selection(visible_jobs(user), [UUID(str(text)) for text in ids])
    except (ValueError, Job.DoesNotExist):
        raise Http404("One of these recordings is not there, or not yours to see.") from None
    pieces = export_files.archive(jobs, format, options)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = _attachment(ZIP_NAME)
    response["Cache-Control"] = "private, no-store"
    return response


def _attachment(name: str) -> str:
    """With the name in any letters, and for old programs in ASCII ones (RFC 6266)."""
    if name.isascii():
        return str(content_disposition_header(True, name))
    encoded = str(content_disposition_header(True, name)).partition(";")[2].strip()
    return f"{content_disposition_header(True, in_ascii(name))}; {encoded}"
