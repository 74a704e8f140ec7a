"""What is measured while a recording is decoded: its waveform and how loud its speech is."""

import numpy as np
import pytest

from transcription.audio import Loudness, Peaks, choose_level

SECOND = 16_000


def peaks_of(*blocks: np.ndarray) -> bytes:
    peaks = Peaks()
    for block in blocks:
        peaks.feed(block)
    return peaks.to_bytes()


def test_peaks_are_one_byte_for_50_ms():
    silence, loud = np.zeros(800, np.int16), np.full(800, -32768, np.int16)
    quiet = np.full(400, 1036, np.int16)  # -30 dBFS, half a bucket
    whole = np.concatenate((silence, loud, quiet))
    assert list(peaks_of(whole)) == [0, 255, 45]
    assert peaks_of(*np.array_split(whole, 13)) == peaks_of(whole)
    assert peaks_of() == b""


def test_the_louder_channel_is_drawn():
    left = np.zeros(1700, np.int16)
    right = left.copy()
    left[0], right[900] = 1036, -32768
    both = np.stack((left, right), axis=1)
    assert list(peaks_of(both)) == [45, 255, 0]
    assert peaks_of(*np.array_split(both, 7)) == peaks_of(both)


def content(buckets: int) -> tuple[bytes, np.ndarray]:
    """A peaks file of so many buckets, and the height of each."""
    heights = np.random.default_rng(5).integers(
        9, 256, buckets
    )  # of which each has a sample of its own
    samples = np.zeros((buckets, Peaks.BUCKET), np.int16)
    samples[:, 7] = np.minimum((heights / 255) ** 2 * 32768, 32767)
    return peaks_of(samples.reshape(-1)), heights


@pytest.mark.parametrize("buckets", [1, 1024, 1025, 8192, 8193, 72_000, 72_001])
def test_level_is_the_coarsest_that_suffices(buckets):
    file, heights = content(buckets)
    for wanted in (0, 1, 100, 1000, 1125, 9000, 9001, 72_000, 10**6):
        level, ms = choose_level(file, wanted)
        factor = ms // Peaks.BUCKET_MS
        expected = [heights[i : i + factor].max() for i in range(0, buckets, factor)]
        assert list(level) == expected
        assert len(level) >= min(wanted, buckets)
        coarser = -(-len(level) // Peaks.MERGED)
        assert coarser < wanted or len(level) <= Peaks.COARSEST


def test_file_says_how_many_buckets_it_has():
    for buckets in range(0, 20_000, 61):
        finest, ms = choose_level(peaks_of(np.ones(buckets * Peaks.BUCKET, np.int16)), 10**6)
        assert (len(finest), ms) == (buckets, Peaks.BUCKET_MS)


def loudness(*blocks: np.ndarray) -> float | None:
    meter = Loudness()
    for block in blocks:
        meter.feed(block)
    return meter.speech_dbfs


def noise(seconds: float, dbfs: float) -> np.ndarray:
    count = int(seconds * SECOND)
    return np.random.default_rng(6).normal(0, 32768 * 10 ** (dbfs / 20), count).astype(np.int16)


@pytest.mark.parametrize("dbfs", [-12, -30, -50])
def test_loudness_is_that_of_the_speech(dbfs):
    talk = noise(10, dbfs)
    pause = noise(60, dbfs - 20)
    assert loudness(talk) == pytest.approx(dbfs, abs=0.3)
    assert loudness(talk, pause) == pytest.approx(dbfs, abs=0.3), "pauses count for nothing"
    one_side = np.stack((talk, np.zeros_like(talk)), axis=1)
    assert loudness(one_side) == pytest.approx(dbfs, abs=0.3), "nor does a silent channel"


def test_loudness_does_not_depend_on_blocks():
    sound = np.concatenate((noise(3, -20), noise(3, -35)))
    assert loudness(*np.array_split(sound, 1111)) == pytest.approx(loudness(sound))


@pytest.mark.parametrize("level", [0, 900])
def test_silence_has_no_loudness(level):
    assert loudness(np.full(SECOND, level, np.int16)) is None
    assert loudness() is None
