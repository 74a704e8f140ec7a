"""What the desk shows of a recording, and of the segment in focus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from feedback.alignment import Edit, word_edits
from feedback.kinds import told
from feedback.models import Revision
from feedback.palette import Palette
from feedback.restructuring import CREATED, STRUCTURE, ancestors
from lexicon.languages import name_of
from speech_project.templatetags.verbatim import clock
from transcription import tags
from transcription.engines import MODELS
from transcription.exports import standings_of
from transcription.models import Job, Segment
from transcription.segments import SegmentRow

HISTORY_LENGTH = 20
Kind = Revision.Kind
OTHERS: dict[str, str] = {  # in words
    Kind.ACCEPT: "accepted",
    Kind.SPLIT: "split",
    Kind.MERGE: "merged",
    Kind.INSERT: "put in",
    Kind.RESTORE: "put back",
}


@dataclass(frozen=True)
class Desk:
    """What the page and its fragments show."""

    job: Job
    segments: Sequence[Segment | SegmentRow]
    only: str = ""  # the language of which the parts are shown; empty: all of them

    @cached_property
    def palette(self) -> Palette:
        return Palette(self.job, self.segments)

    @cached_property
    def shown(self) -> Sequence[Segment | SegmentRow]:
        if self.only not in self.palette.codes:
            return self.segments
        return [
            segment
            for segment in self.segments
            if any(self.only in (run.language, run.ending) for run in tags.read(segment))
        ]

    @property
    def accepted(self) -> int:
        return sum(segment.accepted for segment in self.segments)

    @property
    def marked(self) -> bool:
        """There is something in it that a reviewer should look at."""
        return any(segment.marks or segment.doubts for segment in self.segments)

    @property
    def speakers(self) -> list[str]:
        return list(dict.fromkeys(each.speaker for each in self.segments if each.speaker))

    @property
    def closed(self) -> bool:
        return self.job.review_status == Job.Review.REVIEWED

    @property
    def record(self) -> Any:
        return MODELS.get(self.job.model)


@dataclass(frozen=True)
class Line:
    """Of a segment's history. `restores`: the text that can be had again from here, None where
    the line is about something else; `takes_back`: what it did can be undone."""

    who: str
    what: str
    updated_at: datetime | None
    key: str = ""
    edits: Sequence[Edit] = ()
    restores: str | None = None
    takes_back: bool = False


def detail(user: Any, job: Job, segment: Segment) -> dict[str, Any]:
    """What the column beside the text tells of the segment in focus."""
    return {
        "segment": segment,
        "palette": Palette(job, [segment]),
        "runs": [
            {"text": segment.text[run.start : run.end], "run": run} for run in tags.read(segment)
        ],
        "edits": _edits(job, segment),
        "changes": standings_of(segment),
        "history": list(_history(user, segment)),
    }


def _edits(job: Job, segment: Segment) -> list[Edit]:
    before, after = segment.engine_text, segment.text
    languages = {*job.languages, *job.heard_languages, segment.language}
    return told(word_edits(before, after), before, after, languages=languages)


def _history(user: Any, segment: Segment) -> Iterator[Line]:
    """Also of the segments that this one was made from; the newest first."""
    of = [segment.pk, *ancestors(segment)]
    kept = Revision.objects.filter(segment__in=of).exclude(kind=Kind.RETIRE)
    lines = list(kept.order_by("-updated_at", "-id")[:HISTORY_LENGTH])
    untouched = all(each.kind in STRUCTURE for each in lines if each.segment_id == segment.pk)
    for revision in lines:
        edited = revision.kind == Kind.EDIT
        edits = word_edits(revision.text_before, revision.text_after) if edited else []
        mine = revision.segment_id == segment.pk
        made = revision.kind in CREATED
        yield Line(
            who="You" if revision.user_id == user.pk else revision.user_name,
            what=_in_words(revision, edits),
            updated_at=revision.updated_at,
            key=str(revision.pk),
            edits=edits,
            restores=revision.text_before if edited and mine else None,
            takes_back=made and mine and untouched,
        )


def _in_words(revision: Revision, edits: Sequence[Edit]) -> str:
    told = revision.detail
    match revision.kind:
        case Kind.EDIT if "proposal" in told:
            return f"taken from {told['model']}"
        case Kind.EDIT:
            places = sum(edit.kind != "equal" for edit in edits)
            return f"{places} change{'' if places == 1 else 's'}"
        case Kind.TIMES:
            return f"times, {clock(told['to'][0])} to {clock(told['to'][1])}"
        case Kind.SPEAKER:
            return f"speaker: {told['to'] or 'nobody'}"
        case Kind.LANGUAGE:
            return f"language: {name_of(told['language']) if told['language'] else 'none'}"
    return OTHERS[revision.kind]
