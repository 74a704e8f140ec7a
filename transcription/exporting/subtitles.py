"""Subtitle files: SubRip (SRT) and WebVTT. Pure.

WebVTT is written by webvtt-py, which refuses what could not be read back. SRT is not: what writes
it takes signs in the text (`<`, `{`) for markup, and loses words.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from webvtt import Caption, WebVTT

from transcription.exporting.cues import Cue, Turn, cues
from transcription.exporting.document import DEMO, Document, Options, one_line, timestamp

ARROW = "-->"
# with a word joiner in it, which nobody sees: some programs take an arrow for a line of times
HARMLESS_ARROW = "--\u2060>"


def srt(document: Document, options: Options) -> bytes:
    found = cues(document.passages, prefixes=options.speakers)
    return "".join(map(_block, range(1, len(found) + 1), found)).encode()


def _block(number: int, cue: Cue) -> str:
    times = f"{timestamp(cue.start_ms, ',')} {ARROW} {timestamp(cue.end_ms, ',')}"
    text = "\n".join(cue.lines).replace(ARROW, HARMLESS_ARROW)
    return f"{number}\n{times}\n{text}\n\n"


def vtt(document: Document, options: Options) -> bytes:
    """With speakers as voices, which take no room in the lines."""
    comments = []
    if document.demo and not document.reviewed_at:
        comments.append(one_line(f"{document.model}: {DEMO}").replace(ARROW, HARMLESS_ARROW))
    captions = [
        Caption(
            timestamp(cue.start_ms),
            timestamp(cue.end_ms),
            list(_payload(cue.turns, options.speakers)),
        )
        for cue in cues(document.passages)
    ]
    return WebVTT(captions=captions, header_comments=comments).content.encode()


def _payload(turns: tuple[Turn, ...], speakers: bool) -> Iterator[str]:
    for turn in turns:
        lines = [escape(line, quote=False) for line in turn.lines]
        if speakers and turn.speaker:
            lines[0] = f"<v {escape(turn.speaker, quote=False)}>{lines[0]}"
            lines[-1] += "</v>"
        yield from lines
