"""One job: its progress, what can be done about it, and its recording."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from lexicon import policies
from speech_project.wakeups import wake
from transcription import choosing, hints, listening, parts, progress, switching
from transcription.access import get_job, visible_jobs
from transcription.engines import MODELS
from transcription.models import Attempt, Job
from transcription.services import (
    JobRefused,
    NotPossible,
    cancel_job,
    rerun_job,
    retry_job,
)

# speech below this is hard to understand, for engines too
QUIET_DBFS = -45.0
MOST_PROPOSALS = 50  # of one recording, the newest, in its list
# how soon a playback copy that is still missing is asked for again
PLAYBACK_AGAIN_S = 600


@require_safe
def job_page(request: HttpRequest, job_id: str) -> HttpResponse:
    """The job with the text of its finished parts; the page then asks for what is new. With
    `?hints` what the engine was told of the lexicon."""
    job = get_job(request.user, job_id)
    if "hints" in request.GET:
        return render(request, "job_hints.html", {"job": job, "hints": hints.summary(job)})
    now = parts.of(job)
    fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    shown = request.GET.get("shown", "") if fragment else ""
    if shown == now.shown:
        return HttpResponse(status=204)
    changed, added = now.news(shown)
    context = {
        "job": job,
        "parts": now,
        "changed": changed,
        "added": added,
        "fragment": fragment,
        "progress": progress.of(job),
        "record": MODELS.get(job.model),
        "policy": policies.written(job.script_policy),
        "ways": _ways(job) if job.languages and not fragment else [],
        "asked_record": MODELS.get(job.asked_model),
        "source": _source(request, job),
        "reused": _is_reused(job, now),
        "hinted": not job.working and hints.were_told(job),
        "quiet": job.speech_dbfs is not None and job.speech_dbfs < QUIET_DBFS,
        "offers": choosing.offers(job),
        "proposals": [] if job.working or fragment else proposals_for(request.user, job),
    }
    return render(request, "job_progress.html" if fragment else "job.html", context)


def _ways(job: Job) -> list[str]:
    """How the engine was asked to keep the languages apart."""
    return [switching.WAYS[way] for way in hints.ways(job)]


def _source(request: HttpRequest, job: Job) -> Job | None:
    """The earlier job of the same recording, where the user may see it."""
    if not job.source_job_id:
        return None
    return visible_jobs(request.user).filter(pk=job.source_job_id).first()


def proposals_for(user: Any, job: Job) -> list[Job]:
    """What was made to be compared with the job, the newest first."""
    return list(visible_jobs(user).filter(source_job=job, proposal=True)[:MOST_PROPOSALS])


def _is_reused(job: Job, now: parts.Parts) -> bool:
    """Whether its answers are those of an earlier job: it has them, and never asked."""
    if not job.source_job_id or job.chunk_count is None or now.completed < len(now.keys):
        return False
    return not Attempt.objects.filter(chunk__job=job).exists()


@require_POST
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, get_job(request.user, job_id), cancel_job)


@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, get_job(request.user, job_id), retry_job)


@require_POST
def rerun(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    try:
        new = rerun_job(
            job,
            model=request.POST.get("model", ""),
            hints="no_hints" not in request.POST,
            proposal="proposal" in request.POST,
            owner=request.user,
        )
    except (JobRefused, NotPossible) as error:
        messages.error(request, str(error))
        return redirect("job", job.pk)
    return redirect("job", new.pk)


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
    try:
        return listening.audio(request, job, original="original" in request.GET)
    except listening.Missing as error:
        raise Http404(str(error)) from None


@require_GET
def peaks(request: HttpRequest, job_id: str) -> HttpResponse:
    """The waveform, with at least `?buckets` bars where the recording is long enough."""
    job = get_job(request.user, job_id)
    try:
        return listening.peaks(job, _buckets(request.GET.get("buckets", "")))
    except listening.Missing as error:
        raise Http404(str(error)) from None


def _buckets(wish: str) -> int:
    known = wish.isdecimal() and len(wish) < 10
    return min(max(1, int(wish)), listening.MOST_BUCKETS) if known else listening.USUAL_BUCKETS


def ensure_playback(job: Job) -> None:
    """Ask again for a playback copy that is missing: wake-ups may be lost. Not at each look, for
    there are recordings of which none can be made."""
    missing = job.status == Job.Status.COMPLETED and not job.playback_file
    if missing and cache.add(f"playback:{job.pk}", True, PLAYBACK_AGAIN_S):
        wake("make_playback", job.pk, queue="media")
