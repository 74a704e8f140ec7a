"""JSON objects from outside, of which not all can be stored."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms

# as json.dumps writes NUL; an even number of backslashes before it is text about NUL
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def why_not(value: Any) -> str:
    """Why PostgreSQL cannot keep the value as an object; empty: it can."""
    if not isinstance(value, dict):
        return "Give a JSON object."
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except RecursionError:
        return "This is nested too deeply."
    except ValueError:  # infinite, or half a character
        return "This holds a number or a character that cannot be stored."
    return "This holds a NUL character, which cannot be stored." if NUL.search(text) else ""


class ObjectField(forms.JSONField):
    """A model's JSONField in admin: left empty, it is an empty object."""

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        if found in self.empty_values:
            return {}
        if reason := why_not(found):
            raise forms.ValidationError(reason)
        return found
