"""The language of each word of a transcript: as it is found, stored, and kept through changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from threading import Thread
from typing import Any, Protocol

from lexicon.borders import Border
from lexicon.borders import words as border_words
from lexicon.detecting import languages_of
from lexicon.models import Term
from lexicon.normalising import normalise
from lexicon.tagging import NO_TERMS, WITHOUT_BLANKS, Run, runs, spans, tagger
from lexicon.vocabulary import folded
from transcription.models import Job, Segment

Row = list[Any]  # as a run is stored


class HasTags(Protocol):
    @property
    def tags(self) -> list[Row]: ...


_ready: set[tuple[str, ...]] = set()


def of_job(job: Job, texts: Sequence[str]) -> list[str]:
    """The languages that its words may be in: those expected, else those that are found."""
    return list(job.languages or job.heard_languages or languages_of(texts))


def found(
    languages: Sequence[str], texts: Sequence[str], terms: Mapping[str, str] = NO_TERMS
) -> list[list[Row]]:
    """Of each text what is stored of its words' languages."""
    tags = tagger(tuple(languages)).tags(texts, terms)
    return [[_row(run) for run in runs(each)] for each in tags]


def read(segment: HasTags) -> list[Run]:
    return [Run(*row) for row in segment.tags]


def renewed(job: Job, segment: Segment, text: str) -> list[Row]:
    """Of the segment's new text; what people said of words that are still there stands."""
    languages = of_job(job, [text])
    (new,) = found(languages, [text], _terms(job, text))
    for run in _moved([run for run in read(segment) if run.by_person], segment.text, text):
        new = _laid_over(text, new, run)
    return new


def words(text: str) -> list[Border]:
    """Those that a language can be said of; in scripts without blanks, those of ICU."""
    borders: list[Border] = []
    for span in spans(text):
        if span.script in WITHOUT_BLANKS:
            inside = border_words(text[span.start : span.end])
            borders += [(span.start + start, span.start + end) for start, end in inside]
        else:
            borders.append((span.start, span.end))
    return borders


def main_language(rows: Sequence[Row]) -> str:
    """That of most letters; empty where none is known."""
    letters: Counter[str] = Counter()
    for start, end, language, *_ in rows:
        if language:
            letters[language] += end - start
    return max(letters, key=letters.__getitem__, default="")


def said(segment: Segment, start: int, end: int, language: str) -> list[Row]:
    """With what a person says of the words that lie in these characters of the text."""
    inside = [word for word in words(segment.text) if word[0] < end and start < word[1]]
    if not inside:
        return segment.tags
    run = Run(inside[0][0], inside[-1][1], language, by_person=True)
    return _laid_over(segment.text, segment.tags, run)


def get_ready(job: Job) -> None:
    """Read the lists of words that saving will need, while nobody waits."""
    languages = tuple(job.languages or job.heard_languages)
    if languages and languages not in _ready:
        _ready.add(languages)
        # all that is looked up at all: a word, a hesitation, one that is in no list
        Thread(target=tagger(languages).tags, args=(["a hm xqzt"],), daemon=True).start()


def _row(run: Run) -> Row:
    return [*run._replace(confidence=round(run.confidence, 2))]


def _laid_over(text: str, rows: Sequence[Row], run: Run) -> list[Row]:
    """The rows, of which those words are gone that the run has."""
    known, result = words(text), [_row(run)]
    for start, end, *rest in rows:
        for first, last in ((start, min(end, run.start)), (max(start, run.end), end)):
            inside = [word for word in known if first <= word[0] and word[1] <= last]
            if inside:
                result.append([inside[0][0], inside[-1][1], *rest])
    return sorted(result)


def _moved(said: Sequence[Run], before: str, after: str) -> list[Run]:
    """The runs, as far as their words stand in the other text too, where they stand there."""
    if not said:
        return []
    old, new = words(before), words(after)
    one = [before[start:end] for start, end in old]
    other = [after[start:end] for start, end in new]
    found: list[Run] = []
    for i, j, size in SequenceMatcher(None, one, other, False).get_matching_blocks():
        for run in said:
            same = [at for at in range(size) if run.start <= old[i + at][0] < run.end]
            if same:
                start, end = new[j + same[0]][0], new[j + same[-1]][1]
                found.append(run._replace(start=start, end=end))
    return found


def _terms(job: Job, text: str) -> Mapping[str, str]:
    """The lexicon's words in the text whose language it knows."""
    words = {text[span.start : span.end] for span in spans(text)}
    known = Term.objects.filter(
        status=Term.Status.APPROVED, normalized__in=set(map(normalise, words))
    ).exclude(language="")
    return {folded(term): language for term, language in known.values_list("term", "language")}
