"""Words heard and terms that sound like them, paired. Pure.

A pair is first stripped of what it shares: of "paul bets" and "Paul Betz" only "bets" and "Betz"
are compared; that "paul" is kept is evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from lexicon.matching import runs, sounds
from lexicon.matching.compiling import MOST_WORDS, Compiled
from lexicon.matching.documents import WIDEST, Document, Windows, classes
from lexicon.matching.neighbours import Text

Whole = NDArray[np.int64]
Figures = NDArray[np.float32]

LEAST_SOUND = 0.6  # of the parts that differ; below, hardly anything was ever right
LEAST_BESIDE = 0.4  # the same where a word beside them is shared
MOST_SHARING = 100  # terms that begin or end with a word: with more of them it tells nothing
LONG_LIST = 5_000  # terms; above that, for each doubling:
MORE_SOUND = 0.035
MOST_RIVALS = 4  # terms for one window that are looked at closely
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

    @property
    def kept(self) -> Whole:
        """How many words window and term share."""
        return self.before + self.after

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
    window, way = _joined((asked[window], way), _anchored(document, found, lexicon, covered))
    more = found.widths[window] - lexicon.sizes[lexicon.way_entry[way]]
    rows = np.flatnonzero(np.abs(more) <= MOST_MORE_WORDS)
    window, way = window[rows], way[rows]
    entry = lexicon.way_entry[way]
    before, after = _shared(document, found, lexicon, window, entry)
    heard, term = found.widths[window] - before - after, lexicon.sizes[entry] - before - after
    fits = (heard > 0) & (term > 0)
    hidden = np.concatenate([[0], np.cumsum(covered)])
    from_word = found.starts[window] + before
    fits &= hidden[from_word + np.maximum(heard, 0)] == hidden[from_word]
    rows = np.flatnonzero(fits)
    window, way, entry = window[rows], way[rows], entry[rows]
    before, after, heard, term = before[rows], after[rows], heard[rows], term[rows]
    of_heard = _heard_phones(document, found, window, before, after)
    of_term = _term_phones(lexicon, way, before, term)
    sound = sounds.similarity(of_heard, of_term)
    made = Pairs(
        window, way, entry, before, after, heard, term, of_heard.sizes, of_term.sizes, sound
    )
    least = np.where(made.kept > 0, LEAST_BESIDE, _least_sound(lexicon))
    return _best(made.take(np.flatnonzero(sound >= least)))


def _anchored(
    document: Document, found: Windows, lexicon: Compiled, covered: NDArray[np.bool_]
) -> tuple[Whole, Whole]:
    """Windows that begin or end as a term of several words does, and that term's ways."""
    anchors = lexicon.anchors
    telling = ~covered & (document.zipf_of[document.numbers] < COMMONEST)
    place = np.flatnonzero(telling & (document.numbers < len(lexicon.numbers)))
    begin = np.searchsorted(anchors.words, document.numbers[place])
    counts = np.searchsorted(anchors.words, document.numbers[place], "right") - begin
    counts[counts > MOST_SHARING] = 0
    at = np.repeat(begin - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    place, way, last = np.repeat(place, counts), anchors.ways[at], anchors.last[at]
    words = lexicon.sizes[lexicon.way_entry[way]]
    windows, ways = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for more in (-1, 0, 1):
        width = words + more
        start = np.where(last, place - width + 1, place)
        fits = np.flatnonzero((width > 1) & (width <= WIDEST) & (start >= 0))
        rows = found.rows[width[fits] - 1, start[fits]]
        windows.append(rows[rows >= 0])
        ways.append(way[fits][rows >= 0])
    return np.concatenate(windows), np.concatenate(ways)


def _joined(one: tuple[Whole, Whole], other: tuple[Whole, Whole]) -> tuple[Whole, Whole]:
    window, way = np.concatenate([one, other], axis=1)
    both = runs.distinct(window << 32 | way)
    return both >> 32, both & 0xFFFFFFFF


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
    first = runs.begins(made.window[order]) | runs.begins(made.entry[order])
    made = made.take(order[first])
    order = np.lexsort((-made.sound - KEPT_WORTH * made.kept, made.window))
    return made.take(order[runs.ranks(made.window[order]) < MOST_RIVALS])


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


def _heard_phones(
    document: Document, found: Windows, window: Whole, before: Whole, after: Whole
) -> sounds.Slices:
    first = found.starts[window] + before
    starts = document.phone_ends[first]
    last = found.starts[window] + found.widths[window] - after
    ends = np.where(after > 0, document.phone_ends[last], found.phone_ends[window])
    return sounds.Slices(document.phones, starts, ends - starts)


def _term_phones(lexicon: Compiled, way: Whole, before: Whole, words: Whole) -> sounds.Slices:
    starts = lexicon.way_ends[way, before]
    ends = lexicon.way_ends[way, before + words]
    longest = lexicon.way_phones.shape[1]
    return sounds.Slices(lexicon.way_phones.reshape(-1), way * longest + starts, ends - starts)
