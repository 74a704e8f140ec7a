"""The queue, uploads, one job's progress, and its recording."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST, require_safe

from transcription import progress, ranges, recordings
from transcription.access import get_job, visible_jobs
from transcription.engines import MODELS
from transcription.models import Chunk, Job
from transcription.services import (
    JobRefused,
    NotPossible,
    cancel_job,
    create_job,
    offered_models,
    queue_for,
    retry_job,
)
from transcription.wakeups import wake

PAGE_SIZE = 50
STATES = {
    "": "All",
    "waiting": "Waiting",
    "in_review": "In review",
    "reviewed": "Reviewed",
    "working": "Transcribing",
    "failed": "Failed",
}
# how soon a playback copy that is still missing is asked for again
PLAYBACK_AGAIN_S = 600


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    state, text = request.GET.get("state", ""), request.GET.get("q", "")
    text = text.replace("\x00", "").strip()
    jobs = queue_for(visible_jobs(request.user), state=state, text=text)
    page = Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "states": STATES,
        "state": state,
        "text": text,
        "models": offered_models(),
        "default_model": settings.STT_MODEL,
        "max_upload_mb": settings.MAX_UPLOAD_MB,
    }
    fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, "queue_table.html" if fragment else "queue.html", context)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Several files from the plain form; the queue's script sends them one by one."""
    files = request.FILES.getlist("files")
    if not files:
        return _upload_refused(request, "Choose at least one recording.")
    for file in files:
        try:
            job = create_job(
                file,
                source=Job.Source.PAGE,
                owner=request.user,
                model=request.POST.get("model", ""),
                languages=request.POST.get("languages", "").replace(",", " ").split(),
            )
        except JobRefused as error:
            if request.htmx:  # type: ignore[attr-defined]
                return _upload_refused(request, error.message)
            messages.error(request, f"{file.name}: {error.message}")
        else:
            if request.htmx:  # type: ignore[attr-defined]
                return render(request, "queue_row.html", {"job": job}, status=201)
    return redirect("queue")


def _upload_refused(request: HttpRequest, message: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(message, status=422, content_type="text/plain")
    messages.error(request, message)
    return redirect("queue")


@require_safe
def row(request: HttpRequest, job_id: str) -> HttpResponse:
    return render(request, "queue_row.html", {"job": get_job(request.user, job_id)})


@require_safe
def job_page(request: HttpRequest, job_id: str) -> HttpResponse:
    """The job with the text of its finished chunks; the page asks for the part that changes."""
    job = get_job(request.user, job_id)
    chunks = Chunk.objects.filter(job=job).defer("words")
    context = {
        "job": job,
        "chunks": chunks,
        "progress": progress.of(job),
        "record": MODELS.get(job.model),
        "failed_chunks": sum(chunk.status == Chunk.Status.FAILED for chunk in chunks),
    }
    fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, "job_progress.html" if fragment else "job.html", context)


@require_POST
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, get_job(request.user, job_id), cancel_job)


@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, get_job(request.user, job_id), retry_job)


def _act(request: HttpRequest, job: Job, action: Any) -> HttpResponse:
    try:
        action(job)
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("job", job.pk)


@require_safe
def audio(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The recording as browsers play and seek it; `?original` is the uploaded file itself."""
    job = get_job(request.user, job_id)
    original = "original" in request.GET or not job.playback_file
    name = job.audio_file if original else job.playback_file
    kind = mimetypes.guess_type(job.audio_name)[0] if original else "audio/mpeg"
    etag = f'"{job.audio_sha256[:32]}-{"o" if original else "p"}"'
    # never shown as a page of this site, whatever the upload calls itself
    kind = kind if kind and kind.startswith(("audio/", "video/")) else "application/octet-stream"
    try:
        response = ranges.serve(request, name, etag=etag, content_type=kind)
    except FileNotFoundError:
        raise Http404("The recording is not in the storage any more.") from None
    if "original" in request.GET:
        response["Content-Disposition"] = content_disposition_header(True, job.audio_name)
    return response


@require_GET
def peaks(request: HttpRequest, job_id: str) -> HttpResponse:
    """The waveform: one byte for every 50 ms."""
    job = get_job(request.user, job_id)
    if not job.peaks_file:
        raise Http404("Not drawn yet.")
    try:
        content = recordings.read(job.peaks_file)
    except FileNotFoundError:
        raise Http404("The waveform is not in the storage any more.") from None
    headers = {"Cache-Control": "private, max-age=86400"}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


def ensure_playback(job: Job) -> None:
    """Ask again for a playback copy that is missing: wake-ups may be lost. Not at each look, for
    there are recordings of which none can be made."""
    missing = job.status == Job.Status.COMPLETED and not job.playback_file
    if missing and cache.add(f"playback:{job.pk}", True, PLAYBACK_AGAIN_S):
        wake("make_playback", job.pk, queue="media")
