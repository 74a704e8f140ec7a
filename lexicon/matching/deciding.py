"""Which of the terms found are put into the text, and which are suggested. Pure."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lexicon.matching import guards, judging
from lexicon.matching.compiling import Compiled, Entry
from lexicon.matching.documents import POSSESSIVE, Document
from lexicon.matching.evidence import NAMES, Evidence
from lexicon.matching.searching import RARE, Found, Search
from lexicon.scripts import script_of
from lexicon.tokens import BETWEEN_BLANKS

ACRONYM = 6  # letters: a longer term in capitals may be a habit of the list's
COMMON = 5.2  # zipf
# An engine's confidence is no part of the training data, which have none. By hand: what it is
# sure of has to sound more like a term, and what it is not sure of less.
USUAL_CONFIDENCE, WORTH, MOST_WORTH = 0.8, 2.5, 1.0  # in log odds


@dataclass(frozen=True)
class Passage:
    """A stretch of text that no match leaves: a segment. `confidences` has one figure for each
    word between blanks (0 to 1, None where the engine gave none), or is empty."""

    text: str
    confidences: Sequence[float | None] = ()


@dataclass(frozen=True)
class Replacement:
    """`text[start:end] == before` is (or, where not `applied`, may be) to become `after`."""

    start: int  # in characters of the passage's text
    end: int
    before: str
    after: str
    term: int  # Entry.id
    rule: str  # "proven", "alternative", "sound", "script" or "spelling"
    score: float  # how probable it is that it is right, 0 to 1
    applied: bool  # else only suggested to the reviewer


def decided(
    passages: Sequence[Passage],
    search: Search,
    likely: Evidence,
    scores: NDArray[np.float32],
    own_script: bool = False,
) -> list[list[Replacement]]:
    """What comes of the pairs with these probabilities, as `match` gives it."""
    found = [*search.exact, *_by_sound(passages, search, likely, scores)]
    result: list[list[Replacement]] = [[] for _ in passages]
    for each in sorted(found, key=lambda found: found.first):
        number = search.document.tokens.passages[each.first]
        made = _replacement(passages[number].text, search, each)
        if made.after == made.before:
            continue
        if made.rule == "spelling" and made.before.isupper():
            made = replace(made, applied=False)  # SGNA in capitals is meant so
        if _scripts_differ(made):
            made = replace(made, rule="script", applied=made.applied and own_script)
        result[number].append(made)
    return result


def _scripts_differ(made: Replacement) -> bool:
    scripts = {script_of(made.before), script_of(made.after)} - {""}
    return len(scripts) > 1


def _by_sound(
    passages: Sequence[Passage],
    search: Search,
    likely: Evidence,
    scores: NDArray[np.float32],
) -> Iterator[Found]:
    """The best first, never two in the same words."""
    some, taken = likely.pairs, search.covered.tolist()
    starts, widths, stemmed = search.windows.spans
    doubts = _doubts(passages, search.document)
    known_language = bool(search.document.languages)
    least = judging.apply_from(likely)
    for row in np.argsort(-scores, kind="stable"):
        if scores[row] < judging.SUGGEST:
            break
        entry = search.lexicon.entries[some.entry[row]]
        for span in search.windows.where(some.window[row]):
            first, last = int(starts[span]), int(starts[span] + widths[span])
            if any(taken[first:last]):
                continue
            taken[first:last] = [True] * (last - first)
            doubt = float(doubts[first:last].mean()) if len(doubts) else 0.0
            score = judging.shifted(float(scores[row]), doubt)
            applied = known_language and score >= float(least[row])
            ending = POSSESSIVE if stemmed[span] else ""
            applied = applied and not _vetoed(likely, int(row))
            yield Found(first, last, entry, "sound", score, applied, ending)


_HEARD_RAREST = NAMES.index("heard_rarest")


def _vetoed(likely: Evidence, row: int) -> bool:
    """Changes that are not made unasked, however probable: to the opposite, and of a common word
    that nothing else speaks for."""
    alone = not likely.pairs.before[row] + likely.pairs.after[row]
    common = likely.figures[row, _HEARD_RAREST] * 5 >= COMMON
    return bool(guards.opposite(likely.heard[row], likely.meant[row]) or (alone and common))


def _doubts(passages: Sequence[Passage], document: Document) -> NDArray[np.float64]:
    """What the engine's confidence in each word adds to the log odds that it is another; empty
    where it told none."""
    if not any(passage.confidences for passage in passages):
        return np.zeros(0)
    doubts = np.zeros(len(document.words))
    begins = [
        [each.start() for each in BETWEEN_BLANKS.finditer(passage.text)] for passage in passages
    ]
    places = zip(document.tokens.passages, document.tokens.starts, strict=True)
    for at, (number, start) in enumerate(places):
        confidences = passages[number].confidences
        word = bisect_right(begins[number], start) - 1
        confidence = confidences[word] if word < len(confidences) else None
        if confidence is not None:
            doubts[at] = np.clip(WORTH * (USUAL_CONFIDENCE - confidence), -MOST_WORTH, MOST_WORTH)
    return doubts


def _replacement(text: str, search: Search, found: Found) -> Replacement:
    tokens = search.document.tokens
    start, end = tokens.starts[found.first], tokens.ends[found.last - 1] - len(found.ending)
    before = text[start:end]
    if not found.rule and not _misspelt(before, search, found):
        after = before
    else:
        after = _cased(found.entry, before, search.lexicon)
    rule = found.rule or "spelling"
    return Replacement(start, end, before, after, found.entry.id, rule, found.score, found.applied)


def _misspelt(before: str, search: Search, found: Found) -> bool:
    """Whether a term that stands is written otherwise than the lexicon has it, in case or in
    accents. Ordinary words are left alone: an apple need not be Apple."""
    term, document = found.entry.text, search.document
    numbers = document.numbers[found.first : found.last]
    ordinary = float(document.zipf_of[numbers].min()) >= RARE
    if ordinary or before.isupper() or found.entry.case_sensitive:
        return False
    if _bare(before).casefold() != _bare(term).casefold():
        return not term.isascii()  # a list without accents tells nothing about them
    return _tells_case(found.entry, search.lexicon) and _bare(before) != _bare(term)


def _bare(text: str) -> str:
    """The letters and digits alone."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def _tells_case(entry: Entry, lexicon: Compiled) -> bool:
    """Whether the term's case is meant so: not where it is in small letters, nor in capitals
    where it is long, or all of the list is."""
    term = entry.text
    if term == term.lower():
        return False
    if entry.kind == "acronym":
        return True
    letters = sum(map(str.isalpha, term))
    return term != term.upper() or (lexicon.cased and letters <= ACRONYM)


def _cased(entry: Entry, before: str, lexicon: Compiled) -> str:
    term = entry.text
    if _tells_case(entry, lexicon):
        return term
    if before.isupper() and len(before) > 1:
        return term.upper()
    if before[:1].isupper():
        return " ".join(word[:1].upper() + word[1:].lower() for word in term.split(" "))
    return term.lower()


def rewritten(text: str, replacements: Iterable[Replacement]) -> str:
    """The text with the replacements that are to be applied."""
    parts, at = [], 0
    for each in replacements:
        if each.applied:
            parts += [text[at : each.start], each.after]
            at = each.end
    return "".join([*parts, text[at:]])
