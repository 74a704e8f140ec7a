"""Audio files in, 16 kHz int16 samples out; hostile files meet only the child process."""

import io
import json
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import wave
from bisect import bisect_left
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .splitting import FRAME, SAMPLE_RATE, SILENCE_DBFS, Samples, frame_power

Channels = Literal["mix", "separate", "auto"]
StrPath = str | os.PathLike[str]

MAX_MS = 24 * 3600 * 1000
STALL_S = 30  # a decoder that is alive gives a byte in this time
PIPE_BYTES = 2**20  # where the platform lets us choose: the decoder runs ahead of its consumer
BYTES_PER_MS = 2 * SAMPLE_RATE // 1000
REFUSED = 3  # exit status; the child's side of it is decoding.REFUSED
INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
PROJECT = Path(__file__).resolve().parent.parent

REFUSALS = {
    "empty": "This file is empty. Check that the recording was saved, then upload it again.",
    "no_audio": (
        "No sound could be decoded from this file. Play it on your computer to check it, "
        "save it as WAV, MP3, M4A or FLAC, then upload that."
    ),
    "timeout": (
        "Decoding this file took too long. It may be damaged: "
        "save it again as WAV or MP3, then upload that."
    ),
    "memory": (
        "Decoding this file needs more memory than it may have. It may be damaged: "
        "save it again as WAV or MP3, then upload that."
    ),
    "too_long": (
        "This recording is longer than can be taken at once. "
        "Cut it into shorter files, then upload each."
    ),
}


class AudioRefused(Exception):
    """The file is at fault. `code` is a key of REFUSALS, `message` a sentence for the user,
    `detail` what the decoder said, for logs."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail
        self.message = REFUSALS[code]

    def __str__(self) -> str:
        return self.message


class DecoderFailed(RuntimeError):
    """The decoder is at fault, not the file: it could not start, or crashed in Python."""


@dataclass(frozen=True)
class Probe:
    """What a file's headers say, and they may lie, of a file of which some seconds do decode."""

    format: str
    codec: str
    sample_rate: int
    channels: int
    header_duration_ms: int | None


def probe(path: StrPath, *, timeout_s: float = 30) -> Probe:
    """Decode the first seconds of a file.

    Raises AudioRefused (empty, no_audio, timeout, memory).
    """
    return Probe(**json.loads(_run("probe", path, subprocess.PIPE, timeout_s)))


def decode(
    path: StrPath, *, block_ms: int = 1000, max_ms: int = MAX_MS, channels: Channels = "mix"
) -> Generator[Samples, None, None]:
    """Yield the recording in read-only blocks of `block_ms`, the last one shorter.

    Blocks are of shape (n,), a mix of all channels, or of shape (n, 2) if the recording has
    exactly two and they are to be kept "separate"; "auto" keeps them if two people speak, each
    in one. Time spent by the consumer is not held against the file. Raises AudioRefused from any
    step, also after blocks were yielded (all codes). Closing the generator kills the decoder.
    """
    budget_s = _budget_s(path)
    with tempfile.TemporaryFile() as errors, _child(channels, path, budget_s, errors) as child:
        try:
            with _Pipe(child.stdout, budget_s) as pipe:
                count = 2 if pipe.read(1) == b"\2" else 1
                left = max_ms * BYTES_PER_MS * count
                while block := pipe.read(block_ms * BYTES_PER_MS * count):
                    left -= len(block)
                    if left < 0:
                        raise AudioRefused("too_long")
                    whole = len(block) // 2 // count  # it may have died within a sample
                    samples = np.frombuffer(block, np.int16, whole * count)
                    yield samples.reshape(whole, count) if count > 1 else samples
            status = child.wait(STALL_S)
        finally:
            child.kill()
        errors.seek(0)
        _judge(status, errors.read())


def write_playback(path: StrPath, target: StrPath, *, timeout_s: float) -> None:
    """Write the decoded timeline to `target` as MP3: mono, 32 kHz, constant 64 kbit/s.

    `target` appears complete or not at all.
    Raises AudioRefused (empty, no_audio, timeout, memory).
    """
    part = Path(f"{os.fspath(target)}.part")
    try:
        with part.open("wb") as sink:
            _run("playback", path, sink, timeout_s)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _run(mode: str, path: StrPath, stdout: int | IO[bytes], timeout_s: float) -> bytes:
    _size(path)
    try:
        done = subprocess.run(
            _command(mode, path, timeout_s),
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=PROJECT,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise AudioRefused("timeout") from None
    _judge(done.returncode, done.stderr)
    return done.stdout or b""


def _child(mode: str, path: StrPath, cpu_s: float, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _command(mode, path, cpu_s),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=PROJECT,
        env=_environment(),
        pipesize=PIPE_BYTES,
    )


def _command(mode: str, path: StrPath, cpu_s: float) -> list[str]:
    module = [sys.executable, "-m", "transcription.decoding"]
    return [*module, mode, str(Path(path).absolute()), str(math.ceil(cpu_s))]


def _environment() -> dict[str, str]:
    """Enough to start Python; no database, no key."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _size(path: StrPath) -> int:
    size = Path(path).stat().st_size
    if not size:
        raise AudioRefused("empty")
    return size


def _budget_s(path: StrPath) -> float:
    """Seconds that decoding may take: an hour of MP3 (57 MB) takes 4 and is given 630."""
    return min(60 + _size(path) / 100_000, 3600)


class _Pipe:
    """A child's output, waited for STALL_S at once and `budget_s` in all."""

    def __init__(self, pipe: IO[bytes] | None, budget_s: float) -> None:
        assert pipe is not None
        self._pipe, self._budget_s = pipe, budget_s
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)

    def __enter__(self) -> "_Pipe":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only where the output ends."""
        parts = []
        while size:
            asked = time.monotonic()
            if not self._selector.select(min(STALL_S, self._budget_s)):
                raise AudioRefused("timeout")
            self._budget_s -= time.monotonic() - asked
            data = os.read(self._pipe.fileno(), size)
            if not data:
                break
            parts.append(data)
            size -= len(data)
        return b"".join(parts)


def _judge(status: int, errors: bytes) -> None:
    """Raise what a child's exit status means."""
    if status == 0:
        return
    said = errors.decode(errors="replace").strip()
    if status == REFUSED:
        refusal = json.loads(said.splitlines()[-1])
        raise AudioRefused(refusal["code"], refusal["message"])
    if status == -signal.SIGXCPU:
        raise AudioRefused("timeout", "out of CPU time")
    if status == -signal.SIGKILL:  # by the kernel: we kill only what we no longer listen to
        raise AudioRefused("memory", "killed")
    if status < 0:
        raise AudioRefused("no_audio", f"the decoder died of signal {-status}")
    raise DecoderFailed(said)


def encode_flac(pcm: Samples) -> bytes:
    """FLAC of 16 kHz mono samples. ValueError for none."""
    import av  # here and below: the web process need not load ffmpeg

    if not len(pcm):
        raise ValueError("no samples to encode")
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def encode_wav(pcm: Samples) -> bytes:
    """WAV of 16 kHz mono samples, for servers that take nothing else."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm.astype("<i2").tobytes())
    return target.getvalue()


def read_flac(data: bytes) -> Samples:
    """The samples that `encode_flac` was given; only for data of our own making."""
    import av

    with av.open(io.BytesIO(data), "r", format="flac") as container:
        return np.concatenate(
            [
                np.frombuffer(memoryview(frame.planes[0]), np.int16, frame.samples)
                for frame in container.decode(audio=0)
            ]
        )


class Peaks:
    """Waveform for a canvas: for every BUCKET_MS one byte, the height to draw out of 255.

    The height is the square root of the loudest sample's share of full scale, so that quiet speech
    (-30 dBFS) stands at a sixth of the height instead of a thirtieth. Of two channels the louder
    is drawn.

    The file holds several levels, finest first, one right after the other, and nothing else. Each
    is the one before with the maximum of MERGED neighbours in place of them; the last is the first
    of at most COARSEST buckets. How many the finest has follows from the size of the file.
    """

    BUCKET_MS = 50
    BUCKET = SAMPLE_RATE * BUCKET_MS // 1000
    MERGED = 8
    COARSEST = 1024

    def __init__(self) -> None:
        self._heights = bytearray()
        self._rest = np.empty(0, np.int16)

    def feed(self, block: Samples) -> None:
        """Take the next samples, (n,) or (n, 2), in blocks of any size."""
        samples, self._rest = _whole(self._rest, block, self.BUCKET)
        if len(samples):
            self._heights += self._draw(samples.reshape(len(samples) // self.BUCKET, -1))

    def to_bytes(self) -> bytes:
        """The file's content for all that was fed; a last bucket may be cut short."""
        rest = self._draw(self._rest.reshape(1, -1)) if len(self._rest) else b""
        level = np.frombuffer(self._heights + rest, np.uint8)
        levels = [level]
        while len(level) > self.COARSEST:
            level = np.maximum.reduceat(level, np.arange(0, len(level), self.MERGED))
            levels.append(level)
        return np.concatenate(levels).tobytes()

    @staticmethod
    def _draw(buckets: Samples) -> bytes:
        # negated in 32 bits, where -32768 has a positive
        lowest, highest = buckets.min(axis=1).astype(np.int32), buckets.max(axis=1)
        peaks = np.maximum(-lowest, highest)
        heights: NDArray[np.uint8] = np.rint(np.sqrt(peaks / 32768) * 255).astype(np.uint8)
        return heights.tobytes()


def choose_level(content: bytes, buckets: int) -> tuple[bytes, int]:
    """Of a peaks file the coarsest level of at least so many buckets, else the finest, and how
    many milliseconds each of its buckets is."""
    sizes = _level_sizes(
        bisect_left(range(len(content)), len(content), key=lambda size: sum(_level_sizes(size)))
    )
    level = max((n for n, size in enumerate(sizes) if size >= buckets), default=0)
    start = sum(sizes[:level])
    return content[start : start + sizes[level]], Peaks.BUCKET_MS * Peaks.MERGED**level


def _level_sizes(finest: int) -> list[int]:
    sizes = [finest]
    while sizes[-1] > Peaks.COARSEST:
        sizes.append(-(-sizes[-1] // Peaks.MERGED))
    return sizes


class Loudness:
    """How loud the speech is, in a histogram of frames of 10 ms that stays as small as it starts.

    As in EBU R128, the mean is of what passes two gates, one for silence and one 10 dB below the
    mean of what is no silence, so that pauses and a silent channel count for nothing; there is no
    weighing of frequencies.
    """

    GATE_DB = 10.0
    BINS_PER_DB = 4

    def __init__(self) -> None:
        self._count = np.zeros(1 - int(SILENCE_DBFS * self.BINS_PER_DB))
        self._power = np.zeros(len(self._count))
        self._rest = np.empty(0, np.int16)

    def feed(self, block: Samples) -> None:
        """Take the next samples, (n,) or (n, 2), in blocks of any size."""
        samples, self._rest = _whole(self._rest, block, FRAME)
        for channel in np.atleast_2d(samples.T):
            power = frame_power(channel)
            above = power[power > 10 ** (SILENCE_DBFS / 10)]
            bins = self._bin(above).astype(np.intp)
            self._count += np.bincount(bins, minlength=len(self._count))
            self._power += np.bincount(bins, above, minlength=len(self._count))

    @property
    def speech_dbfs(self) -> float | None:
        """Level of the speech, 0 for a square wave at full scale; None if all is silent."""
        if not self._count.any():
            return None
        gate = self._bin(self._power.sum() / self._count.sum() / 10 ** (self.GATE_DB / 10))
        loud = slice(max(0, int(gate)), None)
        return float(10 * np.log10(self._power[loud].sum() / self._count[loud].sum()))

    def _bin(self, power: Any) -> Any:
        return (10 * np.log10(power) - SILENCE_DBFS) * self.BINS_PER_DB


def _whole(rest: Samples, block: Samples, size: int) -> tuple[Samples, Samples]:
    """What was left over and a new block: as many whole times `size` as it has, and the rest."""
    samples = np.concatenate((rest, block)) if len(rest) else block
    whole = len(samples) - len(samples) % size
    return samples[:whole], samples[whole:]
