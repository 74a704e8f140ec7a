"""What reviews teach: terms, and what each of them is misheard as. Pure: no Django, no I/O.

Where people wrote other words than the engine, the words of both sides are paired by their sound.
Worth a term is what stands out: names, that is, capitals in the middle of a sentence, and words
that are rare in their language. Ordinary words swapped for ordinary ones teach nothing, nor do
numbers, nor another form of the same word. A name is learned alone and with the capitals before and
behind it: "Drew Anderson" is safely "Dru Anderson", where "Drew" for "Dru" is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from rapidfuzz.distance import Levenshtein

from feedback.alignment import bare
from lexicon import tokens
from lexicon.borders import words as borders_of
from lexicon.matching import Entry, compiling, frequency, guards, sounds
from lexicon.matching.searching import COMMONEST
from lexicon.normalising import normalise

MOST_WORDS = 4  # of a term, and of what is heard in its place
NEAR = 40  # words: so far from where it would stand by its place a term is looked for
RARE, ORDINARY = 3.6, 4.5  # zipf
ALIKE = 0.45  # in sound, at least: a term, and what was heard in its place
PROVEN_FROM = 2  # times that a mishearing was corrected
# from which confidence on a lesson may be taken without asking; chosen on one recogniser's calls
SURE = 0.6
ORDINARY_ALONE, ONCE = 0.5, 0.6  # what these are worth: one common word; no name, and taught once
NOTED = re.compile(r"<[^>]*>|\[[^\]]*\]")  # what is told of the sound, such as [inaudible]
AROUND = ".,;:!?…\"'“”‘’()[]-–—"
POSSESSIVE = re.compile(r"['’]s$")


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
    """A term as it is to be written. `heard`: what it was misheard as and how often, without what
    people mostly left as it was; `proven`: those that they never left so; `count`: how often it
    was taught; `confidence`: from 0 to 1."""

    term: str
    heard: tuple[tuple[str, int], ...]
    proven: tuple[str, ...]
    confidence: float
    count: int
    places: tuple[Place, ...]


def lessons(
    reviewed: Sequence[Reviewed], known: Collection[str] = (), languages: Sequence[str] = ()
) -> list[Lesson]:
    """What they teach together, the surest first. `known`: the lexicon's terms, normalised, which
    may be ordinary words; `languages`: those of the recording, by whose lists words are rare;
    empty: as they are found."""
    passages = [
        _Passage(number, _Text(each.engine_text), _Text(each.text))
        for number, each in enumerate(reviewed)
    ]
    written = [word for each in passages for word in each.right.folded]
    around = _Around(frequency.spoken(written, languages), written, frozenset(known))
    taught: dict[str, _Taught] = {}
    for passage in passages:
        for place, likeness in passage.places(around):
            term = taught.setdefault(normalise(place.corrected), _Taught(around))
            term.places.append(place)
            term.likeness = max(term.likeness, likeness)
    found = [each.lesson() for each in taught.values()]
    return sorted(found, key=lambda each: (-each.confidence, -each.count, each.term))


def entries(taught: Iterable[Lesson]) -> list[Entry]:
    """The lessons as terms of a lexicon, by their number: for the recording that they are of."""
    return [
        Entry(number, each.term, alternatives=misheard(each), proven=each.proven)
        for number, each in enumerate(taught)
    ]


def misheard(lesson: Lesson) -> tuple[str, ...]:
    return tuple(text for text, _ in lesson.heard)


class _Around:
    """What is common: in the language, and in all that was reviewed."""

    def __init__(
        self, languages: tuple[str, ...], written: Sequence[str], known: frozenset[str]
    ) -> None:
        self.languages, self.known = languages, known
        self._running = f" {' '.join(written)} "

    def zipf(self, text: str) -> float:
        """Of its rarest word."""
        return _rarest(text, self.languages)

    def times_written(self, text: str) -> int:
        return self._running.count(f" {text} ")


class _Text:
    """Its words as terms are made of them: without the punctuation around them, and no one's."""

    def __init__(self, text: str) -> None:
        borders = borders_of(text)
        self.text = text
        self.pieces = [text[start:end] for start, end in borders]
        self.bare = list(map(bare, self.pieces))
        self.spans = [
            _stripped(piece, start) for piece, (start, _) in zip(self.pieces, borders, strict=True)
        ]
        self.words = [text[start:end] for start, end in self.spans]
        self.folded = [" ".join(tokens.split(word)) for word in self.words]

    def within(self, first: int, last: int) -> str:
        return self.text[self.spans[first][0] : self.spans[last - 1][1]]

    def begins_sentence(self, at: int) -> bool:
        return at == 0 or self.pieces[at - 1].rstrip("\"'”’)")[-1:] in ".?!:"

    def is_name(self, at: int) -> bool:
        word = self.words[at]
        return word[:1].isupper() and word.partition("'")[0].partition("’")[0] != "I"

    def reads_on(self, at: int) -> bool:
        """Whether no punctuation parts this word from the next."""
        return self.text[self.spans[at][1] : self.spans[at + 1][0]].isspace()


def _stripped(piece: str, start: int) -> tuple[int, int]:
    word = piece.lstrip(AROUND)
    begin = start + len(piece) - len(word)
    return begin, begin + len(POSSESSIVE.sub("", word.rstrip(AROUND)))


@dataclass(frozen=True)
class _Stretch:
    """Words `a` to `b` of what was heard, and `x` to `y` of what is right."""

    a: int
    b: int
    x: int
    y: int


@dataclass(frozen=True)
class _Passage:
    number: int
    heard: _Text
    right: _Text

    def places(self, around: _Around) -> Iterator[tuple[Place, float]]:
        """Each with how alike it sounds, from 0 to 1."""
        for replaced in self._replaced():
            for x, y in self._telling(replaced, around):
                a, b, likeness = self._heard_as(replaced, x, y)
                core = _Stretch(a, b, x, y)
                if likeness < ALIKE or not self._teaches(core):
                    continue
                yield self._place(core), likeness
                whole = self._with_neighbours(core, around)
                if whole != core:
                    yield self._place(whole), likeness

    def _replaced(self) -> Iterator[_Stretch]:
        """Neighbouring errors are one, whatever their kinds."""
        a = x = b = y = 0
        ops = Levenshtein.opcodes(self.heard.bare, self.right.bare)
        for op in ops:
            if op.tag == "equal":
                if a < b and x < y:
                    yield _Stretch(a, b, x, y)
                a, x = op.src_end, op.dest_end
            b, y = op.src_end, op.dest_end
        if a < b and x < y:
            yield _Stretch(a, b, x, y)

    def _telling(self, replaced: _Stretch, around: _Around) -> Iterator[tuple[int, int]]:
        """Right words in a row that are worth a term, or are one of the lexicon's."""
        begin = replaced.x
        for at in range(replaced.x, replaced.y + 1):
            told = at < replaced.y and self._tells(at, around)
            if not told or at - begin >= MOST_WORDS:
                if begin < at:
                    yield begin, at
                begin = at if told else at + 1

    def _tells(self, at: int, around: _Around) -> bool:
        word = self.right.folded[at]
        if len(word) < 2 or guards.untouchable(word) or NOTED.search(self.right.pieces[at]):
            return False
        named = self.right.is_name(at) and not self.right.begins_sentence(at)
        return named or normalise(word) in around.known or around.zipf(word) < RARE

    def _heard_as(self, replaced: _Stretch, x: int, y: int) -> tuple[int, int, float]:
        """The words in the place of these that sound most like them."""
        share = (x - replaced.x) / (replaced.y - replaced.x)
        there = replaced.a + round(share * (replaced.b - replaced.a))
        first, last = max(replaced.a, there - NEAR), min(replaced.b, there + NEAR)
        windows = [
            (a, b) for a in range(first, last) for b in range(a + 1, min(last, a + MOST_WORDS) + 1)
        ]
        said = [_phones(self.heard.folded[a:b]) for a, b in windows]
        likeness = _alike(said, _phones(self.right.folded[x:y]))
        best = int(np.argmax(likeness))
        return *windows[best], float(likeness[best])

    def _teaches(self, core: _Stretch) -> bool:
        """Not where a number would change, nor what is but another form of an ordinary word."""
        heard, meant = self.heard.folded[core.a : core.b], self.right.folded[core.x : core.y]
        if not guards.says_the_same(heard, meant):
            return False
        return all(map(self.right.is_name, range(core.x, core.y))) or not _same(heard, meant)

    def _with_neighbours(self, core: _Stretch, around: _Around) -> _Stretch:
        """The whole name: with the capitals beside it, where the engine heard these right."""
        a, b, x, y = core.a, core.b, core.x, core.y
        while y - x < MOST_WORDS and a and x and self._joins(a - 1, x - 1, x - 1, around):
            a, x = a - 1, x - 1
        while (
            y - x < MOST_WORDS
            and b < len(self.heard.words)
            and y < len(self.right.words)
            and self._joins(b, y, y - 1, around)
        ):
            b, y = b + 1, y + 1
        return _Stretch(a, b, x, y)

    def _joins(self, heard: int, right: int, before: int, around: _Around) -> bool:
        """`before`: the first of the two right words that would stand side by side."""
        if self.heard.bare[heard] != self.right.bare[right] or not self.right.is_name(right):
            return False
        if not self.right.reads_on(before):
            return False
        ordinary = around.zipf(self.right.folded[right]) > ORDINARY
        return not (ordinary and self.right.begins_sentence(right))

    def _place(self, part: _Stretch) -> Place:
        return Place(
            self.number,
            self.heard.within(part.a, part.b),
            self.right.within(part.x, part.y),
            self.heard.spans[part.a][0],
            self.right.spans[part.x][0],
        )


def may_be_proven(text: str, languages: tuple[str, ...]) -> bool:
    """Whether so ordinary a text may be replaced by a term without being asked: not the commonest
    words, however often that was right."""
    return _rarest(text, languages) <= COMMONEST


def _rarest(text: str, languages: tuple[str, ...]) -> float:
    return min((frequency.zipf(word, languages) for word in tokens.split(text)), default=0.0)


def _same(heard: Sequence[str], meant: Sequence[str]) -> bool:
    """Whether they are forms or spellings of the same words."""
    if guards.spelling_variant("".join(heard), "".join(meant)):
        return True
    return len(heard) == len(meant) and all(
        one == other
        or guards.same_stem(one, other)
        or guards.inflected(one, other)
        or guards.inflected(other, one)
        for one, other in zip(heard, meant, strict=True)
    )


def _phones(words: Sequence[str]) -> bytes:
    return b"".join(map(_said, words))


@lru_cache(maxsize=100_000)
def _said(word: str) -> bytes:
    return b"".join(map(compiling.sounds_of, tokens.split(word)))


def _alike(said: Sequence[bytes], meant: bytes) -> sounds.Figures:
    """How alike each of them sounds to what was meant."""
    sizes = np.array([len(each) for each in said], np.int64)
    heard = sounds.Slices(np.frombuffer(b"".join(said), np.uint8), np.cumsum(sizes) - sizes, sizes)
    nothing = np.zeros(len(said), np.int64)
    wanted = sounds.Slices(np.frombuffer(meant, np.uint8), nothing, nothing + len(meant))
    return sounds.similarity(heard, wanted)


@dataclass
class _Taught:
    """All that was found of one term."""

    around: _Around
    places: list[Place] = field(default_factory=list)
    likeness: float = 0.0

    def lesson(self) -> Lesson:
        written = Counter(" ".join(each.corrected.split()) for each in self.places)
        term = written.most_common(1)[0][0]
        heard = Counter(normalise(each.heard) for each in self.places)
        kept = [
            (text, count)
            for text, count in heard.most_common()
            if text != normalise(term) and self._mostly_wrong(text, count)
        ]
        proven = tuple(text for text, count in kept if self._proven(text, count))
        count = len(self.places)
        return Lesson(term, tuple(kept), proven, self._confidence(term), count, tuple(self.places))

    def _mostly_wrong(self, text: str, count: int) -> bool:
        return " " in text or count > 2 * self.around.times_written(text)

    def _proven(self, text: str, count: int) -> bool:
        if count < PROVEN_FROM or self.around.times_written(text):
            return False
        return may_be_proven(text, self.around.languages)

    def _confidence(self, term: str) -> float:
        count, sure = len(self.places), self.likeness
        if normalise(term) not in self.around.known:
            if len(tokens.split(term)) == 1 and self.around.zipf(term) >= RARE:
                sure *= ORDINARY_ALONE
            if term == term.lower() and count == 1:
                sure *= ONCE
        # each further time makes it surer, up to a third more
        return round(min(0.99, sure * (1 - 0.5 ** (count + 1)) / 0.75), 3)
