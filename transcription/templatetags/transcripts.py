"""What pages say of a transcript: its marks in words, its price, and models that end soon."""

from decimal import Decimal
from typing import Any

from django import template

from transcription import correcting, shutdowns

register = template.Library()

# the kinds of checks.HELPED_BY, and the gap where nothing could be transcribed
KINDS = {
    "hole": "may be incomplete",
    "cap": "cut off",
    "loop": "repeats itself",
    "echo": "repeats the prompt",
    "silence": "perhaps not said",
    "script": "unexpected script",
    "language": "unexpected language",
    "translated": "perhaps translated",
    "romanised": "in Latin letters",
    "credits": "perhaps invented",
    "gap": "not transcribed",
}
# these the desk shows in the text itself
OF_LEXICON = (correcting.APPLIED, correcting.SUGGESTED)


@register.filter
def in_words(kind: str) -> str:
    """The kind of a mark, for people."""
    return KINDS.get(kind, kind)


@register.filter
def checks(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The marks that are not the lexicon's."""
    return [mark for mark in marks if mark["kind"] not in OF_LEXICON]


@register.filter
def usd(amount: Decimal | None) -> str:
    """US dollars, with the hundredths of a cent that single requests cost."""
    if amount is None:
        return "–"
    text = f"${amount:.4f}"
    return text[:-2] + text[-2:].rstrip("0")


@register.filter
def minutes(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / 60_000:.1f} min"


@register.inclusion_tag("admin/shutdown_notices.html")
def shutdown_notices() -> dict[str, list[str]]:
    return {"notices": shutdowns.notices()}
