"""Choosing a group of reviewers where only its id is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group


def _choices() -> list[tuple[Any, str]]:
    return [("", "–"), *Group.objects.order_by("name").values_list("pk", "name")]


class GroupField(forms.TypedChoiceField):
    """Its value is the group's id, or None."""

    def __init__(self) -> None:
        super().__init__(
            label="Group",
            choices=_choices,
            coerce=int,
            empty_value=None,
            required=False,
            help_text="Its reviewers see these recordings.",
        )
