"""Curating the lexicon."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import JSONField, Q, QuerySet
from django.http import HttpRequest

from lexicon.models import Alternative, Term
from lexicon.normalising import normalise
from speech_project.access.objects import ObjectField


class TermForm(forms.ModelForm):
    """Normalises, and says which term is in the way of a second one that is the same."""

    class Meta:
        model = Term
        fields = ("term", "kind", "status", "language", "script", "api_key", "sounds_like",
                  "case_sensitive", "priority", "pinned", "note", "example",
                  "metadata")  # fmt: skip
        widgets = {
            "term": forms.TextInput(attrs={"size": 50}),
            "sounds_like": forms.TextInput(attrs={"size": 50}),
            "note": forms.Textarea(attrs={"rows": 2}),
            "example": forms.Textarea(attrs={"rows": 2}),
        }

    def clean_language(self) -> str:
        return self.cleaned_data["language"].strip().lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        normalized = normalise(data.get("term") or "")
        if not normalized:
            self.add_error("term", "Nothing is left of this term without its punctuation.")
            return data
        self.instance.normalized = normalized
        same = Term.objects.filter(
            normalized=normalized, language=data.get("language"), api_key=data.get("api_key")
        ).exclude(pk=self.instance.pk)
        if found := same.first():
            self.add_error("term", f"“{found}” is the same term ({found.status}). Change that one.")
        return data


class AlternativeForm(forms.ModelForm):
    class Meta:
        model = Alternative
        fields = ("text", "enabled")
        widgets = {"text": forms.TextInput(attrs={"size": 40})}

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        self.instance.normalized = normalise(text)
        if not self.instance.normalized:
            raise forms.ValidationError("Nothing is left of this without its punctuation.")
        return text


class AlternativeFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse what differs only in writing, which forms cannot see: they lack `normalized`."""
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if not data or data.get("DELETE"):
                continue
            if form.instance.normalized in seen:
                form.add_error("text", "This is there already.")
            seen.add(form.instance.normalized)


class AlternativeInline(admin.TabularInline):
    model = Alternative
    form = AlternativeForm
    formset = AlternativeFormSet
    extra = 0
    readonly_fields = ("source", "count")


@admin.register(Term)
class TermAdmin(admin.ModelAdmin):
    form = TermForm
    formfield_overrides = {JSONField: {"form_class": ObjectField}}
    inlines = (AlternativeInline,)
    list_display = ("term", "kind", "language", "status", "priority", "pinned", "updated_at")
    list_filter = ("status", "kind", "language", "pinned", "source")
    search_fields = ("term", "normalized", "alternatives__text")
    search_help_text = "Terms and the ways in which they are misheard"
    actions = ("approve", "reject", "retire")
    raw_id_fields = ("api_key",)
    show_full_result_count = False
    readonly_fields = (
        "normalized",
        "source",
        "frequency",
        "confirmed_count",
        "undone_count",
        "created_by_name",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("term", "kind", "status", "language", "script", "api_key")}),
        (
            "Hearing and writing",
            {"fields": ("sounds_like", "case_sensitive", "priority", "pinned")},
        ),
        ("For curators", {"fields": ("note", "example", "metadata")}),
        ("Record", {"classes": ("collapse",), "fields": readonly_fields}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Term], search_term: str
    ) -> tuple[QuerySet[Term], bool]:
        found, _ = super().get_search_results(request, queryset, search_term)
        if normalized := normalise(search_term):
            found |= queryset.filter(
                Q(normalized__contains=normalized)
                | Q(alternatives__normalized__contains=normalized)
            )
        return found, True

    def save_model(self, request: HttpRequest, obj: Term, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
            obj.created_by_name = request.user.get_username()
        super().save_model(request, obj, form, change)

    @admin.action(description="Approve: use them in the next transcripts", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self._set(request, queryset, Term.Status.APPROVED)

    @admin.action(description="Reject: never suggest them again", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self._set(request, queryset, Term.Status.REJECTED)

    @admin.action(description="Retire: keep them, do not use them", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self._set(request, queryset, Term.Status.RETIRED)

    def _set(self, request: HttpRequest, queryset: QuerySet[Term], status: str) -> None:
        count = queryset.update(status=status)
        self.message_user(request, f"{count} set to {status}.")
