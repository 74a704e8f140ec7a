"""The second look at a part of a recording: which terms may be in it that its text has not, and
whether another answer is the better. Pure: no Django, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from lexicon.prompting import Candidate, Index
from lexicon.tokens import split
from transcription.engines.base import Word

DOUBTFUL = 0.5  # words of which the engine is less sure
WIDEST = 3  # words that together were perhaps a term
MOST_TERMS = 20  # more is no second look at few, but the first over again
WORDS_A_TERM = 4  # that a term may take the place of
REST_MAY_DIFFER = 0.05  # of the other words: asked twice, engines answer a little differently


def candidates(
    words: Sequence[Word], near_misses: Iterable[int], index: Index, languages: Sequence[str]
) -> list[Candidate]:
    """The terms to listen for: those that the text nearly has, by their ids, and those that sound
    like words of which the engine is not sure."""
    missed = (index.by_id[pk] for pk in near_misses if pk in index.by_id)
    wanted = set(index.languages(languages))
    doubted = (
        index.terms[at]
        for window in _doubtful(words)
        for at in index.alike(window)
        if index.terms[at].language in wanted
    )
    found = {term.id: term for term in (*missed, *doubted)}
    return list(found.values())[:MOST_TERMS]


def _doubtful(words: Sequence[Word]) -> Iterator[str]:
    """The runs of a few words that have a doubtful one in them."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + WIDEST, len(words)) + 1):
            run = words[start:end]
            if any(word.confidence is not None and word.confidence < DOUBTFUL for word in run):
                yield " ".join(word.text for word in run)


def is_better(text: str, before: str, terms: Iterable[str]) -> bool:
    """Whether more of the terms stand in the text than in the one before, and the rest is the
    same, or nearly."""
    new, old = split(text), split(before)
    wanted = [words for term in terms if (words := split(term))]
    if len(list(_found(new, wanted))) <= len(list(_found(old, wanted))):
        return False
    termed = {at for start, end in _found(new, wanted) for at in range(start, end)}
    changed = 0
    for kind, i, j, first, last in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind != "equal":
            inside = sum(at in termed for at in range(first, last))
            changed += max(last - first - inside, j - i - WORDS_A_TERM * inside, 0)
    return changed <= max(1, REST_MAY_DIFFER * len(old))


def _found(words: list[str], terms: Sequence[list[str]]) -> Iterator[tuple[int, int]]:
    """Where terms stand."""
    for term in terms:
        for start in range(len(words) - len(term) + 1):
            if words[start : start + len(term)] == term:
                yield start, start + len(term)
