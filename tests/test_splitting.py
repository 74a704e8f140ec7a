"""Where long recordings are cut."""

import numpy as np
import pytest

from transcription.splitting import Piece, Splitter

SECOND = 16_000


def noise(duration_ms: int, dbfs: float, seed: int = 0) -> np.ndarray:
    samples = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), duration_ms * 16)
    return samples.clip(-32768, 32767).astype(np.int16)


def speech(duration_ms: int, dbfs: float = -20) -> np.ndarray:
    """Noise that swells four times a second, like syllables, and never pauses for long."""
    time_s = np.arange(duration_ms * 16) / SECOND
    envelope = 0.03 + np.abs(np.sin(2 * np.pi * 2 * time_s))
    return (noise(duration_ms, dbfs, seed=1) * envelope).clip(-32768, 32767).astype(np.int16)


def talk(*stretches: tuple[str, int], background_dbfs: float = -60) -> np.ndarray:
    """Speech and pauses of so many milliseconds over a background."""
    parts = [
        speech(ms) if kind == "speech" else np.zeros(ms * 16, np.int16) for kind, ms in stretches
    ]
    samples = np.concatenate(parts)
    return samples + noise(len(samples) // 16, background_dbfs, seed=2)


def split(samples: np.ndarray, block: int = SECOND, **options: int) -> list[Piece]:
    splitter = Splitter(**options)
    pieces = []
    for start in range(0, len(samples), block):
        pieces += splitter.feed(samples[start : start + block])
    return pieces + splitter.finish()


def cuts_ms(samples: np.ndarray, **options: int) -> list[int]:
    return [piece.end_ms for piece in split(samples, **options)[:-1]]


def conversation(minutes: int, seed: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    stretches: list[tuple[str, int]] = []
    while sum(ms for _, ms in stretches) < minutes * 60_000:
        stretches.append(("speech", int(random.integers(400, 9000))))
        stretches.append(("pause", int(random.integers(60, 1500))))
    return talk(*stretches)


def test_pieces_tile_the_recording_exactly():
    samples = np.concatenate((conversation(4), noise(3, -50), np.zeros(7, np.int16)))
    pieces = split(samples)
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), samples)
    assert pieces[0].start_ms == 0
    assert [piece.start_ms for piece in pieces[1:]] == [piece.end_ms for piece in pieces[:-1]]
    assert pieces[-1].end_ms == len(samples) // 16 + 1, "a millisecond begun counts"
    assert all(len(piece.samples) == 16 * length_ms(piece) for piece in pieces[:-1])
    assert all(15_000 <= length_ms(piece) <= 45_000 for piece in pieces[:-1])


def length_ms(piece: Piece) -> int:
    return piece.end_ms - piece.start_ms


@pytest.mark.parametrize("block", [777, 4096, 45 * SECOND, 10**9])
def test_blocks_do_not_matter(block):
    samples = conversation(3)
    expected, actual = split(samples), split(samples, block)
    assert len(expected) > 3
    assert [(p.start_ms, p.end_ms, p.speech) for p in actual] == [
        (p.start_ms, p.end_ms, p.speech) for p in expected
    ]
    assert all(np.array_equal(a.samples, e.samples) for a, e in zip(actual, expected, strict=True))


def test_pieces_come_while_the_recording_still_runs():
    splitter = Splitter()
    samples = conversation(2)
    early = splitter.feed(samples[: 46 * SECOND])
    assert [piece.start_ms for piece in early] == [0]


def test_cut_falls_in_the_middle_of_the_pause():
    samples = talk(("speech", 28_000), ("pause", 600), ("speech", 30_000))
    (cut,) = cuts_ms(samples)
    assert abs(cut - 28_300) <= 50


@pytest.mark.parametrize("background_dbfs", [-90, -60, -45])
def test_pauses_are_found_over_any_background(background_dbfs):
    samples = talk(
        ("speech", 31_000),
        ("pause", 500),
        ("speech", 29_000),
        ("pause", 500),
        ("speech", 30_000),
        background_dbfs=background_dbfs,
    )
    first, second = cuts_ms(samples)
    assert abs(first - 31_250) <= 60
    assert abs(second - 60_750) <= 60


def test_background_may_change_within_a_piece():
    quiet = talk(("speech", 20_000), background_dbfs=-75)
    noisy = talk(("speech", 12_000), ("pause", 600), ("speech", 20_000), background_dbfs=-45)
    (cut,) = cuts_ms(np.concatenate((quiet, noisy)))
    assert abs(cut - 32_300) <= 60


def test_longer_pause_is_preferred_to_a_slightly_nearer_one():
    samples = talk(
        ("speech", 27_000), ("pause", 900), ("speech", 2000), ("pause", 300), ("speech", 30_000)
    )
    (cut,) = cuts_ms(samples)
    assert abs(cut - 27_450) <= 50


def test_near_pause_is_preferred_to_a_slightly_longer_far_one():
    samples = talk(
        ("speech", 16_000), ("pause", 500), ("speech", 13_500), ("pause", 400), ("speech", 30_000)
    )
    (cut,) = cuts_ms(samples)
    assert abs(cut - 30_200) <= 50


def test_breath_is_no_pause():
    samples = talk(
        ("speech", 29_900), ("pause", 120), ("speech", 5000), ("pause", 400), ("speech", 20_000)
    )
    (cut,) = cuts_ms(samples)
    assert abs(cut - 35_220) <= 50


def test_without_pauses_the_cut_is_at_the_quietest_moment():
    samples = talk(("speech", 38_000), ("pause", 100), ("speech", 40_000))
    cuts = cuts_ms(samples)
    assert abs(cuts[0] - 38_050) <= 50
    assert all(length_ms(piece) <= 45_000 for piece in split(samples))


def test_short_recording_is_one_piece():
    for duration_ms in (1, 5000, 45_000):
        (piece,) = split(speech(duration_ms))
        assert (piece.start_ms, piece.end_ms) == (0, duration_ms)


def test_no_samples_give_no_piece():
    assert split(np.empty(0, np.int16)) == []


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(100 * SECOND, np.int16),
        np.full(100 * SECOND, 900, np.int16),
        noise(100_000, -50),
        noise(100_000, -75),
    ],
    ids=["digital silence", "direct current", "low noise", "very low noise"],
)
def test_silence_need_not_be_sent(samples):
    pieces = split(samples)
    assert len(pieces) >= 3
    assert not any(piece.speech for piece in pieces)


@pytest.mark.parametrize("dbfs", [-20, -40, -55])
def test_one_word_in_silence_is_sent(dbfs):
    samples = noise(100_000, -75)
    samples[50 * SECOND : 50 * SECOND + 4800] += speech(300, dbfs)
    pieces = split(samples)
    assert [p.speech for p in pieces] == [p.start_ms <= 50_000 < p.end_ms for p in pieces]


def test_loud_and_steady_sound_is_sent_in_doubt():
    assert all(piece.speech for piece in split(noise(100_000, -25)))


def test_senseless_limits_are_refused():
    with pytest.raises(ValueError, match="target_ms"):
        Splitter(target_ms=30_000, max_ms=20_000)
