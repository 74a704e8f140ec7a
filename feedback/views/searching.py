"""Find and replace over a recording, and terms for the lexicon. Each is a page of its own, and
the content of a dialog at the desk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.alignment import word_edits
from feedback.carrying_on import change_rest, proposals
from feedback.finding import Search
from feedback.replacing import Place, find, learn, replace_places
from feedback.saving import Refused
from feedback.views.common import address_of, by_script, number, pieces, refused
from transcription.access import get_job
from transcription.models import Job, Segment

PLACE = re.compile(r"(\d{1,18}):(\d{1,9}):(\d{1,6}):(\d{1,6})")
NO_SEARCH = Search("", words=True)  # what the form begins with


@require_safe
def search(request: HttpRequest, job_id: str) -> HttpResponse:
    """Every place where something stands, to be replaced or not."""
    job, given = get_job(request.user, job_id), request.GET
    context: dict[str, Any] = {
        "job": job,
        "search": _search(given) if "q" in given else NO_SEARCH,
        "replacement": given.get("replacement", ""),
        "closed": job.review_status == Job.Review.REVIEWED,
    }
    if given.get("q"):
        try:
            context["found"] = find(job, _search(given))
        except Refused as refusal:
            context["problem"] = str(refusal)
    template = "find_results.html" if by_script(request) else "find.html"
    return render(request, template, context, status=422 if "problem" in context else 200)


@require_POST
def replace(request: HttpRequest, job_id: str) -> HttpResponse:
    """The places that were chosen, and where it is wished, let the lexicon learn from it."""
    job, given = get_job(request.user, job_id), request.POST
    wanted, replacement = _search(given), given.get("replacement", "")
    try:
        done = replace_places(request.user, job, wanted, replacement, _places(given))
    except Refused as refusal:
        return refused(request, job, str(refusal))
    told = [_in_words(done.count, done.left)]
    if "learn" in given and done.count:
        told.append(_learned(request, job, replacement, {wanted.text: done.count}))
    if by_script(request):
        response = pieces(request, job, done.changed)
        response["X-Told"] = urlencode({"": " ".join(told)})[1:]
        return response
    for sentence in told:
        messages.info(request, sentence)
    return redirect(address_of(job))


@require_http_methods(["GET", "HEAD", "POST"])
def carry_on(request: HttpRequest, job_id: str) -> HttpResponse:
    """What was corrected so far, found again in the rest; on POST, what was chosen of it."""
    job = get_job(request.user, job_id)
    if request.method != "POST":
        if job.review_status == Job.Review.REVIEWED:
            return redirect("reviewed", job.pk)
        return render(request, "carry_on.html", {"job": job, "proposals": proposals(job)})
    try:
        done = change_rest(request.user, job, _places(request.POST))
    except Refused as refusal:
        return refused(request, job, str(refusal))
    messages.info(request, _in_words(done.count, done.left))
    return redirect(address_of(job))


def _learned(request: HttpRequest, job: Job, term: str, heard: Mapping[str, int]) -> str:
    """What became of it; the text is replaced already."""
    try:
        return learn(request.user, job, term, heard)
    except Refused as refusal:
        return f"It is not in the lexicon: {refusal}"


def _in_words(count: int, left: int) -> str:
    told = f"{count} place{'' if count == 1 else 's'} replaced."
    if left == 1:
        return f"{told} 1 was changed since, and stays."
    return told + (f" {left} were changed since, and stay." if left else "")


def _search(given: QueryDict) -> Search:
    return Search(given.get("q", ""), words="words" in given, case="case" in given)


def _places(given: QueryDict) -> Iterator[Place]:
    for text in given.getlist("place"):
        if found := PLACE.fullmatch(text):
            yield Place(*map(int, found.groups()))


def add_term(request: HttpRequest, job_id: str) -> HttpResponse:
    """A term of the text for the lexicon, with what was heard in its place."""
    job = get_job(request.user, job_id)
    if request.method != "POST":
        context = {"job": job, **_term_wished(request, job)}
        template = "term_form.html" if by_script(request) else "term.html"
        return render(request, template, context)
    given = request.POST
    heard = Counter(filter(None, (line.strip() for line in given.get("heard", "").splitlines())))
    try:
        told = learn(request.user, job, given.get("term", ""), heard, given.get("language", ""))
    except Refused as refusal:
        return refused(request, job, str(refusal), number(given.get("segment")))
    if by_script(request):
        return HttpResponse(told, content_type="text/plain; charset=utf-8")
    messages.info(request, told)
    return redirect(address_of(job, number(given.get("segment"))))


def _term_wished(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What is selected in a segment, and what the engine wrote there."""
    given = request.GET
    segment = Segment.objects.filter(job=job, pk=number(given.get("segment"))).first()
    term = given.get("term", "").replace("\x00", "")
    heard = _heard_as(segment.engine_text, segment.text, term) if segment else ""
    return {"term": term.strip(), "heard": heard, "segment": segment}


def _heard_as(engine_text: str, text: str, term: str) -> str:
    """What stood in the engine's text where the term stands now; empty where it is the same."""
    at = text.find(term)
    if not term.strip() or at < 0:
        return ""
    met = [
        edit
        for edit in word_edits(engine_text, text)
        if edit.after_at < at + len(term) and at < edit.after_at + len(edit.after)
    ]
    changed = [edit for edit in met if edit.kind not in ("equal", "punctuation")]
    return " ".join(edit.before for edit in changed if edit.before).strip(".,;:!? ")
