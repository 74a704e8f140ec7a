"""Segments as HTML. A page may have thousands of them, for which a template takes too long."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from speech_project.templatetags.verbatim import clock, direction
from transcription import correcting
from transcription.exports import standings_of
from transcription.models import Segment
from transcription.standing import APPLIED, OPEN, Standing
from transcription.templatetags.transcripts import checks, in_words

register = template.Library()

# of what stands in the text, only these are worth a look
CLASSES = {APPLIED: "lex", OPEN: "maybe"}


@register.simple_tag(takes_context=True)
def articles(context: Context, segments: Iterable[Segment], focus: Segment | None) -> SafeString:
    """The segments of the desk; the one in focus with the form to correct it."""
    can_edit = not context["desk"].closed
    pieces = [
        _article(segment, can_edit, _form(context, segment) if segment == focus else "")
        for segment in segments
    ]
    return mark_safe("\n".join(pieces))


def _form(context: Context, segment: Segment) -> str:
    assert context.template is not None
    form = context.template.engine.get_template("segment_form.html")
    with context.push(segment=segment):
        return form.render(context)


def _element(tag: str, content: str, **attributes: object) -> str:
    """With attributes that are escaped, named as in Python; those that are None are left out."""
    listed = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{listed}>{content}</{tag}>"


def _article(segment: Segment, can_edit: bool, form: str) -> str:
    is_gap = segment.is_gap
    states = (("on", form), ("done", segment.accepted), ("gap", is_gap))
    parts = [
        _element("div", _when_and_who(segment), class_="t"),
        _said(segment, can_edit, bool(form)),
        form,
        _element("div", "✓", class_="ck", title="Accepted"),
        "" if is_gap else _flags(checks(segment.marks)),
    ]
    return _element(
        "article",
        "\n".join(filter(None, parts)),
        class_=" ".join(["seg", *(name for name, is_so in states if is_so)]),
        id=f"s{segment.pk}",
        data_id=segment.pk,
        data_version=segment.version,
        data_start=segment.start_ms,
        data_end=segment.end_ms,
    )


def _when_and_who(segment: Segment) -> str:
    when, href = clock(segment.start_ms), f"?segment={segment.pk}"
    who = _element("span", escape(segment.speaker)) if segment.speaker else ""
    return _element("a", when, href=href, class_="time", title="Play from here") + who


def _said(segment: Segment, can_edit: bool, editing: bool) -> str:
    """No blank is added to the text, as the page's script takes it from here."""
    gaps = [mark for mark in segment.marks if mark["kind"] == "gap"]
    none = "Not transcribed" if gaps else "no text"
    return _element(
        "p",
        marked(segment) if segment.replacements else escape(segment.text),
        class_="say",
        hidden="" if editing else None,
        tabindex="0" if can_edit else None,
        role="button" if can_edit else None,
        dir=direction(segment.language),
        lang=segment.language or None,
        aria_label=None if segment.text else none,
        data_none=f"{none}: {gaps[0]['reason']}" if gaps else none,
    )


def _flags(found: Iterable[dict[str, Any]]) -> str:
    flags = [
        _element("span", escape(in_words(mark["kind"])), class_="flag", title=mark["reason"])
        for mark in found
    ]
    return _element("p", " ".join(flags), class_="flags") if flags else ""


@register.simple_tag
def marked(segment: Segment, which: str = "marks") -> SafeString:
    """The text with <mark>s: those worth a look, or "all" that can be turned. No blank is added."""
    parts: list[str] = []
    at = 0
    for number, standing in enumerate(standings_of(segment)):
        shown = standing.turnable if which == "all" else standing.state in CLASSES
        if shown and standing.start >= at:
            parts += [escape(segment.text[at : standing.start]), _mark(segment, number, standing)]
            at = standing.end
    return mark_safe("".join([*parts, escape(segment.text[at:])]))


def _mark(segment: Segment, number: int, standing: Standing) -> str:
    each = standing.replacement
    heard = "Heard as" if each.applied else f"Perhaps “{each.after}”, for"
    return _element(
        "mark",
        escape(segment.text[standing.start : standing.end]),
        class_=CLASSES.get(standing.state),
        data_n=number,
        data_state=standing.state,
        data_other=standing.other,
        title=f"{heard} “{each.before}”: {correcting.why(each)}",
    )
