"""A transcript to read: plain text and Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transcription.exporting.document import (
    DEMO,
    Document,
    Options,
    Passage,
    clock,
    joined,
    one_line,
    paragraphs,
)

# what Markdown, and GitHub's and Pandoc's kinds of it, may take for something else than text
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#&|~$^=]")
# at the beginning of a line also lists and headings
_LINE_BEGINS = re.compile(r"^([-+:]|\d+(?=[.)]))")


def plain(document: Document, options: Options) -> bytes:
    """With times a paragraph for each segment, as `[00:01:02] Anna: text`; without, paragraphs as
    a reader would have them."""
    blocks = [f"[{document.model}: {DEMO}]"] if document.demo and not document.reviewed_at else []
    for group in _groups(document, options):
        time = f"[{clock(group[0].start_ms)}] " if options.times else ""
        speaker = one_line(group[0].speaker) if options.speakers else ""
        text = joined(passage.shown for passage in group)
        blocks.append(f"{time}{speaker}: {text}" if speaker else f"{time}{text}")
    return ("\n\n".join(blocks) + "\n").encode()


def markdown(document: Document, options: Options) -> bytes:
    blocks = [f"# {escaped(one_line(document.title))}", f"*{escaped(document.about)}*"]
    for group in _groups(document, options):
        time = f"`{clock(group[0].start_ms)}`" if options.times else ""
        speaker = escaped(one_line(group[0].speaker)) if options.speakers else ""
        text = escaped(joined(passage.shown for passage in group))
        if not time and not speaker:
            text = _LINE_BEGINS.sub(_after_backslash, text)
        blocks.append(" ".join(filter(None, [time, speaker and f"**{speaker}:**", text])))
    return ("\n\n".join(blocks) + "\n").encode()


def _groups(document: Document, options: Options) -> Iterator[list[Passage]]:
    if not options.times:
        yield from paragraphs(document)
        return
    for passage in document.spoken:
        yield [passage]


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def _after_backslash(found: re.Match[str]) -> str:
    """Before a sign; after a number, whose point or bracket would make a list of it."""
    return f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\"
