"""How odd the words of a transcript are, by its text alone: how many errors are to be expected at
each of them, against a usual word. Pure, but for its weights, which it reads once.

Engines that tell no confidence leave the text to judge by: words that do not fit the words before
them, rare ones that stand nowhere else in it, capitals within a sentence, words said twice, and
such words as are often misheard. A log-linear model, trained by benchmarks/train_ranking.py, weighs
what is in the thirty words around a place and in the some six hundred around it: errors come in
bursts, where somebody is hard to understand.

It was trained on English. Where the words are of other languages it knows how rare they are, if
they were counted, and else what is the same in all languages; there only what is odd against the
rest of the same transcript counts.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lexicon import pronouncing
from lexicon.matching import frequency, surroundings

Figures = NDArray[np.float64]

WEIGHTS_FILE = Path(__file__).parent / "data" / "oddness.json"
NEAR, FAR = 15, 300  # words on each side
LEAST, MOST = 0.2, 6.0  # times as many errors as usual; more is not believed
KEEN = 0.35  # how much of what is odd about a place is put down to its oddest words
FEW = 100  # words, of which half as much is believed: what stands once in them may be usual
LONGEST_WORDS = 12.0  # letters on average; longer ones are no words but unspaced text

_EDGES = re.compile(r"^\W+|[^\w%]+$")
_FUNCTION = (
    "the a an and or but of to in on at for with by from as is are was were be been it that this"
    " these those we i you he she they our your their his her its so if then there here have has"
    " had do does did not will would can could what which who when how just"
)
_HESITATION = "uh um er ah hm mm eh mhm hmm äh ähm euh"
_FUNCTION_WORDS, _HESITATIONS = frozenset(_FUNCTION.split()), frozenset(_HESITATION.split())
_ENDS, _PAUSES = ".?!…。؟।", ",;:،"

# by how much is known of a language; each kind knows what is named before it, too
ANY = ("digit", "once", "length", "one_letter", "ends", "pauses", "short_sentence", "long_sentence",
       "unpunctuated", "repeated", "hesitation", "said_elsewhere", "phrase_elsewhere",
       "said_just_now")  # fmt: skip
LISTED = (*ANY, "rare", "common", "very_rare", "unlisted", "rare_once", "rare_often")
ENGLISH = (*LISTED, "surprising", "very_surprising", "unknown", "fits", "unfit", "capital",
           "capital_rare", "capital_common", "function", "function_run", "sounds_like_others",
           "rare_sounds_like_others")  # fmt: skip
KINDS = {"english": ENGLISH, "listed": LISTED, "any": ANY}


@dataclass(frozen=True)
class Weights:
    near: Figures  # of each figure, in the words around
    far: Figures
    bias: float
    words: Mapping[str, float]  # common ones, in the words around

    @classmethod
    def read(cls, kind: str) -> Weights:
        row = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))[kind]
        near, far = (np.array([row[at][name] for name in KINDS[kind]]) for at in ("near", "far"))
        return cls(near, far, row["bias"], row["words"])


weights = cache(Weights.read)


def oddness(words: Sequence[str], languages: Sequence[str]) -> Figures:
    """Of each word of a transcript, how many times as many errors are to be expected as at a usual
    one. `words`: as written, in order; `languages`: those that are expected, ISO 639-1."""
    if not words or sum(map(len, words)) > LONGEST_WORDS * len(words):
        return np.ones(len(words))
    text = Text(words, languages)
    return judged(text, weights(text.kind))


def judged(text: Text, by: Weights) -> Figures:
    own = text.figures @ by.near + np.array([by.words.get(form, 0.0) for form in text.forms])
    # the mean of the words around, so that a place counts as much however it is cut
    place = around(own, NEAR) + around(text.figures @ by.far, FAR) + by.bias
    believed = len(own) / (len(own) + FEW)
    keen = np.exp(np.clip(KEEN * believed * (own - own.mean()), -3, 3))
    place = believed * np.clip(place, np.log(LEAST), np.log(MOST))
    return np.exp(place) * keen / around(keen, NEAR)


def around(values: Figures, reach: int) -> Figures:
    """The mean over each place and so many on each side."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(0, at - reach), np.minimum(len(values), at + reach + 1)
    return (sums[last] - sums[first]) / (last - first)


class Text:
    """`figures`: a row for each word, a column for each name of its kind in KINDS."""

    def __init__(self, words: Sequence[str], languages: Sequence[str], kind: str = "") -> None:
        self.words = words
        self.bare = [_EDGES.sub("", word) for word in words]
        self.forms = [bare.casefold().replace("\u2019", "'") for bare in self.bare]
        self.languages = frequency.spoken(self.forms, languages)
        english = self.languages == (surroundings.LANGUAGE,)
        self.kind = kind or ("english" if english else "listed" if self.languages else "any")
        self.counts = Counter(self.forms)
        self.digit = self._each(lambda form: any(map(str.isdigit, form)))
        columns = self._punctuation() | self._repetition() | self._shape()
        if self.kind != "any":
            columns |= self._rarity()
        if self.kind == "english":
            columns |= self._surprise() | self._capitals(columns) | self._sounds(columns)
        figures = np.stack([columns[name] for name in KINDS[self.kind]], axis=1)
        # only English texts are held against each other
        self.figures = figures if self.kind == "english" else figures - figures.mean(axis=0)

    def _each(self, figure: Callable[[str], float]) -> Figures:
        """Of each form; told once of those that recur."""
        told = {form: float(figure(form)) for form in self.counts}
        return np.array([told[form] for form in self.forms])

    def _punctuation(self) -> dict[str, Figures]:
        self.ends = np.array([word[-1:] in _ENDS for word in self.words], float)
        self.starts = np.concatenate([[1.0], self.ends[:-1]])
        sentence = np.cumsum(self.starts).astype(int)
        size = np.bincount(sentence)[sentence]
        punctuated = self.ends.mean() > 0.01
        return {
            "ends": self.ends,
            "pauses": np.array([word[-1:] in _PAUSES for word in self.words], float),
            "short_sentence": (size <= 3) * float(punctuated),
            "long_sentence": np.clip(np.log(size / 20), 0, 3) * punctuated,
            "unpunctuated": np.full(len(self.words), float(not punctuated)),
        }

    def _repetition(self) -> dict[str, Figures]:
        forms = self.forms
        threes_of = list(zip(forms, forms[1:], forms[2:], strict=False))
        pairs, threes = Counter(pairwise(forms)), Counter(threes_of)
        phrase = np.zeros(len(forms))
        for at, three in enumerate(threes_of):
            if threes[three] > 1:
                phrase[at : at + 3] = 1
        last: dict[str, int] = {}
        again = np.zeros(len(forms))
        for at, form in enumerate(forms):
            again[at] = at - last.get(form, -NEAR * 2) < NEAR * 2
            last[form] = at
        twice = [a == b for a, b in pairwise(forms)]
        return {
            "once": self._each(lambda form: self.counts[form] == 1),
            "repeated": np.array([False, *twice], float),
            "said_elsewhere": np.array([0, *(pairs[pair] > 1 for pair in pairwise(forms))], float),
            "phrase_elsewhere": phrase,
            "said_just_now": again,
        }

    def _shape(self) -> dict[str, Figures]:
        return {
            "digit": self.digit,
            "length": self._each(lambda form: min(len(form), 12) - 4),
            "one_letter": self._each(lambda form: len(form) == 1 and form not in "ai"),
            "hesitation": self._each(_HESITATIONS.__contains__),
            "function": (function := self._each(_FUNCTION_WORDS.__contains__)),
            "function_run": function * _before(function) * _after(function),
        }

    def _rarity(self) -> dict[str, Figures]:
        zipf = self._each(lambda form: frequency.zipf(form.removesuffix("'s"), self.languages))
        self.zipf = np.where(self.digit > 0, 5.0, zipf)  # numbers are neither rare nor common
        rare = np.maximum(0, 5 - self.zipf)
        often = self._each(lambda form: min(4.0, np.log(self.counts[form])))
        return {
            "rare": rare,
            "common": np.maximum(0, self.zipf - 6),
            "very_rare": np.maximum(0, 3.5 - self.zipf),
            "unlisted": (self.zipf <= 0).astype(float),
            "rare_once": rare * (often == 0),
            "rare_often": often * (self.zipf < 4.5),
        }

    def _surprise(self) -> dict[str, Figures]:
        surprise, gain, unknown = np.zeros((3, len(self.forms)))
        earlier = before = ""
        for at, form in enumerate(self.forms):
            if self.digit[at]:  # as the model reads numbers
                earlier, before = before, "percent" if form.endswith("%") else "five"
                unknown[at] = 1
                continue
            told = surroundings.known(form, before, earlier)
            if told is None and "-" in form:
                form = form.rpartition("-")[2]
                told = surroundings.known(form, before, earlier)
            if told is None:
                unknown[at] = 1
            else:
                alone, gain[at] = told
                surprise[at] = -alone - gain[at]
            earlier, before = before, form
        known = 1 - unknown
        return {
            "surprising": (surprise - 2.5) * known,
            "very_surprising": np.maximum(surprise - 3, 0) ** 2,
            "unknown": unknown,
            "fits": gain,
            "unfit": np.maximum(0, -gain),
        }

    def _capitals(self, columns: Mapping[str, Figures]) -> dict[str, Figures]:
        capital = np.array([bare[:1].isupper() for bare in self.bare], float)
        inside = capital * (1 - self.starts) * self._each(lambda form: form != "i")
        return {
            "capital": inside,
            "capital_rare": inside * columns["rare"],
            "capital_common": inside * (self.zipf > 5),
        }

    def _sounds(self, columns: Mapping[str, Figures]) -> dict[str, Figures]:
        """What sounds like words that the text has oftener may be one of those."""
        alike: dict[str, list[str]] = defaultdict(list)
        for form in self.counts:
            if len(form) > 3 and form.isalpha():
                alike[pronouncing.sound_key(form)].append(form)
        others = {
            form: float(np.log(sum(self.counts[each] for each in group) / self.counts[form]))
            for key, group in alike.items()
            if len(key) >= 3
            for form in group
        }
        sounds = self._each(lambda form: others.get(form, 0.0))
        return {"sounds_like_others": sounds, "rare_sounds_like_others": sounds * columns["rare"]}


def _before(values: Figures) -> Figures:
    return np.concatenate([[0.0], values[:-1]])


def _after(values: Figures) -> Figures:
    return np.append(values[1:], 0.0)
