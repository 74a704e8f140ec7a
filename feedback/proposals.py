"""Taking from a proposal: a second transcript of a recording, read beside what stands, from which a
reviewer takes segments one by one. What stands is changed by nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.db import transaction

from feedback.comparing import Heard, Passage, Place, Sides, dealt, differing, same
from feedback.models import Revision
from feedback.palette import Palette
from feedback.saving import (
    Refused,
    Save,
    Saved,
    begin_review,
    checked,
    lock_open_job,
    save_segment,
    write,
)
from transcription import tags
from transcription.models import Job, Segment

SHOWN = {
    "": "Where the two differ",
    "engine": "Where the two engines differ",
    "all": "All",
}


class Present(NamedTuple):
    """A segment as it stands, only to be read."""

    pk: int
    start_ms: int
    end_ms: int
    speaker: str
    language: str
    engine_text: str
    text: str
    tags: list[list[Any]]
    version: int
    accepted: bool
    edited_by_id: int | None
    edited_by_name: str
    chunk__channel: int | None

    @property
    def touched(self) -> bool:
        """People have accepted or changed it."""
        return self.accepted or self.edited_by_id is not None


@dataclass(frozen=True)
class Text:
    """One of the texts of a segment, with the languages of its words as segments have them."""

    text: str
    language: str
    tags: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A segment, and what the proposal has in its place. `taken`: the line of its history by which
    it got its text from there."""

    segment: Present
    proposed: Passage
    taken: Revision | None = None

    @cached_property
    def first(self) -> Text:
        """What the engine wrote first."""
        return Text(self.segment.engine_text, self.segment.language)

    @cached_property
    def new(self) -> Text:
        rows = self.proposed.tags
        language = tags.main_language(rows) or self.segment.language
        return Text(self.proposed.text, language, rows)

    @cached_property
    def differs(self) -> bool:
        return not same(self.segment.text, self.proposed.text)

    @cached_property
    def sides(self) -> Sides:
        return differing(self.segment.text, self.proposed.text)

    @property
    def save_id(self) -> str:
        """Another for each time it is shown, so that a click that is sent twice is one change."""
        return uuid.uuid4().hex

    @property
    def may_be_taken_unseen(self) -> bool:
        """Nobody has said anything about it, and there is something to take."""
        return self.differs and not self.segment.touched and bool(self.proposed.text)


@dataclass(frozen=True)
class Comparison:
    job: Job
    proposal: Job
    rows: Sequence[Row]

    @property
    def closed(self) -> bool:
        return self.job.review_status == Job.Review.REVIEWED

    @cached_property
    def palette(self) -> Palette:
        return Palette(self.job, ())

    def shown(self, which: str) -> list[Row]:
        """What a filter, a key of SHOWN, leaves; what was taken stays to be put back."""
        if which == "all":
            return list(self.rows)
        if which == "engine":
            return [r for r in self.rows if not same(r.segment.engine_text, r.proposed.text)]
        return [row for row in self.rows if row.differs or row.taken]

    @cached_property
    def unseen(self) -> list[Row]:
        """What may be taken at once."""
        return [row for row in self.rows if row.may_be_taken_unseen]


def compare(job: Job, proposal: Job) -> Comparison:
    live = Segment.objects.filter(job=job, retired_at=None).order_by("position", "id")
    present = [Present(*row) for row in live.values_list(*Present._fields)]
    places = [Place(each.text, each.start_ms, each.end_ms, each.chunk__channel) for each in present]
    taken = _taken(job, proposal)
    rows = [
        Row(segment, proposed, _by_which(taken, segment))
        for segment, proposed in zip(present, dealt(places, heard(proposal)), strict=True)
    ]
    return Comparison(job, proposal, rows)


def row_of(job: Job, proposal: Job, segment: Segment, text: str) -> Row:
    """One segment of the comparison, where it is known what the proposal has there."""
    same_names = [name for name in Present._fields if name != "chunk__channel"]
    values = {name: getattr(segment, name) for name in same_names}
    present = Present(**values, chunk__channel=None)
    languages = tags.of_job(job, [text])
    rows = tags.found(languages, [text])[0] if len(languages) > 1 else []
    taken = _taken(job, proposal, only=[segment.pk])
    return Row(present, Passage(text, rows), _by_which(taken, present))


def heard(proposal: Job, which: str = "text") -> list[Heard]:
    """Its text, or, as "engine_text", what the engine wrote before the lexicon corrected it."""
    live = Segment.objects.filter(job=proposal, retired_at=None).order_by("position", "id")
    columns = (which, "start_ms", "end_ms", "chunk__channel", "words", "tags")
    return [Heard(*row) for row in live.values_list(*columns)]


def _taken(job: Job, proposal: Job, only: Collection[int] | None = None) -> dict[int, Revision]:
    """Of each segment the last line of its history that tells of the proposal."""
    lines = Revision.objects.filter(job=job, detail__proposal=str(proposal.pk))
    if only is not None:
        lines = lines.filter(segment__in=only)
    return {line.segment_id: line for line in lines.order_by("pk")}


def _by_which(taken: dict[int, Revision], segment: Present) -> Revision | None:
    line = taken.get(segment.pk)
    return line if line and line.text_after == segment.text else None


def take(user: Any, job: Job, proposal: Job, segment_id: int, save: Save) -> Saved:
    """Save a text of the proposal as the reviewer's own. Raises Conflict where another's change
    came first, and Refused."""
    if not _is_of(proposal, save.text):
        raise Refused("The proposal does not have this text any more. Load the page again.")
    return save_segment(user, job, segment_id, save, source=_source(proposal))


def _is_of(proposal: Job, text: str) -> bool:
    """Whether it is a run of the proposal's words, by channel or as they follow each other."""
    live = Segment.objects.filter(job=proposal, retired_at=None)
    orders = (("position", "id"), ("chunk__channel", "position", "id"))
    wanted = "".join(text.split())
    return any(
        wanted in "".join("".join(live.order_by(*order).values_list("text", flat=True)).split())
        for order in orders
    )


def _source(proposal: Job) -> dict[str, str]:
    """What the history keeps of where a text came from."""
    return {"proposal": str(proposal.pk), "model": proposal.model}


def take_untouched(user: Any, job: Job, proposal: Job) -> int:
    """Take all that nobody has accepted or changed, at once; how many. Raises Refused."""
    with transaction.atomic():
        job = lock_open_job(job)
        texts = {row.segment.pk: row.proposed.text for row in compare(job, proposal).unseen}
        found = Segment.objects.select_for_update().filter(pk__in=texts).order_by("position", "id")
        for segment in found:
            text = checked(texts[segment.pk])
            write(user, job, segment, text, accepted=False, source=_source(proposal))
        if texts:
            begin_review(user, job)
    return len(texts)
