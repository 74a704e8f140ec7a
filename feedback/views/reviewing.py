"""A review as a whole: its summary, its submission, its result, and what all reviews come to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from feedback.desk import Desk
from feedback.language_scores import NORMALISED, LanguageScores, read
from feedback.models import Feedback
from feedback.quality import MOST_REVIEWS, by_model, languages
from feedback.saving import Refused
from feedback.services import Pair, reopen_review, submit_review, summarise
from transcription.access import get_job, visible_jobs
from transcription.models import Job
from transcription.segments import segment_rows

BETWEEN = "\t"  # what was heard and what it was corrected to, in a form


def submit(request: HttpRequest, job_id: str) -> HttpResponse:
    """What the review comes to, and on POST its submission."""
    job = get_job(request.user, job_id)
    if request.method == "POST":
        try:
            submit_review(request.user, job, kept=_kept(request.POST))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("desk", job.pk)
        return redirect("reviewed", job.pk)
    if job.review_status == Job.Review.REVIEWED:
        return redirect("reviewed", job.pk)
    page = Desk(job, segment_rows(job))
    summary = summarise(job)
    context = {"job": job, "desk": page, "summary": summary}
    return render(request, "submit.html", context | _rates(summary.languages))


def _kept(given: QueryDict) -> set[Pair] | None:
    """What the lexicon may learn; None where nobody was asked."""
    if "chosen" not in given:
        return None
    pairs = (each.partition(BETWEEN) for each in given.getlist("keep"))
    return {(heard, corrected) for heard, _, corrected in pairs}


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
