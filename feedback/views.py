"""The review desk: one recording, its text beside its sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from feedback.alignment import word_edits
from feedback.language_scores import NORMALISED, LanguageScores, read
from feedback.models import Feedback, Revision
from feedback.palette import Palette
from feedback.quality import MOST_REVIEWS, by_model, languages
from feedback.saving import Conflict, Refused, Save, save_segment, set_language, text_turned
from feedback.services import reopen_review, submit_review, summarise
from transcription import tags
from transcription.access import get_job, visible_jobs
from transcription.engines import MODELS
from transcription.exports import live_segments, standings_of
from transcription.models import Job, Segment
from transcription.views import ensure_playback

HISTORY_LENGTH = 20


@dataclass(frozen=True)
class Desk:
    """What the page and its fragments show."""

    job: Job
    segments: list[Segment]
    only: str = ""  # the language of which the parts are shown; empty: all of them

    @cached_property
    def palette(self) -> Palette:
        return Palette(self.job, self.segments)

    @cached_property
    def shown(self) -> list[Segment]:
        if self.only not in self.palette.codes:
            return self.segments
        return [
            segment
            for segment in self.segments
            if any(self.only in (run.language, run.ending) for run in tags.read(segment))
        ]

    @property
    def accepted(self) -> int:
        return sum(segment.accepted for segment in self.segments)

    @property
    def percent(self) -> int:
        return round(100 * self.accepted / len(self.segments)) if self.segments else 0

    @property
    def marked(self) -> bool:
        """There is something in it that a reviewer should look at."""
        return any(segment.marks for segment in self.segments)

    @property
    def closed(self) -> bool:
        return self.job.review_status == Job.Review.REVIEWED

    @property
    def record(self) -> Any:
        return MODELS.get(self.job.model)


@require_safe
def desk(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    segments = live_segments(job, words=False)
    if not segments and job.status != Job.Status.COMPLETED:
        return redirect("job", job.pk)
    ensure_playback(job)
    tags.get_ready(job)
    page = Desk(job, segments, only=request.GET.get("only", ""))
    wanted = request.GET.get("segment", "")
    focus = next((s for s in segments if str(s.pk) == wanted), None)
    context = {"desk": page, "job": job, "focus": None if page.closed else focus}
    if focus:
        context |= _detail(job, focus)
    return render(request, "desk.html", context)


def _detail(job: Job, segment: Segment) -> dict[str, Any]:
    """What the column beside the text tells of the segment in focus."""
    history = Revision.objects.filter(segment=segment).order_by("-updated_at", "-id")
    return {
        "segment": segment,
        "palette": Palette(job, [segment]),
        "runs": [
            {"text": segment.text[run.start : run.end], "run": run} for run in tags.read(segment)
        ],
        "edits": word_edits(segment.engine_text, segment.text),
        "changes": standings_of(segment),
        "history": list(history[:HISTORY_LENGTH]),
    }


@require_safe
def segment(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """What the column beside the text shows, with the text as it is now."""
    job = get_job(request.user, job_id)
    found = _live_segment(job, segment_id)
    return _side(request, job, found, found.version)


def _live_segment(job: Job, segment_id: int) -> Segment:
    found = Segment.objects.filter(job=job, pk=segment_id, retired_at=None).first()
    if found is None:
        raise Http404("No such segment.")
    return found


def _side(request: HttpRequest, job: Job, segment: Segment, version: int) -> HttpResponse:
    detail = _detail(job, segment)
    response = render(request, "segment_detail.html", {"job": job, **detail})
    response["X-Segment-Version"] = str(version)
    # when people changed anything of it last: of two answers the page keeps the newer one
    last = detail["history"][0].updated_at.timestamp() if detail["history"] else 0
    response["X-Segment-At"] = str(last)
    return response


@require_POST
def save(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    job = get_job(request.user, job_id)
    wish = _wish(request)
    if wish is None:
        return _without_text()
    try:
        saved = save_segment(request.user, job, segment_id, wish)
    except Conflict as conflict:
        return _conflict(request, job, wish, conflict.segment)
    except Refused as refusal:
        return _refusal(request, job, wish, refusal)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(_next_address(job, saved.segment))
    return _side(request, job, saved.segment, saved.version)


@require_POST
def turn(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """Without the script: save with a change of the lexicon undone or done again, or its
    suggestion taken."""
    job = get_job(request.user, job_id)
    found, wish = _live_segment(job, segment_id), _wish(request)
    if wish is None:
        return _without_text()
    try:
        wish = replace(wish, text=text_turned(found, wish.text, request.POST.get("turn", "")))
        save_segment(request.user, job, segment_id, wish)
    except Conflict as conflict:
        return _conflict(request, job, wish, conflict.segment)
    except Refused as refusal:
        return _refusal(request, job, wish, refusal)
    return redirect(f"{reverse('desk', args=[job.pk])}?segment={segment_id}")


@require_POST
def language(request: HttpRequest, job_id: str, segment_id: int) -> HttpResponse:
    """In which language some words of a segment are."""
    job, given = get_job(request.user, job_id), request.POST
    start, end, version = (_number(given.get(name)) for name in ("start", "end", "version"))
    wish = given.get("language", "")
    try:
        found = set_language(request.user, job, segment_id, start, end, wish, version)
    except Conflict as conflict:
        message = "The text was changed meanwhile. Load the page again."
        return _language_refused(request, job, message, conflict.segment.pk, 409)
    except Refused as refusal:
        return _language_refused(request, job, str(refusal), segment_id, 422)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('desk', args=[job.pk])}?segment={segment_id}")
    return _side(request, job, found, found.version)


def _language_refused(
    request: HttpRequest, job: Job, message: str, segment_id: int, status: int
) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    messages.error(request, message)
    return redirect(f"{reverse('desk', args=[job.pk])}?segment={segment_id}")


def _wish(request: HttpRequest) -> Save | None:
    """What is to be saved; None where it lacks its text, which is not the same as an empty one."""
    if "text" not in request.POST:
        return None
    return Save(
        text=request.POST["text"].replace("\r\n", "\n"),
        version=_number(request.POST.get("version")),
        id=request.POST.get("save_id", "")[:64],
        accept="accept" in request.POST,
    )


def _without_text() -> HttpResponse:
    message = "The save came without its text. Load the page again."
    return HttpResponse(message, status=422, content_type="text/plain")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _conflict(request: HttpRequest, job: Job, wish: Save, theirs: Segment) -> HttpResponse:
    """Both texts and their difference; the reviewer's own stays in the box."""
    context = {
        "job": job,
        "segment": theirs,
        "mine": wish.text,
        "edits": word_edits(theirs.text, wish.text),
    }
    template = "conflict.html" if request.htmx else "conflict_page.html"  # type: ignore[attr-defined]
    response = render(request, template, context, status=409)
    response["X-Segment-Version"] = str(theirs.version)
    return response


def _refusal(request: HttpRequest, job: Job, wish: Save, refusal: Refused) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(str(refusal), status=422, content_type="text/plain; charset=utf-8")
    context = {"job": job, "message": str(refusal), "mine": wish.text}
    return render(request, "refusal_page.html", context, status=422)


def _next_address(job: Job, saved: Segment) -> str:
    """Without the script, a save leads on to the next segment."""
    after = Segment.objects.filter(job=job, retired_at=None, position__gt=saved.position)
    segment_id = after.order_by("position").values_list("pk", flat=True).first() or saved.pk
    return f"{reverse('desk', args=[job.pk])}?segment={segment_id}"


def submit(request: HttpRequest, job_id: str) -> HttpResponse:
    """What the review comes to, and on POST its submission."""
    job = get_job(request.user, job_id)
    if request.method == "POST":
        try:
            submit_review(request.user, job)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("desk", job.pk)
        return redirect("reviewed", job.pk)
    if job.review_status == Job.Review.REVIEWED:
        return redirect("reviewed", job.pk)
    page = Desk(job, live_segments(job, words=False))
    summary = summarise(job)
    context = {"job": job, "desk": page, "summary": summary}
    return render(request, "submit.html", context | _rates(summary.languages))


@require_safe
def reviewed(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    feedback = Feedback.objects.filter(job=job, withdrawn_at=None).order_by("-created_at").first()
    if feedback is None:
        return redirect("desk", job.pk)
    context = {"job": job, "feedback": feedback}
    return render(request, "reviewed.html", context | _rates(read(feedback.counts)))


def _rates(scores: LanguageScores) -> dict[str, Any]:
    """Those of the languages, where there are several."""
    found = list(languages(scores))
    units, errors = scores.switched
    return {
        "languages": found if len(found) > 1 else [],
        "pier": errors / units if units else None,
        "mer": scores.mer if scores.said else None,
        "normalised": NORMALISED,
    }


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Error rates of what was reviewed, of recordings that one may see."""
    reviews = Feedback.objects.filter(withdrawn_at=None, job__in=visible_jobs(request.user))
    newest = reviews.select_related("job").defer("engine_text", "corrected_text", "diff_data")
    models = by_model(newest.order_by("-created_at")[:MOST_REVIEWS])
    return render(request, "quality.html", {"models": models, "normalised": NORMALISED})


@require_POST
def reopen(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    try:
        reopen_review(job)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("desk", job.pk)
