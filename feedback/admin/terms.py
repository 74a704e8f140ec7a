"""What reviews tell of terms, in their admin: evidence, and a trial before they are approved."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from feedback.admin import hints
from feedback.candidates import job_of, seen_in
from feedback.models import TermEvidence
from feedback.templatetags.clips import PLAYER, clip
from feedback.trials import NEUTRAL, RIGHT, WRONG, recent_reviews, trial
from lexicon.admin import TermAdmin
from lexicon.models import Term
from speech_project.access.readonly import ReadOnly
from speech_project.templatetags.verbatim import clock
from transcription.access import visible_jobs

MOST_TRIED = 200  # terms or alternatives at once
TRANSCRIPTS = (20, 50, 200)  # how many may be looked through
MOST_EVIDENCE = 50  # rows shown with a term


class Shown(BaseInlineFormSet):
    """Rows of which nothing is ever taken from a request, not even their number."""

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(None, None, **kwargs)

    def is_valid(self) -> bool:
        return True

    def has_changed(self) -> bool:
        return False

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []


class EvidenceInline(ReadOnly, admin.TabularInline):
    """Where a term was learned from, and where what it led to was taken back: the latest, in jobs
    that one may see."""

    model = TermEvidence
    formset = Shown
    verbose_name_plural = f"evidence (the last {MOST_EVIDENCE})"
    fields = ("kind", "heard", "corrected", "place", "listen", "created_at")
    readonly_fields = fields
    ordering = ("-pk",)
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever sees the term

    def get_queryset(self, request: HttpRequest) -> QuerySet[TermEvidence]:
        match = request.resolver_match
        term = match.kwargs.get("object_id") if match else None
        seen = seen_in(visible_jobs(request.user)).filter(term=term)
        latest = seen.order_by("-pk").values("pk")[:MOST_EVIDENCE]
        return (
            super()
            .get_queryset(request)
            .filter(pk__in=latest)
            .select_related("segment", "feedback")
        )

    @admin.display(description="at the desk")
    def place(self, evidence: TermEvidence) -> str:
        job_id = job_of(evidence)
        if job_id is None:
            return "–"
        anchor = f"#s{evidence.segment_id}" if evidence.segment_id else ""
        address = reverse("desk", args=[job_id]) + anchor
        return format_html('<a href="{}">{}</a>', address, clock(evidence.start_ms))

    @admin.display(description="listen")
    def listen(self, evidence: TermEvidence) -> str:
        return clip(job_of(evidence), evidence.start_ms, evidence.end_ms) or "–"


admin.site.unregister(Term)


@admin.register(Term)
class TermWithEvidenceAdmin(TermAdmin):
    class Media:
        js = PLAYER

    inlines = (*TermAdmin.inlines, EvidenceInline)
    actions = (*TermAdmin.actions, "test")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_terms)
        test = path("test/", view, name="lexicon_term_test")
        return [test, *hints.urls(self), *super().get_urls()]

    @admin.action(
        description="Test: what they would change in reviewed transcripts", permissions=["view"]
    )
    def test(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponse | None:
        return test_page(self, request, queryset, "terms")

    def test_terms(self, request: HttpRequest) -> HttpResponse:
        """What terms, or just some of their alternatives, would change in the last reviewed
        transcripts that one may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ids, tried = _ids(request, "ids"), _ids(request, "alternatives")
        wanted = Q(pk__in=ids) | Q(alternatives__in=tried)
        chosen = Term.objects.filter(wanted).distinct().order_by("normalized", "pk")
        terms = list(chosen.prefetch_related("alternatives"))
        last = request.GET.get("last", "")
        most = int(last) if last in map(str, TRANSCRIPTS) else TRANSCRIPTS[0]
        result = trial(terms, recent_reviews(visible_jobs(request.user), terms, most), tried)
        names = ("ids", ids), ("alternatives", tried)
        context = self.admin_site.each_context(request) | {
            "title": "Test alternatives" if tried else "Test terms",
            "opts": self.opts,
            "media": self.media,
            "trial": result,
            "terms": [
                (
                    term,
                    [each for each in term.alternatives.all() if each.pk in tried],
                    [hit for hit in result.hits if hit.found.term == term.pk],
                )
                for term in terms
            ],
            "verdicts": [(name, result.count(name)) for name in (RIGHT, WRONG, NEUTRAL)],
            "query": urlencode({n: ",".join(map(str, each)) for n, each in names if each}),
            "tried": tried,
            "most": most,
            "choices": TRANSCRIPTS,
            "checkbox": ACTION_CHECKBOX_NAME,
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/lexicon/test.html", context)


def test_page(
    model_admin: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Any], what: str
) -> HttpResponse | None:
    """The page on which these are tested. `what`: "terms" or "alternatives"."""
    ids = list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST_TRIED + 1])
    if len(ids) > MOST_TRIED:
        told = f"At most {MOST_TRIED} {what} are tested at once."
        model_admin.message_user(request, told, messages.ERROR)
        return None
    name = "ids" if what == "terms" else what
    query = urlencode({name: ",".join(map(str, ids))})
    return redirect(f"{reverse('admin:lexicon_term_test')}?{query}")


def _ids(request: HttpRequest, name: str) -> list[int]:
    given = request.GET.get(name, "").split(",")[:MOST_TRIED]
    return [int(each) for each in given if each.isdecimal() and len(each) < 19]
