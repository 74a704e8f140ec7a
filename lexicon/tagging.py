"""Which language, and which script, each word of a text is in. Pure, but for wordfreq's files.

A hidden Markov model (Rabiner 1989) whose states are the expected languages. What a word says for
a language is how frequent it is there, how well it is spelt like its words, and whether it is one
of its words with one of its endings. What is around says the rest: people rarely switch. Each
word gets the language that is likeliest given all the text (forward and backward), which also is
its confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import regex

from lexicon.scripts import script_of, scripts_of
from lexicon.vocabulary import Vocabulary, listed_as, vocabulary

# --- Weights, chosen on 801 sentences of Turkish and German; each may be far off with little harm

SPELT = 0.05  # what spelling weighs beside what is counted
DERIVED = 0.03  # and a stem with an ending
MIXED = 0.02  # and a stem of another language with an ending of this one
SHARPNESS = 1.2
MOST = 8.0  # nats that one word may speak for a language: nothing is certain
LEAST = math.exp(-MOST)
ORDINARY = 1e-5  # words as frequent are not looked into: they are in the list of their language
CAPITAL = 1.6  # nats for a language whose nouns have capitals, where others need none
BROKEN_OFF = 0.8  # how much a piece of a word says, against a whole one
FOREIGN_LETTER = 2.5  # nats against a language, of a hesitation with letters it does not use
TERM = 4.0  # nats for the language that the lexicon has for a word

# how probable it is that the next word is in the same language as the one before
STAYS = 0.88
STAYS_AFTER_COMMA = 0.85
STAYS_AFTER_SENTENCE = 0.7
STAYS_AT_NEUTRAL = 0.97  # numbers and hesitations: who switches does so after them

CAPITAL_NOUNS = frozenset({"de", "lb"})
HESITATION = regex.compile(r"[aeiouäöüəı]h*m+|[aeouäöü]e?h+m*|h+m+|m+h+m*|mm+|h[aä]")
HESITATED = 10**-3.9  # what is more frequent in a language is a word of it
JAPANESE = frozenset({"Hani", "Kana"})

_WORD = regex.compile(
    r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['\u2019&][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*"
)
_SENTENCE_END = regex.compile(r"[.?!…:。！？।؟\"“”„]\W*$")
_COMMA = regex.compile(r"[,،、，;]\W*$")
_BROKEN = regex.compile(r"--|[-\u2010-\u2015…](?=\s|$)|\.\.\.")


class Span(NamedTuple):
    """A word of one script, in characters of its text."""

    start: int
    end: int
    script: str  # ISO 15924; empty for numbers
    broken: bool = False  # the speaker did not say all of it


@dataclass(frozen=True, slots=True)
class Tag:
    """What a word is in. `language`: ISO 639; empty where none of those expected is written so, or
    where it cannot be told apart from another. `ending`: of a word made of two languages, the one
    that its ending is in. `confidence`: a probability."""

    start: int
    end: int
    script: str
    language: str
    ending: str = ""
    confidence: float = 1.0


def spans(text: str) -> Iterator[Span]:
    """Its words; what is written in two scripts is two of them."""
    for match in _WORD.finditer(text):
        word, (start, end) = match[0], match.span()
        broken = text[end : end + 1] not in ("", " ") and bool(_BROKEN.match(text, end))
        if word.isascii():
            yield Span(start, end, script_of(word), broken)
        else:
            yield from _by_script(word, start, broken)


def _by_script(word: str, offset: int, broken: bool) -> Iterator[Span]:
    start, script = 0, ""
    for at, letter in enumerate(word):
        other = script_of(letter)
        if other and script and other != script and not {script, other} <= JAPANESE:
            yield Span(offset + start, offset + at, script)
            start, script = at, ""
        script = script or other
        if other == "Kana":
            script = other  # Han among kana is Japanese
    yield Span(offset + start, offset + len(word), script, broken)


def cannot_tell(languages: Sequence[str]) -> dict[str, list[str]]:
    """Of languages that are expected together: those without a list of words, or with the same
    list as another one, each with those that no word can be told from as the script is the same."""
    found: dict[str, list[str]] = {}
    for code in languages:
        own = listed_as(code)
        others = [other for other in languages if own in ("", listed_as(other)) and other != code]
        if alike := [other for other in others if _share_script(code, other)]:
            found[code] = alike
    return found


def _share_script(one: str, other: str) -> bool:
    return bool(scripts_of(one) & scripts_of(other)) or not (scripts_of(one) and scripts_of(other))


class Said(NamedTuple):
    """A word as far as it matters by itself."""

    written: str
    script: str
    begins: bool  # a sentence
    broken: bool


class Heard(NamedTuple):
    """What a word says by itself: for each language a likelihood, of which the greatest is 1, and
    in which language its stem is, if it is mixed, seen from there."""

    likelihoods: Sequence[float]
    stems: Sequence[str]
    stays: float = 0.0  # not 0: in the place of what stands before the word
    untold: bool = False  # no language can be told


class Tagger:
    """Of texts in any of some languages (ISO 639). `terms`: words of the lexicon, in lower case,
    and the language that it has each of them in."""

    def __init__(self, languages: Iterable[str], terms: Mapping[str, str] | None = None) -> None:
        self.languages = list(dict.fromkeys(languages))
        self.terms = terms or {}
        self._cannot_tell = cannot_tell(self.languages)
        self._known: dict[Said, Heard] = {}

    def tags(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Of each text, a tag for each of its words, and for each number. The texts may be those
        of one recording, or have nothing to do with each other: each is read by itself, but new
        words are looked up once for all."""
        found = [list(spans(text)) for text in texts]
        if not self.languages:
            return [[_untold(span) for span in each] for each in found]
        read = [_before_each(text, each) for text, each in zip(texts, found, strict=True)]
        self._learn(said for words, _ in read for said in words)
        return [
            self._tagged(each, said, stays) for each, (said, stays) in zip(found, read, strict=True)
        ]

    def _tagged(
        self, found: Sequence[Span], said: Sequence[Said], stays: Sequence[float]
    ) -> list[Tag]:
        heard = [self._known[each] for each in said]
        stays = [each.stays or stay for each, stay in zip(heard, stays, strict=True)]
        shares = _shares([each.likelihoods for each in heard], stays)
        return list(map(self._tag, found, heard, shares))

    def _tag(self, span: Span, heard: Heard, shares: Sequence[float]) -> Tag:
        if heard.untold:
            return _untold(span)
        confidence = max(shares)
        best = shares.index(confidence)
        language, stem = self.languages[best], heard.stems[best]
        if stem:
            return Tag(span.start, span.end, span.script, stem, language, confidence)
        return Tag(span.start, span.end, span.script, language, "", confidence)

    def _learn(self, said: Iterable[Said]) -> None:
        new = sorted({each for each in said if each not in self._known}, key=_script)
        for script, group in groupby(new, _script):
            words = list(group)
            self._known.update(zip(words, self._of_script(script, words), strict=True))

    def _of_script(self, script: str, words: Sequence[Said]) -> Iterable[Heard]:
        """What the words say, as far as their script lets them."""
        none = [""] * len(self.languages)
        if not script:
            return [Heard([1.0] * len(none), none, STAYS_AT_NEUTRAL)] * len(words)
        possible = [code for code in self.languages if _written(code, script)]
        if not possible:
            return [Heard([1.0] * len(none), none, STAYS_AT_NEUTRAL, untold=True)] * len(words)
        alone = [1.0 if code in possible else LEAST for code in self.languages]
        untold = any(set(self._cannot_tell.get(code, ())) & set(possible) for code in possible)
        if untold or len(possible) == 1 or script in JAPANESE:
            return [Heard(alone, none, untold=untold)] * len(words)
        known = [found for code in possible if (found := vocabulary(code))]
        return self._compared(words, known)

    def _compared(self, words: Sequence[Said], known: Sequence[Vocabulary]) -> Iterator[Heard]:
        """What the words say by how frequent they are in each language, and how spelt."""
        folded = [[each.fold(word.written) for word in words] for each in known]
        spelt = [
            np.exp(each.spelling.log_probabilities(forms))
            for each, forms in zip(known, folded, strict=True)
        ]
        place = [self.languages.index(each.language) for each in known]
        for at, word in enumerate(words):
            forms = [each[at] for each in folded]
            nats, stems, stays = _evidence(word, known, forms, [float(s[at]) for s in spelt])
            if language := self.terms.get(word.written.casefold()):
                nats = [
                    n + TERM * (each.language == language)
                    for n, each in zip(nats, known, strict=True)
                ]
            most = max(nats)
            likelihoods, all_stems = [LEAST] * len(self.languages), [""] * len(self.languages)
            for where, each, stem in zip(place, nats, stems, strict=True):
                likelihoods[where] = math.exp(max(each - most, -MOST))
                all_stems[where] = stem
            yield Heard(likelihoods, all_stems, stays)


def _untold(span: Span) -> Tag:
    return Tag(span.start, span.end, span.script, "", "", 0.0)


def _script(word: Said) -> str:
    return word.script


def _written(language: str, script: str) -> bool:
    """A language of which nobody knows how it is written may be written in any script."""
    return script in (scripts_of(language) or {script})


def _before_each(text: str, found: Sequence[Span]) -> tuple[list[Said], list[float]]:
    """The words, and for each how probable what stands before it makes it that nobody switched."""
    said, stays, end = [], [], 0
    for span in found:
        between = text[end : span.start]
        stay = STAYS
        if not end or (between != " " and _SENTENCE_END.search(between)):
            stay = STAYS_AFTER_SENTENCE
        elif between != " " and _COMMA.search(between):
            stay = STAYS_AFTER_COMMA
        begins = stay == STAYS_AFTER_SENTENCE
        said.append(Said(text[span.start : span.end], span.script, begins, span.broken))
        stays.append(stay)
        end = span.end
    return said, stays


def _evidence(
    word: Said, known: Sequence[Vocabulary], forms: Sequence[str], spelt: Sequence[float]
) -> tuple[list[float], list[str], float]:
    """For each language nats, and the language of the stem; and what of Heard.stays."""
    counted = [each.share(form) for each, form in zip(known, forms, strict=True)]
    if HESITATION.fullmatch(forms[0]) and max(counted) < HESITATED:
        own = [set(form) <= each.letters for each, form in zip(known, forms, strict=True)]
        nats = [0.0 if usual else -FOREIGN_LETTER for usual in own]
        return nats, [""] * len(known), STAYS_AT_NEUTRAL
    nats, stems = [], []
    ordinary = max(counted) >= ORDINARY
    capital = word.written[0].isupper() and not word.begins
    for each, form, share, spelling in zip(known, forms, counted, spelt, strict=True):
        worth, mixed, stem = (1 - SPELT) * share + SPELT * spelling, 0.0, ""
        if not ordinary:
            worth += DERIVED * each.derived(form)
            if not word.broken:
                mixed, stem = max(
                    (MIXED * each.derived(form, o), o.language) for o in known if o is not each
                )
        found = SHARPNESS * math.log(worth + mixed + 1e-30)
        if word.broken:
            found *= BROKEN_OFF
        is_mixed = mixed > worth
        if capital and CAPITAL_NOUNS & {each.language, stem if is_mixed else ""}:
            found += CAPITAL
        nats.append(found)
        stems.append(stem if is_mixed else "")
    return nats, stems, 0.0


def _shares(likelihoods: Sequence[Sequence[float]], stays: Sequence[float]) -> list[list[float]]:
    """How probable each language is for each word: what the words before and after say of it too.

    The forward-backward algorithm, scaled at each step; all switches are equally likely.
    """
    count = len(likelihoods[0]) if likelihoods else 1
    forward, ahead, whole = [], [1.0 / count] * count, 1.0
    for said, stay in zip(likelihoods, stays, strict=True):
        switch = (1 - stay) / max(1, count - 1)
        keep = (stay - switch) / whole
        ahead = [(share * keep + switch) * each for share, each in zip(ahead, said, strict=True)]
        whole = sum(ahead)
        forward.append(ahead)
    found, behind = [], [1.0] * count
    for at in range(len(forward) - 1, -1, -1):
        both = [one * other for one, other in zip(forward[at], behind, strict=True)]
        whole = sum(both)
        found.append([share / whole for share in both])
        said = [share * each for share, each in zip(behind, likelihoods[at], strict=True)]
        whole, stay = sum(said), stays[at]
        switch = (1 - stay) / max(1, count - 1)
        keep = (stay - switch) / whole
        behind = [share * keep + switch for share in said]
    return found[::-1]
