"""A transcript as a Word document (DOCX), written by python-docx. Pure.

Paragraphs are put in as XML in one piece: built one by one, a long transcript takes seconds.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZipFile

import langcodes
import regex
from docx import Document as new_document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm, RGBColor

from lexicon.borders import blank_between
from lexicon.scripts import FROM_RIGHT, RIGHT_LETTERS, direction_of, usual_scripts_of
from transcription.exporting.document import (
    Document,
    Options,
    Passage,
    clock,
    one_line,
    paragraphs,
    printable,
)
from transcription.exporting.zipped import whole

MUTED = RGBColor(0x63, 0x67, 0x6F)
A4_MM = (210, 297)
LONGEST_PROPERTY = 255  # characters; python-docx takes no more
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
# letters of one direction with the signs after them; digits go with what is before
_ONE_WAY = regex.compile(
    r"[^R]+|[R](?:[R]|[^\p{L}]+(?=[R])|[^\p{L}]+$)*".replace("R", RIGHT_LETTERS)
)


def docx(document: Document, options: Options) -> bytes:
    """Right-to-left paragraphs and words as such, words with their language for the spelling
    checker; times and speakers in styles of their own. The same transcript gives the same bytes."""
    word = new_document()
    _set_up(word, document)
    blocks = [_paragraph([(one_line(document.title), "", "")], "Title")]
    blocks.append(_paragraph([(document.about, "", "")], "Subtitle"))
    blocks += [_paragraph(list(_parts(group, options))) for group in _groups(document, options)]
    body = parse_xml(f"<w:body {nsdecls('w')}>{''.join(blocks)}</w:body>")
    end = word.element.body.sectPr
    for block in list(body):
        end.addprevious(block)
    file = io.BytesIO()
    word.save(file)
    return _without_times(file)


def _set_up(word: WordDocument, document: Document) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = map(Mm, A4_MM)
    for name in ("Time", "Speaker"):
        word.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
    word.styles["Time"].font.color.rgb = MUTED
    bold = word.styles["Speaker"].font
    bold.bold = bold.cs_bold = True  # right-to-left text has a setting of its own
    about = word.core_properties
    about.title = one_line(printable(document.title))[:LONGEST_PROPERTY]
    about.author = about.comments = about.keywords = about.subject = ""
    about.last_modified_by = ""
    about.language = ", ".join(document.languages)[:LONGEST_PROPERTY]
    about.created = about.modified = document.made_at or EARLIEST
    about.revision = 1


def _groups(document: Document, options: Options) -> Iterator[list[Passage]]:
    if options.times:
        yield from ([passage] for passage in document.spoken)
    else:
        yield from paragraphs(document)


Part = tuple[str, str, str]  # text, language, style


def _parts(group: list[Passage], options: Options) -> Iterator[Part]:
    if options.times:
        yield f"{clock(group[0].start_ms)}  ", "", "Time"
    if options.speakers and group[0].speaker:
        yield f"{one_line(group[0].speaker)}: ", "", "Speaker"
    before = ""
    for passage in group:
        text = passage.shown
        if glue := blank_between(before, text):
            yield glue, "", ""
        yield from ((part, language, "") for part, language in _by_language(passage))
        before = text


def _by_language(passage: Passage) -> Iterator[tuple[str, str]]:
    """The text in parts of one language; what stands between goes with the part before."""
    text, at, language = passage.text, 0, passage.language
    if passage.gap:
        yield passage.shown, "en"
        return
    for start, _, following in passage.runs:
        if following != language and start > at:
            yield text[at:start], language
            at = start
        language = following
    yield text[at:], language


def _paragraph(parts: list[Part], style: str = "") -> str:
    text = "".join(part for part, _, style_of_part in parts if not style_of_part)
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if direction_of(text) == "rtl":
        properties += "<w:bidi/>"
    runs = "".join(_run(*part) for part in parts)
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def _run(text: str, language: str, style: str) -> str:
    text = printable(text)
    if not FROM_RIGHT.search(text):
        return _run_of(text, language, style, rtl=False)
    parts = _ONE_WAY.findall(text)
    return "".join(
        _run_of(part, language, style, rtl=bool(FROM_RIGHT.match(part))) for part in parts
    )


def _run_of(text: str, language: str, style: str, *, rtl: bool) -> str:
    properties = f'<w:rStyle w:val="{style}"/>' if style else ""
    properties += "<w:rtl/>" if rtl else ""
    properties += _language(language) if language else ""
    shown = escape("".join(" " if letter in "\n\r\t" else letter for letter in text))
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{shown}</w:t></w:r>'


@lru_cache(maxsize=1000)
def _language(code: str) -> str:
    """Word keeps one for each kind of script, and takes those with a country alone."""
    likely = langcodes.Language.get(code).maximize()
    tag = f"{likely.language}-{likely.territory}" if likely.territory else code
    scripts = usual_scripts_of(code)
    kind = "w:val"
    if scripts & {"Hani", "Kana", "Hang"}:
        kind = "w:eastAsia"
    elif scripts and scripts <= {"Arab", "Hebr", "Syrc", "Thaa", "Deva", "Thai"}:
        kind = "w:bidi"
    return f"<w:lang {kind}={quoteattr(tag)}/>"


def _without_times(file: io.BytesIO) -> bytes:
    """The package again, with times that do not tell when it was exported."""
    with ZipFile(file) as package:
        parts = [(name, package.read(name)) for name in package.namelist()]
    return whole((name, content, EARLIEST) for name, content in parts)
