"""Cut a recording into pieces of about half a minute, in its pauses if possible, without silence.

Pure: samples in, pieces out. What is speech is judged in windows of a fixed grid, and a cut is a
function of the sound of one piece's longest extent, so it does not matter in which blocks the
recording arrives.

All of it works on frames of FRAME_MS. Two margins over the background leave room for doubt:
what rises by SPEECH_DB may be speech, and is kept; what stays below PAUSE_DB may be a pause, and
may be cut in.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Levels = NDArray[np.float64]
Flags = NDArray[np.bool_]
Span = tuple[int, int]

SAMPLE_RATE = 16_000
SAMPLES_PER_MS = SAMPLE_RATE // 1000
FRAME_MS = 10
FRAME = SAMPLES_PER_MS * FRAME_MS
SECOND = 1000 // FRAME_MS  # this and what follows in frames, where no unit is named
SMOOTHED = 5
SILENCE_DBFS = -80.0  # about three steps of 16 bits: below it everything is equally silent
LOUD_DBFS = -40.0  # never taken for background, however steady
SPEECH_DB = 4.0  # steady noise wavers by 2; voices 2 dB above the noise still reach it
PAUSE_DB = 8.0
BACKGROUND_S = 3  # the background is the quietest moment within so many seconds on either side

MARGIN = 35  # kept on either side of speech: first and last sounds are soft
LONGEST_SILENCE = 2 * SECOND  # longer ones are left out but for their margins
DIVIDING_SILENCE = 10 * SECOND  # what is so far apart does not go into one piece
WINDOW = 30 * SECOND  # what is judged at once
CONTEXT = (BACKGROUND_S + 1) * SECOND + LONGEST_SILENCE  # what a frame's judgement looks at

MIN_PAUSE_MS = 250
LONG_PAUSE = SECOND  # longer ones are no better
REACH_COST = 0.5  # what the farthest pause loses against one at the target, in long pauses
OVERLAP_MS = 3000  # where a cut had to fall into speech: two of the longest words
SHORTEST_TO_HALVE_MS = 4000


@dataclass(frozen=True, eq=False)
class Piece:
    """Stretches of the recording with speech in them, to be heard as one.

    `spans` are (start_ms, end_ms) in the recording, in order; silence between them is left out.
    `samples` are those stretches one after the other. The first `overlap_ms` repeat the end of
    the piece before: 0 where the cut fell in a pause. `speech_ms` of it seem to be speech.
    """

    spans: tuple[Span, ...]
    samples: Samples
    overlap_ms: int
    speech_ms: int

    @property
    def start_ms(self) -> int:
        return self.spans[0][0]

    @property
    def end_ms(self) -> int:
        return self.spans[-1][1]


@dataclass(frozen=True, eq=False)
class _Heard:
    """Judged frames: which of the recording's they are, their samples (n, FRAME), how far each
    rises above the background in dB, and whether it may be speech."""

    at: NDArray[np.int64]
    samples: Samples
    rise: Levels
    speech: Flags

    def __getitem__(self, which: slice | Flags) -> "_Heard":
        return _Heard(self.at[which], self.samples[which], self.rise[which], self.speech[which])

    def __add__(self, other: "_Heard") -> "_Heard":
        return _Heard(
            np.concatenate((self.at, other.at)),
            np.concatenate((self.samples, other.samples)),
            np.concatenate((self.rise, other.rise)),
            np.concatenate((self.speech, other.speech)),
        )


NOTHING = _Heard(
    np.empty(0, np.int64), np.empty((0, FRAME), np.int16), np.empty(0), np.empty(0, np.bool_)
)


class _Judge:
    """Tells speech from silence as samples arrive, some seconds late, and leaves silence out."""

    def __init__(self) -> None:
        self._blocks: list[Samples] = []
        self._held = 0  # samples in them
        self._context = 0  # frames at their start that were judged before
        self._next = 0  # number of the frame to judge next

    def feed(self, block: Samples) -> Iterator[_Heard]:
        self._blocks.append(block)
        self._held += len(block)
        while self._held >= (self._context + WINDOW + CONTEXT) * FRAME:
            yield self._judge(WINDOW)

    def finish(self) -> _Heard:
        return self._judge(self._held // FRAME - self._context)

    def _judge(self, count: int) -> _Heard:
        samples = self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)
        these = slice(self._context, self._context + count)
        levels = levels_dbfs(samples[: (these.stop + CONTEXT) * FRAME])
        speech = speech_frames(levels)
        heard = _Heard(
            np.arange(self._next, self._next + count),
            samples[these.start * FRAME : these.stop * FRAME].reshape(-1, FRAME),
            (levels - background_dbfs(levels))[these],
            speech[these],
        )
        self._context = min(these.stop, CONTEXT)
        self._blocks = [samples[(these.stop - self._context) * FRAME :]]
        self._held = len(self._blocks[0])
        self._next += count
        return heard[_kept(speech)[these]]


class Splitter:
    """Cut 16 kHz mono samples, as they arrive, into pieces without long silences.

    A piece ends before a very long silence, or when it would be longer than `longest_ms`: then in
    its best pause, long and near `target_ms`. Without a pause of `min_pause_ms` it ends at the
    quietest moment after `target_ms`, and the next piece starts OVERLAP_MS earlier, so that each
    word is whole in one of them. All these lengths are those of `Piece.samples`.

    Spans are whole milliseconds; the recording's last millisecond counts as whole. ValueError for
    limits that leave no room for a cut.
    """

    def __init__(
        self,
        *,
        target_ms: int = 30_000,
        longest_ms: int = 45_000,
        min_pause_ms: int = MIN_PAUSE_MS,
    ) -> None:
        if not 2 * OVERLAP_MS <= target_ms < longest_ms:
            raise ValueError(f"target_ms must be at least {2 * OVERLAP_MS}, longest_ms more")
        self._target = target_ms // FRAME_MS
        self._longest = longest_ms // FRAME_MS
        self._min_pause = max(1, min_pause_ms // FRAME_MS)
        self._judge = _Judge()
        self._heard = NOTHING
        self._overlap = 0  # how many of these frames the last piece had too
        self._samples = 0

    def feed(self, block: Samples) -> list[Piece]:
        """Take the next samples, of shape (n,); return the pieces that are now certain."""
        self._samples += len(block)
        return self._take(block)

    def finish(self) -> list[Piece]:
        """Return the rest; nothing for a recording without speech."""
        filling = np.zeros(-self._samples % FRAME, np.int16)
        pieces = self._take(filling)
        self._heard += self._judge.finish()
        return [*pieces, *self._pieces(last=True)]

    def _take(self, block: Samples) -> list[Piece]:
        pieces: list[Piece] = []
        for heard in self._judge.feed(block):
            self._heard += heard
            pieces += self._pieces(last=False)
        return pieces

    def _pieces(self, *, last: bool) -> Iterator[Piece]:
        """Cut off what is certain, which is all when these are the `last` frames."""
        while count := len(self._heard.at):
            apart = np.diff(self._heard.at) > DIVIDING_SILENCE - 2 * MARGIN
            end = int(np.argmax(apart)) + 1 if apart.any() else count
            if end > self._longest:
                cut, resumed = self._cut()
            elif end < count or last:
                cut = resumed = end
            else:
                return
            if self._heard.speech[:cut].any():
                yield self._piece(self._heard[:cut])
            self._heard = self._heard[resumed:]
            self._overlap = cut - resumed

    def _piece(self, heard: _Heard) -> Piece:
        jumps = np.flatnonzero(np.diff(heard.at) > 1) + 1
        starts, ends = heard.at[[0, *jumps]], heard.at[[*(jumps - 1), -1]] + 1
        last_ms = -(-self._samples // SAMPLES_PER_MS)
        too_many = max(0, int(ends[-1]) * FRAME - self._samples)
        samples = heard.samples.reshape(-1)
        return Piece(
            spans=tuple(
                (int(start) * FRAME_MS, min(int(end) * FRAME_MS, last_ms))
                for start, end in zip(starts, ends, strict=True)
            ),
            samples=samples[: len(samples) - too_many].copy(),
            overlap_ms=self._overlap * FRAME_MS,
            speech_ms=int(heard.speech.sum()) * FRAME_MS,
        )

    def _cut(self) -> tuple[int, int]:
        """Before which frame to end a piece that goes on, and with which one to start the next."""
        heard = self._heard[: self._longest]
        first = max(self._target // 2, 2 * self._target - self._longest)
        pause = _best_pause(heard.at, heard.rise, first, self._target, self._min_pause)
        if pause:
            return pause, pause
        cut = self._target + _last_argmin(heard.rise[self._target :])
        return cut, cut - OVERLAP_MS // FRAME_MS


def restore(spans: Sequence[Span], start_ms: int, end_ms: int) -> Span:
    """From times within a piece's samples to times in the recording.

    Where two spans join, a start is the later one's start and an end the earlier one's end. Times
    outside the piece are its first or last moment; none ends before it starts.
    """
    ends = list(accumulate(end - start for start, end in spans))
    start_ms, end_ms = (min(max(ms, 0), ends[-1]) for ms in (start_ms, end_ms))
    later = min(bisect_right(ends, start_ms), len(spans) - 1)
    earlier = bisect_left(ends, end_ms)
    start = spans[later][1] - (ends[later] - start_ms)
    return start, max(start, spans[earlier][1] - (ends[earlier] - end_ms))


def halves(samples: Samples) -> tuple[Samples, Samples] | None:
    """Cut a piece's samples in two in the best pause near its middle, or else at the quietest
    moment there. None if they are too short for that."""
    if len(samples) < SHORTEST_TO_HALVE_MS * SAMPLES_PER_MS:
        return None
    levels = levels_dbfs(samples)
    first, middle, last = (len(levels) * quarters // 4 for quarters in (1, 2, 3))
    rise = (levels - background_dbfs(levels))[:last]
    pause = _best_pause(np.arange(last), rise, first, middle, MIN_PAUSE_MS // FRAME_MS)
    cut = FRAME * (pause or first + _last_argmin(rise[first:]))
    return samples[:cut], samples[cut:]


def frame_power(samples: Samples) -> Levels:
    """Power of each whole frame without its direct current; that of full scale is 1.

    Sums of whole numbers, exact in float64, so that they do not depend on their order."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    sums, squares = frames.sum(axis=1), np.einsum("ij,ij->i", frames, frames)
    return np.asarray((squares - sums * sums / FRAME) / (FRAME * 32768**2))


def levels_dbfs(samples: Samples) -> Levels:
    """Level of each whole frame of FRAME_MS, smoothed, without its direct current, floored."""
    power, window = frame_power(samples), np.ones(SMOOTHED)
    if len(power) >= SMOOTHED:
        power = np.convolve(power, window, "same") / np.convolve(power * 0 + 1, window, "same")
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE_DBFS / 10))))


def background_dbfs(levels: Levels) -> Levels:
    """Level of the background at each frame: the least of the seconds around it."""
    if not len(levels):
        return levels
    whole = np.pad(levels, (0, -len(levels) % SECOND), constant_values=np.inf)
    quietest = np.pad(whole.reshape(-1, SECOND).min(axis=1), BACKGROUND_S, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(quietest, 2 * BACKGROUND_S + 1)
    return np.repeat(around.min(axis=1), SECOND)[: len(levels)]


def speech_frames(levels: Levels) -> Flags:
    """Which frames may be speech: they stand out from the background, or are loud."""
    return np.asarray(levels > np.minimum(background_dbfs(levels) + SPEECH_DB, LOUD_DBFS))


def _kept(speech: Flags) -> Flags:
    """Speech, what is near it, and what lies between if that is short."""
    count = len(speech)
    frames = np.arange(count)
    before = np.maximum.accumulate(np.where(speech, frames, -count - MARGIN))
    after = np.minimum.accumulate(np.where(speech, frames, 2 * count + MARGIN)[::-1])[::-1]
    near = (frames - before <= MARGIN) | (after - frames <= MARGIN)
    between = np.minimum(after, count) - np.maximum(before, -1) - 1
    return np.asarray(near | (between <= LONGEST_SILENCE))


def _best_pause(
    at: NDArray[np.int64], rise: Levels, first: int, target: int, min_pause: int
) -> int | None:
    """The frame in the middle of the best pause from `first` on, which is long and near `target`;
    None without one of `min_pause`. Silence that was left out belongs to its pause."""
    starts, ends = _runs(rise[first:] < PAUSE_DB)
    begun, ended = at[first + starts], at[first + ends - 1] + 1
    lengths, middles = ended - begun, np.searchsorted(at, (begun + ended) // 2)
    if not len(lengths) or lengths.max() < min_pause:
        return None
    worth = np.minimum(lengths / LONG_PAUSE, 1)
    worth -= REACH_COST * np.abs(middles - target) / (len(rise) - target)
    worth[lengths < min_pause] = -np.inf
    return int(middles[np.argmax(worth)])


def _runs(flags: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each run of True starts and ends."""
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _last_argmin(levels: Levels) -> int:
    return len(levels) - 1 - int(np.argmin(levels[::-1]))
