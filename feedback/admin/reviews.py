"""Submitted reviews in admin, and the action on jobs that takes one back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from feedback.models import Feedback
from feedback.saving import Refused
from feedback.services import reopen_review
from feedback.templatetags.review import kind_of_edit
from feedback.training import Filters, export
from feedback.training_files import Zip
from lexicon.models import Term
from speech_project.access.readonly import ReadOnly
from transcription.access import visible_jobs
from transcription.admin import JobAdmin
from transcription.models import Job

MOST_EXPORTED = 50  # recordings, which are cut while somebody waits


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("job", "desk", "reviewer_name", "accuracy", "word_errors", "reference_words",
                    "seconds_spent", "created_at", "withdrawn_at")  # fmt: skip
    list_filter = ("reviewer_name", "created_at", "job__model")
    search_fields = ("job__title", "reviewer_name", "corrected_text")
    list_select_related = ("job",)
    actions = ("export_training",)
    show_full_result_count = False
    fields = ("job", "desk", "reviewer_name", "accuracy", "wer", "cer", "mer",
              "term_error_rate", "word_errors", "reference_words", "seconds_spent", "lexicon_did",
              "changes", "taught", "created_at", "withdrawn_at")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).filter(job__in=visible_jobs(request.user))

    @admin.action(description="Clips to train engines with (ZIP)", permissions=["view"])
    def export_training(
        self, request: HttpRequest, queryset: QuerySet[Feedback]
    ) -> FileResponse | None:
        jobs = set(queryset.values_list("job", flat=True)[: MOST_EXPORTED + 1])
        if len(jobs) > MOST_EXPORTED:
            say = f"At most {MOST_EXPORTED} at once. manage.py export_training takes any number."
            self.message_user(request, say, messages.ERROR)
            return None
        with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
            path = Path(folder, "training.zip")
            with Zip(path) as place:
                result = export(Filters(jobs=jobs), place)
            if not result.clips:
                say = "None of these may be used: docs/exports.md tells whose consent it takes."
                self.message_user(request, " ".join([say, *result.problems]), messages.WARNING)
                return None
            return FileResponse(path.open("rb"), as_attachment=True)  # gone when it is sent

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
        if "terms" not in did:
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
