"""One segment of a recording: what is known of it, and what reviewers do to it."""

from __future__ import annotations

import re
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from feedback.attributes import name_speaker, set_times
from feedback.models import Revision
from feedback.restructuring import insert_segment, merge_segment, split_segment, take_back
from feedback.saving import (
    Conflict,
    Refused,
    Save,
    neighbours,
    save_segment,
    set_language,
    text_turned,
)
from feedback.views.common import (
    CHANGED,
    address_of,
    by_script,
    conflicted,
    live_segment,
    number,
    pieces,
    refused,
    restructured,
    side,
    wished,
)
from transcription.access import get_job
from transcription.models import Job, Segment

CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,5})(?:[.,](\d{1,3}))?")


@require_safe
def segment(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """What the column beside the text shows, with the text as it is now; nothing where it was split
    or merged since the page asked."""
    job = get_job(request.user, job_id)
    found = get_object_or_404(Segment, job=job, pk=segment_id)
    if found.retired_at:
        return HttpResponse(status=204)
    return side(request, job, found, found.version)


@require_POST
def save(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    job = get_job(request.user, job_id)
    wish = wished(request)
    if wish is None:
        return _without_text()
    try:
        saved = save_segment(request.user, job, segment_id, wish)
    except Conflict as conflict:
        return conflicted(request, job, wish.text, conflict.segment)
    except Refused as refusal:
        return _not_saved(request, job, wish, refusal)
    if not by_script(request):
        return redirect(_next_address(job, saved.segment))
    return side(request, job, saved.segment, saved.version)


@require_POST
def turn(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """Without the script: save with a change of the lexicon undone or done again, or its
    suggestion taken; or with an earlier text restored."""
    job = get_job(request.user, job_id)
    found, wish = live_segment(job, segment_id), wished(request)
    if wish is None:
        return _without_text()
    try:
        wish = replace(wish, text=_text_wished(request, found, wish.text))
        save_segment(request.user, job, segment_id, wish)
    except Conflict as conflict:
        return conflicted(request, job, wish.text, conflict.segment)
    except Refused as refusal:
        return _not_saved(request, job, wish, refusal)
    return redirect(address_of(job, segment_id))


def _text_wished(request: HttpRequest, found: Segment, text: str) -> str:
    key = request.POST.get("restore")
    if key is None:
        return text_turned(found, text, request.POST.get("turn", ""))
    if key == "engine":
        return found.engine_text
    revision = Revision.objects.filter(segment=found, pk=number(key)).first()
    if revision is None:
        raise Refused("There is no such text in the segment's history. Load the page again.")
    return revision.text_before


@require_POST
def language(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """In which language some words of a segment are."""
    job, given = get_job(request.user, job_id), request.POST
    start, end, version = (number(given.get(name)) for name in ("start", "end", "version"))
    wish = given.get("language", "")
    try:
        found = set_language(request.user, job, segment_id, start, end, wish, version)
    except Conflict as conflict:
        message = "The text was changed meanwhile. Load the page again."
        return refused(request, job, message, conflict.segment.pk, 409)
    except Refused as refusal:
        return refused(request, job, str(refusal), segment_id)
    if not by_script(request):
        return redirect(address_of(job, segment_id))
    return side(request, job, found, found.version)


@require_POST
def split(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """Cut the text, with what was typed last, at the character `at`."""
    job, wish = get_job(request.user, job_id), wished(request)
    if wish is None:
        return _without_text()
    at = number(request.POST.get("at"))
    return restructured(
        request,
        job,
        lambda: split_segment(
            request.user,
            job,
            segment_id,
            text=wish.text,
            at=at,
            version=wish.version,
            save_id=wish.id,
        ),
        segment_id,
    )


@require_POST
def merge(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """With the segment before it."""
    job, wish = get_job(request.user, job_id), wished(request)
    if wish is None:
        return _without_text()
    return restructured(
        request,
        job,
        lambda: merge_segment(
            request.user, job, segment_id, text=wish.text, version=wish.version, save_id=wish.id
        ),
        segment_id,
    )


@require_POST
def insert(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    job = get_job(request.user, job_id)
    wish = lambda: insert_segment(request.user, job, segment_id)  # noqa: E731
    return restructured(request, job, wish, segment_id)


@require_POST
def back(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """Undo the split, merger or insertion that made the segment."""
    job = get_job(request.user, job_id)
    wish = lambda: take_back(request.user, job, segment_id)  # noqa: E731
    return restructured(request, job, wish, segment_id)


@require_POST
def times(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    job, given = get_job(request.user, job_id), request.POST
    start_ms, end_ms = milliseconds(given.get("start", "")), milliseconds(given.get("end", ""))
    if start_ms is None or end_ms is None:
        message = "Write times like 02:03.5 or 1:02:03.500, or seconds like 123.5."
        return refused(request, job, message, segment_id)
    was = (number(given.get("was_start")), number(given.get("was_end")))
    try:
        found = set_times(request.user, job, segment_id, start_ms, end_ms, was)
    except Conflict:
        return refused(request, job, CHANGED, segment_id, 409)
    except Refused as refusal:
        return refused(request, job, str(refusal), segment_id)
    if by_script(request):
        return pieces(request, job, [found])
    return redirect(address_of(job, segment_id))


@require_POST
def speaker(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """Name who speaks in this segment, or `throughout` the recording."""
    job, given = get_job(request.user, job_id), request.POST
    throughout, name = "throughout" in given, given.get("speaker", "")
    try:
        changed = name_speaker(request.user, job, segment_id, name, throughout=throughout)
    except Conflict:
        return refused(request, job, CHANGED, segment_id, 409)
    except Refused as refusal:
        return refused(request, job, str(refusal), segment_id)
    if by_script(request):
        return pieces(request, job, changed)
    return redirect(address_of(job, segment_id))


def milliseconds(text: str) -> int | None:
    """Of a time as people write it: 1:02:03.5, 62:03, 3723.5. None where it is none."""
    found = CLOCK.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if (found[2] and seconds > 59) or (found[1] and minutes > 59):
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "0").ljust(3, "0"))


def _without_text() -> HttpResponse:
    message = "The save came without its text. Load the page again."
    return HttpResponse(message, status=422, content_type="text/plain")


def _not_saved(request: HttpRequest, job: Job, wish: Save, refusal: Refused) -> HttpResponse:
    if by_script(request):
        return refused(request, job, str(refusal))
    context = {"job": job, "message": str(refusal), "mine": wish.text}
    return render(request, "refusal_page.html", context, status=422)


def _next_address(job: Job, saved: Segment) -> str:
    """Without the script, a save leads on to the next segment."""
    _, after = neighbours(saved)
    return address_of(job, (after or saved).pk)
