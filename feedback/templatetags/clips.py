"""Stretches of recordings to listen to, in admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import Script
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from speech_project.templatetags.verbatim import clock, seconds

register = template.Library()

AROUND_MS = 400  # heard before and after, so that words are not cut into
PLAYER = (Script("js/clips.js", type="module"),)


@register.simple_tag
def clip(job_id: Any, start_ms: int | None, end_ms: int | None) -> SafeString | str:
    """A link that plays it; without a script the browser opens the recording at the place."""
    if job_id is None or start_ms is None or end_ms is None:
        return ""
    start, end = max(0, start_ms - AROUND_MS), end_ms + AROUND_MS
    return format_html(
        '<a class="clip" href="{}#t={},{}" aria-label="Listen at {}">{}</a>',
        reverse("audio", args=[job_id]), seconds(start), seconds(end), clock(start_ms),
        clock(start_ms),
    )  # fmt: skip
