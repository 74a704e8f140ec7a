"""Transcripts in which the lexicon changed something, without any engine."""

from __future__ import annotations

from lexicon.matching import Replacement
from transcription.correcting import replaced, stored
from transcription.models import Job, Segment
from transcription.stitching import Draft
from transcription.timing import TimedWord

HEARD = "Then we will lower the interest oh to forty and stop the sparing lactone on Monday."
MADE = HEARD.replace("interest oh", "Entresto")
# what the lexicon changes in it, and what it only suggests
CHANGES = (("interest oh", "Entresto", True), ("sparing lactone", "spironolactone", False))


def apply(job: Job, *changes: tuple[str, str, bool], terms: tuple[int, ...] = (1, 2)) -> None:
    """Let the lexicon change these words (or, with False, suggest it) wherever they stand first:
    before, after, whether it is applied. The first change is of the first term, and so on."""
    for segment in Segment.objects.filter(job=job):
        heard = segment.engine_text
        found = sorted(
            (
                Replacement(at, at + len(before), before, after, term, "sound", 0.93, applied)
                for (before, after, applied), term in zip(changes, terms, strict=False)
                if (at := heard.find(before)) >= 0
            ),
            key=lambda each: each.start,
        )
        words = [TimedWord(word, 0, 0) for word in heard.split(" ")]
        made = replaced(Draft(1, 0, 0, heard, words, marks=segment.marks), found)
        segment.text, segment.marks = made.text, made.marks
        segment.replacements = [stored(each) for each in found]
        segment.save()
