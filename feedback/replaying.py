"""Reviewing played over recognised texts whose references are known: what it would have taught,
and what that would have been worth. Pure: no Django, no I/O.

The reference is what a reviewer ends with. What was reviewed is mined (mining.py), what is sure
enough of it becomes a lexicon, and the lexicon corrects what was not reviewed (lexicon.matching).
Nothing else is known to the corrector, so what is gained was taught.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from feedback.alignment import bare
from feedback.mining import SURE, Lesson, Reviewed, entries, lessons, misheard
from lexicon.borders import words
from lexicon.evaluating import indexed, occurrences
from lexicon.matching import Entry, Passage, Replacement, compile_lexicon, match, rewritten
from lexicon.normalising import normalise

Normaliser = Callable[[str], list[str]]
FROM_RECORDINGS = 2  # that taught the same: then it is everyone's
PIECE_WORDS = 30  # of the reference: about a segment
KNOWN_BORDER = 2  # words right before it, that a border between two pieces is told by


@dataclass(frozen=True)
class Replayed:
    """Sums over documents. `term_errors`: terms in the unreviewed texts that are wrong there;
    `learnable`: those of them whose term was in what was reviewed; `fixed`: learnable ones that are
    right afterwards; `broken`: terms that were right and are not any more. Edits are right or false
    by the errors of their piece, and neutral where these stay the same."""

    documents: int = 0
    words: int = 0
    term_errors: int = 0
    learnable: int = 0
    fixed: int = 0
    broken: int = 0
    errors_before: int = 0
    errors_after: int = 0
    right_edits: int = 0
    false_edits: int = 0
    neutral_edits: int = 0
    terms_learned: int = 0

    def __add__(self, other: Replayed) -> Replayed:
        mine, others = vars(self), vars(other)
        return Replayed(**{name: mine[name] + others[name] for name in mine})


@dataclass(frozen=True)
class Options:
    """`terms`: those that count; empty: those that were taught. `accept`: from which confidence on
    a lesson is taken."""

    alike: Normaliser
    terms: Sequence[str] = ()
    part: float = 0.5
    accept: float = SURE


def pieces(heard: str, right: str) -> list[Reviewed]:
    """Both texts, cut at the same places into pieces of about PIECE_WORDS words."""
    (heard_words, heard_bare), (right_words, right_bare) = _words(heard), _words(right)
    found: list[Reviewed] = []
    a = x = 0
    for op in Levenshtein.opcodes(heard_bare, right_bare):
        if op.tag != "equal" or op.src_end - op.src_start < KNOWN_BORDER:
            continue
        for step in range(KNOWN_BORDER, op.src_end - op.src_start + 1):
            b, y = op.src_start + step, op.dest_start + step
            if y - x >= PIECE_WORDS:
                found.append(
                    Reviewed(_within(heard, heard_words, a, b), _within(right, right_words, x, y))
                )
                a, x = b, y
    end, last = len(heard_words), len(right_words)
    if a < end or x < last:
        found.append(
            Reviewed(_within(heard, heard_words, a, end), _within(right, right_words, x, last))
        )
    return found


def _words(text: str) -> tuple[list[tuple[int, int]], list[str]]:
    borders = words(text)
    return borders, [bare(text[start:end]) for start, end in borders]


def _within(text: str, borders: Sequence[tuple[int, int]], first: int, last: int) -> str:
    return text[borders[first][0] : borders[last - 1][1]] if first < last else ""


def replay_halves(documents: Iterable[tuple[str, str]], options: Options) -> Iterator[Replayed]:
    """Of each document, heard and right, the first part is reviewed, and what it taught is used for
    the rest: within a recording, as within a client's, what was proven is."""
    for heard, right in documents:
        cut = pieces(heard, right)
        at = _part_of(cut, options.part)
        taught = [each for each in lessons(cut[:at]) if each.confidence >= options.accept]
        yield _replayed(entries(taught), cut[:at], cut[at:], options)


def replay_in_order(documents: Iterable[tuple[str, str]], options: Options) -> Iterator[Replayed]:
    """Each document is corrected by what those before it taught, then reviewed. As they may be
    anybody's, only what two of them taught is taken, and ordinary words stay as they are."""
    reviewed: list[Reviewed] = []
    taught: dict[str, list[Lesson]] = defaultdict(list)
    for heard, right in documents:
        cut = pieces(heard, right)
        if reviewed:
            accepted = [each for each in taught.values() if len(each) >= FROM_RECORDINGS]
            lexicon = [
                Entry(
                    number,
                    each[0].term,
                    alternatives=tuple(dict.fromkeys(h for one in each for h in misheard(one))),
                )
                for number, each in enumerate(accepted)
            ]
            yield _replayed(lexicon, reviewed, cut, options)
        for lesson in lessons(cut):
            if lesson.confidence >= options.accept:
                taught[normalise(lesson.term)].append(lesson)
        reviewed += cut


def _part_of(cut: Sequence[Reviewed], part: float) -> int:
    """How many pieces have that part of the words."""
    counts = [len(each.text.split()) for each in cut]
    done = 0
    for at, count in enumerate(counts, 1):
        done += count
        if done >= part * sum(counts):
            return at
    return len(cut)


def _replayed(
    terms: Sequence[Entry], first: Sequence[Reviewed], rest: Sequence[Reviewed], options: Options
) -> Replayed:
    lexicon = compile_lexicon(terms)
    found = match([Passage(each.engine_text) for each in rest], lexicon)
    after = [
        replace(each, engine_text=rewritten(each.engine_text, made))
        for each, made in zip(rest, found, strict=True)
    ]
    counted = options.terms or [each.text for each in terms]
    return _scored(first, rest, after, found, counted, options.alike) + Replayed(
        documents=1, terms_learned=len(terms)
    )


def _scored(
    first: Sequence[Reviewed],
    rest: Sequence[Reviewed],
    after: Sequence[Reviewed],
    found: Sequence[Sequence[Replacement]],
    terms: Sequence[str],
    alike: Normaliser,
) -> Replayed:
    index = indexed(" ".join(alike(term)) for term in terms)
    reviewed, right = _joined(first, "text", alike), _joined(rest, "text", alike)
    met = {term for term, _ in occurrences(reviewed, reviewed, index)}
    raw = occurrences(right, _joined(rest, "engine_text", alike), index)
    now = occurrences(right, _joined(after, "engine_text", alike), index)
    wrong = [
        (term, fixed) for (term, before), (_, fixed) in zip(raw, now, strict=True) if not before
    ]
    score = Replayed(
        words=len(right),
        term_errors=len(wrong),
        learnable=sum(term in met for term, _ in wrong),
        fixed=sum(fixed and term in met for term, fixed in wrong),
        broken=sum(was and not is_ for (_, was), (_, is_) in zip(raw, now, strict=True)),
    )
    for before, corrected, made in zip(rest, after, found, strict=True):
        score += _edited(before, corrected, made, alike)
    return score


def _edited(
    before: Reviewed, after: Reviewed, made: Sequence[Replacement], alike: Normaliser
) -> Replayed:
    right = alike(before.text)
    errors = Levenshtein.distance(right, alike(before.engine_text))
    if before == after:
        return Replayed(errors_before=errors, errors_after=errors)
    left = Levenshtein.distance(right, alike(after.engine_text))
    edits = sum(each.applied for each in made)
    return Replayed(
        errors_before=errors,
        errors_after=left,
        right_edits=edits if left < errors else 0,
        false_edits=edits if left > errors else 0,
        neutral_edits=edits if left == errors else 0,
    )


def _joined(parts: Sequence[Reviewed], side: str, alike: Normaliser) -> list[str]:
    return alike(" ".join(getattr(each, side) for each in parts))
