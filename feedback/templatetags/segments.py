"""Segments as HTML. A page may have thousands of them, for which a template takes too long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, Protocol

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from feedback.palette import Palette
from lexicon.languages import name_of
from lexicon.scripts import RIGHT_TO_LEFT, direction_of, script_of_letter
from lexicon.tagging import SURE
from speech_project.templatetags.verbatim import clock, direction
from transcription import correcting, tags
from transcription.exports import standings_of
from transcription.models import Segment
from transcription.segments import SegmentRow
from transcription.standing import APPLIED, OPEN, Standing
from transcription.templatetags.transcripts import checks, in_words

register = template.Library()

AnySegment = Segment | SegmentRow
IN_PART = 40  # segments
CAN_EDIT = ' tabindex="0" role="button"'
# of what stands in the text, only these are worth a look
CLASSES = {APPLIED: "lex", OPEN: "maybe"}


class HasRuns(Protocol):
    """A text with the languages of its words."""

    @property
    def text(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def tags(self) -> list[list[Any]]: ...


@register.simple_tag(takes_context=True)
def articles(context: Context, segments: Iterable[AnySegment], focus: Segment | None) -> SafeString:
    """The segments, all but those of the language asked for hidden; the one in focus with the form
    to correct it."""
    return mark_safe("\n".join(_articles(context, segments, focus)))


@register.simple_tag(takes_context=True)
def transcript(
    context: Context, segments: Iterable[AnySegment], focus: Segment | None
) -> SafeString:
    """The same, some at a time in an element of their own: browsers pass over those out of sight,
    which takes as long for each as for many."""
    pieces = _articles(context, segments, focus)
    parts = (pieces[at : at + IN_PART] for at in range(0, len(pieces), IN_PART))
    return mark_safe("\n".join(_element("div", "\n".join(part), class_="part") for part in parts))


def _articles(context: Context, segments: Iterable[AnySegment], focus: Segment | None) -> list[str]:
    shown = {segment.pk for segment in context["desk"].shown}
    form, at = (_form(context, focus), focus.pk) if focus else ("", None)
    can_edit, palette = not context["desk"].closed, context["desk"].palette
    return [
        _article(
            segment,
            can_edit,
            palette,
            form if segment.pk == at else "",
            hidden=segment.pk not in shown and segment.pk != at,
        )
        for segment in segments
    ]


def _form(context: Context, segment: Segment) -> str:
    assert context.template is not None
    form = context.template.engine.get_template("segment_form.html")
    with context.push(segment=segment):
        return form.render(context)


def _element(tag: str, content: str, **attributes: object) -> str:
    return f"{_opening(tag, **attributes)}{content}</{tag}>"


def _opening(tag: str, **attributes: object) -> str:
    """With attributes that are escaped, named as in Python; those that are None are left out."""
    listed = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{listed}>"


def _article(
    segment: AnySegment, can_edit: bool, palette: Palette, form: str, *, hidden: bool
) -> str:
    gap = next((mark for mark in segment.marks if mark["kind"] == "gap"), None)
    classes = f"seg{' on' * bool(form)}{' done' * segment.accepted}{' gap' * bool(gap)}"
    flags = "" if gap or not segment.marks else _flags(checks(segment.marks))
    who = f"<span>{escape(segment.speaker)}</span>" if segment.speaker else ""
    key = segment.pk
    return (
        f'<article class="{classes}" id="s{key}" data-id="{key}" data-version="{segment.version}"'
        f' data-position="{segment.position}" data-start="{segment.start_ms}"'
        f' data-end="{segment.end_ms}"{" hidden" * hidden}>\n'
        f'<div class="t"><a href="?segment={key}" class="time" title="Play from here">'
        f"{clock(segment.start_ms)}</a>{who}</div>\n"
        f"{_said(segment, can_edit, palette, gap, editing=bool(form))}\n{form}"
        f'<div class="ck" title="Accepted">✓</div>\n{flags}</article>'
    )


def _said(
    segment: AnySegment,
    can_edit: bool,
    palette: Palette,
    gap: dict[str, Any] | None,
    *,
    editing: bool,
) -> str:
    """No blank is added to the text, as the page's script takes it from here."""
    none = "Not transcribed" if gap else "no text"
    reason = f": {escape(gap['reason'])}" if gap else ""
    return (
        f'<p class="say"{" hidden" * editing}'
        f"{CAN_EDIT * can_edit}"
        f' dir="{base_direction(segment)}"'
        + (f' lang="{escape(segment.language)}"' if segment.language else "")
        + ("" if segment.text else f' aria-label="{none}"')
        + f' data-none="{none}{reason}">{marked(segment, palette)}</p>'
    )


def _flags(found: Iterable[dict[str, Any]]) -> str:
    flags = [
        _element("span", escape(in_words(mark["kind"])), class_="flag", title=mark["reason"])
        for mark in found
    ]
    return _element("p", " ".join(flags), class_="flags") if flags else ""


@register.simple_tag
def marked(segment: AnySegment, palette: Palette, which: str = "marks") -> SafeString:
    """The text with <mark>s: those worth a look, or "all" that can be turned; and where there are
    several languages, a <span> for each run of one. No blank is added."""
    text = segment.text
    spans = list(_spans(segment, palette)) if palette else []
    parts: list[str] = []
    at = 0
    marks = list(_lexicon_marks(segment, which))
    for start, end, opening in sorted([*marks, *_doubts(segment, marks)]):
        if start >= at:
            inside = _in_spans(text, spans, start, end)
            parts += [_in_spans(text, spans, at, start), opening, inside, "</mark>"]
            at = end
    return mark_safe("".join([*parts, _in_spans(text, spans, at, len(text))]))


@register.simple_tag
def with_changes(
    passage: HasRuns, palette: Palette, places: Iterable[tuple[int, int]], tag: str
) -> SafeString:
    """The text with an element around each place, and where there are several languages, a <span>
    for each run of one."""
    text, parts, at = passage.text, [], 0
    spans = list(_spans(passage, palette)) if palette else []
    for start, end in places:
        inside = _in_spans(text, spans, start, end)
        parts += [_in_spans(text, spans, at, start), f"<{tag}>{inside}</{tag}>"]
        at = end
    return mark_safe("".join([*parts, _in_spans(text, spans, at, len(text))]))


def _lexicon_marks(segment: AnySegment, which: str) -> Iterator[tuple[int, int, str]]:
    """Where each is, and the tag that opens it."""
    for number, standing in enumerate(standings_of(segment) if segment.replacements else ()):
        if standing.turnable if which == "all" else standing.state in CLASSES:
            yield standing.start, standing.end, _mark(number, standing)


def _doubts(
    segment: AnySegment, marks: Sequence[tuple[int, int, str]]
) -> Iterator[tuple[int, int, str]]:
    """Of what a reviewer has accepted there are none any more, nor where the lexicon's are."""
    for start, end, confidence in () if segment.accepted else segment.doubts:
        if any(first < end and start < last for first, last, _ in marks):
            continue
        title = (
            "This may be misheard: it does not fit the words around it"
            if confidence is None
            else f"The engine is {round(100 * confidence)} % sure of this"
        )
        yield start, end, f'<mark class="low" title="{title}">'


def _in_spans(text: str, spans: Sequence[tuple[int, int, str]], start: int, end: int) -> str:
    """A part of the text, with what of the spans lies in it."""
    parts, at = [], start
    for begin, stop, opening in spans:
        first, last = max(begin, at), min(stop, end)
        if first < last:
            if at < first:
                parts.append(escape(text[at:first]))
            parts += [opening, escape(text[first:last]), "</span>"]
            at = last
    if at < end:
        parts.append(escape(text[at:end]))
    return "".join(parts)


def _spans(segment: HasRuns, palette: Palette) -> Iterator[tuple[int, int, str]]:
    """Where each run of a language is, and the tag that opens it."""
    base, colours = base_direction(segment), palette.colours
    for run in tags.read(segment):
        if not run.language:  # a person said that it is in none
            continue
        way = _direction(segment.text[run.start : run.end])
        yield (
            run.start,
            run.end,
            _run_opening(
                run.language,
                colours.get(run.language, 0),
                run.ending,
                colours.get(run.ending, 0),
                run.confidence >= SURE,
                way if way != base else "",
            ),
        )


@cache
def _run_opening(
    language: str, colour: int, ending: str, ending_colour: int, sure: bool, way: str
) -> str:
    classes, title = f"l{colour}", None
    if ending:
        classes += f" e{ending_colour}"
        title = f"{name_of(language)} with an ending in {name_of(ending)}"
    elif not sure:
        classes += " unsure"
        title = f"Perhaps {name_of(language)}"
    return _opening("span", class_=classes, lang=language, dir=way or None, title=title)


def _direction(text: str) -> str:
    """Of a run, by its first letter; a number is written from the left."""
    first = "" if text.isascii() else next(filter(None, map(script_of_letter, text)), "")
    return "rtl" if first in RIGHT_TO_LEFT else "ltr"


def _mark(number: int, standing: Standing) -> str:
    each = standing.replacement
    heard = "Heard as" if each.applied else f"Perhaps “{each.after}”, for"
    return _opening(
        "mark",
        class_=CLASSES.get(standing.state),
        data_n=number,
        data_state=standing.state,
        data_other=standing.other,
        title=f"{heard} “{each.before}”: {correcting.why(each)}",
    )


@register.filter
def base_direction(segment: HasRuns) -> str:
    """The `dir` of a segment: by its main language, where any of it is written so; else by most of
    its letters."""
    if segment.language:
        way = direction(segment.language)
        if way == "rtl" and any(script_of_letter(c) in RIGHT_TO_LEFT for c in segment.text):
            return way
    return direction_of(segment.text) or "auto"


@register.filter
def language_name(code: str) -> str:
    return name_of(code)
