"""Finds the lexicon's terms in a transcript where the engine wrote them otherwise. Pure.

First what is written exactly as one of a term's alternatives; then, among all stretches of words,
those that sound like a term, weighed by evidence (evidence.py, judging.py). What is sure enough is
to be applied, what is less sure is suggested to the reviewer (deciding.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from lexicon.matching import documents, judging
from lexicon.matching.compiling import Compiled, Entry, compile_lexicon
from lexicon.matching.deciding import Passage, Replacement, decided, rewritten
from lexicon.matching.searching import search_in

__all__ = ["Compiled", "Entry", "Passage", "Replacement", "compile_lexicon", "match", "rewritten"]


def match(
    passages: Sequence[Passage],
    lexicon: Compiled,
    *,
    languages: Sequence[str] = (),
    own_script: bool = False,
) -> list[list[Replacement]]:
    """For each passage its replacements, in order and not overlapping.

    `languages`: ISO 639-1 codes that are expected; terms of other languages are left out. Where
    none is told, the language is guessed, and where that fails, what is found by sound is only
    suggested. `own_script`: terms heard in another script are written in their own; else that is
    only suggested.
    """
    document = documents.read([each.text for each in passages], lexicon, languages)
    search = search_in(document, lexicon, languages)
    return decided(passages, search, *judging.judged(search), own_script)
