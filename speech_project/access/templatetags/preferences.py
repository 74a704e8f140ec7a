"""What users prefer, for every page."""

from __future__ import annotations

from django import template
from django.template import Context

from speech_project.access.preferences import THEMES, of_request

register = template.Library()


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """ "light" or "dark", where the user chose one; else "system"."""
    request = context.get("request")
    return of_request(request).preferences.theme if request else THEMES[0]
