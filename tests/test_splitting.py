"""Where long recordings are cut, and which silence is left out."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from transcription import audio
from transcription.splitting import (
    FRAME_MS,
    OVERLAP_MS,
    Piece,
    Splitter,
    halves,
    levels_dbfs,
    restore,
    speech_frames,
)

SECOND = 16_000
SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "dictation.flac"


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


def kept_ms(pieces: list[Piece]) -> int:
    return sum(end - start for piece in pieces for start, end in piece.spans)


def assert_true_to(samples: np.ndarray, pieces: list[Piece]) -> None:
    """Each piece's samples are those of its spans."""
    for piece in pieces:
        spans = [samples[start * 16 : end * 16] for start, end in piece.spans]
        assert np.array_equal(np.concatenate(spans), piece.samples)


def test_talk_without_long_silences_is_tiled_exactly():
    samples = np.concatenate((conversation(4), noise(3, -50), np.zeros(7, np.int16)))
    pieces = split(samples)
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), samples)
    assert pieces[0].start_ms == 0
    assert [piece.start_ms for piece in pieces[1:]] == [piece.end_ms for piece in pieces[:-1]]
    assert pieces[-1].end_ms == len(samples) // 16 + 1, "a millisecond begun counts"
    assert all(len(piece.samples) == 16 * kept_ms([piece]) for piece in pieces[:-1])
    assert all(15_000 <= kept_ms([piece]) <= 45_000 for piece in pieces[:-1])
    assert not any(piece.overlap_ms for piece in pieces)


def with_silences() -> np.ndarray:
    """Talk of all sorts: pauses, silences to leave out, very long ones, and no pause at all."""
    still = [("pause", 7000), ("speech", 9000), ("pause", 25_000), ("speech", 100_000)]
    return np.concatenate((conversation(1), talk(*still), conversation(1), noise(2, -60)[:17]))


@pytest.mark.parametrize("block", [777, 4096, 45 * SECOND, 10**9])
def test_blocks_do_not_matter(block):
    samples = with_silences()
    expected, actual = split(samples), split(samples, block)
    assert len(expected) > 5
    assert [(p.spans, p.overlap_ms, p.speech_ms) for p in actual] == [
        (p.spans, p.overlap_ms, p.speech_ms) for p in expected
    ]
    assert all(np.array_equal(a.samples, e.samples) for a, e in zip(actual, expected, strict=True))
    assert_true_to(samples, actual)


def test_pieces_come_while_the_recording_still_runs():
    splitter = Splitter()
    early = splitter.feed(conversation(3)[: 100 * SECOND])
    assert [piece.start_ms for piece in early][:1] == [0]


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


def test_silence_left_out_near_the_target_ends_a_piece():
    samples = talk(("speech", 29_000), ("pause", 4000), ("speech", 25_000))
    first, second = split(samples)
    assert abs(first.end_ms - 29_350) <= 60
    assert abs(second.start_ms - 32_650) <= 60


def test_without_pauses_pieces_overlap():
    samples = talk(("speech", 38_000), ("pause", 100), ("speech", 60_000))
    pieces = split(samples)
    assert abs(pieces[0].end_ms - 38_050) <= 50, "at the quietest moment"
    assert [piece.overlap_ms for piece in pieces] == [0, OVERLAP_MS, OVERLAP_MS]
    for before, after in pairwise(pieces):
        assert after.start_ms == before.end_ms - OVERLAP_MS
        shared = OVERLAP_MS * 16
        assert np.array_equal(before.samples[-shared:], after.samples[:shared])
    assert all(kept_ms([piece]) <= 45_000 for piece in pieces)
    assert pieces[-1].end_ms == 98_100


def test_pieces_of_minutes():
    samples = conversation(11)
    pieces = split(samples, target_ms=180_000, longest_ms=240_000)
    assert_true_to(samples, pieces)
    assert kept_ms(pieces) == len(samples) // 16
    assert all(120_000 <= kept_ms([piece]) <= 240_000 for piece in pieces[:-1])
    assert len(pieces) <= 5


def test_short_recording_is_one_piece():
    for duration_ms in (30, 1234, 5000, 45_000):
        (piece,) = split(speech(duration_ms))
        assert piece.spans == ((0, duration_ms),)


def test_no_samples_give_no_piece():
    assert split(np.empty(0, np.int16)) == []


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(100 * SECOND, np.int16),
        np.full(100 * SECOND, 900, np.int16),
        noise(100_000, -50),
        noise(100_000, -75),
        np.zeros(50, np.int16),
    ],
    ids=["digital silence", "direct current", "low noise", "very low noise", "hardly anything"],
)
def test_silence_is_not_sent(samples):
    assert split(samples) == []


@pytest.mark.parametrize("dbfs", [-20, -40, -55])
def test_of_one_word_in_silence_only_the_word_is_sent(dbfs):
    samples = noise(100_000, -75)
    samples[50 * SECOND : 50 * SECOND + 4800] += speech(300, dbfs)
    (piece,) = split(samples)
    ((start, end),) = piece.spans
    assert 49_600 <= start <= 49_700
    assert 50_600 <= end <= 50_700
    assert 200 <= piece.speech_ms <= 340


def test_silence_within_a_piece_is_left_out_but_for_its_edges():
    samples = talk(("speech", 5000), ("pause", 6000), ("speech", 4000), ("pause", 1500))
    (piece,) = split(samples)
    (first, second) = piece.spans
    assert first[0] == 0
    assert 300 <= first[1] - 5000 <= 420
    assert 300 <= 11_000 - second[0] <= 420
    assert second[1] == 16_500, "a pause of less than two seconds stays"
    assert_true_to(samples, [piece])
    assert abs(piece.speech_ms - 9000) <= 200


def test_very_long_silence_ends_a_piece():
    pieces = split(talk(("speech", 5000), ("pause", 12_000), ("speech", 4000)))
    assert [len(piece.spans) for piece in pieces] == [1, 1]
    assert pieces[0].end_ms < 5500 < 16_500 < pieces[1].start_ms
    assert pieces[1].overlap_ms == 0


def test_loud_and_steady_sound_is_sent_in_doubt():
    assert split(noise(60_000, -25))[-1].end_ms == 60_000


@pytest.fixture(scope="module")
def sentences() -> tuple[np.ndarray, np.ndarray]:
    """Real sentences, six seconds apart, and for each millisecond whether words are spoken."""
    samples = audio.read_flac(SAMPLE.read_bytes())
    edges = np.flatnonzero(np.diff((samples == 0).astype(int), prepend=0, append=0))
    pauses = [(a, b) for a, b in edges.reshape(-1, 2) if b - a >= 400 * 16]
    parts, start = [], 0
    for begun, ended in pauses:
        parts += [samples[start:begun], np.zeros(6 * SECOND, np.int16)]
        start = ended
    spaced = np.concatenate(parts)
    levels = levels_dbfs(spaced)
    return spaced, np.repeat(levels > levels.max() - 35, FRAME_MS)


NOISES = [(-45, None), (-45, 10), (-45, 5), (-35, 10), (-55, 5), (-20, 5)]


@pytest.mark.parametrize(("dbfs", "noise_db"), NOISES)
def test_no_quiet_or_noisy_word_is_lost(sentences, dbfs, noise_db):
    clean, spoken = sentences
    at = clean[np.flatnonzero(clean)].astype(float)
    samples = clean * (10 ** (dbfs / 20) * 32768 / np.sqrt(np.mean(at**2)))
    if noise_db is not None:
        samples = samples + noise(len(clean) // 16 + 1, dbfs - noise_db)[: len(clean)]
    pieces = split(samples.astype(np.int16))
    kept = np.zeros(len(spoken) + FRAME_MS, bool)
    for start, end in (span for piece in pieces for span in piece.spans):
        kept[start:end] = True
    assert not np.any(spoken & ~kept[: len(spoken)])
    if dbfs < -30:  # louder noise might be anything
        assert kept.mean() < 0.5, "and yet the silence is left out"


def test_quiet_talker_after_a_loud_one_is_kept():
    quiet = speech(6000, -55)
    samples = np.concatenate((speech(20_000, -8), np.zeros(4000 * 16, np.int16), quiet))
    (piece,) = split(samples + noise(len(samples) // 16, -78))
    assert piece.spans[-1][0] <= 24_000
    assert piece.end_ms == 30_000


def test_senseless_limits_are_refused():
    with pytest.raises(ValueError, match="target_ms"):
        Splitter(target_ms=30_000, longest_ms=20_000)
    with pytest.raises(ValueError, match="target_ms"):
        Splitter(target_ms=OVERLAP_MS, longest_ms=20_000)


SPANS = ((1000, 3000), (7000, 8000), (20_000, 20_500))


@pytest.mark.parametrize(
    ("within", "recording"),
    [
        ((0, 500), (1000, 1500)),
        ((1500, 2000), (2500, 3000)),
        ((2000, 2100), (7000, 7100)),
        ((1900, 2100), (2900, 7100)),
        ((2900, 3000), (7900, 8000)),
        ((3000, 3001), (20_000, 20_001)),
        ((2000, 2000), (7000, 7000)),
        ((3400, 9999), (20_400, 20_500)),
        ((-50, 0), (1000, 1000)),
        ((9000, 9100), (20_500, 20_500)),
        ((500, 400), (1500, 1500)),
    ],
)
def test_times_are_restored(within, recording):
    assert restore(SPANS, *within) == recording


def test_halves_part_in_the_pause_near_the_middle():
    samples = talk(("speech", 9000), ("pause", 500), ("speech", 14_000), ("pause", 900))
    first, second = halves(samples)
    assert abs(len(first) / 16 - 9250) <= 60
    assert np.array_equal(np.concatenate((first, second)), samples)


def test_halves_without_a_pause_are_of_similar_length():
    first, second = halves(speech(8000))
    assert 2000 <= len(first) / 16 <= 6000
    assert len(first) + len(second) == 8000 * 16


def test_nothing_very_short_is_halved():
    assert halves(speech(3900)) is None
    assert halves(np.empty(0, np.int16)) is None


def test_speech_frames_mark_the_words():
    samples = talk(("pause", 1000), ("speech", 1000), ("pause", 1000))
    speaking = speech_frames(levels_dbfs(samples))
    assert not speaking[:95].any()
    assert speaking[105:195].mean() > 0.9
    assert not speaking[205:].any()
    assert not len(speech_frames(levels_dbfs(samples[:0])))
