"""A review as a whole: its summary, its submission and its result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from feedback.desk import Desk
from feedback.language_scores import NORMALISED, LanguageScores, languages, read
from feedback.learning import extracted
from feedback.models import Feedback
from feedback.saving import Refused
from feedback.services import reopen_review, submit_review, summarise
from feedback.templatetags.review import kind_of_edit
from transcription.access import get_job
from transcription.models import Job
from transcription.segments import segment_rows

MOST_CHANGES = 500  # that a page shows


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
    rates = {
        "wer": summary.score.wer,
        "as_written": summary.as_written.wer,
        "numbers_alike": summary.numbers_alike.wer,
    }
    lessons = extracted(summary.taught, None)
    context = {"job": job, "desk": page, "summary": summary, "rates": rates, "lessons": lessons}
    return render(request, "submit.html", context | _rates(summary.languages))


def _kept(given: QueryDict) -> set[str] | None:
    """The terms that the lexicon may learn; None where nobody was asked."""
    return set(given.getlist("keep")) if "chosen" in given else None


@require_safe
def reviewed(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    feedback = Feedback.objects.filter(job=job, withdrawn_at=None).order_by("-created_at").first()
    if feedback is None:
        return redirect("desk", job.pk)
    changes = feedback.diff_data
    kinds = Counter(kind_of_edit(change["kind"]) for change in changes)
    context = {
        "job": job,
        "feedback": feedback,
        "rates": _other_rates(feedback),
        "kinds": [f"{kind}: {count}" for kind, count in kinds.most_common()],
        "changes": changes[:MOST_CHANGES],
        "more": max(0, len(changes) - MOST_CHANGES),
    }
    return render(request, "reviewed.html", context | _rates(read(feedback.counts)))


def _other_rates(feedback: Feedback) -> dict[str, float]:
    """By other normalisers; empty for reviews from before there were any."""
    counts = feedback.counts
    if "as_written" not in counts:
        return {}
    rates = {
        name: counts[name]["errors"] / max(1, counts[name]["words"])
        for name in ("as_written", "numbers_alike")
    }
    return rates | {"wer": feedback.wer}


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


@require_POST
def reopen(request: HttpRequest, job_id: str) -> HttpResponse:
    job = get_job(request.user, job_id)
    try:
        reopen_review(job)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("desk", job.pk)
