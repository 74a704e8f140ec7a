"""The queue: recordings come in here, and go out to reviewers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import (
    HttpResponseClientRedirect,
    push_url,
    replace_url,
)

from transcription import choosing, export_files, handing_out, progress
from transcription.access import get_job, visible_jobs
from transcription.models import Job
from transcription.queueing import OWNERS, STATES, Filters, narrowed, options_for, queue_for
from transcription.services import LONGEST_PROMPT, JobRefused, NotPossible, create_job

PAGE_SIZE = 50
# what a reviewer gave back is not what they are handed next: so many are remembered
GIVEN_BACK, MOST_GIVEN_BACK = "given_back", 20


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    filters, jobs = Filters.read(request.GET), visible_jobs(request.user)
    found = queue_for(jobs, request.user, filters).select_related("api_key")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _rows(page),
        "filters": filters,
        "states": [(key, name, filters.but(state=key)) for key, name in STATES.items()],
        "formats": export_files.choices(),
    }
    if _wants_fragment(request):
        response = _addressed(render(request, "queue_found.html", context), request, filters)
    else:
        response = render(request, "queue.html", context | _of_forms(request, jobs, filters))
    patch_vary_headers(response, ["HX-Request"])  # or Back would show the fragment
    return response


def _rows(page: Page) -> list[tuple[Job, progress.Progress | None]]:
    jobs = list(page)
    working = [job for job in jobs if job.working]
    far = progress.of_all(working) if working else {}
    return [(job, far.get(job.pk)) for job in jobs]


def _wants_fragment(request: HttpRequest) -> bool:
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _addressed(response: HttpResponse, request: HttpRequest, filters: Filters) -> HttpResponse:
    """The address of what is shown; each letter of a search is no step of its own to go back."""
    typed = request.htmx.trigger_name == "q"  # type: ignore[attr-defined]
    return (replace_url if typed else push_url)(response, reverse("queue") + filters.address)


def _of_forms(request: HttpRequest, jobs: Any, filters: Filters) -> dict[str, Any]:
    return {
        "options": options_for(jobs, request.user).with_chosen(filters),
        "owners": OWNERS,
        "models": choosing.offered_models(),
        "default_model": settings.STT_MODEL,
        "max_upload_mb": settings.MAX_UPLOAD_MB,
        "longest_prompt": LONGEST_PROMPT,
    }


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
                script_policy=request.POST.get("script_policy", ""),
                channels=request.POST.get("channels", "auto"),
                prompt=request.POST.get("prompt", ""),
                hints="no_hints" not in request.POST,
                second_look="second_look" in request.POST,
                own_script="own_script" in request.POST,
                reuse="reuse" in request.POST,
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
    return _row(request, get_job(request.user, job_id))


def _row(request: HttpRequest, job: Job) -> HttpResponse:
    context = {"job": job, "progress": progress.of(job) if job.working else None}
    return render(request, "queue_row.html", context)


@require_POST
def review_next(request: HttpRequest) -> HttpResponse:
    """To the desk of the recording that is worth the reviewer's time first, of those that the
    page was narrowed down to."""
    filters = Filters.read(request.POST)
    job = handing_out.next_job(
        narrowed(visible_jobs(request.user), request.user, filters),
        request.user,
        begun=filters.owner == "assigned",
        passed_over=request.session.get(GIVEN_BACK, []),
    )
    if job is not None:
        return redirect("desk", job.pk)
    if filters.but(state="").chosen:
        messages.info(request, "No such recording waits for a reviewer. Others may: show all.")
    else:
        messages.info(request, "Nothing waits for a reviewer. You are done, for now.")
    return redirect(reverse("queue") + filters.address)


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, job_id: str) -> HttpResponse:
    """Makes the job theirs who ask; if it is another's, it asks them first."""
    job = get_job(request.user, job_id)
    if request.method != "POST":
        return render(request, "take.html", {"job": job})
    wish = request.POST.get("instead_of", "")
    instead_of = int(wish) if wish.isdecimal() and len(wish) < 10 else None
    try:
        handing_out.take(job, request.user, instead_of=instead_of)
    except handing_out.Held:
        return _go(request, reverse("take", args=[job.pk]))
    except NotPossible as error:
        messages.error(request, str(error))
        return _go(request, job.get_absolute_url())
    if request.htmx:  # type: ignore[attr-defined]
        return _row(request, get_job(request.user, job_id))
    return redirect("job", job.pk)


@require_POST
def give_back(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    try:
        handing_out.give_back(job, request.user)
    except NotPossible as error:
        messages.error(request, str(error))
        return _go(request, job.get_absolute_url())
    given = [str(job.pk), *request.session.get(GIVEN_BACK, [])]
    request.session[GIVEN_BACK] = given[:MOST_GIVEN_BACK]
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, f"Given back: {job.title}")
        return redirect("queue")
    # what they saw only because it was theirs is gone
    found = visible_jobs(request.user).filter(pk=job.pk).first()
    return _row(request, found) if found else HttpResponse()


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """To another page, from a link, a form or a script."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(address) if htmx else redirect(address)
