"""Words heard and terms that sound like them, paired. Pure.

A pair is first stripped of what it shares: of "paul bets" and "Paul Betz" only "bets" and "Betz"
are compared; that "paul" is kept is evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from lexicon.matching import sounds
from lexicon.matching.compiling import MOST_WORDS, Compiled
from lexicon.matching.documents import WIDEST, Document, Windows, classes
from lexicon.matching.neighbours import Text

Whole = NDArray[np.int64]
Figures = NDArray[np.float32]

LEAST_SOUND = 0.55  # of the parts that differ; below, nothing was ever right
LONG_LIST = 5_000  # terms; above that, for each doubling:
MORE_SOUND = 0.035
MOST_RIVALS = 6  # terms for one window that are looked at closely
KEPT_WORTH = 0.05  # of a word that window and term share, as against likeness of sound
MOST_MORE_WORDS = 2  # of what was heard than of the term, or fewer
COMMONEST = 5.2  # zipf: about the 500 commonest words
LONGER = 1.3  # what was heard may have so many times the sounds of the longest term


@dataclass(frozen=True, eq=False)
class Pairs:
    """Windows that may be terms; rows of arrays. `heard_*` and `term_*` tell of the parts that
    differ."""

    window: Whole
    way: Whole
    entry: Whole
    before: Whole  # words that are shared at the start,
    after: Whole  # and at the end
    heard_words: Whole
    term_words: Whole
    heard_phones: Whole
    term_phones: Whole
    sound: Figures  # similarity of the parts that differ

    def take(self, rows: NDArray[np.generic]) -> Pairs:
        return Pairs(*(getattr(self, each.name)[rows] for each in fields(self)))

    def __len__(self) -> int:
        return len(self.window)


def pairs(
    document: Document, found: Windows, lexicon: Compiled, covered: NDArray[np.bool_]
) -> Pairs:
    """Windows and terms that sound alike. `covered`: words that are a term already, which are
    left alone."""
    asked = _worth_asking(document, found, lexicon, covered)
    symbols, starts, sizes = classes(document, found)
    window, way = lexicon.index.find(Text.of(symbols), starts[asked], sizes[asked])
    window = asked[window]
    entry = lexicon.way_entry[way]
    before, after = _shared(document, found, lexicon, window, entry)
    widths, lengths = found.widths[window], lexicon.sizes[entry]
    heard, term = widths - before - after, lengths - before - after
    fits = (heard > 0) & (term > 0) & (np.abs(widths - lengths) <= MOST_MORE_WORDS)
    hidden = np.concatenate([[0], np.cumsum(covered)])
    from_word = found.starts[window] + before
    fits &= hidden[from_word + np.maximum(heard, 0)] == hidden[from_word]
    rows = np.flatnonzero(fits)
    window, way, entry = window[rows], way[rows], entry[rows]
    before, after, heard, term = before[rows], after[rows], heard[rows], term[rows]
    of_heard, heard_sizes = _heard_phones(document, found, window, before, after)
    of_term, term_sizes = _term_phones(lexicon, way, before, term)
    sound = sounds.similarity(of_heard, heard_sizes, of_term, term_sizes)
    made = Pairs(
        window, way, entry, before, after, heard, term, heard_sizes, term_sizes, sound
    ).take(np.flatnonzero(sound >= _least_sound(lexicon)))
    return _best(made)


def _least_sound(lexicon: Compiled) -> float:
    """In a long list whatever is heard is a little like some term."""
    doublings = np.log2(max(1.0, len(lexicon.entries) / LONG_LIST))
    return float(LEAST_SOUND + MORE_SOUND * doublings)


def _worth_asking(
    document: Document, found: Windows, lexicon: Compiled, covered: NDArray[np.bool_]
) -> Whole:
    """Windows that may be a term: not those that are one already, or that are too long, and not
    several words that are all among the commonest, which are too often just that."""
    zipf = np.append(document.zipf_of[document.numbers], np.full(WIDEST, COMMONEST + 1))
    at = np.arange(WIDEST)
    words = np.where(at < found.widths[:, None], zipf[found.starts[:, None] + at], COMMONEST + 1)
    hidden = np.concatenate([[0], np.cumsum(covered)])
    seen = hidden[found.starts + found.widths] - hidden[found.starts] < found.widths
    longest = int(lexicon.way_sizes.max(initial=0)) * LONGER
    seen &= found.phone_ends - found.phone_starts <= longest
    return np.flatnonzero(seen & ((found.widths == 1) | (words.min(axis=1) <= COMMONEST)))


def _best(made: Pairs) -> Pairs:
    """Of the ways to say a term the one that is nearest to what was heard; of the terms for each
    window the nearest few."""
    order = np.lexsort((-made.sound, made.entry, made.window))
    window, entry = made.window[order], made.entry[order]
    first = np.ones(len(order), bool)
    first[1:] = (window[1:] != window[:-1]) | (entry[1:] != entry[:-1])
    made = made.take(order[first])
    order = np.lexsort((-made.sound - KEPT_WORTH * (made.before + made.after), made.window))
    window = made.window[order]
    rank = np.arange(len(order)) - np.searchsorted(window, window)
    return made.take(order[rank < MOST_RIVALS])


def heard_numbers(document: Document, found: Windows, window: Whole) -> Whole:
    """The words of each window by number, padded with -2."""
    starts, widths = found.starts[window], found.widths[window]
    padded = np.concatenate([document.numbers, np.full(WIDEST, -2)])
    rows = padded[starts[:, None] + np.arange(WIDEST)]
    rows[np.arange(WIDEST) >= widths[:, None]] = -2
    stemmed = np.flatnonzero(found.stemmed[window])
    last = starts[stemmed] + widths[stemmed] - 1
    rows[stemmed, widths[stemmed] - 1] = document.stems[last]
    return rows


def _shared(
    document: Document, found: Windows, lexicon: Compiled, window: Whole, entry: Whole
) -> tuple[Whole, Whole]:
    heard, term = heard_numbers(document, found, window), lexicon.words[entry]
    widths, lengths = found.widths[window], lexicon.sizes[entry]
    rows = np.arange(len(window))
    before, running = np.zeros(len(rows), np.int64), np.ones(len(rows), bool)
    for at in range(min(WIDEST, MOST_WORDS)):
        running &= heard[:, at] == term[:, at]
        before += running
    after, running = np.zeros(len(rows), np.int64), np.ones(len(rows), bool)
    for at in range(1, min(WIDEST, MOST_WORDS) + 1):
        left = np.minimum(widths, lengths) - before - at >= 0
        same = heard[rows, np.maximum(widths - at, 0)] == term[rows, np.maximum(lengths - at, 0)]
        running &= left & same
        after += running
    return before, after


def _gather(flat: NDArray[np.uint8], starts: Whole, sizes: Whole) -> NDArray[np.uint8]:
    """Slices of a row of numbers as rows of a table, padded with 0."""
    columns = np.arange(int(sizes.max(initial=1)))
    places = np.minimum(starts[:, None] + columns, max(len(flat) - 1, 0))
    return np.where(columns < sizes[:, None], flat[places] if len(flat) else 0, 0).astype(np.uint8)


def _heard_phones(
    document: Document, found: Windows, window: Whole, before: Whole, after: Whole
) -> tuple[NDArray[np.uint8], Whole]:
    first = found.starts[window] + before
    starts = document.phone_ends[first]
    last = found.starts[window] + found.widths[window] - after
    ends = np.where(after > 0, document.phone_ends[last], found.phone_ends[window])
    return _gather(document.phones, starts, ends - starts), ends - starts


def _term_phones(
    lexicon: Compiled, way: Whole, before: Whole, words: Whole
) -> tuple[NDArray[np.uint8], Whole]:
    starts = lexicon.way_ends[way, before]
    ends = lexicon.way_ends[way, before + words]
    longest = lexicon.way_phones.shape[1]
    flat = lexicon.way_phones.reshape(-1)
    return _gather(flat, way * longest + starts, ends - starts), ends - starts
