"""A transcript cut into subtitle cues that can be read in time. Pure.

docs/exports.md has the rules in words. A cue has at most two lines of 42 letters and stays, where
there is time, as long as reading it takes. Each word of the text is in exactly one cue, and cues
never overlap. Characters are counted as people see them (grapheme clusters), in units of which a
line has 336: an eighth of a narrow letter, so that 16 wide ones (Chinese, Japanese, Korean) fill a
line as 42 narrow ones do.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, pairwise, zip_longest
from unicodedata import east_asian_width

from lexicon.borders import blank_between, graphemes
from transcription.exporting.document import Passage, one_line
from transcription.said import Said
from transcription.stitching import ABBREVIATION, SENTENCE_END

NARROW, WIDE = 8, 21
LINE = 42 * NARROW  # = 16 * WIDE
SPEED = 17 * NARROW  # units a second
LEAST_MS, MOST_MS = 800, 7_000
GAP_MS = 80  # two pictures of a film between cues: the eye notices that there is a new one
# a cue that would be too short may begin before its words, or make the next one wait
EARLY_MS = LATE_MS = 500
# where several talk at once, and there is no time for all: no cue comes later than that
LATEST_MS = 3_000
FLOWS_ON_MS = 1_500  # what one speaker says within it may share a cue
PAUSE_MS = 300
LONGEST_NAME = LINE // 2

# what it costs to end a cue after a word; a line, half of it
AFTER_SENTENCE, AFTER_CLAUSE, AFTER_WORD, AFTER_ABBREVIATION, INSIDE_WORD = 0.0, 0.7, 3.5, 5.0, 8.0
CUE = 2.0  # what a cue costs: few are better than many
ALONE = 3.0  # one word in a cue or a line of its own
TOO_FAST = 4.0  # a second more than there is
TOO_LONG = 20.0  # a second over MOST_MS
_CLAUSE_END = re.compile(r"[,;:،؛、，；：–—][\"'”’»)\]」』）]*$")
_NO_BREAK = "\xa0\u2007\u202f"


@dataclass(frozen=True)
class Turn:
    """What one person says in a cue; `prefix` is part of the first line, and not of the text."""

    speaker: str
    lines: tuple[str, ...]
    prefix: str = ""


@dataclass(frozen=True)
class Cue:
    """Two turns where two people talk at once: a line for each."""

    start_ms: int
    end_ms: int
    turns: tuple[Turn, ...]

    @property
    def lines(self) -> list[str]:
        return [line for turn in self.turns for line in turn.lines]


@dataclass(slots=True)
class _Word:
    text: str
    glue: str | None  # what stands between it and the word before; None: a passage begins
    units: int
    start_ms: int
    end_ms: int
    cost: float  # of a break after it


@dataclass(slots=True)
class _Speech:
    """A passage with its words; `others` speak while it lasts, ordered by their start."""

    speaker: str
    words: list[_Word]
    start_ms: int
    end_ms: int
    prefix: str = ""  # of a cue that is its first, or said while others speak
    others: list[_Speech] = field(default_factory=list)


@dataclass(slots=True)
class _Piece:
    """Words of one speaker that fit into a cue, after the prefix if somebody else spoke before."""

    speaker: str
    words: list[_Word]
    units: int
    prefix: str = ""
    has_prefix: bool = False

    @property
    def before(self) -> str:
        return self.prefix if self.has_prefix else ""

    @property
    def fits_one_line(self) -> bool:
        return self.units + units_of(self.prefix) <= LINE


@dataclass(slots=True)
class _Block:
    """What will be a cue: a piece, or two that are said at once."""

    pieces: list[_Piece]
    start_ms: int
    end_ms: int
    need_ms: int  # what reading it takes


def cues(passages: Iterable[Passage], *, prefixes: bool = False) -> list[Cue]:
    """The cues in order. `prefixes`: where another one speaks, "Name: " stands before the text, or
    "- " where the name is not known; it counts as text. Passages without text give none."""
    speeches = _speeches(passages)
    _find_others(speeches)
    if prefixes:
        _set_prefixes(speeches)
    pieces = [piece for speech in speeches for piece in _pieces(speech)]
    pieces.sort(key=lambda piece: piece.words[0].start_ms)
    for last, piece in zip([None, *pieces], pieces, strict=False):
        piece.has_prefix = piece.speaker != (last.speaker if last else "")
    blocks = _blocks(pieces)
    return [
        Cue(start_ms, end_ms, tuple(map(_turn, block.pieces)))
        for block, (start_ms, end_ms) in zip(blocks, _times(blocks), strict=True)
    ]


# --- Measuring -----------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def units_of(text: str) -> int:
    """How long a text is; a line has LINE units."""
    if text.isascii():
        return NARROW * len(text)
    return sum(
        WIDE if any(east_asian_width(letter) in "WF" for letter in grapheme) else NARROW
        for grapheme in graphemes(text)
    )


def need_ms(units: int) -> int:
    """How long as many units should be shown: for reading, and within the bounds of a cue."""
    return min(max(LEAST_MS, -(-1000 * units // SPEED)), MOST_MS)


# --- Words ---------------------------------------------------------------------------------------


def _speeches(passages: Iterable[Passage]) -> list[_Speech]:
    """By their start; what one speaker says stays in the order of the text."""
    found: list[_Speech] = []
    latest: dict[str, int] = {}
    for passage in passages:
        speaker = one_line(passage.speaker)
        words = list(_words(passage, latest.get(speaker, 0)))
        if words:
            latest[speaker] = words[-1].start_ms
            end_ms = max(word.end_ms for word in words)
            found.append(_Speech(speaker, words, words[0].start_ms, end_ms))
    return sorted(found, key=lambda speech: speech.start_ms)


def _words(passage: Passage, at_ms: int) -> Iterator[_Word]:
    """The passage's words, none of which begins before `at_ms` or before the one before it."""
    if passage.gap:  # a note, which stays as long as a cue may
        end_ms = min(max(passage.start_ms, passage.end_ms), passage.start_ms + MOST_MS)
        passage = replace(passage, text=passage.shown, end_ms=end_ms, heard=())
    parts = [part for word in _held_together(passage.text, passage.words) for part in _broken(word)]
    for glue, word, whole in parts:
        at_ms = max(at_ms, word.start_ms)
        end_ms = max(at_ms, word.end_ms)
        cost = _cost(word.text) if whole else INSIDE_WORD
        yield _Word(word.text, glue, units_of(word.text), at_ms, end_ms, cost)


_Placed = tuple[str | None, Said]  # a word, and the glue before it


def _held_together(text: str, words: Sequence[Said]) -> Iterator[_Placed]:
    """The words with what stands before each; a no-break space makes one word of two."""
    last: _Placed | None = None
    for word in words:
        between = text[last[1].end : word.start] if last else None
        if last and between and all(letter in _NO_BREAK for letter in between):
            one = replace(
                last[1], text=text[last[1].start : word.end], end=word.end, end_ms=word.end_ms
            )
            if units_of(one.text) <= LINE:
                last = last[0], one
                continue
        if last:
            yield last
        last = " " if between else between, word
    if last:
        yield last


def _broken(word: _Placed) -> Iterator[tuple[str | None, Said, bool]]:
    """A word, or the lines that it fills where it is longer than one; the last part is `whole`."""
    glue, whole = word
    if units_of(whole.text) <= LINE:
        yield glue, whole, True
        return
    texts = [""]
    for grapheme in graphemes(whole.text):
        if units_of(texts[-1]) + units_of(grapheme) > LINE:
            texts.append("")
        texts[-1] += grapheme
    ends = list(accumulate(map(len, texts), initial=0))
    span = whole.end_ms - whole.start_ms
    times = [whole.start_ms + span * end // ends[-1] for end in ends]
    for number, (text, (start_ms, end_ms)) in enumerate(zip(texts, pairwise(times), strict=True)):
        part = replace(whole, text=text, start_ms=start_ms, end_ms=end_ms)
        yield "" if number else glue, part, number == len(texts) - 1


def _cost(word: str) -> float:
    if word[-1].isalnum():
        return AFTER_WORD
    if SENTENCE_END.search(word):
        return AFTER_ABBREVIATION if ABBREVIATION.match(word) else AFTER_SENTENCE
    return AFTER_CLAUSE if _CLAUSE_END.search(word) else AFTER_WORD


# --- Who speaks ----------------------------------------------------------------------------------


def _find_others(speeches: Sequence[_Speech]) -> None:
    """Tell each who speaks while it lasts, or begins the moment it ends."""
    active: list[_Speech] = []
    for speech in speeches:
        active = [other for other in active if other.end_ms >= speech.start_ms]
        for other in active:
            if other.speaker != speech.speaker:
                other.others.append(speech)
                speech.others.append(other)
        active.append(speech)
    for speech in speeches:
        speech.others.sort(key=lambda other: other.start_ms)


def _set_prefixes(speeches: Sequence[_Speech]) -> None:
    """Where it may be that somebody else spoke before: there, room is kept for it."""
    last: _Speech | None = None
    for speech in speeches:
        changed = last.speaker != speech.speaker if last else bool(speech.speaker)
        if changed or speech.others or (last and last.others):
            speech.prefix = f"{_short(speech.speaker)}: " if speech.speaker else "- "
        last = speech


def _short(name: str) -> str:
    if units_of(name) <= LONGEST_NAME:
        return name
    letters = graphemes(name)
    lengths = accumulate(map(units_of, letters), initial=NARROW)
    return "".join(letters[: bisect_right(list(lengths), LONGEST_NAME) - 1]).rstrip() + "…"


def _crowded(speech: _Speech) -> list[int]:
    """How many of the first so many words are said while somebody else speaks."""
    if not speech.others:
        return [0] * (len(speech.words) + 1)
    starts = [other.start_ms for other in speech.others]
    ends = list(accumulate((other.end_ms for other in speech.others), max))
    found = []
    for word in speech.words:
        begun = bisect_left(starts, word.end_ms)
        found.append(begun > 0 and ends[begun - 1] > word.start_ms)
    return list(accumulate(found, initial=0))


# --- Cutting -------------------------------------------------------------------------------------


def _pieces(speech: _Speech) -> list[_Piece]:
    """The cheapest way to cut it, each piece as a cue."""
    words, fit = speech.words, _Fit(speech)
    if fit.furthest(0) == len(words) and speech.end_ms - speech.start_ms <= MOST_MS:
        borders = [0, len(words)]
    else:
        borders = _cheapest(words, fit)
    return [
        _Piece(
            speech.speaker,
            words[i:j],
            fit.ends[j - 1] - fit.begins[i],
            speech.prefix if not i or speech.others else "",
        )
        for i, j in pairwise(borders)
    ]


class _Fit:
    """Which words of a speech fit into a cue."""

    def __init__(self, speech: _Speech) -> None:
        self.begins, self.ends = _places(speech.words)
        self.prefix = units_of(speech.prefix)
        self.is_shared = bool(speech.others)
        self.crowded = _crowded(speech)

    def furthest(self, i: int) -> int:
        """The end of the longest piece from word i; where others speak, it is one line."""
        room = LINE - (self.prefix if not i or self.is_shared else 0)
        line = bisect_right(self.ends, self.begins[i] + room, lo=i)
        if line == len(self.ends):
            return line
        two = bisect_right(self.ends, self.begins[line] + LINE, lo=line)
        if self.crowded[two] == self.crowded[i]:
            return two
        # up to where they begin to, at least a word
        quiet = bisect_right(self.crowded, self.crowded[i], lo=i) - 1
        return max(line, min(quiet, two), i + 1)


def _cheapest(words: Sequence[_Word], fit: _Fit) -> list[int]:
    """Where to cut. `best[j]` is the cost of the first j words, `cuts[j]` where the last of their
    pieces begins. Without functions inside: it runs for each pair of words in a cue."""
    count = len(words)
    begins, ends, breaks = fit.begins, fit.ends, _breaks(words)
    starts, stops = [word.start_ms for word in words], [word.end_ms for word in words]
    best, cuts = [0.0] + [float("inf")] * count, [0] * (count + 1)
    for i in range(count):
        begin, start_ms, so_far = begins[i], starts[i], best[i] + CUE
        latest_ms = start_ms + MOST_MS
        for j in range(i + 1, fit.furthest(i) + 1):
            units = ends[j - 1] - begin
            empty = 1 - units / (2 * LINE)
            cost = so_far + empty * empty / 2 + breaks[j - 1]
            if j == i + 1:
                cost += ALONE
            if stops[j - 1] > latest_ms:
                cost += TOO_LONG * (stops[j - 1] - latest_ms) / 1000
            if j < count:
                until_ms = starts[j] if starts[j] < latest_ms else latest_ms
                lacking_s = units / SPEED - (until_ms - start_ms) / 1000
                if lacking_s > 0:
                    cost += TOO_FAST * lacking_s
            if cost < best[j]:
                best[j], cuts[j] = cost, i
    borders = [count]
    while borders[-1]:
        borders.append(cuts[borders[-1]])
    return borders[::-1]


def _breaks(words: Sequence[_Word]) -> list[float]:
    """What it costs to cut after each word; after the last nothing, after a pause little."""
    return [
        min(word.cost, AFTER_CLAUSE) if then.start_ms - word.end_ms >= PAUSE_MS else word.cost
        for word, then in pairwise(words)
    ] + [0.0]


def _places(words: Sequence[_Word]) -> tuple[list[int], list[int]]:
    """Where each word begins and ends, in units, if all stood on one line."""
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    for word in words:
        at += NARROW * len(word.glue or "") if ends else 0
        begins.append(at)
        at += word.units
        ends.append(at)
    return begins, ends


# --- Cues ----------------------------------------------------------------------------------------


def _blocks(pieces: Sequence[_Piece]) -> list[_Block]:
    """Pieces for which there is no time alone share a cue: with what the same speaker says next
    or said before, or with what another one says meanwhile."""
    found: list[_Block] = []
    blocks = [_block([piece]) for piece in pieces]
    for block, following in zip_longest(blocks, blocks[1:]):
        next_ms = following.start_ms if following else None
        last = found[-1] if found else None
        if last and (both := _together(last, block, next_ms)):
            found[-1] = both
        else:
            found.append(block)
    return found


def _block(pieces: list[_Piece]) -> _Block:
    return _Block(
        pieces,
        min(piece.words[0].start_ms for piece in pieces),
        max(word.end_ms for piece in pieces for word in piece.words),
        need_ms(sum(piece.units + units_of(piece.before) for piece in pieces)),
    )


def _together(last: _Block, block: _Block, next_ms: int | None) -> _Block | None:
    """Both in one cue, if they fit, and one of them lacks time."""
    if len(last.pieces) > 1 or block.end_ms - last.start_ms > MOST_MS:
        return None
    one, other = last.pieces[0], block.pieces[0]
    lacks = block.start_ms - GAP_MS - last.start_ms < last.need_ms
    if one.speaker != other.speaker:
        at_once = block.start_ms < last.end_ms and one.fits_one_line and other.fits_one_line
        if not (lacks and at_once):
            return None
        one.has_prefix = other.has_prefix = True
        return _block([one, other])
    lacks = lacks or (next_ms is not None and next_ms - GAP_MS - block.start_ms < block.need_ms)
    if not lacks or block.start_ms - last.end_ms > FLOWS_ON_MS:
        return None
    first = other.words[0]
    if first.glue is None:
        first = replace(first, glue=blank_between(one.words[-1].text, first.text))
    words = [*one.words, first, *other.words[1:]]
    begins, ends = _places(words)
    line = bisect_right(ends, LINE - units_of(one.before))
    if line < len(ends) and ends[-1] - begins[line] > LINE:
        return None
    return _block([replace(one, words=words, units=ends[-1])])


def _times(blocks: Sequence[_Block]) -> list[tuple[int, int]]:
    """When each is shown. What is too short for its text lasts until the next one, makes that wait
    if it has time to spare, and begins a little before its words."""
    found: list[tuple[int, int]] = []
    free_ms = 0  # from when on nothing else is shown
    for at, block in enumerate(blocks):
        start_ms = max(block.start_ms, free_ms)
        end_ms = _end(start_ms, block, blocks[at + 1 : at + 3])
        lacking_ms = block.need_ms - (end_ms - start_ms)
        start_ms -= max(0, min(lacking_ms, EARLY_MS, start_ms - free_ms))
        found.append((start_ms, end_ms))
        free_ms = end_ms + GAP_MS
    return found


def _end(start_ms: int, block: _Block, following: Sequence[_Block]) -> int:
    wanted = min(max(block.end_ms, start_ms + block.need_ms), start_ms + MOST_MS)
    if not following:
        return wanted
    next_ms = following[0].start_ms
    limit = next_ms - GAP_MS
    spare = LATE_MS
    if len(following) > 1:
        spare = following[1].start_ms - GAP_MS - next_ms - following[0].need_ms
    lacking = start_ms + block.need_ms - limit
    limit += max(0, min(lacking, spare, LATE_MS))
    least = min(start_ms + LEAST_MS, next_ms + LATEST_MS - GAP_MS)
    return max(min(wanted, limit), least, start_ms + 1)


def _turn(piece: _Piece) -> Turn:
    """On one line if it fits, else on two of about the same length, best cut where a sentence or
    a clause ends."""
    words, prefix = piece.words, piece.before
    begins, ends = _places(words)
    room = LINE - units_of(prefix)
    if ends[-1] <= room:
        return Turn(piece.speaker, (prefix + _written(words),), prefix)

    def cost(at: int) -> float:
        first, second = ends[at - 1] + LINE - room, ends[-1] - begins[at]
        if first > LINE or second > LINE:
            return float("inf")
        alone = ALONE / 2 * ((at == 1 and not prefix) + (at == len(words) - 1))
        return words[at - 1].cost / 2 + alone + 2 * abs(first - second) / LINE

    cut = min(range(1, len(words)), key=cost, default=0)
    if not cut or cost(cut) == float("inf"):  # the first word fills a line
        return Turn(piece.speaker, (prefix.rstrip(), _written(words)), prefix)
    return Turn(piece.speaker, (prefix + _written(words[:cut]), _written(words[cut:])), prefix)


def _written(words: Sequence[_Word]) -> str:
    return words[0].text + "".join(f"{word.glue or ''}{word.text}" for word in words[1:])
