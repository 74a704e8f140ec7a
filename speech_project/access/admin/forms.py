"""The form of an API key in admin, and what its actions have to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.helpers import ActionForm

from speech_project.access import networks
from speech_project.access.groups import GroupField
from speech_project.access.keys import MOST_OVERLAP_HOURS, OVERLAP_HOURS
from speech_project.access.models import ApiKey
from speech_project.access.scopes import SCOPES, USUAL


class NetworksField(forms.Field):
    """Networks, one a line; its value is a list of them."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 40})

    def __init__(self) -> None:
        super().__init__(
            label="Allowed networks",
            required=False,
            help_text="One a line, such as 10.20.0.0/16 or 10.20.0.7: from elsewhere the key is"
            " refused. Empty: it is taken from anywhere.",
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        try:
            return networks.parse((value or "").splitlines())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ApiKeyForm(forms.ModelForm):
    group_id = GroupField()
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} – {text}") for scope, text in SCOPES.items()],
        initial=USUAL,
        widget=forms.CheckboxSelectMultiple,
        label="It may",
        error_messages={"required": "Choose what the key may do: without any it opens nothing."},
    )
    allowed_networks = NetworksField()

    class Meta:
        model = ApiKey
        fields = ("name", "group_id", "scopes", "allowed_networks", "expires_at",
                  "rate_limit_per_minute", "concurrent_jobs", "monthly_budget_usd",
                  "training_consent", "metadata")  # fmt: skip
        widgets = {"name": forms.TextInput(attrs={"size": 50})}


class KeyActionForm(ActionForm):
    # as text: what is wrong with it is told by the action that it is for
    overlap_hours = forms.CharField(
        label="hours of overlap",
        required=False,
        initial=OVERLAP_HOURS,
        widget=forms.NumberInput(attrs={"min": 0, "max": MOST_OVERLAP_HOURS}),
    )
