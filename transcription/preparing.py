"""One pass over a recording: its pieces, and meanwhile its waveform, loudness and length.

Pure but for the file it reads; what becomes of the pieces is its caller's affair.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np

from .audio import MAX_MS, Channels, Loudness, Peaks, StrPath, decode
from .splitting import SAMPLES_PER_MS, Piece, Samples, Splitter

SHORTEST = 100 * SAMPLES_PER_MS  # holds no word, and speech services refuse what is shorter


class Pass:
    """Decode `path` once and cut it. The results are complete when `pieces` has ended.

    `on_block` is called before each second of sound and may raise, which ends the pass.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        target_ms: int,
        longest_ms: int,
        channels: Channels = "auto",
        max_ms: int = MAX_MS,
        on_block: Callable[[], object] | None = None,
    ) -> None:
        self._blocks = decode(path, channels=channels, max_ms=max_ms)
        self._limits = {"target_ms": target_ms, "longest_ms": longest_ms}
        self._on_block = on_block
        self._peaks, self._loudness = Peaks(), Loudness()
        self._splitters: list[Splitter] = []
        self._samples = 0

    def pieces(self) -> Iterator[tuple[int | None, Piece]]:
        """Each piece with its channel, None if all are mixed. The same ones in the same order
        every time; of one channel in the order of time. Raises AudioRefused, as `decode` does."""
        with closing(self._blocks):
            for block in self._blocks:
                if self._on_block:
                    self._on_block()
                self._measure(block)
                for channel, samples in enumerate(np.atleast_2d(block.T)):
                    yield from self._named(channel, self._splitters[channel].feed(samples))
        for channel, splitter in enumerate(self._splitters):
            yield from self._named(channel, splitter.finish())

    def _measure(self, block: Samples) -> None:
        if not self._splitters:
            self._splitters = [Splitter(**self._limits) for _ in range(block.ndim)]
        self._samples += len(block)
        self._peaks.feed(block)
        self._loudness.feed(block)

    def _named(self, channel: int, pieces: list[Piece]) -> Iterator[tuple[int | None, Piece]]:
        for piece in pieces:
            if len(piece.samples) >= SHORTEST:
                yield channel if self.separate else None, piece

    @property
    def separate(self) -> bool:
        """Whether each of two channels is cut by itself."""
        return len(self._splitters) > 1

    @property
    def duration_ms(self) -> int:
        """Rounded up, as the last piece's end is."""
        return -(-self._samples // SAMPLES_PER_MS)

    @property
    def peaks(self) -> bytes:
        return self._peaks.to_bytes()

    @property
    def speech_dbfs(self) -> float | None:
        return self._loudness.speech_dbfs
