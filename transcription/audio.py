"""Audio files in, 16 kHz mono int16 samples out; hostile files meet only the child process."""

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
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .splitting import SAMPLE_RATE

Samples = NDArray[np.int16]
StrPath = str | os.PathLike[str]

MAX_MS = 24 * 3600 * 1000
STALL_S = 30  # a decoder that is alive gives a byte in this time
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
    path: StrPath, *, block_ms: int = 1000, max_ms: int = MAX_MS
) -> Generator[Samples, None, None]:
    """Yield the recording in read-only blocks of `block_ms`, the last one shorter.

    Time spent by the consumer is not held against the file. Raises AudioRefused from any step,
    also after blocks were yielded (all codes). Closing the generator kills the decoder.
    """
    budget_s = _budget_s(path)
    total = 0
    with tempfile.TemporaryFile() as errors, _child("pcm", path, budget_s, errors) as child:
        try:
            for block in _blocks(child.stdout, block_ms * BYTES_PER_MS, budget_s):
                total += len(block)
                if total > max_ms * BYTES_PER_MS:
                    raise AudioRefused("too_long")
                yield np.frombuffer(block, np.int16, len(block) // 2)
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


def _blocks(pipe: IO[bytes] | None, size: int, budget_s: float) -> Iterator[bytes]:
    """Read `size` bytes at a time, waiting STALL_S at once and `budget_s` in all."""
    assert pipe is not None
    block = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            asked = time.monotonic()
            if not selector.select(min(STALL_S, budget_s)):
                raise AudioRefused("timeout")
            budget_s -= time.monotonic() - asked
            data = os.read(pipe.fileno(), size - len(block))
            block += data
            if block and (not data or len(block) == size):
                yield block
                block = b""
            if not data:
                return


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
    """FLAC of 16 kHz mono samples."""
    import av  # here and below: the web process need not load ffmpeg

    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def read_flac(data: bytes) -> Samples:
    """The samples that `encode_flac` was given; only for data of our own making."""
    import av

    with av.open(io.BytesIO(data), "r", format="flac") as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


class Peaks:
    """Waveform for a canvas: for every BUCKET_MS one byte, the height to draw out of 255.

    The height is the square root of the loudest sample's share of full scale, so that quiet speech
    (-30 dBFS) stands at a sixth of the height instead of a thirtieth.
    """

    BUCKET_MS = 50
    BUCKET = SAMPLE_RATE * BUCKET_MS // 1000

    def __init__(self) -> None:
        self._heights = bytearray()
        self._rest = np.empty(0, np.int16)

    def feed(self, block: Samples) -> None:
        """Take the next samples, in blocks of any size."""
        samples = np.concatenate((self._rest, block))
        whole = len(samples) - len(samples) % self.BUCKET
        self._rest = samples[whole:].copy()
        self._heights += self._draw(samples[:whole].reshape(-1, self.BUCKET))

    def to_bytes(self) -> bytes:
        """The peaks of all that was fed; a last bucket may be cut short."""
        rest = self._draw(self._rest.reshape(1, -1)) if len(self._rest) else b""
        return bytes(self._heights) + rest

    @staticmethod
    def _draw(buckets: Samples) -> bytes:
        peaks = np.abs(buckets.astype(np.int32)).max(axis=1)
        heights: NDArray[np.uint8] = np.rint(np.sqrt(peaks / 32768) * 255).astype(np.uint8)
        return heights.tobytes()
