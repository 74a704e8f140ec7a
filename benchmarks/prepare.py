"""What preparing a recording costs, against bare decoding: time, and memory of both processes.

    python -m benchmarks.prepare FILE

prints one line of JSON: `audio_s`; `decode_s`, the time to decode the file and resample it to
16 kHz mono arrays in this process; `prepare_s`, the time to do what the product does (decode in
the child, tell channels, draw, measure, cut, encode and write the pieces); their `ratio`, both
being medians of alternating runs; `peak_mib`, the most memory that preparing took in this process
and the child together, above what this process had before.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import av
import psutil

from transcription.audio import encode_flac
from transcription.preparing import Pass

RUNS = 3
TARGET_MS, LONGEST_MS = 30_000, 45_000
SAMPLED_EVERY_S = 0.02


def decode(path: str) -> None:
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            for resampled in resampler.resample(frame):
                resampled.to_ndarray()
        for resampled in resampler.resample(None):
            resampled.to_ndarray()


def prepare(path: str) -> float:
    """Returns how many seconds the recording has."""
    done = Pass(path, target_ms=TARGET_MS, longest_ms=LONGEST_MS)
    with TemporaryDirectory() as folder:
        for position, (_, piece) in enumerate(done.pieces()):
            (Path(folder) / f"{position}.flac").write_bytes(encode_flac(piece.samples))
        (Path(folder) / "peaks.bin").write_bytes(done.peaks)
    assert done.speech_dbfs is not None, "a recording without a sound measures nothing"
    return done.duration_ms / 1000


class Memory(threading.Thread):
    """Watches this process and its children while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._ended = threading.Event()
        self.peak_mib = 0.0

    def run(self) -> None:
        while not self._ended.wait(SAMPLED_EVERY_S):
            self.peak_mib = max(self.peak_mib, (self._bytes() - self._before) / 2**20)

    def _bytes(self) -> int:
        total = self._process.memory_info().rss
        for child in self._process.children():
            try:
                total += child.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        return total

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def timed(work: Callable[[str], object], path: str) -> float:
    started = time.perf_counter()
    work(path)
    return time.perf_counter() - started


def main(path: str) -> None:
    with Memory() as memory:
        audio_s = prepare(path)
    runs = [(timed(decode, path), timed(prepare, path)) for _ in range(RUNS)]
    decode_s, prepare_s = (median(times) for times in zip(*runs, strict=True))
    figures = {
        "audio_s": audio_s,
        "decode_s": decode_s,
        "prepare_s": prepare_s,
        "ratio": prepare_s / decode_s,
        "peak_mib": memory.peak_mib,
    }
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
