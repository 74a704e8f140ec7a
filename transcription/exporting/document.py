"""A transcript as its exports are made of it. Pure: no Django, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lexicon.borders import blank_between
from lexicon.languages import name_of
from transcription.said import Row, Said, said

NOT_TRANSCRIBED = "[not transcribed]"
DEMO = "demo quality, not for real use"
# where running text gets a new paragraph: at a pause, or where one is as long and a segment ends
PAUSE_MS = 2_000
LONG_PARAGRAPH = 600  # characters
# XML and text files cannot hold these, and nobody said them
_UNPRINTABLE = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# what some programs take for the end of a line
_ENDS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Passage:
    """A segment. `runs`: (start, end, language) of characters whose language is known; `heard`:
    the engine's words as stored, where their times are needed. A `gap` has no text, for it could
    not be transcribed."""

    number: int
    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""
    language: str = ""
    engine_text: str = ""
    accepted: bool = False
    gap: bool = False
    runs: tuple[tuple[int, int, str], ...] = ()
    heard: Sequence[Row] = ()

    @property
    def shown(self) -> str:
        """On one line; where nothing could be transcribed, that."""
        return NOT_TRANSCRIBED if self.gap else one_line(self.text)

    @property
    def words(self) -> list[Said]:
        """Those of the text, with the times of what was heard, else with their share of the
        passage's."""
        return said(self.text, self.heard, self.start_ms, max(self.start_ms, self.end_ms))


@dataclass(frozen=True)
class Document:
    """`made_at`: when its transcript was finished; `reviewed_at`: None until a person said that
    it is right."""

    title: str
    passages: tuple[Passage, ...]
    duration_ms: int = 0
    languages: tuple[str, ...] = ()
    model: str = ""
    demo: bool = False
    made_at: datetime | None = None
    reviewed_at: datetime | None = None

    @property
    def spoken(self) -> Iterator[Passage]:
        """Those that a reader sees: with text, or in the place of it."""
        return (passage for passage in self.passages if passage.shown)

    @property
    def about(self) -> str:
        """What a reader should know before reading, on one line."""
        return " · ".join(
            filter(
                None,
                [
                    clock(self.duration_ms) if self.duration_ms else "",
                    ", ".join(map(name_of, self.languages)),
                    self.model,
                    DEMO if self.demo and not self.reviewed_at else "",
                    f"reviewed {day(self.reviewed_at)}" if self.reviewed_at else "not reviewed",
                ],
            )
        )


@dataclass(frozen=True)
class Options:
    """What of each segment stands before its text."""

    times: bool = False
    speakers: bool = False


def printable(text: str) -> str:
    return _ENDS.sub(" ", _UNPRINTABLE.sub("", text))


def one_line(text: str) -> str:
    """Without line ends; no-break spaces stay between what they hold together."""
    return _BLANKS.sub(lambda found: found[0] if found[0] in "\xa0\u202f" else " ", text).strip()


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def timestamp(ms: int, point: str = ".") -> str:
    """Milliseconds as 01:02:03.456."""
    seconds, ms = divmod(max(0, ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"


def clock(ms: int) -> str:
    """Milliseconds as 01:02:03."""
    return timestamp(ms)[:-4]


def joined(texts: Iterable[str]) -> str:
    """Sentence after sentence."""
    result = ""
    for text in filter(None, texts):
        result += blank_between(result, text) + text
    return result


def paragraphs(document: Document) -> Iterator[list[Passage]]:
    """Passages that read on as one paragraph: of one speaker, without a pause between."""
    group: list[Passage] = []
    length = 0
    for passage in document.spoken:
        if group and (length >= LONG_PARAGRAPH or _is_new(group[-1], passage)):
            yield group
            group, length = [], 0
        group.append(passage)
        length += len(passage.shown)
    if group:
        yield group


def _is_new(last: Passage, passage: Passage) -> bool:
    return (
        last.speaker != passage.speaker
        or last.gap
        or passage.gap
        or passage.start_ms - last.end_ms >= PAUSE_MS
    )
