"""What was changed, and by the lexicon, and what became of that, in words."""

from __future__ import annotations

from django import template

from feedback.kinds import IN_WORDS
from lexicon.matching import Replacement
from transcription import correcting
from transcription.standing import APPLIED, CHANGED, GONE, OPEN, TAKEN, UNDONE

register = template.Library()

WAYS_OUT = {APPLIED: "Undo", TAKEN: "Undo", UNDONE: "Redo", OPEN: "Take it"}
STATES = {
    UNDONE: "taken back; ",
    CHANGED: "written otherwise since; ",
    OPEN: "suggested: ",
    TAKEN: "suggested and taken: ",
    GONE: "suggested, for words that are gone: ",
}
OUTCOMES = {
    APPLIED: "kept",
    UNDONE: "taken back",
    CHANGED: "written otherwise",
    TAKEN: "suggested and taken",
}


@register.filter
def why(replacement: Replacement) -> str:
    """By which rule, and how sure."""
    return correcting.why(replacement)


@register.filter
def of_change(state: str) -> str:
    """What became of a change, to be followed by why it was made."""
    return STATES.get(state, "")


@register.filter
def in_review(state: str) -> str:
    """What became of a change, in the summary of a review."""
    return OUTCOMES[state]


@register.filter
def way_out(state: str) -> str:
    """What the button beside a change does."""
    return WAYS_OUT[state]


@register.filter
def kind_of_edit(kind: str) -> str:
    return IN_WORDS.get(kind, kind)


@register.filter
def note_of_edit(kind: str) -> str:
    """Where the edit alone does not show it."""
    return IN_WORDS.get(kind, "")
