"""Answers from a reference: finds where in a recording a piece of audio lies, by its samples.

A piece may be several stretches of the recording joined, with the silence between them left out
or written anew. A recording is known by a mark in every 50 ms, the samples that stand there, so
any stretch a little longer than that holds one. From a mark a stretch reaches as far, both ways,
as the samples are equal. Digital silence is no mark, since it is everywhere.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.standin.hearing import Heard, Word
from tests.standin.sound import SAMPLE_RATE, Sound

Samples = NDArray[np.int16]

SPACING = 800  # samples from one mark to the next
MARK = 32  # samples of a mark,
LEAST_SOUND = 16  # and how many of them are not 0
SHORTEST = 320  # samples of a stretch; fewer may be equal by chance
MOST_MISSES = 40  # spacings in a row without a known mark, before a piece is none of ours


class NotFound(Exception):
    """The audio is in no recording."""


@dataclass(frozen=True)
class Stretch:
    """The same `length` samples: `at` in the piece, `origin` in the recording."""

    at: int
    origin: int
    length: int

    @property
    def end(self) -> int:
        return self.at + self.length


class Recording:
    """A file of 16-bit samples, 16 kHz, mono, kept on disk, and the words spoken in it.

    `words` are rows of text, start_ms, end_ms and, where known, the speaker, in order of time.
    """

    def __init__(self, pcm: str, words: list[list[Any]]) -> None:
        self.name = pcm
        self.samples: Samples = np.memmap(Path(pcm), np.int16, "r").view(np.ndarray)
        self.words = [Word(row[0], row[1] / 1000, row[2] / 1000, *row[3:4]) for row in words]
        self.middles = [(word.start_s + word.end_s) / 2 for word in self.words]
        if self.middles != sorted(self.middles):
            raise ValueError("the words of a recording must be in order of time")
        self.marks: dict[bytes, list[int]] = {}
        whole = len(self.samples) // SPACING
        starts = self.samples[: whole * SPACING].reshape(-1, SPACING)[:, :MARK]
        for number in np.flatnonzero(np.count_nonzero(starts, axis=1) >= LEAST_SOUND):
            self.marks.setdefault(starts[number].tobytes(), []).append(int(number) * SPACING)
        self.last = 0  # where the last stretch ended: of equal places, the nearest one counts

    def stretch(self, piece: Samples, mark: bytes, at: int, floor: int) -> Stretch | None:
        """The stretch around a mark of the piece, if it is of this recording."""
        places = self.marks.get(mark, ())
        for place in sorted(places, key=lambda place: abs(place - self.last)):
            found = _extended(piece, self.samples, at, place, floor)
            if found.length >= SHORTEST:
                self.last = found.origin + found.length
                return found
        return None

    def heard(self, stretches: list[Stretch]) -> Heard:
        """The words whose middle lies in a stretch, with their times in the piece."""
        words = [word for stretch in stretches for word in self._words(stretch)]
        text = " ".join(word.text for word in words)
        spans = ((each.origin, each.origin + each.length) for each in stretches)
        return Heard(text, tuple(words), self.name, tuple((_ms(a), _ms(b)) for a, b in spans))

    def _words(self, stretch: Stretch) -> Iterator[Word]:
        first_s = stretch.origin / SAMPLE_RATE
        last_s = first_s + stretch.length / SAMPLE_RATE
        shift_s = stretch.at / SAMPLE_RATE - first_s
        first, last = (bisect_left(self.middles, edge_s) for edge_s in (first_s, last_s))
        for word in self.words[first:last]:
            start_s, end_s = max(word.start_s, first_s), min(word.end_s, last_s)
            yield Word(word.text, start_s + shift_s, end_s + shift_s, word.speaker)


def hear(recordings: list[Recording], sound: Sound) -> Heard:
    """What the reference says was spoken in the audio; NotFound where that is not known."""
    piece = sound.samples
    sounding = np.flatnonzero(piece)
    if not len(sounding):
        return Heard("", ())
    among = recordings
    stretches: list[Stretch] = []
    misses = floor = at = 0
    while (next_sound := np.searchsorted(sounding, at)) < len(sounding):
        at = int(sounding[next_sound])
        if found := _next(among, piece, at, floor):
            recording, stretch = found
            among, misses = [recording], 0
            stretches.append(stretch)
            floor = at = stretch.end
        else:
            misses, at = misses + 1, at + SPACING
            if misses > MOST_MISSES:
                raise NotFound
    if not stretches:
        raise NotFound
    return among[0].heard(stretches)


def _next(
    recordings: list[Recording], piece: Samples, at: int, floor: int
) -> tuple[Recording, Stretch] | None:
    """The stretch with the first known mark within a spacing from `at`."""
    window = piece[at : at + SPACING + MARK].tobytes()
    for offset in range(len(window) // 2 - MARK + 1):
        mark = window[2 * offset : 2 * (offset + MARK)]
        for recording in recordings:
            if found := recording.stretch(piece, mark, at + offset, floor):
                return recording, found
    return None


def _extended(piece: Samples, whole: Samples, at: int, origin: int, floor: int) -> Stretch:
    """The stretch around equal samples: how far they are equal, not before `floor`."""
    forward = _equal(piece[at:], whole[origin:])
    back = _equal(piece[floor:at][::-1], whole[max(0, origin - (at - floor)) : origin][::-1])
    return Stretch(at - back, origin - back, back + forward)


def _equal(first: Samples, second: Samples) -> int:
    """How many samples are equal from the start."""
    length = min(len(first), len(second))
    differing = first[:length] != second[:length]
    return int(differing.argmax()) if differing.any() else length


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE
