"""When two channels are heard one by one, and when as one."""

from pathlib import Path

import av
import numpy as np
import pytest

from transcription import audio, decoding
from transcription.preparing import Pass

SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "dictation.flac"
SECOND = 16_000


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return audio.read_flac(SAMPLE.read_bytes()).astype(float)


def noise(count: int, dbfs: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), count)


def turns(voice: np.ndarray, *, seconds: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Two who speak in turns, over the noise of two lines."""
    left, right = (noise(len(voice), dbfs, seed=3) for dbfs in (-60, -50))
    first = np.arange(len(voice)) // (seconds * SECOND) % 2 == 0
    return left + voice * first, right + voice * ~first


def write(path: Path, *channels: np.ndarray, rate: int = SECOND) -> Path:
    layout = {1: "mono", 2: "stereo", 3: "2.1"}[len(channels)]
    samples = np.stack(channels, axis=1).clip(-32768, 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path, channels: audio.Channels) -> np.ndarray:
    return np.concatenate(list(audio.decode(path, channels=channels)))


def test_channels_are_kept_as_they_are(tmp_path, voice):
    one, other = turns(voice[: 20 * SECOND])
    expected = np.stack((one, other), axis=1).clip(-32768, 32767).astype(np.int16)
    path = write(tmp_path / "call.wav", one, other)
    assert np.array_equal(decoded(path, "separate"), expected)
    assert np.array_equal(decoded(path, "auto"), expected)
    mix = decoded(path, "mix")
    assert mix.shape == (len(expected),)
    assert np.abs(mix - expected.mean(axis=1)).max() <= 1


def test_blocks_of_two_channels_have_the_length_asked_for(tmp_path, voice):
    path = write(tmp_path / "call.wav", *turns(voice[: 5 * SECOND // 2], seconds=1))
    blocks = list(audio.decode(path, block_ms=1000, channels="separate"))
    assert [block.shape for block in blocks] == [(16_000, 2), (16_000, 2), (8000, 2)]
    with pytest.raises(audio.AudioRefused) as refused:
        list(audio.decode(path, channels="separate", max_ms=2400))
    assert refused.value.code == "too_long"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("channels", ["separate", "auto"])
def test_only_two_channels_can_be_separate(tmp_path, voice, count, channels):
    path = write(tmp_path / "a.wav", *[voice[: 3 * SECOND]] * count)
    assert decoded(path, channels).shape == (3 * SECOND,)


def call_with_echo(voice):
    one, other = turns(voice)
    return one + other / 8, other + one / 8


def call_of_one_loud_and_one_faint(voice):
    one, other = turns(voice)
    return one, other / 12


def both_at_once(voice):
    return voice, np.roll(voice, 17 * SECOND)


def callee_answers_after_a_minute(voice):
    one, other = turns(np.tile(voice, 2), seconds=80)
    return one, other


@pytest.mark.parametrize(
    "call",
    [call_with_echo, call_of_one_loud_and_one_faint, both_at_once, callee_answers_after_a_minute],
)
def test_two_people_are_told_apart(tmp_path, voice, call):
    assert decoded(write(tmp_path / "a.wav", *call(voice)), "auto").ndim == 2


def one_sound_twice(voice):
    return voice, voice


def panned(voice):
    return voice, voice / 6


def dead_channel(voice):
    return voice, voice * 0


def channel_of_noise(voice):
    return voice, noise(len(voice), -45)


def room(voice):
    """Two people at a table, two microphones a hand's breadth apart."""
    one, other = turns(voice)
    return one + np.roll(other, 9) / 2 + noise(len(voice), -60), np.roll(one, 9) / 2 + other


def silence(voice):
    return voice * 0, voice * 0


ONE_SOUND = [one_sound_twice, panned, dead_channel, channel_of_noise, room, silence]


@pytest.mark.parametrize("recording", ONE_SOUND)
def test_one_sound_in_two_channels_is_mixed(tmp_path, voice, recording):
    path = write(tmp_path / "a.wav", *recording(voice))
    assert np.array_equal(decoded(path, "auto"), decoded(path, "mix"))


def test_listening_on_is_bounded(tmp_path, voice, monkeypatch):
    source = iter([av.AudioFrame("s16", "stereo", 160_000) for _ in range(1000)])

    def with_rate(frame: av.AudioFrame) -> av.AudioFrame:
        frame.sample_rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        return frame

    two, heard = decoding.of_two_people(map(with_rate, source))
    assert not two
    taken = sum(frame.samples for frame in heard)
    assert taken <= decoding.LISTENED_SAMPLES + 160_000
    assert len(list(source)) == 1000 - len(heard), "the others are still to come"


def prepared(path: Path, **options) -> tuple[Pass, list]:
    done = Pass(path, target_ms=30_000, longest_ms=45_000, **options)
    return done, list(done.pieces())


def test_pass_cuts_each_channel_by_itself(tmp_path, voice):
    path = write(tmp_path / "call.wav", *turns(voice[: 60 * SECOND], seconds=20))
    done, pieces = prepared(path)
    assert done.separate
    assert {channel for channel, _ in pieces} == {0, 1}
    for channel, piece in pieces:
        for start, end in piece.spans:
            speaking = {ms // 20_000 % 2 for ms in (start + 1000, end - 1000)}
            assert speaking == {channel}
    again = prepared(path)[1]
    assert [(c, p.spans) for c, p in again] == [(c, p.spans) for c, p in pieces]


def test_pass_measures_what_it_cuts(voice):
    done, pieces = prepared(SAMPLE)
    assert not done.separate
    assert {channel for channel, _ in pieces} == {None}
    assert done.duration_ms == pieces[-1][1].end_ms == -(-len(voice) // 16)
    assert audio.choose_level(done.peaks, 10**6)[1] == 50
    assert len(audio.choose_level(done.peaks, 10**6)[0]) == -(-done.duration_ms // 50)
    assert -25 < done.speech_dbfs < -10


@pytest.mark.parametrize("count", [1, 2])
def test_pass_over_a_last_block_shorter_than_anything(tmp_path, voice, count):
    channels = [voice[:16_033], np.flip(voice[:16_033])][:count]
    done, pieces = prepared(write(tmp_path / "a.wav", *channels), channels="separate")
    assert done.duration_ms == 1003
    assert {channel for channel, _ in pieces} == ({0, 1} if count == 2 else {None})
    assert len(done.peaks) == 21


@pytest.mark.parametrize(("duration_ms", "count"), [(60, 0), (99, 0), (100, 1)])
def test_pass_sends_nothing_that_is_too_short_for_a_word(tmp_path, voice, duration_ms, count):
    loud = int(np.abs(voice).argmax())
    done, pieces = prepared(write(tmp_path / "a.wav", voice[loud : loud + duration_ms * 16]))
    assert done.duration_ms == duration_ms
    assert len(pieces) == count


def test_pass_can_be_stopped():
    class Lost(Exception):
        pass

    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Lost

    with pytest.raises(Lost):
        prepared(SAMPLE, on_block=check)
    assert len(calls) == 3
