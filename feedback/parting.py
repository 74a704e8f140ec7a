"""A corrected text without borders, cut where the segments of its transcript end. Pure.

Its words are laid over those of the segments. Where a border falls between words that are the same
in both, it is certain; inside of what was written anew it falls at a line's end, else by the share
of the words that stood before it. No word is lost.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise

from rapidfuzz.distance import Levenshtein

from feedback.alignment import bare
from lexicon.borders import words

_LINE_END = re.compile(r"\s*\n\s*")


def parted(text: str, passages: Sequence[str]) -> list[str]:
    """The text's part for each of the passages, in order; a passage whose words are the same stays
    to the letter."""
    if not passages:
        return []
    places = words(text)
    starts = [*(start for start, _ in places), len(text)]
    lines = {at for at in range(1, len(places)) if "\n" in text[places[at - 1][1] : starts[at]]}
    old = [[bare(passage[a:b]) for a, b in words(passage)] for passage in passages]
    new = [bare(text[a:b]) for a, b in places]
    borders = list(accumulate(map(len, old)))[:-1]
    cuts = [0, *_cuts([word for part in old for word in part], new, borders, lines), len(places)]
    pieces = [text[starts[a] : starts[b]].strip() for a, b in pairwise(cuts)]
    return [
        passage if piece.split() == passage.split() else _LINE_END.sub(" ", piece)
        for piece, passage in zip(pieces, passages, strict=True)
    ]


def _cuts(
    old: Sequence[str], new: Sequence[str], borders: Sequence[int], lines: set[int]
) -> list[int]:
    """Before which of the new words each border falls. `lines`: words that begin one."""
    found: dict[int, list[int]] = {}  # by border, for each time that it is there
    wanted = {border: len(list(same)) for border, same in groupby(borders)}
    known = list(wanted)
    for same, a, b, c, d in _blocks(old, new):
        for border in known[bisect_left(known, a) : bisect_right(known, b)]:
            times = wanted[border]
            if same and border in (a, b):
                continue
            if same:
                found[border] = [c + border - a] * times
            elif a == b:
                found[border] = _around_insertion(c, d, times, lines)
            else:
                target = c + round((d - c) * (border - a) / (b - a))
                near = [at for at in range(c, d + 1) if at in lines and a < border < b]
                at = min(near, key=lambda at: abs(at - target), default=target)
                found[border] = [at] * times
    for border, times in wanted.items():
        if border not in found:  # at the beginning or the end, where nothing differs
            found[border] = [len(new) if border else 0] * times
    return list(accumulate((at for border in wanted for at in found[border]), max))


def _around_insertion(c: int, d: int, times: int, lines: set[int]) -> list[int]:
    """New words stand just at a border: they belong to the passage without words that is there,
    else to the one before, or to that whose line they are on."""
    if times > 1:
        return [c, *[d] * (times - 1)]
    return [max((at for at in range(c, d + 1) if at in lines), default=d)]


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    opcodes = Levenshtein.opcodes(old, new)
    for same, group in groupby(opcodes, lambda op: op.tag == "equal"):
        run = list(group)
        yield same, run[0].src_start, run[-1].src_end, run[0].dest_start, run[-1].dest_end
