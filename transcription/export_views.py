"""Exports: one recording as a file, or a ZIP file of several; for browsers, and the answers that
programs get too (api/exports.py)."""

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

from transcription import export_files
from transcription.access import get_job, visible_jobs
from transcription.exporting.names import in_ascii
from transcription.models import Job

STATUS_OF = {"unknown_format": 404, "not_ready": 409, "invalid": 422}
ZIP_NAME = "transcripts.zip"
USUAL_FORMAT = "docx"


@require_safe
def export(request: HttpRequest, job_id: str, format: str) -> HttpResponseBase:
    job = get_job(request.user, job_id)
    try:
        return file_answer(request, job, format, request.GET)
    except export_files.Refused as error:
        context = {"job": job, "message": error.message}
        return render(request, "export_refused.html", context, status=STATUS_OF[error.code])


@require_http_methods(["GET", "HEAD", "POST"])
def export_zip(request: HttpRequest) -> HttpResponseBase:
    wishes = request.POST if request.method == "POST" else request.GET
    try:
        return zip_answer(request.user, wishes.getlist("job"), wishes)
    except export_files.Refused as error:
        context = {"message": error.message}
        return render(request, "export_refused.html", context, status=STATUS_OF[error.code])


# --- Answers -----------------------------------------------------------------------------------


def file_answer(request: Any, job: Job, name: str, wishes: Any) -> HttpResponseBase:
    """Raises export_files.Refused."""
    format = export_files.format_named(name)
    file = export_files.exported(job, format, export_files.options_of(format, wishes))
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = _attachment(file.name)
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = quote_etag(hashlib.sha256(file.content).hexdigest()[:32])
    return get_conditional_response(request, response["ETag"], None, response) or response


def zip_answer(user: Any, ids: list[Any], wishes: Any) -> HttpResponseBase:
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
