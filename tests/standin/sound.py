"""A request's audio: how long it is, and its samples."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import av
import numpy as np
from numpy.typing import NDArray

from tests.standin.rules import Refusal

SAMPLE_RATE = 16_000

_turn = Lock()  # threads that decode at once spend most of their time on Python's lock


@dataclass(frozen=True, eq=False)
class Sound:
    """`samples` are 16 kHz mono; of lossless audio in that form, exactly those that were sent."""

    seconds: float
    samples: NDArray[np.int16]


def decode(audio: bytes) -> Sound:
    """All of the audio; Refusal for what is none."""
    try:
        with _turn, av.open(io.BytesIO(audio), "r") as container:
            return _sound(container.decode(audio=0))
    except (av.error.FFmpegError, IndexError, ValueError):
        message = "Audio file might be corrupted or unsupported"
        raise Refusal(400, message, code="invalid_value", param="file") from None


def _sound(frames: Iterator[av.AudioFrame]) -> Sound:
    seconds, blocks = 0.0, [np.empty(0, np.int16)]
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    resampled = False
    for frame in frames:
        seconds += frame.samples / frame.sample_rate
        if _ready(frame):
            blocks.append(np.frombuffer(bytes(frame.planes[0]), np.int16, frame.samples))
        else:
            resampled = True
            blocks += [made.to_ndarray()[0] for made in resampler.resample(frame)]
    if resampled:
        blocks += [made.to_ndarray()[0] for made in resampler.resample(None)]
    return Sound(round(seconds, 6), np.concatenate(blocks))


def _ready(frame: av.AudioFrame) -> bool:
    form = (frame.format.name, frame.layout.name, frame.sample_rate)
    return form in (("s16", "mono", SAMPLE_RATE), ("s16p", "mono", SAMPLE_RATE))
