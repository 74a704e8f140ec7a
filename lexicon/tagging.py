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
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
import regex

from lexicon.scripts import script_of, script_of_letter, scripts_of, usual_scripts_of
from lexicon.vocabulary import Vocabulary, folded, listed_as, vocabulary

# --- Weights, chosen on 801 sentences of Turkish and German; each may be far off with little harm

SPELT = 0.05  # what spelling weighs beside what is counted
DERIVED = 0.05  # and a stem with an ending
MIXED = 0.02  # and a stem of another language with an ending of this one
SHARPNESS = 1.2
MOST = 8.0  # nats that one word may speak for a language: nothing is certain
LEAST = math.exp(-MOST)
ORDINARY = 1e-5  # words as frequent are not looked into: they are in the list of their language
CAPITAL = 1.6  # nats for a language whose nouns have capitals, where others need none
BROKEN_OFF = 0.8  # how much a piece of a word says, against a whole one
FOREIGN_LETTER = 2.5  # nats against a language, of a hesitation with letters it does not use

# how probable it is that the next word is in the same language as the one before
STAYS = 0.88
STAYS_AFTER_COMMA = 0.85
STAYS_AFTER_SENTENCE = 0.7
STAYS_AT_NEUTRAL = 0.97  # numbers and hesitations: who switches does so after them

CAPITAL_NOUNS = frozenset({"de", "lb"})
HESITATION = regex.compile(r"[aeiouäöüəı]h*m+|[aeouäöü]e?h+m*|h+m+|m+h+m*|mm+|h[aä]")
HESITATED = 10**-3.9  # what is more frequent in a language is a word of it
SURE = 0.9  # confidence from which a word need not be looked at
UNKNOWN = 0.6  # how sure a language is that alone has a script, of words that it does not have
UNKNOWN_CHARACTER = 1e-6  # its share in Chinese or Japanese
WITHOUT_BLANKS = frozenset({"Hani", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"})
MOST_KNOWN = 50_000  # words that a tagger keeps
NO_TERMS: Mapping[str, str] = {}
JAPANESE = frozenset({"Hani", "Kana"})

_JOINING = "'\u2018\u2019\u201b\u02bc&\u00b7\u05f3\u05f4"  # between letters; and in Hebrew, "
_LETTERS = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d\u00ad]*"
_WORD = regex.compile(
    rf"{_LETTERS}(?:(?:[{_JOINING}]|(?<=\p{{Hebrew}}\p{{M}}*)\"(?=\p{{Hebrew}})){_LETTERS})*"
)
_SENTENCE_END = regex.compile(r"[.?!…:।॥؟۔։\"“”„«»]")  # with a blank,
_CERTAIN_END = regex.compile(r"[。！？．｡\n\r\u2028\u2029]")  # or without
_COMMA = regex.compile(r"[,،、，;；؛]")
_GRAPHEME = regex.compile(r"\X")
_BLANK = regex.compile(r"\s")
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
    where it cannot be told from another. `ending`: of a word made of two languages, the one that
    its ending is in. `confidence`: a probability; where one language alone has the script, lower
    for words that are not in its list."""

    start: int
    end: int
    script: str
    language: str
    ending: str = ""
    confidence: float = 1.0


def spans(text: str) -> Iterator[Span]:
    """Its words, or what is written without blanks between; what is in two scripts is two."""
    for match in _WORD.finditer(text):
        word, (start, end) = match[0], match.span()
        broken = text[end : end + 1] not in ("", " ") and bool(_BROKEN.match(text, end))
        if word.isascii():
            yield Span(start, end, script_of(word), broken)
        else:
            yield from _by_script(word, start, broken)


def _by_script(word: str, offset: int, broken: bool) -> Iterator[Span]:
    start, script = 0, ""
    for grapheme in _GRAPHEME.finditer(word):
        at, letter = grapheme.start(), grapheme[0][0]
        other = script_of_letter(letter) if letter.isalpha() else ""
        if other and script and other != script and not {script, other} <= JAPANESE:
            yield Span(offset + start, offset + len(word[:at].rstrip(_JOINING)), script)
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
    """Or may, for all that is known."""
    scripts, others = usual_scripts_of(one), usual_scripts_of(other)
    return not scripts or not others or bool(scripts & others)


class Said(NamedTuple):
    """A word as far as it matters by itself."""

    written: str
    script: str
    begins: bool  # a sentence
    broken: bool


class Heard(NamedTuple):
    """What a word says by itself.

    `likelihoods`: for each language, of which the greatest is 1. `stems`: for each language in
    which only the word's ending is, that of its stem; else empty. `neutral`: who switches does
    so after it. `certain`: the most that the confidence may be; 0 where nothing can be told.
    """

    likelihoods: Sequence[float]
    stems: Sequence[str]
    neutral: bool = False
    certain: float = 1.0


class Tagger:
    """Of texts in any of some languages (ISO 639), such as those of one job: what it looked up it
    keeps."""

    def __init__(self, languages: Iterable[str]) -> None:
        self.languages = list(dict.fromkeys(languages))
        self._cannot_tell = cannot_tell(self.languages)
        self._no_stems = [""] * len(self.languages)
        self._known: dict[Said, Heard] = {}

    def tags(self, texts: Sequence[str], terms: Mapping[str, str] = NO_TERMS) -> list[list[Tag]]:
        """Of each text, a tag for each of its words, and for each number. The texts may be those
        of one recording, or have nothing to do with each other: each is read by itself, but new
        words are looked up once for all. `terms`: single words of the lexicon, `folded`, and the
        language of each."""
        found = [list(spans(text)) for text in texts]
        if not self.languages:
            return [[_untold(span) for span in each] for each in found]
        read = [_before_each(text, each) for text, each in zip(texts, found, strict=True)]
        if len(self._known) > MOST_KNOWN:
            self._known = {}
        known = self._known  # another thread may put a new one in its place
        self._learn(known, (said for words, _ in read for said in words))
        return [
            self._tagged(known, each, said, stays, terms)
            for each, (said, stays) in zip(found, read, strict=True)
        ]

    def _tagged(
        self,
        known: Mapping[Said, Heard],
        found: Sequence[Span],
        said: Sequence[Said],
        stays: Sequence[float],
        terms: Mapping[str, str],
    ) -> list[Tag]:
        heard = [known[each] for each in said]
        if terms:
            languages = [terms.get(folded(each.written)) for each in said]
            heard = [
                self._only([language]) if language in self.languages else each
                for each, language in zip(heard, languages, strict=True)
            ]
        stays = [
            STAYS_AT_NEUTRAL if each.neutral and not word.begins else stay
            for each, word, stay in zip(heard, said, stays, strict=True)
        ]
        shares = _shares([each.likelihoods for each in heard], stays)
        return list(map(self._tag, found, heard, shares))

    def _tag(self, span: Span, heard: Heard, shares: Sequence[float]) -> Tag:
        if not heard.certain:
            return _untold(span)
        share = max(shares)
        best = shares.index(share)
        language, stem = self.languages[best], heard.stems[best]
        return Tag(
            span.start,
            span.end,
            span.script,
            stem or language,
            language if stem else "",
            min(share, heard.certain),
        )

    def _learn(self, known: dict[Said, Heard], said: Iterable[Said]) -> None:
        new = sorted({each for each in said if each not in known}, key=_script)
        for script, group in groupby(new, _script):
            words = list(group)
            known.update(zip(words, self._of_script(script, words), strict=True))

    def _only(self, possible: Sequence[str], certain: float = 1.0) -> Heard:
        likelihoods = [1.0 if code in possible else LEAST for code in self.languages]
        return Heard(likelihoods, self._no_stems, certain=certain)

    def _of_script(self, script: str, words: Sequence[Said]) -> Iterable[Heard]:
        """What the words say, as far as their script lets them."""
        possible = self._possible(script)
        if not script or not possible:
            neutral = [1.0] * len(self.languages)
            certain = 0.0 if script else 1.0
            return [Heard(neutral, self._no_stems, True, certain)] * len(words)
        if any(set(self._cannot_tell.get(code, ())) & set(possible) for code in possible):
            return [self._only(possible, certain=0.0)] * len(words)
        if len(possible) == 1:
            known = vocabulary(possible[0])
            if known is None or script in WITHOUT_BLANKS or len(self.languages) == 1:
                return [self._only(possible)] * len(words)
            return (self._only(possible, _certain(word, known)) for word in words)
        vocabularies = [found for code in possible if (found := vocabulary(code))]
        if script in JAPANESE:
            return (self._by_characters(word, vocabularies) for word in words)
        return self._compared(words, vocabularies)

    def _possible(self, script: str) -> list[str]:
        """Those that are usually written so, else those that may be, else those of which nobody
        knows how they are written."""
        usual = [code for code in self.languages if script in usual_scripts_of(code)]
        rare = [code for code in self.languages if script in scripts_of(code)]
        return usual or rare or [code for code in self.languages if not scripts_of(code)]

    def _compared(self, words: Sequence[Said], known: Sequence[Vocabulary]) -> Iterator[Heard]:
        """What the words say by how frequent they are in each language, and how spelt."""
        forms = [[each.fold(word.written) for word in words] for each in known]
        spelt = [
            np.exp(each.spelling.log_probabilities(mine)).tolist()
            for each, mine in zip(known, forms, strict=True)
        ]
        of_words = zip(words, zip(*forms, strict=True), zip(*spelt, strict=True), strict=True)
        for word, each_form, each_spelt in of_words:
            if nats := _hesitation(known, each_form):
                yield self._heard(known, nats, neutral=True)
            else:
                nats, stems = _evidence(word, known, each_form, each_spelt)
                yield self._heard(known, nats, stems)

    def _by_characters(self, word: Said, known: Sequence[Vocabulary]) -> Heard:
        """Chinese or Japanese, by how usual its characters are."""
        nats = []
        for each in known:
            usual = (each.letters.get(letter, 0.0) for letter in word.written)
            nats.append(sum(math.log(share + UNKNOWN_CHARACTER) for share in usual))
        return self._heard(known, nats)

    def _heard(
        self,
        known: Sequence[Vocabulary],
        nats: Sequence[float],
        stems: Sequence[str] = (),
        neutral: bool = False,
    ) -> Heard:
        """Of some of the languages, for all of them."""
        most = max(nats)
        likelihoods, all_stems = [LEAST] * len(self.languages), list(self._no_stems)
        for at, (each, said) in enumerate(zip(known, nats, strict=True)):
            where = self.languages.index(each.language)
            likelihoods[where] = math.exp(max(said - most, -MOST))
            all_stems[where] = stems[at] if stems else ""
        return Heard(likelihoods, all_stems, neutral)


class Run(NamedTuple):
    """Words in a row that are in one language. What is `unsure` stands alone, with its confidence;
    `by_person`: somebody said so."""

    start: int
    end: int
    language: str
    ending: str = ""
    confidence: float = 1.0
    by_person: bool = False


def runs(tags: Iterable[Tag]) -> list[Run]:
    """The tags of one text, those of the same language together; without what cannot be told."""
    found: list[Run] = []
    last: Run | None = None
    for tag in tags:
        sure = tag.confidence >= SURE and not tag.ending
        if (
            last
            and sure
            and last.language == tag.language
            and last.confidence >= SURE
            and not last.ending
        ):
            least = min(last.confidence, tag.confidence)
            last = found[-1] = last._replace(end=tag.end, confidence=least)
        elif tag.language:
            last = Run(tag.start, tag.end, tag.language, tag.ending, tag.confidence)
            found.append(last)
        else:
            last = None
    return found


@lru_cache(maxsize=16)
def tagger(languages: tuple[str, ...]) -> Tagger:
    """The process's own for these languages."""
    return Tagger(languages)


def _untold(span: Span) -> Tag:
    return Tag(span.start, span.end, span.script, "", "", 0.0)


def _script(word: Said) -> str:
    return word.script


def _before_each(text: str, found: Sequence[Span]) -> tuple[list[Said], list[float]]:
    """The words, and for each how probable what stands before it makes it that nobody switched."""
    said, stays, end = [], [], 0
    for span in found:
        stay = _stays(text[end : span.start]) if end else STAYS_AFTER_SENTENCE
        begins = stay == STAYS_AFTER_SENTENCE
        said.append(Said(text[span.start : span.end], span.script, begins, span.broken))
        stays.append(stay)
        end = span.end
    return said, stays


def _stays(between: str) -> float:
    if between == " ":
        return STAYS
    ended = _SENTENCE_END.search(between) and _BLANK.search(between)
    if ended or _CERTAIN_END.search(between):
        return STAYS_AFTER_SENTENCE
    return STAYS_AFTER_COMMA if _COMMA.search(between) else STAYS


def _certain(word: Said, known: Vocabulary) -> float:
    """Of the only language with the word's script: what it does not know may be another one's, as
    Hindi in Latin letters is."""
    form = known.fold(word.written)
    return 1.0 if known.share(form) or known.derived(form) else UNKNOWN


def _hesitation(known: Sequence[Vocabulary], forms: Sequence[str]) -> list[float]:
    """Nats for each language of a word that is one's in none; empty for others."""
    if not any(map(HESITATION.fullmatch, forms)):
        return []
    if any(each.share(form) > HESITATED for each, form in zip(known, forms, strict=True)):
        return []
    written = (each.writes(form) for each, form in zip(known, forms, strict=True))
    return [0.0 if usual else -FOREIGN_LETTER for usual in written]


def _evidence(
    word: Said, known: Sequence[Vocabulary], forms: Sequence[str], spelt: Sequence[float]
) -> tuple[list[float], list[str]]:
    """Nats for each language; and, where only the ending is in it, the language of the stem."""
    shares = [each.share(form) for each, form in zip(known, forms, strict=True)]
    ordinary = max(shares) >= ORDINARY
    capital = word.written[0].isupper() and not word.begins and not word.written.isupper()
    nats, stems = [], []
    for each, form, share, spelling in zip(known, forms, shares, spelt, strict=True):
        worth, mixed, stem = (1 - SPELT) * share + SPELT * spelling, 0.0, ""
        if not ordinary:
            worth += DERIVED * each.derived(form)
        if not ordinary and not word.broken:
            others = (other for other in known if other is not each)
            mixed, stem = max((MIXED * each.derived(form, o), o.language) for o in others)
        said = SHARPNESS * math.log(worth + mixed + 1e-30)
        stem = stem if mixed > worth else ""
        if word.broken:
            said *= BROKEN_OFF
        if capital and CAPITAL_NOUNS & {each.language, stem}:
            said += CAPITAL
        nats.append(said)
        stems.append(stem)
    return nats, stems


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
