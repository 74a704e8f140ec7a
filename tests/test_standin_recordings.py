"""The stand-in that answers from a reference, by where the audio lies in a recording."""

import numpy as np
import openai
import pytest

from tests.standin import recordings
from tests.standin.asking import SAMPLE_RATE, ask, flac, noise, wav
from tests.standin.recordings import Recording
from tests.standin.sound import Sound

MS = SAMPLE_RATE // 1000
SILENCE = np.zeros(SAMPLE_RATE, np.int16)
# speech 0-2 s, silence 2-3 s, speech 3-5 s, silence 5-6 s, speech 6-8 s
TALK = np.concatenate([noise(2, 1), SILENCE, noise(2, 2), SILENCE, noise(2, 3)])
WORDS = [
    ["one", 100, 900],
    ["two", 1000, 1900],
    ["three", 3100, 3900],
    ["four", 4000, 4900],
    ["five", 6100, 6900],
    ["six", 7000, 7900],
]


def cut(start_ms: int, end_ms: int, samples=TALK):
    return samples[start_ms * MS : end_ms * MS]


@pytest.fixture
def told(openai_standin, tmp_path):
    """The stand-in, told of TALK."""
    TALK.tofile(tmp_path / "talk.pcm")
    openai_standin.control(recording={"pcm": str(tmp_path / "talk.pcm"), "words": WORDS})
    return openai_standin


def test_the_words_of_the_span_are_answered(told):
    assert ask(told, audio=flac(cut(800, 4500)), ending="flac").text == "two three four"
    assert ask(told, audio=wav(cut(0, 1000))).text == "one"

    first, second = told.log()
    assert first["recording"].endswith("talk.pcm")
    assert (first["spans"], second["spans"]) == ([[800, 4500]], [[0, 1000]])


def test_times_are_those_within_the_piece(told):
    found = ask(
        told,
        "whisper-1",
        wav(cut(2900, 8000)),
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )

    times = [(word.word, word.start, word.end) for word in found.words]
    assert times[0] == ("three", 0.2, 1.0)
    assert times[-1] == ("six", 4.1, 5.0)


def test_a_piece_may_leave_silence_out(told):
    piece = np.concatenate([cut(0, 2100), cut(2950, 5000), cut(6000, 8000)])

    found = ask(
        told,
        "whisper-1",
        wav(piece),
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )

    assert found.text == "one two three four five six"
    assert found.words[2].start == pytest.approx(2.25, abs=0.01)
    assert found.words[4].start == pytest.approx(4.25, abs=0.01)
    spans = told.log()[0]["spans"]
    assert [span[1] for span in spans] == pytest.approx([2100, 5000, 8000], abs=60)
    assert len(spans) == 3


def test_silence_of_the_clients_own_and_other_order_are_understood(told):
    piece = np.concatenate([SILENCE, cut(6600, 8000), SILENCE, cut(0, 950), SILENCE])

    assert ask(told, audio=wav(piece)).text == "six one"


def test_a_seam_that_was_faded_loses_no_words(told):
    faded = cut(3000, 5000).copy()
    faded[: 20 * MS] = faded[: 20 * MS] // 2

    found = ask(told, audio=wav(np.concatenate([cut(0, 2000), faded])))

    assert found.text == "one two three four"


def test_each_channel_has_its_own_words(told, tmp_path):
    other = noise(8, 9)
    other.tofile(tmp_path / "other.pcm")
    words = [["hello", 1000, 2000, "B"], ["there", 3000, 4000, "B"]]
    told.control(recording={"pcm": str(tmp_path / "other.pcm"), "words": words})

    texts = [ask(told, audio=wav(cut(0, 2000, channel))).text for channel in (TALK, other, TALK)]

    assert texts == ["one two", "hello", "one two"]


@pytest.mark.parametrize("strange", [noise(3, 77), noise(3, 78) // 9000])
def test_audio_from_elsewhere_is_an_error_that_says_so(told, strange):
    with pytest.raises(openai.InternalServerError, match="none of its recordings") as caught:
        ask(told, audio=wav(strange))

    assert caught.value.status_code == 500


def test_digital_silence_has_no_words(told):
    assert ask(told, audio=wav(SILENCE)).text == ""


def test_a_long_recording_is_searched_from_end_to_end(tmp_path):
    """On the way back too."""
    rng = np.random.default_rng(3)
    path = tmp_path / "long.pcm"
    rng.integers(-8000, 8000, 600 * SAMPLE_RATE, np.int16).tofile(path)
    words = [[str(second), second * 1000, second * 1000 + 900] for second in range(600)]
    recording = Recording(str(path), words)

    for start_s in (570, 0, 300, *range(0, 600, 30)):
        piece = np.array(recording.samples[start_s * SAMPLE_RATE : (start_s + 30) * SAMPLE_RATE])
        heard = recordings.hear([recording], Sound(30.0, piece))
        assert [word.text for word in heard.words] == [str(start_s + at) for at in range(30)]
