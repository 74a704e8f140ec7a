"""What the desk's views share: finding the segment, and answering a wish about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from feedback.alignment import word_edits
from feedback.desk import Desk, detail
from feedback.restructuring import Restructured
from feedback.saving import Conflict, Refused, Save
from transcription.models import Job, Segment

CHANGED = "The segment was changed meanwhile. Load the page again."


def by_script(request: HttpRequest) -> bool:
    """Whether the desk's script asks, and not a plain form."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def live_segment(job: Job, segment_id: int) -> Segment:
    found = Segment.objects.filter(job=job, pk=segment_id, retired_at=None).first()
    if found is None:
        raise Http404("No such segment.")
    return found


def number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def address_of(job: Job, segment_id: int | None = None) -> str:
    at_desk = reverse("desk", args=[job.pk])
    return f"{at_desk}?segment={segment_id}" if segment_id else at_desk


def wished(request: HttpRequest, name: str = "text") -> Save | None:
    """What is to be saved; None where it lacks its text, which is not the same as an empty one."""
    given = request.POST
    if name not in given:
        return None
    return Save(
        text=given[name].replace("\r\n", "\n"),
        version=number(given.get("version")),
        id=given.get("save_id", "")[:64],
        accept="accept" in given,
    )


def side(request: HttpRequest, job: Job, segment: Segment, version: int) -> HttpResponse:
    """The column beside the text."""
    context = detail(request.user, job, segment)
    response = render(request, "segment_detail.html", {"job": job, **context})
    response["X-Segment-Version"] = str(version)
    # when people changed anything of it last: of two answers the page keeps the newer one
    last = context["history"][0].updated_at.timestamp() if context["history"] else 0
    response["X-Segment-At"] = str(last)
    return response


def pieces(
    request: HttpRequest, job: Job, came: Sequence[Segment], gone: Sequence[int] = ()
) -> HttpResponse:
    """The segments as the page should have them now, and which it should not have any more."""
    context = {"job": job, "desk": Desk(job, list(came)), "gone": gone}
    return render(request, "pieces.html", context)


def restructured(
    request: HttpRequest, job: Job, wish: Callable[[], Restructured], segment_id: int
) -> HttpResponse:
    """Fulfil a wish that changes which segments there are."""
    try:
        done = wish()
    except Conflict as conflict:
        if "text" in request.POST:
            return conflicted(request, job, request.POST["text"], conflict.segment)
        return refused(request, job, CHANGED, segment_id, status=409)
    except Refused as refusal:
        return refused(request, job, str(refusal), segment_id)
    if by_script(request):
        return pieces(request, job, done.came, done.gone)
    focus = done.came[-1].pk if done.came else None
    return redirect(address_of(job, focus))


def refused(
    request: HttpRequest, job: Job, message: str, segment_id: int | None = None, status: int = 422
) -> HttpResponse:
    if by_script(request):
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    messages.error(request, message)
    return redirect(address_of(job, segment_id))


def conflicted(request: HttpRequest, job: Job, mine: str, theirs: Segment) -> HttpResponse:
    """Both texts and their difference; the reviewer's own stays in the box."""
    edits = word_edits(theirs.text, mine)
    context: dict[str, Any] = {"job": job, "segment": theirs, "mine": mine, "edits": edits}
    template = "conflict.html" if by_script(request) else "conflict_page.html"
    response = render(request, template, context, status=409)
    response["X-Segment-Version"] = str(theirs.version)
    return response
