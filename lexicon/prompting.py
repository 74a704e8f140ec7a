"""Which terms an engine is told of with a request, and in what form. Pure: no Django, no I/O.

Pinned terms go first. The rest goes by worth: language, kind, what became of the term before, and
evidence: it, or what sounds like it, stands near in the recording, in its name, or in what the
client said before. Evidence is looked up in a dictionary, so a hundred thousand terms cost little.
"""

from __future__ import annotations

import heapq
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from lexicon.pronouncing import pronunciations, sound_key
from lexicon.tokens import split

Form = Literal["none", "prompt", "keywords", "hotwords", "words"]

# --- What a term is worth: of two that do not both fit, the one with more is told ---------------

KINDS = {
    "drug": 2.0,
    "brand": 2.0,
    "person": 2.0,
    "organisation": 2.0,
    "acronym": 1.5,
    "place": 1.0,
}
PRIORITY = 0.1  # of each point: ten make up for a kind
LANGUAGE = 1.0  # of an expected language, rather than of any
OWN = 1.0  # the client's own, rather than everyone's
PROVEN = 2.0  # at most: often confirmed by reviewers, or put right in transcripts
UNDONE = 4.0  # at most, taken off: reviewers took it out again
IDLE = 1.0  # at most, taken off: often told, and never found

NAMED = 4.0  # in the recording's name, or in what it is said to be about
NEAR = 4.0  # in the text around, as it is written or misheard
ALIKE = 3.0  # something there sounds like it
BEFORE = 2.5  # in the client's earlier transcripts
PARTLY = 0.4  # of these, where one word of several is there

LONGEST_WRITTEN = 12  # words, or letters of scripts without blanks, that are looked up together
LONGEST_HEARD = 3  # words that together may sound like a term
SHORTEST_SOUND = 4  # letters of a sound key: most shorter ones fit something everywhere
SHORTEST_PART = 4  # letters of a word that stands for a term of several
MOST_ALIKE = 20  # terms of one key: a key of more tells of none of them

# --- What fits ---------------------------------------------------------------------------------

LONGEST_TERM = 100  # characters; what is longer is a sentence
MOST_NAMED = 50  # terms named of those that were left out for one reason
REASONS = {
    "budget": "no room for more",
    "language": "of another language",
    "engine": "the model takes no terms",
    "characters": "holds what the model would misread",
    "length": "too long",
    "sound": "cannot be said",
    "double": "is there already",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An approved term, as far as it matters whether an engine is told of it."""

    id: int  # 0: it is none of the lexicon's
    text: str  # as it is to be written
    language: str = ""
    kind: str = "other"
    alternatives: tuple[str, ...] = ()
    sounds_like: str = ""
    sound: str | None = None  # its sound key, where that is known already
    pinned: bool = False
    priority: int = 0
    own: bool = False
    sent: int = 0  # how often it was told, put into a transcript, confirmed there, taken out there
    matched: int = 0
    confirmed: int = 0
    undone: int = 0

    @property
    def worth(self) -> float:
        trust = (1 + self.confirmed) / (1 + self.confirmed + self.undone)
        found = self.confirmed + self.matched
        proven = min(PROVEN, math.log2(1 + found) / 2)
        idle = 0.0 if found else IDLE * self.sent / (self.sent + 50)
        kind = KINDS.get(self.kind, 0.0)
        rest = PRIORITY * self.priority + OWN * self.own
        return kind + rest + proven - UNDONE * (1 - trust) - idle


@dataclass(frozen=True)
class Budget:
    """What one model takes. `terms` and `tokens` are for all terms together, None is no limit;
    `prompt_tokens`: so much of a prompt's end it hears."""

    form: Form
    terms: int = 100
    tokens: int | None = None
    prompt_tokens: int | None = None


@dataclass(frozen=True)
class LeftOut:
    """How many terms were left out for one reason, and the first of them."""

    count: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Hints:
    """What goes with a request: `prompt` as it is sent, the terms in order, with those that stand
    in the prompt; and what was left out, by the keys of REASONS."""

    form: Form = "none"
    prompt: str = ""
    sent: tuple[Candidate, ...] = ()
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(cleaned(term.text) for term in self.sent)

    @property
    def keywords(self) -> tuple[str, ...]:
        """The terms that are sent beside the prompt."""
        return () if self.form == "prompt" else self.texts

    @property
    def sounds_like(self) -> dict[str, str]:
        """Of the terms that are not said as they are written: how they are."""
        said = zip(self.texts, self.sent, strict=True)
        return {text: term.sounds_like for text, term in said if term.sounds_like}


Evidence = Mapping[int, float]  # place of a candidate in its index -> what it adds to its worth


class Index:
    """Candidates, the worthiest first, and where each would be met. Never changes."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.terms = sorted(candidates, key=lambda term: (not term.pinned, -term.worth, term.id))
        self.of_language: dict[str, list[int]] = {}
        self.whole: dict[str, list[int]] = {}  # words with blanks between -> terms
        self.parts: dict[str, list[int]] = {}
        self.sounds: dict[str, list[int]] = {}
        for at, term in enumerate(self.terms):
            self.of_language.setdefault(term.language, []).append(at)
            self._add(at, term)
        longest = max((form.count(" ") + 1 for form in self.whole), default=1)
        self.longest = min(longest, LONGEST_WRITTEN)
        self.by_id = {term.id: term for term in self.terms}

    def _add(self, at: int, term: Candidate) -> None:
        words = split(term.text)
        forms = {" ".join(words), *(" ".join(split(heard)) for heard in term.alternatives)}
        for form in forms:
            self.whole.setdefault(form, []).append(at)
        if len(words) > 1:
            for word in {word for word in words if len(word) >= SHORTEST_PART}:
                self.parts.setdefault(word, []).append(at)
        sound = sound_key(term.sounds_like or term.text) if term.sound is None else term.sound
        if len(sound) >= SHORTEST_SOUND:
            self.sounds.setdefault(sound, []).append(at)

    def evidence(
        self, *, name: str = "", near: Sequence[str] = (), before: Sequence[str] = ()
    ) -> dict[int, float]:
        """What speaks for terms. `name`: of the recording, and what it is about; `near`: texts
        from beside the chunk; `before`: earlier transcripts of the same client."""
        found: dict[int, float] = {}
        for texts, worth, alike in (
            ((name,), NAMED, ALIKE),
            (near, NEAR, ALIKE),
            (before, BEFORE, 0),
        ):
            for text in texts:
                for at, share in self._met(text, alike / worth):
                    found[at] = max(found.get(at, 0.0), worth * share)
        return found

    def _met(self, text: str, alike: float) -> Iterator[tuple[int, float]]:
        """The terms that a text tells of, each with how surely."""
        words = split(text)
        for word in set(words):
            yield from ((at, PARTLY) for at in _few(self.parts.get(word)))
        for window in set(windows(words, self.longest)):
            yield from ((at, 1.0) for at in _few(self.whole.get(window)))
        if alike:
            for window in set(windows(words, LONGEST_HEARD)):
                yield from ((at, alike) for at in self.alike(window))

    def alike(self, text: str) -> Sequence[int]:
        """The terms that sound like the text."""
        sound = sound_key(text)
        return _few(self.sounds.get(sound)) if len(sound) >= SHORTEST_SOUND else ()

    def ranked(self, languages: Sequence[str], evidence: Evidence) -> Iterator[Candidate]:
        """The terms of these languages, and of any, in the order in which they are told; of all
        languages where none is given."""
        wanted = self.languages(languages)

        def key(at: int) -> tuple[bool, float, int]:
            term = self.terms[at]
            known = LANGUAGE * (term.language in languages)
            return not term.pinned, -(term.worth + known + evidence.get(at, 0.0)), at

        told = sorted((at for at in evidence if self.terms[at].language in wanted), key=key)
        rest = ((at for at in self.of_language[code] if at not in evidence) for code in wanted)
        return (self.terms[at] for at in heapq.merge(told, *rest, key=key))

    def languages(self, expected: Sequence[str]) -> list[str]:
        return [code for code in self.of_language if not (expected and code) or code in expected]


def windows(words: Sequence[str], longest: int) -> Iterator[str]:
    """Each run of up to so many words."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield " ".join(words[start:end])


def _few(terms: Sequence[int] | None) -> Sequence[int]:
    return terms if terms and len(terms) <= MOST_ALIKE else ()


def choose(
    index: Index,
    budget: Budget,
    *,
    languages: Sequence[str] = (),
    evidence: Evidence | None = None,
    prompt: str = "",
    wished: Sequence[Candidate] = (),
) -> Hints:
    """The terms that go with a request. `prompt` is what people say of the recording: it stands
    before the terms. `languages`: ISO 639-1 codes that are expected, and that the model knows.
    `wished`: for this recording, whatever their language; they go first."""
    chosen = _Choice(budget, prompt)
    wanted = set(index.languages(languages))
    foreign = [
        at for code, found in index.of_language.items() if code not in wanted for at in found
    ]
    chosen.leave_out("language", (index.terms[at].text for at in sorted(foreign)), len(foreign))
    rest = len(index.terms) - len(foreign)
    ranked = index.ranked(languages, evidence or {})
    if budget.form == "none":
        texts = (term.text for term in chain(wished, ranked))
        chosen.leave_out("engine", texts, len(wished) + rest)
        return chosen.hints()
    for term in wished:
        chosen.take(term)
    for term in ranked:
        if chosen.full:
            break
        chosen.take(term)
        rest -= 1
    chosen.left["budget"] = chosen.left.get("budget", 0) + rest
    return chosen.hints()


class _Choice:
    """The terms taken so far, and those left out."""

    def __init__(self, budget: Budget, prompt: str) -> None:
        self.budget = budget
        self.sent: list[Candidate] = []
        self.seen: set[str] = set()
        self.left: dict[str, int] = {}
        self.named: dict[str, list[str]] = {}
        self.prompt, self.room = prompt, budget.tokens
        if budget.form == "prompt" and self.room is not None:
            # the prompt's own words first, but never more than half: terms are its use
            self.room = max(self.room - tokens(prompt), self.room // 2)

    @property
    def full(self) -> bool:
        """Nothing more can be taken, and enough is named of what was not."""
        return len(self.named.get("budget", ())) >= MOST_NAMED

    def leave_out(self, reason: str, texts: Iterable[str], count: int = 1) -> None:
        named = self.named.setdefault(reason, [])
        room = MOST_NAMED - len(named)
        named += [text for text, _ in zip(texts, range(room), strict=False)]
        self.left[reason] = self.left.get(reason, 0) + count

    def take(self, term: Candidate) -> None:
        if reason := self._why_not(term):
            self.leave_out(reason, [term.text])
            return
        self.sent.append(term)
        self.seen.add(cleaned(term.text))
        if self.room is not None:
            self.room -= _price(term)

    def _why_not(self, term: Candidate) -> str:
        text = cleaned(term.text)
        if not text or set(text) & set("<>"):
            return "characters"
        if len(text) > LONGEST_TERM:
            return "length"
        if text in self.seen:
            return "double"
        if self.budget.form == "words" and not pronunciations(term.sounds_like or text):
            return "sound"
        room = len(self.sent) < self.budget.terms
        if not room or (self.room is not None and _price(term) > self.room):
            return "budget"
        return ""

    def hints(self) -> Hints:
        prompt = self.prompt
        if self.budget.form == "prompt" and self.sent:
            listed = f"{', '.join(cleaned(term.text) for term in self.sent)}."
            prompt = f"{_before(self._own(tokens(listed)))}{listed}"
        elif self.budget.form != "none":
            prompt = self._own(0)
        left_out = {
            reason: LeftOut(count, tuple(self.named.get(reason, ())))
            for reason, count in self.left.items()
            if count
        }
        return Hints(self.budget.form, prompt, tuple(self.sent), left_out)

    def _own(self, taken: int) -> str:
        """The prompt's own words, as far as they are heard beside `taken` tokens of terms."""
        if self.budget.prompt_tokens is None:
            return self.prompt
        return ending(self.prompt, self.budget.prompt_tokens - taken)


def _before(prompt: str) -> str:
    """What people wrote, as a sentence with another one behind it."""
    if not prompt:
        return ""
    return f"{prompt} " if unicodedata.category(prompt[-1]).startswith("P") else f"{prompt}. "


def _price(term: Candidate) -> int:
    return tokens(cleaned(term.text)) + 1  # and the comma


def cleaned(text: str) -> str:
    """On one line, without control characters."""
    kept = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return " ".join("".join(kept).split())


def tokens(text: str) -> int:
    """How many tokens whisper and its kin make of a text: as many, or fewer.

    Estimated, for their tokenizer is not at hand. Of running text they make per character 0.22 in
    English, 0.28 in Russian, 0.55 in Arabic, 1.07 in Hindi, 1.33 in Chinese; names are cut finer,
    so about twice that is taken. Of other scripts a token is one byte of UTF-8 at worst, which is
    near the 2.05 per character of Bengali; and of capitals and digits, as in acronyms, one each.
    """
    return math.ceil(sum(map(_tokens_of, text)))


def _tokens_of(letter: str) -> float:
    if letter == " ":
        return 0.0  # belongs to the word behind it
    if letter.islower() and letter < "\u0250":
        return 0.5 if letter < "\x80" else 1.0
    for first, last, cost in _SCRIPT_COSTS:
        if first <= letter <= last:
            return cost
    return float(len(letter.encode("utf-8", "replace")))


_SCRIPT_COSTS = (
    ("\u0400", "\u052f", 0.6),  # Cyrillic
    ("\u0600", "\u06ff", 1.0),  # Arabic
    ("\u0900", "\u097f", 2.0),  # Devanagari
    ("\u3040", "\u30ff", 2.5),  # kana
    ("\u4e00", "\u9fff", 2.5),  # Han
)


def ending(text: str, most: int) -> str:
    """The end of a text, of no more than so many tokens; from a word on, where it has words."""
    if tokens(text) <= most:
        return text
    left, start = float(most), len(text)
    while start and left >= (cost := _tokens_of(text[start - 1])):
        left, start = left - cost, start - 1
    end = text[start:]
    if start and text[start - 1] != " ":
        _, _, words = end.partition(" ")
        end = words if len(words) > len(end) / 2 else end
    return end.strip()
