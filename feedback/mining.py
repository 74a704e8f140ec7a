"""What reviews teach: terms, and what each of them is misheard as. Pure: no Django, no I/O.

Where a reviewer wrote other words than the engine, the words of both sides are paired by their
sound. What is worth a term stands out: names (written with a capital in the middle of a sentence)
and words that are rare in their language. Ordinary words swapped for ordinary words teach nothing,
nor do numbers. A name is learned as it stands, with the capitals before and behind it, and what
was heard with the same neighbours: "Drew Anderson" for "Dru Anderson" is safe where "Drew" for
"Dru" alone is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from rapidfuzz.distance import Levenshtein

from feedback.alignment import INAUDIBLE, bare
from lexicon import tokens
from lexicon.borders import words as borders_of
from lexicon.matching import compiling, frequency, guards, sounds
from lexicon.normalising import normalise

MOST_WORDS = 4  # of a term, and of what is heard in its place
RARE, ORDINARY = 3.6, 4.5  # zipf
ALIKE = 0.45  # in sound: what was heard in a term's place
_ENDS = ".?!:"


@dataclass(frozen=True)
class Reviewed:
    """A segment: what the engine (and of the lexicon what stands) wrote, and what people left."""

    engine_text: str
    text: str


@dataclass(frozen=True)
class Place:
    """Where something was taught: in which of the passages, and at which characters of its two
    texts."""

    passage: int
    heard: str
    corrected: str
    before_at: int
    after_at: int


@dataclass(frozen=True)
class Lesson:
    """A term as it is to be written. `heard`: what it was misheard as and how often, only what is
    safe to be replaced; `count`: how often it was taught; `confidence`: from 0 to 1."""

    term: str
    heard: tuple[tuple[str, int], ...]
    confidence: float
    count: int
    places: tuple[Place, ...]


def lessons(
    reviewed: Sequence[Reviewed], known: Collection[str] = (), languages: Sequence[str] = ()
) -> list[Lesson]:
    """What they teach together, the surest first. `known`: the lexicon's terms, normalised;
    `languages`: those of the recording, by whose lists words are rare; empty: as they are found."""
    pairs = [(_Text(each.engine_text), _Text(each.text)) for each in reviewed]
    written = [word for _, right in pairs for word in right.folded]
    common = _Common(frequency.spoken(written, languages), Counter(written))
    taught: dict[str, _Taught] = {}
    for number, (heard, right) in enumerate(pairs):
        for start, end, first, last in _blocks(heard, right):
            for place, likeness in _places(number, heard, right, start, end, first, last, common):
                key = normalise(place.corrected)
                taught.setdefault(key, _Taught(common)).add(place, likeness)
    found = [each.lesson(key in known) for key, each in taught.items()]
    return sorted(found, key=lambda each: (-each.confidence, -each.count, each.term))


class _Text:
    """The words of a text as terms are made of them: without the punctuation around them."""

    def __init__(self, text: str) -> None:
        self.text = text
        borders = borders_of(text)
        pieces = [text[start:end] for start, end in borders]
        self.bare = [bare(piece) for piece in pieces]
        self.spans = [
            _stripped(piece, start) for piece, (start, _) in zip(pieces, borders, strict=True)
        ]
        self.words = [text[start:end] for start, end in self.spans]
        self.folded = [normalise(word) for word in self.words]
        self.stops = [piece.rstrip("\"'”’)")[-1:] in _ENDS for piece in pieces]
        self.breaks = [
            text[end : border[1]] != ""
            for (_, end), border in zip(self.spans, borders, strict=True)
        ]

    def within(self, first: int, last: int) -> str:
        return self.text[self.spans[first][0] : self.spans[last - 1][1]] if first < last else ""

    def is_name(self, at: int) -> bool:
        """Written with a capital that no sentence's beginning asks for."""
        word = self.words[at]
        return word[:1].isupper() and word not in ("I",) and not word.startswith(("I'", "I’"))

    def begins(self, at: int) -> bool:
        return at == 0 or self.stops[at - 1]


def _stripped(piece: str, start: int) -> tuple[int, int]:
    left = len(piece) - len(piece.lstrip(".,;:!?…\"'“”‘’()[]-–—"))
    kept = piece.strip(".,;:!?…\"'“”‘’()[]-–—")
    for ending in ("'s", "’s"):
        kept = kept.removesuffix(ending)
    return start + left, start + left + len(kept)


@dataclass(frozen=True)
class _Common:
    """How common words are, in the language and in this text."""

    languages: tuple[str, ...]
    written: Counter[str]

    def zipf(self, word: str) -> float:
        return frequency.zipf(word, self.languages)


def _blocks(heard: _Text, right: _Text) -> Iterator[tuple[int, int, int, int]]:
    """Where words were replaced by others: from and to which in both texts."""
    start = first = 0
    at = to = 0
    for op in Levenshtein.opcodes(heard.bare, right.bare):
        if op.tag == "equal":
            if start < at and first < to:
                yield start, at, first, to
            start, first = op.src_end, op.dest_end
        at, to = op.src_end, op.dest_end
    if start < at and first < to:
        yield start, at, first, to


def _places(
    number: int,
    heard: _Text,
    right: _Text,
    start: int,
    end: int,
    first: int,
    last: int,
    common: _Common,
) -> Iterator[tuple[Place, float]]:
    for begin, stop in _cores(right, first, last, common):
        a, b, likeness = _heard_as(heard, start, end, right.folded[begin:stop])
        if likeness < ALIKE:
            continue
        whole = right.folded[begin:stop]
        if not guards.says_the_same(heard.folded[a:b], whole):
            continue
        yield _place(number, heard, right, a, b, begin, stop), likeness
        more = 0
        # the name with its neighbours, which the engine heard right
        l, r, x, y = a, b, begin, stop
        while (
            x - 1 >= 0
            and l - 1 >= 0
            and y - x < MOST_WORDS
            and right.is_name(x - 1)
            and not right.breaks[x - 1]
            and right.bare[x - 1] == heard.bare[l - 1]
            and not right.begins(x)
        ):
            l, x = l - 1, x - 1
        while (
            y < len(right.words)
            and r < len(heard.words)
            and y - x < MOST_WORDS
            and right.is_name(y)
            and not right.breaks[y - 1]
            and right.bare[y] == heard.bare[r]
        ):
            r, y = r + 1, y + 1
        if (x, y) != (begin, stop):
            yield _place(number, heard, right, l, r, x, y), likeness


def _place(number: int, heard: _Text, right: _Text, a: int, b: int, x: int, y: int) -> Place:
    return Place(
        number, heard.within(a, b), right.within(x, y), heard.spans[a][0], right.spans[x][0]
    )


def _cores(right: _Text, first: int, last: int, common: _Common) -> Iterator[tuple[int, int]]:
    """Words in a row that are worth a term."""
    begin = first
    for at in range(first, last + 1):
        telling = at < last and _tells(right, at, common)
        if not telling or at - begin >= MOST_WORDS:
            if begin < at:
                yield begin, at
            begin = at + 1 if not telling else at


def _tells(right: _Text, at: int, common: _Common) -> bool:
    word = right.folded[at]
    if len(word) < 2 or guards.untouchable(word) or INAUDIBLE in right.words[at]:
        return False
    if right.is_name(at) and not right.begins(at):
        return True
    return common.zipf(word) < RARE


def _heard_as(heard: _Text, start: int, end: int, meant: Sequence[str]) -> tuple[int, int, float]:
    """The words of the block that sound most like these."""
    windows = [
        (a, b) for a in range(start, end) for b in range(a + 1, min(end, a + MOST_WORDS) + 1)
    ]
    said = [b"".join(map(_said, heard.folded[a:b])) for a, b in windows]
    likeness = _alike(said, b"".join(map(_said, meant)))
    best = int(np.argmax(likeness))
    return (*windows[best], float(likeness[best]))


@lru_cache(maxsize=100_000)
def _said(word: str) -> bytes:
    return b"".join(map(compiling.sounds_of, tokens.split(word)))


def _alike(said: Sequence[bytes], meant: bytes) -> np.ndarray:
    sizes = np.array([len(each) for each in said], np.int64)
    starts = np.cumsum(sizes) - sizes
    phones = np.frombuffer(b"".join(said), np.uint8)
    target = np.frombuffer(meant, np.uint8)
    n = np.full(len(said), len(target), np.int64)
    return sounds.similarity(
        sounds.Slices(phones, starts, sizes),
        sounds.Slices(target, np.zeros(len(said), np.int64), n),
    )


@dataclass
class _Taught:
    common: _Common
    places: list[Place] = field(default_factory=list)
    likeness: list[float] = field(default_factory=list)

    def add(self, place: Place, likeness: float) -> None:
        self.places.append(place)
        self.likeness.append(likeness)

    def lesson(self, known: bool) -> Lesson:
        term = Counter(each.corrected for each in self.places).most_common(1)[0][0]
        folded = normalise(term)
        heard = Counter(normalise(each.heard) for each in self.places)
        safe = tuple(
            (text, count)
            for text, count in heard.most_common()
            if text != folded and self._safe(text, count)
        )
        count = len(self.places)
        return Lesson(term, safe, self._confidence(term, count), count, tuple(self.places))

    def _safe(self, text: str, count: int) -> bool:
        """What people also left standing as it was heard is no mishearing."""
        words = text.split()
        if len(words) == 1:
            return self.common.written[text] == 0 or count > 2 * self.common.written[text]
        return True

    def _confidence(self, term: str, count: int) -> float:
        words = normalise(term).split()
        rarest = min(map(self.common.zipf, words), default=0)
        sure = max(self.likeness)
        value = sure * (1.0 if rarest < RARE or len(words) > 1 else 0.5)
        return round(min(0.99, value * (1 - 0.5 ** (count + 1)) / 0.75), 3)
