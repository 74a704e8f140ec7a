"""A proposal beside what stands: three texts of each segment, and what a reviewer takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.proposals import SHOWN, Comparison, compare, row_of, take, take_untouched
from feedback.saving import Conflict, Refused, Save, Saved, save_segment
from feedback.services import reopen_review
from feedback.views.common import by_script, number, wished
from transcription.access import get_job, visible_jobs
from transcription.models import Job, Segment
from transcription.views import ensure_playback

PAGE_SIZE = 100


def _both(request: HttpRequest, job_id: str, proposal_id: str) -> tuple[Job, Job]:
    job = get_job(request.user, job_id)
    of_job = visible_jobs(request.user).filter(source_job=job, proposal=True)
    return job, get_object_or_404(of_job, pk=proposal_id)


@require_safe
def comparison(request: HttpRequest, job_id: str, proposal_id: str) -> HttpResponse:
    job, proposal = _both(request, job_id, proposal_id)
    if proposal.status != Job.Status.COMPLETED:
        return redirect("job", proposal.pk)
    ensure_playback(job)
    found, which = compare(job, proposal), _which(request)
    shown = {key: found.shown(key) for key in SHOWN}
    page = Paginator(shown[which], PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "comparison": found,
        "page": page,
        "which": which,
        "filters": [(key, name, len(shown[key])) for key, name in SHOWN.items()],
        "query": _query(which, page.number),
    }
    return render(request, "compare.html", context | _of_row(found))


def _which(request: HttpRequest) -> str:
    wish = request.GET.get("show", "")
    return wish if wish in SHOWN else ""


def _query(which: str, page: int) -> str:
    """Of the comparison's address, as forms take it with them."""
    wishes = {"show": which, "page": page if page > 1 else ""}
    chosen = {name: wish for name, wish in wishes.items() if wish}
    return f"?{urlencode(chosen)}" if chosen else ""


def _of_row(found: Comparison) -> dict[str, Any]:
    job, proposal = found.job, found.proposal
    return {
        "job": job,
        "proposal": proposal,
        "at": reverse("compare", args=[job.pk, proposal.pk]),
        "desk": reverse("desk", args=[job.pk]),
        "audio": reverse("audio", args=[job.pk]),
        "palette": found.palette,
        "closed": found.closed,
    }


@require_POST
def take_one(request: HttpRequest, job_id: str, proposal_id: str, segment_id: int) -> HttpResponse:
    """The text of the proposal that was shown, for the segment as it was shown."""
    job, proposal = _both(request, job_id, proposal_id)
    return _changed(
        request,
        job,
        proposal,
        segment_id,
        lambda: take(request.user, job, proposal, segment_id, _wish(request, "proposed")),
    )


@require_POST
def put_back(request: HttpRequest, job_id: str, proposal_id: str, segment_id: int) -> HttpResponse:
    """What stood before."""
    job, proposal = _both(request, job_id, proposal_id)
    return _changed(
        request,
        job,
        proposal,
        segment_id,
        lambda: save_segment(request.user, job, segment_id, _wish(request, "text")),
    )


def _wish(request: HttpRequest, name: str) -> Save:
    """Raises Refused where it lacks its text."""
    wish = wished(request, name)
    if wish is None:
        raise Refused("The change came without its text. Load the page again.")
    return wish


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")


def _changed(
    request: HttpRequest, job: Job, proposal: Job, segment_id: int, change: Callable[[], Saved]
) -> HttpResponse:
    """Make the change, and show the segment as it is then; or what came between."""
    problem, status = "", 200
    try:
        change()
    except Conflict as conflict:
        problem, status = _between(conflict.segment), 409
    except Refused as refusal:
        problem, status = str(refusal), 422
    if not by_script(request):
        if problem:
            messages.error(request, problem)
        at_page = reverse("compare", args=[job.pk, proposal.pk])
        query = _query(_which(request), number(request.GET.get("page")))
        return redirect(f"{at_page}{query}#c{segment_id}")
    segment = Segment.objects.filter(job=job, pk=segment_id, retired_at=None).first()
    context: dict[str, Any] = {"problem": problem, "query": request.META["QUERY_STRING"]}
    context["query"] = context["query"] and f"?{context['query']}"
    if segment is None:
        return render(request, "compare_gone.html", context, status=status)
    job.refresh_from_db()
    row = row_of(job, proposal, segment, _text(request, "proposed"))
    context |= _of_row(Comparison(job, proposal, [row])) | {"row": row}
    return render(request, "compare_row.html", context, status=status)


def _between(segment: Segment) -> str:
    if segment.retired_at:
        return "This segment was split or merged meanwhile. Load the page again."
    who = segment.edited_by_name or "Somebody"
    return f"{who} changed this segment meanwhile. See what stands now, then decide again."


@require_http_methods(["GET", "HEAD", "POST"])
def take_all(request: HttpRequest, job_id: str, proposal_id: str) -> HttpResponse:
    """All that nobody has accepted or changed, after it was asked and confirmed."""
    job, proposal = _both(request, job_id, proposal_id)
    if request.method != "POST":
        found = compare(job, proposal)
        return render(request, "compare_all.html", {"comparison": found} | _of_row(found))
    try:
        count = take_untouched(request.user, job, proposal)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        segments = "1 segment" if count == 1 else f"{count} segments"
        messages.success(request, f"Taken: {segments}. Each can be put back.")
    return redirect("compare", job.pk, proposal.pk)


@require_POST
def reopen(request: HttpRequest, job_id: str, proposal_id: str) -> HttpResponse:
    """The submitted review, and back to the comparison."""
    job, proposal = _both(request, job_id, proposal_id)
    try:
        reopen_review(job)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("compare", job.pk, proposal.pk)
