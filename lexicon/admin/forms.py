"""The forms in which curators enter terms, and upload files of them."""

from __future__ import annotations

from typing import Any

from django import forms

from lexicon import editing, services
from lexicon.exchange.columns import HEADER
from lexicon.exchange.formats import FORMATS
from lexicon.languages import language_code
from lexicon.models import Alternative, Term
from lexicon.normalising import normalise
from lexicon.scripts import script_code
from speech_project.access.models import ApiKey

MOST_BYTES = 64 * 1_000_000  # of an upload; larger ones go through manage.py import_lexicon


class TermForm(forms.ModelForm):
    """Normalises, and says which term is in the way of a second one that is the same."""

    class Meta:
        model = Term
        fields = ("term", "kind", "status", "language", "script", "api_key", "sounds_like",
                  "case_sensitive", "priority", "pinned", "note", "example",
                  "metadata")  # fmt: skip
        widgets = {
            "term": forms.TextInput(attrs={"size": 50, "dir": "auto"}),
            "sounds_like": forms.TextInput(attrs={"size": 50, "dir": "auto"}),
            "note": forms.Textarea(attrs={"rows": 2}),
            "example": forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        }

    def clean_term(self) -> str:
        return _checked(self.cleaned_data["term"])

    def clean_language(self) -> str:
        return _coded(language_code, self.cleaned_data["language"])

    def clean_script(self) -> str:
        return _coded(script_code, self.cleaned_data["script"])

    def _post_clean(self) -> None:
        before = self.initial.get("term", self.instance.term)
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            editing.settle(self.instance, before)
        except editing.Taken as error:
            self.add_error("term" if "term" in self.fields else None, str(error))


class ListedTermForm(TermForm):
    """A term as a row of a list."""

    class Meta:
        model = Term
        fields = ("kind", "language")
        widgets = {"language": forms.TextInput(attrs={"size": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # what the column's heading says to those who see it
            field.widget.attrs["aria-label"] = f"{field.label} of {self.instance.term}"


class AlternativeForm(forms.ModelForm):
    class Meta:
        model = Alternative
        fields = ("text", "enabled", "proven")
        widgets = {"text": forms.TextInput(attrs={"size": 40, "dir": "auto"})}

    def clean_text(self) -> str:
        text = _checked(self.cleaned_data["text"])
        self.instance.normalized = normalise(text)
        return text

    def clean(self) -> None:
        data = super().clean() or self.cleaned_data
        editing.judge(self.instance, enabled=data["enabled"], proven=data["proven"])


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


def _checked(text: str) -> str:
    try:
        return services.check_text(text)
    except services.Refused as error:
        raise forms.ValidationError(str(error)) from None


def _coded(code: Any, text: str) -> str:
    try:
        return code(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None


class ImportForm(forms.Form):
    file = forms.FileField(
        help_text="CSV, TSV, JSON, or a plain list with one term a line; in UTF-8 or UTF-16. The"
        f" columns, of which only “term” is needed: {', '.join(HEADER)}."
    )
    format = forms.ChoiceField(
        choices=[("", "by the file's name"), *((name, name.upper()) for name in FORMATS)],
        required=False,
    )
    status = forms.ChoiceField(
        choices=[("", "suggested"), ("approved", "approved")],
        required=False,
        help_text="Of terms whose line has no status.",
    )
    api_key = forms.ModelChoiceField(
        ApiKey.objects.order_by("name"),
        required=False,
        empty_label="everyone",
        label="For",
        help_text="Terms whose line names no API key.",
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(
                f"This file has {upload.size / 1e6:.0f} MB; {MOST_BYTES // 1_000_000} MB are taken"
                " here. Split it, or use manage.py import_lexicon."
            )
        return upload


class MergeForm(forms.Form):
    """Which of some terms is to be kept."""

    keep = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)

    def __init__(self, terms: list[Term], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = [(term.pk, term.term) for term in terms]  # type: ignore[attr-defined]
