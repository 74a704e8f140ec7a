"""What the queue says of a recording."""

from django import template

register = template.Library()


@register.filter
def in_percent(share: float) -> int:
    return round(100 * share)


@register.filter
def about(share: float) -> str:
    """A share that is only an estimate, for people."""
    percent = in_percent(share)
    return f"about {percent} %" if percent else "under 1 %"
