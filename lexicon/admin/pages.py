"""The admin's pages for merging terms and for importing a file of them."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from lexicon import services
from lexicon.admin.forms import ImportForm, MergeForm
from lexicon.exchange import formats
from lexicon.exchange.decoding import Unreadable
from lexicon.exchange.importing import Report, import_terms
from lexicon.models import Alternative, Term
from speech_project.access.models import ApiKey

MOST_MERGED = 20
MOST_LINES = 200  # of each kind that a dry run shows
KEPT_S = 3600  # an upload waits so long for its confirmation
TERMS = "admin:lexicon_term_changelist"
GONE = "The upload was kept for an hour and is gone now. Upload the file again."


def _page(admin: ModelAdmin, request: HttpRequest, name: str, title: str, **more: Any) -> Any:
    context = admin.admin_site.each_context(request) | {
        "title": title,
        "opts": Term._meta,
        "media": admin.media,
    }
    return TemplateResponse(request, f"admin/lexicon/{name}.html", context | more)


# --- Merging -----------------------------------------------------------------------------------


def merge(admin: ModelAdmin, request: HttpRequest, chosen: QuerySet[Term]) -> HttpResponse | None:
    """An action's page: which of the chosen terms is kept? Then merges them."""
    heard = Prefetch("alternatives", Alternative.objects.order_by("pk"))
    terms = list(chosen.order_by("pk").prefetch_related(heard)[: MOST_MERGED + 1])
    if not 2 <= len(terms) <= MOST_MERGED:
        told = f"Choose from 2 to {MOST_MERGED} terms to merge."
        admin.message_user(request, told, messages.ERROR)
        return None
    asked = "merge" in request.POST
    form = MergeForm(terms, request.POST if asked else None, initial={"keep": _best(terms).pk})
    if not (asked and form.is_valid()):
        scopes = {term.api_key_id for term in terms}
        return _page(
            admin, request, "merge", "Merge terms", form=form, terms=terms,
            checkbox=ACTION_CHECKBOX_NAME,
            mixed_scopes=len(scopes) > 1, mixed_languages=len({t.language for t in terms}) > 1,
        )  # fmt: skip
    try:
        kept = services.merge(form.cleaned_data["keep"], [term.pk for term in terms])
    except services.Refused as error:
        admin.message_user(request, str(error), messages.ERROR)
        return None
    for term in terms:
        change = f"Merged into “{kept}”." if term.pk != kept.pk else "Merged others into this."
        admin.log_change(request, term, change)
    admin.message_user(request, f"{len(terms)} terms are one now: “{kept}”.")
    return redirect("admin:lexicon_term_change", kept.pk)


def _best(terms: list[Term]) -> Term:
    """The one that is most in use: proposed to be kept."""
    approved = Term.Status.APPROVED
    return max(terms, key=lambda term: (term.status == approved, term.confirmed_count, -term.pk))


# --- Importing ---------------------------------------------------------------------------------


def import_file(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Upload a file, see what would be done with each line, and confirm it."""
    if not (admin.has_add_permission(request) and admin.has_change_permission(request)):
        raise PermissionDenied
    if kept := request.POST.get("kept"):
        return _confirmed(admin, request, kept)
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _page(admin, request, "import", "Import terms", form=form)
    wishes = form.cleaned_data
    wishes["api_key_id"] = wishes["api_key"] and wishes.pop("api_key").pk
    upload = wishes.pop("file")
    wishes |= {"content": upload.read(), "name": upload.name}
    try:
        report = _import(request, wishes, dry_run=True)
    except Unreadable as error:
        form.add_error("file", str(error))
        return _page(admin, request, "import", "Import terms", form=form)
    token = secrets.token_urlsafe()
    cache.set(_cache_key(request, token), wishes, KEPT_S)
    return _page(
        admin, request, "import_plan", f"Import {wishes['name']}: what would be done",
        report=report, kept=token, groups=_groups(report), most=MOST_LINES,
        something=report.added or report.changed,
    )  # fmt: skip


def _confirmed(admin: ModelAdmin, request: HttpRequest, token: str) -> HttpResponse:
    """Do it. What cannot be done yet stays kept, to be tried again."""
    wishes = cache.get(_cache_key(request, token))
    if wishes is None:
        admin.message_user(request, GONE, messages.ERROR)
        return redirect("admin:lexicon_term_import")
    report = _import(request, wishes, dry_run=False)
    cache.delete(_cache_key(request, token))
    level = messages.WARNING if report.refused else messages.SUCCESS
    admin.message_user(request, f"Imported from {wishes['name']}: {report}.", level)
    return redirect(TERMS)


def _import(request: HttpRequest, wishes: dict[str, Any], *, dry_run: bool) -> Report:
    return import_terms(
        formats.read(wishes["content"], wishes["name"], wishes["format"]),
        status=wishes["status"],
        api_key=ApiKey.objects.filter(pk=wishes["api_key_id"]).first(),
        user=request.user,
        dry_run=dry_run,
    )


def _cache_key(request: HttpRequest, token: str) -> str:
    """Of this user alone."""
    return f"lexicon-import:{request.user.pk}:{token}"


def _groups(report: Report) -> list[tuple[str, int, list[tuple[int, str, str]]]]:
    """What the page lists: a heading, how many lines, and the first of them: line, term, detail."""
    said = [
        ("Refused", [(each.line, "", each.message) for each in report.refused]),
        ("To look at", [(each.line, "", each.message) for each in report.warnings]),
        *(
            (heading, [(each.line, each.term, each.detail) for each in lines])
            for heading, lines in (
                ("Changed", report.changed),
                ("Added", report.added),
                ("Left as they are", report.left),
            )
        ),
    ]
    return [(heading, len(lines), lines[:MOST_LINES]) for heading, lines in said if lines]
