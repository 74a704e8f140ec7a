"""The list and the form of terms in admin, with their alternatives and what is done with many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.db import transaction
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from lexicon import checking, editing, searching, services, versions
from lexicon.admin import pages
from lexicon.admin.forms import AlternativeForm, AlternativeFormSet, TermForm
from lexicon.exchange.formats import TYPES, written
from lexicon.exchange.importing import export_rows
from lexicon.models import Alternative, Term
from lexicon.telling import tell_approved
from speech_project.access.models import ApiKey
from speech_project.access.objects import ObjectField

MOST_WARNINGS = 10  # of those shown at once
MOST_CHECKED = 200  # terms approved at once are checked for conflicts up to so many
MOST_DELETED = 500  # at once: their page names each
MOST_NAMED = 100  # of those about to be deleted
COUNTED = ("sent", "matched", "confirmed", "undone")


class AlternativeInline(admin.TabularInline):
    model = Alternative
    form = AlternativeForm
    formset = AlternativeFormSet
    extra = 0
    readonly_fields = ("source", "count", "undone_count")
    ordering = ("pk",)


class Coded(admin.SimpleListFilter):
    """By what stands in a column of codes. Empty ones have a choice of their own."""

    column, none, empty = "", "-", ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = Term.objects.order_by(self.column).values_list(self.column, flat=True).distinct()
        return [(code or self.none, code or self.empty) for code in used]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Term]) -> QuerySet[Term]:
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(**{self.column: "" if chosen == self.none else chosen})


class Language(Coded):
    title = parameter_name = column = "language"
    empty = "any language"


class Script(Coded):
    title = parameter_name = column = "script"
    empty = "not told"


class Scope(admin.SimpleListFilter):
    title = "scope"
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = Term.objects.exclude(api_key=None).order_by().values("api_key").distinct()
        keys = ApiKey.objects.filter(pk__in=used).order_by("name")[:100]
        return [("everyone", "everyone"), *((str(key.pk), str(key)) for key in keys)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Term]) -> QuerySet[Term]:
        chosen = self.value()
        if chosen == "everyone":
            return queryset.filter(api_key=None)
        known = {str(value) for value, _ in self.lookup_choices}
        return queryset.filter(api_key=int(chosen)) if chosen in known else queryset


def warn(model_admin: admin.ModelAdmin, request: HttpRequest, terms: QuerySet[Term]) -> None:
    """Tell what may go wrong with these terms."""
    found = checking.warnings_about(terms)
    for sentence in found[:MOST_WARNINGS]:
        model_admin.message_user(request, sentence, messages.WARNING)
    if more := len(found[MOST_WARNINGS:]):
        model_admin.message_user(request, f"And {more} more of that kind.", messages.WARNING)


@admin.register(Term)
class TermAdmin(admin.ModelAdmin):
    form = TermForm
    formfield_overrides = {JSONField: {"form_class": ObjectField}}
    inlines: ClassVar[tuple[Any, ...]] = (AlternativeInline,)
    list_display: tuple[Any, ...] = ("term", "kind", "language", "status", "scope", "first", "uses")
    list_filter: ClassVar[tuple[Any, ...]] = (
        "status",
        "kind",
        Language,
        Script,
        "source",
        "pinned",
        Scope,
    )
    list_select_related = ("api_key",)
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    ordering = ("-pk",)
    search_fields = ("term",)  # shows the box; lexicon/searching.py is what searches
    search_help_text = (
        "Terms and what they are misheard as, in any script. ~word: what sounds like it."
    )
    actions: Sequence[Any] = ("approve", "reject", "retire", "merge", "export_csv",
                                "export_tsv", "export_json", "delete_selected")  # fmt: skip
    raw_id_fields = ("api_key",)
    readonly_fields = ("normalized", "romanised", "source", "confidence", "frequency", "sent_count",
                       "matched_count", "confirmed_count", "undone_count", "created_by_name",
                       "created_at", "updated_at")  # fmt: skip
    fieldsets = (
        (None, {"fields": ("term", "kind", "status", "language", "script", "api_key")}),
        (
            "Hearing and writing",
            {"fields": ("sounds_like", "case_sensitive", "priority", "pinned")},
        ),
        ("For curators", {"fields": ("note", "example", "metadata")}),
        ("Record", {"classes": ("collapse",), "fields": readonly_fields}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_file), name="lexicon_term_import"),
            *super().get_urls(),
        ]

    @admin.display(description="for", ordering="api_key")
    def scope(self, term: Term) -> str:
        return term.api_key.name if term.api_key else "everyone"

    @admin.display(description="priority", ordering="priority")
    def first(self, term: Term) -> str:
        return "pinned" if term.pinned else str(term.priority or "")

    @admin.display(description="uses", ordering="matched_count")
    def uses(self, term: Term) -> str:
        counted = (f"{getattr(term, f'{name}_count')} {name}" for name in COUNTED)
        return ", ".join(each for each in counted if not each.startswith("0 ")) or "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Term], search_term: str
    ) -> tuple[QuerySet[Term], bool]:
        return searching.search(queryset, search_term) if search_term else queryset, False

    # --- One term ------------------------------------------------------------------------------

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        with transaction.atomic():
            versions.hold()  # two who enter the same term at once do it one after the other
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Term, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
            obj.created_by_name = request.user.get_username()
            super().save_model(request, obj, form, change)
            if obj.status == Term.Status.APPROVED:
                tell_approved([obj])
        elif form.changed_data:
            editing.write(obj, form.changed_data)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        term = Term.objects.filter(pk=form.instance.pk)
        if any(formset.has_changed() for formset in formsets):
            term.update(updated_at=timezone.now())
        if form.instance.status in checking.STANDING:
            warn(self, request, term)

    # --- Several -------------------------------------------------------------------------------

    @admin.action(description="Approve: use them in the next transcripts", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        ids = list(queryset.order_by().values_list("pk", flat=True)[:MOST_CHECKED])
        count = services.approve(queryset)
        self.message_user(request, f"{count} set to approved.")
        warn(self, request, Term.objects.filter(pk__in=ids))

    @admin.action(description="Reject: never suggest them again", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self.message_user(request, f"{services.reject(queryset)} set to rejected.")

    @admin.action(description="Retire: keep them, do not use them", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self.message_user(request, f"{services.retire(queryset)} set to retired.")

    @admin.action(description="Merge: make one term of them", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponse | None:
        return pages.merge(self, request, queryset)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponseBase:
        return self._export(queryset, "csv")

    @admin.action(description="Export as TSV", permissions=["view"])
    def export_tsv(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponseBase:
        return self._export(queryset, "tsv")

    @admin.action(description="Export as JSON", permissions=["view"])
    def export_json(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponseBase:
        return self._export(queryset, "json")

    def _export(self, queryset: QuerySet[Term], format: str) -> HttpResponseBase:
        pieces = written(export_rows(queryset), format)
        # spreadsheet programs take CSV for UTF-8 only where a byte order mark says so
        marked = (piece if at or format != "csv" else "\ufeff" + piece
                  for at, piece in enumerate(pieces))  # fmt: skip
        answer = StreamingHttpResponse(marked, content_type=f"{TYPES[format]}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="lexicon.{format}"'
        return answer

    def import_file(self, request: HttpRequest) -> HttpResponse:
        return pages.import_file(self, request)

    @admin.action(description="Delete: forget all that is known of them", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Term]
    ) -> HttpResponseBase | None:
        if queryset.count() <= MOST_DELETED:
            return actions.delete_selected(self, request, queryset)
        told = (
            f"At most {MOST_DELETED} terms are deleted at once. To use them no more, retire them."
        )
        self.message_user(request, told, messages.ERROR)
        return None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """The terms alone: what hangs on them goes with them, and may be much."""
        names = [str(term) for term in objs[:MOST_NAMED]]
        count = len(objs) if isinstance(objs, list) else objs.count()
        if count > MOST_NAMED:
            names.append(f"and {count - MOST_NAMED:,} more")
        return names, {self.opts.verbose_name_plural: count}, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        Term.objects.filter(pk__in=queryset.order_by().values("pk"))._raw_delete(queryset.db)
