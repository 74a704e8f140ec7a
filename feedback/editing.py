"""A segment corrected by a program: all that it wishes at once, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from feedback.attributes import name_speaker
from feedback.saving import (
    Conflict,
    Refused,
    Save,
    checked,
    lock,
    lock_open_job,
    save_segment,
    set_language,
)
from transcription import tags
from transcription.models import Job, Segment


@dataclass(frozen=True)
class Edit:
    """What is to be otherwise; None: as it is. `language`: of all its words. `version`: the one
    that the wish was made from; None where the caller has checked that."""

    text: str | None = None
    speaker: str | None = None
    language: str | None = None
    accepted: bool = False
    version: int | None = None

    def is_done(self, segment: Segment) -> bool:
        """As when it is sent again because no answer came."""
        return (
            (self.text is None or checked(self.text) == segment.text)
            and (self.speaker is None or " ".join(self.speaker.split()) == segment.speaker)
            and (segment.accepted or not self.accepted)
            and (self.language is None or _of_all(segment, self.language) == segment.tags)
        )


def _of_all(segment: Segment, language: str) -> list[Any]:
    """What is stored where all words are in it: `segment.language` is that of most of them."""
    return tags.said(segment, 0, len(segment.text), language)


def edit_segment(
    user: Any, job: Job, segment_id: int, edit: Edit, check: Callable[[Segment], object]
) -> Segment:
    """The segment as it is then. `check` is called with it, held as it is now, unless it is as
    wished already, and ends it by an exception. Raises Conflict where another's change came first,
    and Refused."""
    with transaction.atomic():
        segment = lock(lock_open_job(job), segment_id)
        done = edit.is_done(segment)
        if not done:
            check(segment)
        stale = edit.version not in (None, segment.version) and not done
        if stale or segment.retired_at:
            raise Conflict(segment)
        if edit.text is not None or edit.accepted:
            text = segment.text if edit.text is None else edit.text
            save = Save(text, segment.version, accept=edit.accepted)
            segment = save_segment(user, job, segment_id, save).segment
        if edit.language is not None:
            if not segment.text.strip():
                raise Refused("The segment has no words that could be in a language.")
            every = (0, len(segment.text))
            segment = set_language(
                user, job, segment_id, *every, edit.language, version=segment.version
            )
        if edit.speaker is not None:
            name_speaker(user, job, segment_id, edit.speaker)
    segment.refresh_from_db()
    return segment
