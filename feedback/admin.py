"""Submitted reviews in admin, the action on jobs that takes one back, and what reviews tell of
terms: their evidence, and a trial before they are approved."""

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
from django.utils.html import format_html, format_html_join

from feedback.models import Feedback, TermEvidence
from feedback.saving import Refused
from feedback.services import reopen_review
from feedback.templatetags.review import kind_of_edit
from feedback.trials import recent_reviews, trial
from lexicon.admin import TermAdmin
from lexicon.models import Term
from speech_project.access.readonly import ReadOnly
from speech_project.templatetags.verbatim import clock
from transcription.access import visible_jobs
from transcription.admin import JobAdmin
from transcription.models import Job

MOST_TRIED = 200  # terms at once
TRANSCRIPTS = (20, 50, 200)  # how many may be looked through
MOST_EVIDENCE = 50  # rows shown with a term


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("job", "desk", "reviewer_name", "accuracy", "word_errors", "reference_words",
                    "seconds_spent", "created_at", "withdrawn_at")  # fmt: skip
    list_filter = ("reviewer_name", "created_at", "job__model")
    search_fields = ("job__title", "reviewer_name", "corrected_text")
    list_select_related = ("job",)
    show_full_result_count = False
    fields = ("job", "desk", "reviewer_name", "accuracy", "wer", "cer", "mer",
              "term_error_rate", "word_errors", "reference_words", "seconds_spent", "lexicon_did",
              "changes", "taught", "created_at", "withdrawn_at")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).filter(job__in=visible_jobs(request.user))

    @admin.display(description="desk")
    def desk(self, feedback: Feedback) -> str:
        return format_html('<a href="{}">Open</a>', reverse("desk", args=[feedback.job_id]))

    @admin.display(description="accuracy", ordering="accuracy_score")
    def accuracy(self, feedback: Feedback) -> str:
        return f"{100 * feedback.accuracy_score:.1f} %"

    @admin.display(description="changes")
    def changes(self, feedback: Feedback) -> str:
        return format_html_join(
            "", "<div><del>{}</del> <ins>{}</ins> ({})</div>",
            ((c["before"], c["after"], kind_of_edit(c["kind"])) for c in feedback.diff_data),
        ) or "–"  # fmt: skip

    @admin.display(description="the lexicon")
    def lexicon_did(self, feedback: Feedback) -> str:
        did = feedback.lexicon
        if not did:
            return "–"
        names = dict(Term.objects.filter(pk__in=did["terms"]).values_list("pk", "term"))
        terms = format_html_join(
            "", "<div><b>{}</b>: confirmed {}, undone {}</div>",
            ((names.get(int(pk), "a term that was deleted"), of["confirmed"], of["undone"])
             for pk, of in did["terms"].items()),
        )  # fmt: skip
        return format_html(
            "<div>{} words or phrases changed, {} of the engine’s word errors taken away, "
            "{} new ones made</div>{}", did["applied"], did["took"], did["made"], terms,
        )  # fmt: skip

    @admin.display(description="heard differently")
    def taught(self, feedback: Feedback) -> str:
        return format_html_join(
            "", "<div>{} → <b>{}</b> × {}</div>",
            (
                (p["heard"], p["corrected"], p["count"])
                for p in feedback.extracted_terms
                if not p.get("dropped")
            ),
        ) or "–"  # fmt: skip


@admin.action(description="Reopen the review", permissions=["change"])
def reopen(admin_: JobAdmin, request: HttpRequest, queryset: QuerySet[Job]) -> None:
    count = 0
    for job in queryset:
        try:
            reopen_review(job)
            count += 1
        except Refused as refusal:
            admin_.message_user(request, str(refusal), messages.WARNING)
    if count:
        admin_.message_user(request, f"{count} reopened.")


JobAdmin.actions = (*JobAdmin.actions, reopen)


# --- Terms -------------------------------------------------------------------------------------


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
    """Where a term was learned from: the latest, in jobs that one may see."""

    model = TermEvidence
    formset = Shown
    verbose_name_plural = f"evidence (the last {MOST_EVIDENCE})"
    fields = ("heard", "corrected", "place", "created_at")
    readonly_fields = fields
    ordering = ("-pk",)
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever sees the term

    def get_queryset(self, request: HttpRequest) -> QuerySet[TermEvidence]:
        jobs = visible_jobs(request.user).values("pk")
        seen = TermEvidence.objects.filter(Q(segment__job__in=jobs) | Q(feedback__job__in=jobs))
        match = request.resolver_match
        term = match.kwargs.get("object_id") if match else None
        latest = seen.filter(term=term).order_by("-pk").values("pk")[:MOST_EVIDENCE]
        return (
            super()
            .get_queryset(request)
            .filter(pk__in=latest)
            .select_related("segment", "feedback")
        )

    @admin.display(description="listen")
    def place(self, evidence: TermEvidence) -> str:
        segment = evidence.segment
        job_id = segment.job_id if segment else getattr(evidence.feedback, "job_id", None)
        if job_id is None:
            return "–"
        anchor = f"#s{segment.pk}" if segment else ""
        address = reverse("desk", args=[job_id]) + anchor
        return format_html('<a href="{}">{}</a>', address, clock(evidence.start_ms))


admin.site.unregister(Term)


@admin.register(Term)
class TermWithEvidenceAdmin(TermAdmin):
    inlines = (*TermAdmin.inlines, EvidenceInline)
    actions = (*TermAdmin.actions, "test")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_terms)
        return [path("test/", view, name="lexicon_term_test"), *super().get_urls()]

    @admin.action(
        description="Test: what they would change in reviewed transcripts", permissions=["view"]
    )
    def test(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponse | None:
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST_TRIED + 1])
        if len(ids) > MOST_TRIED:
            self.message_user(
                request, f"At most {MOST_TRIED} terms are tested at once.", messages.ERROR
            )
            return None
        query = urlencode({"ids": ",".join(map(str, ids))})
        return redirect(f"{reverse('admin:lexicon_term_test')}?{query}")

    def test_terms(self, request: HttpRequest) -> HttpResponse:
        """What terms would change in the last reviewed transcripts that one may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.get("ids", "").split(",")[:MOST_TRIED]
        ids = [int(each) for each in given if each.isdecimal() and len(each) < 19]
        chosen = Term.objects.filter(pk__in=ids).order_by("normalized", "pk")
        terms = list(chosen.prefetch_related("alternatives"))
        last = request.GET.get("last", "")
        most = int(last) if last in map(str, TRANSCRIPTS) else TRANSCRIPTS[0]
        result = trial(terms, recent_reviews(visible_jobs(request.user), terms, most))
        context = self.admin_site.each_context(request) | {
            "title": "Test terms",
            "opts": self.opts,
            "media": self.media,
            "trial": result,
            "terms": [
                (term, [h for h in result.hits if h.found.term == term.pk]) for term in terms
            ],
            "right": sum(hit.right for hit in result.hits),
            "ids": ",".join(str(term.pk) for term in terms),
            "most": most,
            "choices": TRANSCRIPTS,
            "checkbox": ACTION_CHECKBOX_NAME,
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/lexicon/test.html", context)
