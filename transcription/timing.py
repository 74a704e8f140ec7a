"""When each word was said: the engine's own times, and estimates where it gives none.

Estimates are a forced alignment without a trained model. Spelling tells roughly which kinds of
sound follow one another; each kind has a typical shape in three bands of frequency and a typical
length; the likeliest course of both through the sound is found by dynamic programming over
segments (a hidden semi-Markov model, after Ferguson 1980), with pauses allowed between words.
Pure: text and samples in, words out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from itertools import groupby, pairwise
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from transcription.engines.base import Answer, Word
from transcription.splitting import SAMPLE_RATE, Samples

Scores = NDArray[np.float32]  # twice as fast as float64

FRAME_MS = 20
FRAME = SAMPLE_RATE * FRAME_MS // 1000
BANDS_HZ = (100, 800, 3000)  # where the low, the middle and the high band begin
HUSH = 1e3  # power in a band that is as good as none
FLOOR_DB = -45.0  # below the loud frames: deeper silence tells no more
NOISIEST_DB = (-28.0, -35.0, -38.0)  # what is louder is speech, not background
SILENCE_DB, SILENCE_SD = 2.0, 7.0  # above the background
# frames are no independent witnesses: how much each counts against a length or a pause
WITNESS = 0.35
LENGTH_SD = 0.4  # of a sound's length, as a logarithm
RATES = (0.6, 1.8)  # how much slower or faster than usual people speak
LONGEST_SOUND = 24  # frames
PAUSE_COST = 7.0  # of a pause where the text has no punctuation
# how far a sound may be from where it would be at an even pace: so many frames,
NEAR, FAR = 3_000 // FRAME_MS, 40_000 // FRAME_MS
DRIFT = 10  # and one in so many of the whole, which may drift, up to FAR
PUNCTUATION = re.compile(r"[.,;:!?…。、，；：！？।؟،]\W*$")
FINAL_SOUNDS, FINAL_FACTOR = 3, 1.4  # before punctuation, speech slows down
SHORT_WORD, SHORT_FACTOR = 3, 0.75  # the vowels of words of so few letters are short


class Kind(NamedTuple):
    """Levels in dB below the loud frames that sounds of a kind typically have, by band."""

    mean: tuple[float, float, float]
    sd: tuple[float, float, float]


VOWEL = Kind((-5, -18, -28), (7, 9, 9))
SONORANT = Kind((-8, -27, -35), (8, 10, 9))
SIBILANT = Kind((-23, -30, -14), (13, 10, 8))
OBSTRUENT = Kind((-20, -31, -34), (11, 11, 11))
KINDS = (VOWEL, SONORANT, SIBILANT, OBSTRUENT)
# what the groups of SOUND stand for, and how long that usually is in ms
SOUNDS: Mapping[str, tuple[Kind, int]] = {
    "sibilant": (SIBILANT, 95),
    "fricative": (OBSTRUENT, 60),
    "final_e": (VOWEL, 30),  # often silent
    "sonorant": (SONORANT, 70),
    "diphthong": (VOWEL, 120),
    "vowel": (VOWEL, 80),
    "stop": (OBSTRUENT, 65),
}
SOUND = re.compile(
    r"""(?P<sibilant> sch | tch | sh | ch | zh | ts | ss | zz | [szjx] | cc?(?=[eiy]) )
    | (?P<fricative> th | ph | ff | [fvh] )
    | (?<=[aeiou])gh
    | (?P<final_e> (?<=[^aeiou])e(?=s?$) )
    | (?P<sonorant> ng | nn | mm | ll | rr | y(?=[aeiou]) | (?<=q)u | [mnlrw] )
    | (?P<diphthong> [aeiouy]{2,} )
    | (?P<vowel> [aeiouy] )
    | (?P<stop> ck | bb | pp | tt | dd | gg | cc | kk | [bcdgkpqt] )""",
    re.X,
)

ACRONYM = re.compile(r"\W*(?:(?:\w\.){2,}|[A-Z]{2,3}|[B-DF-HJ-NP-TV-Z]{4,5})\W*(?:s\W*)?$")
LETTER_NAMES = (
    "ei bi si di i ef ji eich ai jei kei el em en ou pi kiu ar es ti yu vi dabelyu eks wai zi"
)
LETTERS = dict(zip(ascii_lowercase, LETTER_NAMES.split(), strict=True))
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ROUND = ((r"(?<=\d)[,.]?000", "thousand"), (r"(?<=\d)00", "hundred"), (r"(?<=\d)0", "ty"))
SYMBOLS = str.maketrans(
    {"%": "percent", "$": "dollar", "€": "euro", "£": "pound", "&": "and", "+": "plus", "@": "at"}
)
# the names of Unicode's letters tell their sounds: CYRILLIC SMALL LETTER EM, HEBREW LETTER SHIN
NAME = re.compile(
    r"(?P<script>\w+)\b.*?\b(?P<role>LETTER|LIGATURE|SYLLABLE|CHARACTER|VOWEL SIGN|SIGN|CHOSEONG|"
    r"JUNGSEONG|JONGSEONG) (?:SMALL |FINAL |SHORT |DOTLESS |CANDRA |SSANG)*"
    r"(?P<name>\w+)(?P<more>.*)"
)
ALPHABETS = {"CYRILLIC", "GREEK", "GEORGIAN", "ARMENIAN"}


@dataclass(frozen=True)
class TimedWord:
    """A word as written in the text, with its punctuation; `start_ms` <= `end_ms`."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None
    estimated: bool = False  # the times are not the engine's
    speaker: str = ""


def time_words(answer: Answer, samples: Samples | None, audio_ms: int) -> list[TimedWord]:
    """Each word of the answer's text with a start and an end, in order, within 0 and `audio_ms`.

    The engine's own times are taken where its words are those of the text (it may leave out
    punctuation and capitals). Other words are laid into the sound between them, and inside the
    engine's stretches. `samples` are the chunk's (16 kHz, mono); without them, time is shared out
    by how long the words usually take. A chunk of 30 s takes about 25 ms.
    """
    written = answer.text.split()
    known = [
        None if at is None else answer.words[at]
        for at in matched(written, [word.text for word in answer.words])
    ]
    homes = _homes(written, answer)
    speech = None if samples is None else Speech(samples)
    result: list[TimedWord] = []
    clock = 0
    for (home, timed), group in groupby(
        range(len(written)), key=lambda at: (homes[at], _has_times(known[at]))
    ):
        run = list(group)
        speaker = "" if home is None else answer.stretches[home].speaker
        if timed:
            spans = list(_given([known[at] for at in run], clock, audio_ms))
        else:
            start, end = _room(run[-1], home, homes, known, answer, clock, audio_ms)
            spans = lay([written[at] for at in run], speech, start, end)
        for at, (start, end) in zip(run, spans, strict=True):
            word = known[at]
            confidence = word.confidence if word else None
            result.append(TimedWord(written[at], start, end, confidence, not timed, speaker))
        clock = result[-1].end_ms
    return result


def matched(written: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """For each written word the index of the heard one that is the same but for its looks."""
    found: list[int | None] = [None] * len(written)
    matcher = SequenceMatcher(None, [bare(w) for w in written], [bare(w) for w in heard], False)
    for at, heard_at, count in matcher.get_matching_blocks():
        for step in range(count):
            found[at + step] = heard_at + step
    return found


@lru_cache(maxsize=100_000)
def bare(word: str) -> str:
    """A word without capitals and punctuation; as it is where nothing else is in it."""
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or word


def _has_times(word: Word | None) -> bool:
    return word is not None and word.start_ms is not None and word.end_ms is not None


def _homes(written: list[str], answer: Answer) -> list[int | None]:
    """For each word the stretch that it is in; a word that is in none joins its neighbour."""
    if not answer.stretches:
        return [None] * len(written)
    heard = [(home, w) for home, s in enumerate(answer.stretches) for w in s.text.split()]
    homes: list[int | None] = []
    last = 0
    for at in matched(written, [word for _, word in heard]):
        last = last if at is None else heard[at][0]
        homes.append(last)
    return homes


def _given(words: Sequence[Word | None], clock: int, audio_ms: int) -> Iterator[tuple[int, int]]:
    """The engine's times, put in order where they run backwards or over the end."""
    for word in words:
        assert word is not None and word.start_ms is not None and word.end_ms is not None
        start = min(max(word.start_ms, clock), audio_ms)
        clock = min(max(word.end_ms, start), audio_ms)
        yield start, clock


def _room(
    last: int,
    home: int | None,
    homes: list[int | None],
    known: list[Word | None],
    answer: Answer,
    clock: int,
    audio_ms: int,
) -> tuple[int, int]:
    """Between which times the words up to `last` must lie: their stretch, and what is known."""
    start, end = clock, audio_ms
    later = range(last + 1, len(known))
    nearest = next((known[at] for at in later if _has_times(known[at])), None)
    if nearest is not None and nearest.start_ms is not None:
        end = min(end, nearest.start_ms)
    if home is not None:
        start = max(start, answer.stretches[home].start_ms)
        end = min(end, answer.stretches[home].end_ms)
        after = homes[last + 1] if last + 1 < len(homes) else home
        if after is not None and answer.stretches[after].start_ms > start:
            end = min(end, answer.stretches[after].start_ms)  # two may speak at once
    start = min(start, audio_ms)
    return start, max(start, end)


# --- Where words lie in a sound ------------------------------------------------------------------


class Speech:
    """What the frames of a sound are like: looked at once, when it is first needed."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    @cached_property
    def heard(self) -> Mapping[Kind | None, Scores]:
        """How well each kind of sound (None: a pause) fits the frames, summed up from the start."""
        levels = _levels(self._samples)
        background = np.percentile(levels, 5, axis=0) if levels.size else FLOOR_DB
        floor = np.minimum(np.maximum(background, FLOOR_DB), NOISIEST_DB)
        levels = np.maximum(levels, floor)
        fits: dict[Kind | None, Scores] = {
            kind: _fit(levels, np.maximum(kind.mean, floor), np.array(kind.sd)) for kind in KINDS
        }
        fits[None] = _fit(levels, floor + SILENCE_DB, np.full(3, SILENCE_SD))
        return {
            kind: np.concatenate([[0], np.cumsum(fit)]).astype(np.float32)
            for kind, fit in fits.items()
        }


def _levels(samples: Samples) -> Scores:
    """Levels of the frames in each band (frames x bands), in dB over the loud frames."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    if not len(frames):
        return np.zeros((0, len(BANDS_HZ)), np.float32)
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(FRAME).astype(np.float32)
    spectrum = np.fft.rfft(frames, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    edges = [hz * FRAME // SAMPLE_RATE for hz in BANDS_HZ]
    bands = np.add.reduceat(power, edges, axis=1) + HUSH
    loud = np.percentile(bands.sum(axis=1), 95)
    padded = np.pad(bands, ((1, 1), (0, 0)), mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return np.asarray(10 * np.log10(smooth / loud))


def _fit(levels: Scores, mean: NDArray[Any], sd: NDArray[Any]) -> Scores:
    """Log likelihood of each frame, as far as it counts."""
    return np.asarray(WITNESS * (-0.5 * ((levels - mean) / sd) ** 2 - np.log(sd)).sum(axis=1))


class Sound(NamedTuple):
    """One sound of a word and how long it usually takes."""

    kind: Kind
    ms: float


class Step(NamedTuple):
    """What came next and the scores before it, from frame `low` on, where they may be finite."""

    sound: Sound | None  # None: a pause, or none
    value: float  # how long the sound would usually take in ms; what a pause costs
    low: int
    best: Scores


def lay(
    words: Sequence[str], speech: Speech | None, start_ms: int, end_ms: int
) -> list[tuple[int, int]]:
    """Start and end of each of the words, said between two times."""
    texts = sounds(words)
    spans = None
    if speech is not None:
        first, last = -(-start_ms // FRAME_MS), end_ms // FRAME_MS
        heard = {kind: fit[first : last + 1] for kind, fit in speech.heard.items()}
        spans = _aligned(texts, heard, [bool(PUNCTUATION.search(word)) for word in words])
    if spans is None:
        return _shared(texts, start_ms, end_ms)
    offset = first * FRAME_MS
    return [(offset + start * FRAME_MS, offset + end * FRAME_MS) for start, end in spans]


def _shared(texts: list[list[Sound]], start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The time shared out by how long the words usually take."""
    ends = np.cumsum([0.0, *(sum(sound.ms for sound in text) for text in texts)])
    edges = start_ms + (end_ms - start_ms) * ends / max(ends[-1], 1)
    return list(pairwise(int(edge) for edge in edges))


def _aligned(
    texts: list[list[Sound]], heard: Mapping[Kind | None, Scores], ends_phrase: list[bool]
) -> list[tuple[int, int]] | None:
    """First frame and end of each word; None where the sound is too short for them.

    `best[t]` is the score of the best way to have said all sounds so far by frame t.
    """
    frames = len(heard[None]) - 1
    total = sum(sound.ms for text in texts for sound in text) / FRAME_MS
    if frames < 1 or not total:
        return None
    paces = _paces(heard)
    rate = min(max(paces[-1] / total, RATES[0]), RATES[1])
    costs = [0.0, *(0.0 if ends else PAUSE_COST for ends in ends_phrase[:-1]), 0.0]
    best = np.full(frames + 1, -np.inf, np.float32)
    best[0] = said = 0.0
    reach = min(NEAR + frames // DRIFT, FAR)
    low, high = 0, 1  # where `best` may be better than never
    steps: list[Step] = []
    for text, cost in zip([*texts, []], costs, strict=True):
        steps.append(Step(None, cost, low, best[low:high].copy()))
        best = _paused(best, heard[None], cost)
        for sound in text:
            said += sound.ms / FRAME_MS
            middle = int(np.searchsorted(paces, said / total * paces[-1]))
            low, high = max(0, middle - reach), min(frames + 1, middle + reach)
            first = max(0, low - LONGEST_SOUND)
            steps.append(Step(sound, sound.ms * rate, first, best[first:high].copy()))
            best = _said(best, heard[sound.kind], _lengths(sound.ms * rate), low, high)
    return _traced(steps, heard, frames) if np.isfinite(best[frames]) else None


def _paces(heard: Mapping[Kind | None, Scores]) -> Scores:
    """How many frames of speech there are up to each frame; of all frames where there are none."""
    fits = {kind: np.diff(fit) for kind, fit in heard.items()}
    spoken = np.max([fits[kind] for kind in KINDS], axis=0) > fits[None]
    return np.concatenate([[0.0], np.cumsum(spoken if spoken.any() else ~spoken)])


@lru_cache(maxsize=256)
def _lengths(usual_ms: float) -> Scores:
    """How likely a sound lasts 1, 2, ... frames: Student's t (one degree) over its logarithm."""
    ratio = np.arange(1, LONGEST_SOUND + 1) * FRAME_MS / usual_ms
    return -np.log1p(0.5 * (np.log(ratio) / LENGTH_SD) ** 2).astype(np.float32)


def _paused(best: Scores, silence: Scores, cost: float) -> Scores:
    """The scores after a pause of any length, or none."""
    return np.maximum(best, np.maximum.accumulate(best - silence) + silence - cost)


def _said(best: Scores, fit: Scores, lengths: Scores, low: int, high: int) -> Scores:
    """The scores after a sound that ends at one of the frames from `low` to before `high`."""
    first = max(0, low - LONGEST_SOUND)
    before = np.full(high - low + LONGEST_SOUND, -np.inf, np.float32)
    before[first - low + LONGEST_SOUND :] = best[first:high] - fit[first:high]
    # row k, column t: having begun LONGEST_SOUND - k frames before low + t; a view without a copy
    ways = np.ndarray((LONGEST_SOUND, high - low), np.float32, before, strides=before.strides * 2)
    result = np.full(len(best), -np.inf, np.float32)
    result[low:high] = (ways + lengths[::-1, None]).max(axis=0) + fit[low:high]
    return result


def _traced(
    steps: list[Step], heard: Mapping[Kind | None, Scores], frame: int
) -> list[tuple[int, int]]:
    """The best way, followed back from its end."""
    spans: list[tuple[int, int]] = []
    end = frame
    for sound, value, low, best in reversed(steps):
        before = best[: frame - low + (sound is None)]
        worth = before - heard[sound and sound.kind][low : low + len(before)]
        if sound is not None:
            lengths = _lengths(value)[: len(worth)]
            frame -= 1 + int(np.argmax(worth[::-1][: len(lengths)] + lengths))
            continue
        spans.append((frame, end))
        paused = worth.max() + heard[None][frame] - value
        if low + len(best) <= frame or paused > best[frame - low]:
            frame = low + int(np.argmax(worth))
        end = frame
    return spans[:0:-1]


# --- How words sound -----------------------------------------------------------------------------


def sounds(words: Sequence[str]) -> list[list[Sound]]:
    """The sounds of each word, roughly, in any script; none for what is not said (a dash)."""
    shouted = all(word == word.upper() for word in words)
    return [_sounds(word, bool(ACRONYM.match(word)) and not shouted) for word in words]


@lru_cache(maxsize=4096)
def _sounds(word: str, acronym: bool) -> list[Sound]:
    plain = latin(word)
    if acronym:
        plain = "".join(LETTERS.get(letter, letter) for letter in plain)
    names = [match.lastgroup for match in SOUND.finditer(plain) if match.lastgroup]
    if not {"vowel", "diphthong"} & set(names):  # the e of "the" is not silent
        names = ["vowel" if name == "final_e" else name for name in names]
    found = []
    for left, name in zip(range(len(names), 0, -1), names, strict=True):
        kind, ms = SOUNDS[name]
        factor = SHORT_FACTOR if len(plain) <= SHORT_WORD and kind is VOWEL else 1.0
        if left <= FINAL_SOUNDS and PUNCTUATION.search(word):
            factor *= FINAL_FACTOR
        found.append(Sound(kind, ms * factor))
    return found


def latin(word: str) -> str:
    """About how a word is said, in the letters a to z."""
    for digits, said in ROUND:
        word = re.sub(digits, said, word)
    result = ""
    for letter in unicodedata.normalize("NFKD", word.casefold().translate(SYMBOLS)):
        if letter.isdecimal():
            result += DIGITS[unicodedata.decimal(letter)]
        elif letter.isascii():
            result += letter if letter.isalpha() else ""
        elif match := NAME.match(unicodedata.name(letter, "")):
            result = _appended(result, **match.groupdict())
        elif letter.isalpha():
            result += "dan"  # a Chinese character, most often
    return result


def _appended(result: str, script: str, role: str, name: str, more: str) -> str:
    """What is said when a letter of that name comes next."""
    name = name.lower()
    if name == "virama":
        return result[:-1]  # the vowel that goes with a consonant is not said
    if role == "VOWEL SIGN" or name == "sara":  # it takes the place of that vowel; sara: Thai
        vowel = more.strip().lower() if name == "sara" else name
        return result.rstrip("aeiou") + vowel
    if role == "SIGN":
        return result + ("n" if name in ("anusvara", "candrabindu") else "")
    if role == "JUNGSEONG" or script in ("LATIN", "HIRAGANA", "KATAKANA", "ETHIOPIC"):
        return result + name
    if role in ("CHOSEONG", "JONGSEONG"):
        silent = role == "CHOSEONG" and name == "ieung"
        return result + (
            "" if silent else "ng" if name == "ieung" else re.split("[aeiou]", name)[0]
        )
    if script in ALPHABETS:
        return result + _letter(script, name)
    syllable = re.match("[^aeiou]*[aeiou]?", name)
    return result + (syllable.group() if syllable and name != "mai" else "")


def _letter(script: str, name: str) -> str:
    """The sound of a letter of an alphabet, by its name."""
    if script == "CYRILLIC":
        if name in ("hard", "soft"):
            return ""
        name = re.sub("^e(?=[lmnrsf])", "", name).replace("gh", "g")
        if name[0] == "y":
            return name[:2] if name in ("ya", "yu", "yo") else "y"
    return re.split("(?<!^)[aeiou]", name)[0] if name[0] not in "aeiou" else name[0]
