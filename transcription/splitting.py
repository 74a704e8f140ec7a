"""Cut a recording into pieces of about half a minute, in its pauses and nowhere else if possible.

Pure: samples in, pieces out. A cut is a function of the samples of one piece's longest extent
alone, so it does not matter in which blocks the recording arrives.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Levels = NDArray[np.float64]

SAMPLE_RATE = 16_000
FRAME_MS = 10
FRAME = SAMPLE_RATE * FRAME_MS // 1000
SMOOTHED_FRAMES = 5
SILENCE_DBFS = -80.0  # about three steps of 16 bits: below it everything is equally silent
LOUD_DBFS = -40.0  # never taken for background, however steady
MARGIN_DB = 8.0  # what rises so far above the background is speech
BACKGROUND_S = 3  # the background is the quietest moment within so many seconds on either side
LONG_PAUSE_MS = 1000  # longer ones are no better
REACH_COST = 0.5  # what the farthest pause loses against one at the target, in long pauses


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of the recording. `speech` is False where sending it to an engine is a waste."""

    start_ms: int
    end_ms: int
    samples: Samples
    speech: bool


class Splitter:
    """Cut 16 kHz mono samples, as they arrive, into pieces that tile the recording exactly.

    A cut falls in the middle of the best pause (long, and near `target_ms`) no farther from
    `target_ms` than `max_ms` is; without a pause of `min_pause_ms`, at the quietest moment after
    `target_ms`. All but the last piece start and end on whole milliseconds; the recording's last
    millisecond counts as whole.
    """

    def __init__(
        self, *, target_ms: int = 30_000, max_ms: int = 45_000, min_pause_ms: int = 250
    ) -> None:
        if not FRAME_MS <= target_ms < max_ms:
            raise ValueError("target_ms must be positive and less than max_ms")
        self._target = target_ms // FRAME_MS
        self._max = max_ms // FRAME_MS
        self._min_pause = max(1, min_pause_ms // FRAME_MS)
        self._blocks: list[Samples] = []
        self._held = 0
        self._start = 0

    def feed(self, block: Samples) -> list[Piece]:
        """Take the next samples; return the pieces that are now certain."""
        self._blocks.append(block)
        self._held += len(block)
        if self._held <= self._max * FRAME:
            return []
        pieces = []
        samples = np.concatenate(self._blocks)
        while len(samples) > self._max * FRAME:
            levels = levels_dbfs(samples[: self._max * FRAME])
            cut = self._cut(levels)
            pieces.append(self._piece(samples[: cut * FRAME], levels[:cut]))
            samples = samples[cut * FRAME :]
        self._blocks, self._held = [samples.copy()], len(samples)
        return pieces

    def finish(self) -> list[Piece]:
        """Return the rest as the last piece; nothing for a recording of no samples."""
        if not self._held:
            return []
        samples = np.concatenate(self._blocks)
        self._blocks, self._held = [], 0
        return [self._piece(samples, levels_dbfs(samples))]

    def _piece(self, samples: Samples, levels: Levels) -> Piece:
        start, self._start = self._start, self._start + len(samples)
        return Piece(_ms(start), _ms(self._start), samples.copy(), has_speech(levels))

    def _cut(self, levels: Levels) -> int:
        """The frame before which to cut a piece of `max_ms` that goes on."""
        reach = self._max - self._target
        first = max(1, self._target - reach)
        starts, ends = _runs(levels[first:] < background_dbfs(levels)[first:] + MARGIN_DB)
        lengths, middles = ends - starts, first + (starts + ends) // 2
        if not len(lengths) or lengths.max() < self._min_pause:
            return self._target + _last_argmin(levels[self._target :])
        worth = np.minimum(lengths * FRAME_MS / LONG_PAUSE_MS, 1)
        worth -= REACH_COST * np.abs(middles - self._target) / reach
        worth[lengths < self._min_pause] = -np.inf
        return int(middles[np.argmax(worth)])


def levels_dbfs(samples: Samples) -> Levels:
    """Level of each whole frame of FRAME_MS, smoothed, without its direct current, floored."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    power = frames.var(axis=1, dtype=np.float64) / 32768**2
    window = np.ones(SMOOTHED_FRAMES)
    if len(power) >= SMOOTHED_FRAMES:
        power = np.convolve(power, window, "same") / np.convolve(power * 0 + 1, window, "same")
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE_DBFS / 10))))


def background_dbfs(levels: Levels) -> Levels:
    """Level of the background at each frame: the least of the seconds around it."""
    second = 1000 // FRAME_MS
    whole = np.pad(levels, (0, -len(levels) % second), constant_values=np.inf)
    quietest = np.pad(whole.reshape(-1, second).min(axis=1), BACKGROUND_S, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(quietest, 2 * BACKGROUND_S + 1)
    return np.repeat(around.min(axis=1), second)[: len(levels)]


def has_speech(levels: Levels) -> bool:
    """Whether anything stands out from the background, or is loud. In doubt there is speech."""
    if not len(levels):
        return False
    return bool((levels > np.minimum(background_dbfs(levels) + MARGIN_DB, LOUD_DBFS)).any())


def _runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each run of True starts and ends."""
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _last_argmin(levels: Levels) -> int:
    return len(levels) - 1 - int(np.argmin(levels[::-1]))


def _ms(samples: int) -> int:
    return -(-samples * 1000 // SAMPLE_RATE)
