"""The user's own keys in the hints of buttons. They are `keys` in the context, where a view put
them there, else read for the request."""

from __future__ import annotations

from django import template
from django.template import Context

from feedback.keys import friendly
from feedback.personal import keys_of

register = template.Library()


@register.simple_tag(takes_context=True)
def key(context: Context, action: str) -> str:
    """For people: Ctrl+Enter. Empty where the user gave the action no key."""
    keys = context.get("keys") or keys_of(context["request"])
    return friendly(keys.of_action[action])


@register.simple_tag(takes_context=True)
def key_hint(context: Context, action: str) -> str:
    """To end a title with: " (Ctrl+Enter)", or nothing."""
    found = key(context, action)
    return f" ({found})" if found else ""
