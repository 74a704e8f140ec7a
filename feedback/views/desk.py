"""The review desk: one recording, its text beside its sound."""

from __future__ import annotations

from itertools import accumulate

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from feedback import presence
from feedback.desk import Desk, detail
from feedback.personal import for_desk
from feedback.views.common import by_script, number, refused
from feedback.views.searching import NO_SEARCH
from transcription import tags
from transcription.access import get_job, visible_jobs
from transcription.choosing import offers
from transcription.models import Job, Segment
from transcription.said import said
from transcription.segments import segment_rows
from transcription.services import JobRefused, rename_job
from transcription.views import ensure_playback, proposals_for

WORDS_OF = 40  # segments, in one answer


@require_safe
def desk(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    if job.proposal:
        return _elsewhere(request, job)
    segments = segment_rows(job)
    if not segments and job.status != Job.Status.COMPLETED:
        return redirect("job", job.pk)
    ensure_playback(job)
    tags.get_ready(job)
    page = Desk(job, segments, only=request.GET.get("only", ""))
    wanted = Segment.objects.filter(job=job, pk=number(request.GET.get("segment")), retired_at=None)
    focus = None if page.closed else wanted.first()
    context = {"desk": page, "job": job, "focus": focus}
    context |= for_desk(request) | {"search": NO_SEARCH}
    context |= {"offers": offers(job), "proposals": proposals_for(request.user, job)}
    if focus:
        context |= detail(request.user, job, focus)
    return render(request, "desk.html", context)


def _elsewhere(request: HttpRequest, proposal: Job) -> HttpResponse:
    """A proposal is not reviewed: it is compared with its source, where that can be seen."""
    source = proposal.source_job
    if source is None or not visible_jobs(request.user).filter(pk=source.pk).exists():
        messages.error(request, "You may not see the recording that it would be compared with.")
        return redirect("job", proposal.pk)
    return redirect("compare", source.pk, proposal.pk)


@require_safe
def words(request: HttpRequest, job_id: str) -> JsonResponse:
    """When the words of some segments are said, from `?from` on: of each segment its version, and
    of each word in it [start, end, start_ms, end_ms], the first two in UTF-16 units of the text,
    as browsers count."""
    job = get_job(request.user, job_id)
    live = Segment.objects.filter(job=job, retired_at=None)
    first = live.filter(pk=number(request.GET.get("from"))).first()
    if first is None:
        return JsonResponse({})
    following = live.filter(position__gte=first.position).order_by("position", "pk")[:WORDS_OF]
    return JsonResponse({str(each.pk): _timed(each) for each in following})


def _timed(segment: Segment) -> dict[str, object]:
    text = segment.text
    units = [0, *accumulate(1 + (letter > "\uffff") for letter in text)]
    found = said(text, segment.words, segment.start_ms, segment.end_ms)
    rows = [[units[each.start], units[each.end], each.start_ms, each.end_ms] for each in found]
    return {"version": segment.version, "words": rows}


@require_POST
def here(request: HttpRequest, job_id: str) -> HttpResponse:
    """Told by each open desk every few seconds; answered with who else is there, and where."""
    job = get_job(request.user, job_id)
    if "leaving" in request.POST:
        presence.leave(request.user, job)
        return HttpResponse(status=204)
    others = presence.tell(request.user, job, number(request.POST.get("segment")) or None)
    return render(request, "others.html", {"others": others})


@require_POST
def rename(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    try:
        rename_job(job, request.POST.get("title", ""))
    except JobRefused as refusal:
        return refused(request, job, str(refusal))
    if by_script(request):
        return HttpResponse(job.title, content_type="text/plain; charset=utf-8")
    return redirect("desk", job.pk)
