"""Pages on which an engine is asked again, with terms as hints and without."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from feedback.hint_trials import (
    MOST_TERMS,
    Result,
    ask_twice,
    earlier,
    models,
    pair,
    recordings,
    result,
)
from lexicon.models import Term
from transcription.access import get_job, visible_jobs
from transcription.services import JobRefused, NotPossible

MOST_SPOTS = 200


def urls(terms: admin.ModelAdmin) -> list[URLPattern]:
    """Of the admin of terms."""

    def ask(request: HttpRequest) -> HttpResponse:
        return _ask(terms, request)

    def show(request: HttpRequest, told_id: UUID) -> HttpResponse:
        return _show(terms, request, told_id)

    view = terms.admin_site.admin_view
    return [
        path("hints/", view(ask), name="lexicon_term_hints"),
        path("hints/<uuid:told_id>/", view(show), name="lexicon_term_hints_result"),
    ]


def _ask(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Choose a reviewed recording and a model, and have it heard twice."""
    if not model_admin.has_change_permission(request):  # it may cost money
        raise PermissionDenied
    given = request.GET.get("ids", "").split(",")[: MOST_TERMS + 1]
    ids = [int(each) for each in given if each.isdecimal() and len(each) < 19]
    terms = list(Term.objects.filter(pk__in=ids[:MOST_TERMS]).order_by("normalized", "pk"))
    if request.method == "POST" and terms:
        try:
            job = get_job(request.user, _uuid(request.POST.get("job", "")))
            told = ask_twice(request.user, job, request.POST.get("model", ""), terms)
        except (JobRefused, NotPossible) as refusal:
            messages.error(request, str(refusal))
        else:
            return redirect("admin:lexicon_term_hints_result", told.pk)
    offered = models()
    return _page(
        model_admin,
        request,
        "Ask an engine again with terms as hints",
        "hints",
        terms=terms,
        too_many=len(ids) > MOST_TERMS and MOST_TERMS,
        recordings=[
            (each, [record.cost_usd(2 * (each.job.duration_ms or 0) / 1000) for record in offered])
            for each in recordings(visible_jobs(request.user), terms)
        ],
        models=offered,
        earlier=earlier(visible_jobs(request.user), terms),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotPossible("Choose a recording.") from None


def _show(model_admin: admin.ModelAdmin, request: HttpRequest, told_id: UUID) -> HttpResponse:
    """What came of it, once both are heard."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    found = pair(visible_jobs(request.user), told_id)
    if found is None:
        raise Http404("No such runs.")
    came = result(*found)
    return _page(
        model_admin,
        request,
        "With hints and without",
        "hints_result",
        result=came,
        spots=came.spots[:MOST_SPOTS],
        rows=_rows(came),
    )


def _rows(came: Result) -> list[tuple[str, str, str]]:
    """The figures of both runs side by side."""
    if not came.complete:
        return []

    def share(part: int, whole: int) -> str:
        return f"{part} of {whole}" + (f", {100 * part / whole:.1f} %" if whole else "")

    wrong, invented, errors = (
        [share(run.terms.wrong, run.terms.occurrences) for run in came.runs],
        [str(run.invented) for run in came.runs],
        [share(run.score.word_errors, run.score.reference_words) for run in came.runs],
    )
    return [
        ("These terms wrong", wrong[0], wrong[1]),
        ("These terms where the reviewer has none", invented[0], invented[1]),
        ("Word errors, all words (WER)", errors[0], errors[1]),
    ]


def _page(
    model_admin: admin.ModelAdmin, request: HttpRequest, title: str, name: str, **more: object
) -> HttpResponse:
    context = model_admin.admin_site.each_context(request) | {
        "title": title,
        "opts": Term._meta,
        "media": model_admin.media,
    }
    return TemplateResponse(request, f"admin/lexicon/{name}.html", context | more)
