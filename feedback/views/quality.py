"""The quality page, the reviews behind its figures, and both as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from feedback.language_scores import NORMALISED
from feedback.quality.filters import STEPS, Filters, options_for, queue_filters, reviews_of
from feedback.quality.headlines import headlines
from feedback.quality.measures import Figure
from feedback.quality.over_time import over_time
from feedback.quality.periods import step_of, week_of
from feedback.quality.rates import FEWEST_REVIEWS, FEWEST_WORDS
from feedback.quality.recordings import recordings
from feedback.quality.rows import as_csv
from feedback.quality.side_by_side import SHOWN, side_by_side
from feedback.quality.spending import backlog, costs
from feedback.quality.sums import MOST_REVIEWS, gathered
from transcription.access import visible_jobs
from transcription.queueing import narrowed

PAGE_SIZE = 50
ORDERS = {"": "The newest first", "errors": "Most errors first"}


@require_safe
def quality(request: HttpRequest) -> HttpResponseBase:
    """What was reviewed of recordings that one may see. With `format=csv` all reviews, or the
    `table` behind one of the plots."""
    filters, wrong = Filters.read(request.GET)
    form = request.GET.get("format", "")
    if form not in ("", "csv"):
        wrong.append("Format: write csv, or leave it out for the page.")
    if form and wrong:
        return HttpResponse("\n".join(wrong), status=400, content_type="text/plain; charset=utf-8")
    jobs = visible_jobs(request.user)
    reviews = reviews_of(jobs, filters)
    table = request.GET.get("table", "")
    if form and not table:
        return _file("reviews", as_csv(reviews))
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    found = gathered(reviews)
    every_job = narrowed(jobs, request.user, queue_filters(filters))
    waiting = backlog(every_job)
    days = filters.chosen
    cost = costs(every_job, days.get("since", ""), days.get("until", ""))
    sections: dict[str, list[Figure]] = {
        "over_time": over_time(found, filters),
        "side_by_side": side_by_side(found, filters, show),
        "recordings": recordings(waiting, cost, filters),
    }
    if form:
        every = (figure for each in sections.values() for figure in each)
        wanted = next((figure for figure in every if figure.key == table), None)
        if wanted is None:
            raise Http404
        return _file(table, wanted.table.csv())
    also = {"show": show} if show else {}
    step = "week" if step_of(list(found.days), filters.by) is week_of else "month"
    context = {
        "found": found,
        "headlines": headlines(found, waiting, cost, filters),
        "shown": [(key, name, filters.with_also(show=key)) for key, (name, *_) in SHOWN.items()],
        "show": show,
        "steps": [
            (key == step, name, filters.but(by=key).with_also(**also))
            for key, name in STEPS.items()
        ],
        "most": MOST_REVIEWS,
        "fewest_words": FEWEST_WORDS,
        "fewest_reviews": FEWEST_REVIEWS,
        "normalised": NORMALISED,
    }
    sections["recordings"] = [each for each in sections["recordings"] if each.svg]
    context |= sections | _of_form(request, jobs, filters, wrong)
    return render(request, "quality.html", context, status=400 if wrong else 200)


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """The reviews behind a figure."""
    filters, wrong = Filters.read(request.GET)
    order = request.GET.get("order", "")
    order = order if order in ORDERS else ""
    jobs = visible_jobs(request.user)
    found = reviews_of(jobs, filters).select_related("job", "job__api_key")
    found = found.defer("engine_text", "corrected_text", "diff_data", "extracted_terms")
    newest = ("-created_at", "-id")
    found = found.order_by("-word_errors", *newest) if order else found.order_by(*newest)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "orders": [(key, name, filters.with_also(order=key)) for key, name in ORDERS.items()],
        "order": order,
        "paging": filters.with_also(order=order),
    }
    context |= _of_form(request, jobs, filters, wrong)
    return render(request, "quality_reviews.html", context, status=400 if wrong else 200)


def _of_form(request: HttpRequest, jobs: Any, filters: Filters, wrong: list[str]) -> dict[str, Any]:
    return {
        "filters": filters,
        "wrong": wrong,
        "options": options_for(jobs, request.user).with_chosen(filters),
        "csv_address": filters.with_also(format="csv"),
    }


def _file(name: str, pieces: Iterator[str]) -> StreamingHttpResponse:
    marked = (piece.encode("utf-8") for piece in _with_mark(pieces))
    answer = StreamingHttpResponse(marked, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="quality-{name}.csv"'
    return answer


def _with_mark(pieces: Iterator[str]) -> Iterator[str]:
    """Spreadsheet programs know by the mark that it is UTF-8."""
    yield "\ufeff"
    yield from pieces
