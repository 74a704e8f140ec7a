"""The language of each word of a transcript: as it is found, stored, and kept through changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from difflib import SequenceMatcher
from functools import lru_cache
from threading import Thread
from typing import Any

from lexicon.detecting import languages_of
from lexicon.models import Term
from lexicon.normalising import normalise
from lexicon.tagging import NO_TERMS, Run, Tagger, runs, spans
from lexicon.vocabulary import folded
from transcription.models import Job, Segment

Row = list[Any]  # as a run is stored
_ready: set[tuple[str, ...]] = set()


def of_job(job: Job, texts: Sequence[str]) -> list[str]:
    """The languages that its words may be in: those expected, else those that are found."""
    return list(job.languages or job.heard_languages or languages_of(texts))


def found(
    languages: Sequence[str], texts: Sequence[str], terms: Mapping[str, str] = NO_TERMS
) -> list[list[Row]]:
    """Of each text what is stored of its words' languages."""
    tags = _tagger(tuple(languages)).tags(texts, terms)
    return [[_row(run) for run in runs(each)] for each in tags]


def read(segment: Segment) -> list[Run]:
    return [Run(*row) for row in segment.tags]


def renewed(job: Job, segment: Segment, text: str) -> list[Row]:
    """Of the segment's new text; what people said of words that are still there stands."""
    languages = of_job(job, [text])
    (new,) = found(languages, [text], _terms(job, text))
    said = [run for run in read(segment) if run.by_person]
    kept = _moved(said, segment.text, text) if said else []
    for run in kept:
        new = _laid_over(new, run)
    return new


def main_language(rows: Sequence[Row]) -> str:
    """That of most letters; empty where none is known."""
    letters: Counter[str] = Counter()
    for start, end, language, *_ in rows:
        letters[language] += end - start
    return max(letters, key=letters.__getitem__, default="")


def said(segment: Segment, start: int, end: int, language: str) -> list[Row]:
    """With what a person says of the words that lie in these characters of the text."""
    inside = [span for span in spans(segment.text) if span.start < end and start < span.end]
    if not inside:
        return segment.tags
    run = Run(inside[0].start, inside[-1].end, language, by_person=True)
    return _laid_over(segment.tags, run)


def get_ready(job: Job) -> None:
    """Read the lists of words that saving will need, while nobody waits."""
    languages = tuple(job.languages or job.heard_languages)
    if languages and languages not in _ready:
        _ready.add(languages)
        # all that is looked up at all: a word, a hesitation, one that is in no list
        Thread(target=_tagger(languages).tags, args=(["a hm xqzt"],), daemon=True).start()


def _row(run: Run) -> Row:
    return [*astuple(replace(run, confidence=round(run.confidence, 2)))]


def _laid_over(rows: Sequence[Row], run: Run) -> list[Row]:
    """The rows, cut where the run lies; a run of no language leaves a hole."""
    result = []
    for start, end, *rest in rows:
        if start < run.start:
            result.append([start, min(end, run.start), *rest])
        if end > run.end:
            result.append([max(start, run.end), end, *rest])
    result += [_row(run)] if run.language else []
    return sorted(result)


def _moved(said: Sequence[Run], before: str, after: str) -> list[Run]:
    """The runs whose words stand in the other text too, where they stand there."""
    blocks = SequenceMatcher(None, before, after, False).get_matching_blocks()
    return [
        replace(run, start=run.start + b - a, end=run.end + b - a)
        for run in said
        for a, b, size in blocks
        if a <= run.start and run.end <= a + size
    ]


def _terms(job: Job, text: str) -> Mapping[str, str]:
    """The lexicon's words in the text whose language it knows."""
    words = {text[span.start : span.end] for span in spans(text)}
    known = Term.objects.filter(
        status=Term.Status.APPROVED, normalized__in=set(map(normalise, words))
    ).exclude(language="")
    return {folded(term): language for term, language in known.values_list("term", "language")}


@lru_cache(maxsize=16)
def _tagger(languages: tuple[str, ...]) -> Tagger:
    return Tagger(languages)
