"""Whether the two channels of a recording carry two people, one speaking in each.

Plain Python: the decoder's child opens no file any more when it asks this, not even a module.
"""

import math
from collections.abc import Sequence
from operator import mul

RATE = 8000  # Hz, enough to weigh voices
FRAME = RATE // 50
SILENCE_DB = -70.0
STANDS_OUT_DB = 10.0  # over the channel's own background: line noise is no speech
ALONE_DB = 12.0  # so much louder than the other side: what crosses over is less
ALONE = 0.4  # of the active frames at least; half where both talk at once, hardly any in a room
EACH = 0.03  # of them at least are of the more silent side: a "yes" now and then


def levels_db(samples: Sequence[int]) -> list[float]:
    """Level of each whole frame of 16-bit samples, without direct current."""
    starts = range(0, len(samples) - FRAME + 1, FRAME)
    return [_level_db(samples[start : start + FRAME]) for start in starts]


def _level_db(frame: Sequence[int]) -> float:
    power = (sum(map(mul, frame, frame)) - sum(frame) ** 2 / FRAME) / (FRAME * 32768**2)
    return max(SILENCE_DB, 10 * math.log10(max(power, 1e-9)))


def apart(left: Sequence[float], right: Sequence[float]) -> bool | None:
    """True if each channel has its own speaker, False if both carry one sound. None as long as
    one side alone has been heard, as at the start of a call, or with a dead channel."""
    active = alone_left = alone_right = 0
    floor_left, floor_right = _floor_db(left), _floor_db(right)
    for one, other in zip(left, right, strict=True):
        if one > floor_left or other > floor_right:
            active += 1
            alone_left += one > floor_left and one - other >= ALONE_DB
            alone_right += other > floor_right and other - one >= ALONE_DB
    if alone_left + alone_right < ALONE * active:
        return False
    return True if min(alone_left, alone_right) > EACH * active else None


def _floor_db(levels: Sequence[float]) -> float:
    """What a channel's speech exceeds: its background is what a tenth of it is below."""
    return sorted(levels)[len(levels) // 10] + STANDS_OUT_DB if levels else 0.0
