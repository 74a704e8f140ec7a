"""How times and sizes are shown."""

from datetime import datetime

from django import template
from django.utils.timesince import timesince

register = template.Library()

RTL = {"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


@register.filter
def clock(ms: int | None) -> str:
    """Milliseconds as 1:02:03 or 02:03."""
    if ms is None:
        return "–"
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


@register.filter
def exact(ms: int) -> str:
    """Milliseconds as 02:03.450, or 1:02:03.450."""
    return f"{clock(ms)}.{ms % 1000:03}"


@register.filter
def seconds(ms: int) -> str:
    """As addresses of a part of a recording have them: 123.45."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


@register.filter
def ago(moment: datetime) -> str:
    """How long since, in the largest unit; the first minute is now."""
    passed = timesince(moment, depth=1)
    return "just now" if passed.startswith("0") else f"{passed} ago"


@register.filter
def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


@register.filter
def direction(language: str) -> str:
    """The `dir` of a text: by its language, else by its letters."""
    if not language:
        return "auto"
    return "rtl" if language in RTL else "ltr"
