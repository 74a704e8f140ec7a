"""Every word has a time: the engine's own, or one that was found in the sound."""

from pathlib import Path

import numpy as np
import pytest

from transcription.audio import read_flac
from transcription.engines.base import Answer, Stretch, Word
from transcription.splitting import SAMPLE_RATE
from transcription.timing import FRAME_MS, latin, sounds, time_words

RNG = np.random.default_rng(7)
SAMPLE = Path(__file__).resolve().parent.parent / "sample"
SPEECH = read_flac((SAMPLE / "dictation.flac").read_bytes())
# when words of its beginning are said, as a trained aligner hears it
SAID = {"This": 170, "follow": 550, "visit": 1190, "heart": 1820, "spring.": 2530, "patient": 4060}
BEGINNING = (
    "This is a follow up visit after a heart attack in the spring. "
    "The patient is a fifty seven year old man with heart failure."
)


def silence(ms):
    return RNG.normal(0, 3, ms * SAMPLE_RATE // 1000)


def vowel(ms):
    """Something loud and low, as voices are."""
    clock = np.arange(ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
    return sum(4000 / n * np.sin(2 * np.pi * 130 * n * clock) for n in range(1, 12))


def hiss(ms):
    """Something loud and high, as the s is."""
    return np.diff(RNG.normal(0, 1500, ms * SAMPLE_RATE // 1000 + 1))


def sound(*parts):
    return np.concatenate(parts).astype(np.int16)


def estimated(text, samples, **more):
    return time_words(Answer(text, **more), samples, len(samples) * 1000 // SAMPLE_RATE)


def in_order(words, audio_ms):
    clock = [ms for word in words for ms in (word.start_ms, word.end_ms)]
    return clock == sorted(clock) and clock[0] >= 0 and clock[-1] <= audio_ms


def test_the_engines_times_go_to_the_words_of_the_text_with_their_punctuation():
    """whisper-1 gives words without the punctuation that its text has."""
    heard = (Word("Well", 100, 500, 0.9), Word("it's", 500, 1000), Word("Ozempic", 1000, 1500))
    words = time_words(Answer("Well, it's Ozempic.", heard), None, 2000)
    assert [(w.text, w.start_ms, w.end_ms) for w in words] == [
        ("Well,", 100, 500), ("it's", 500, 1000), ("Ozempic.", 1000, 1500)
    ]  # fmt: skip
    assert words[0].confidence == 0.9
    assert not any(word.estimated for word in words)


def test_a_word_without_a_time_lies_between_its_neighbours_and_says_so():
    heard = (Word("one", 0, 500), Word("three", 1500, 2000))
    one, two, three = time_words(Answer("one two three", heard), None, 3000)
    assert (two.start_ms, two.end_ms) == (500, 1500)
    assert (one.estimated, two.estimated, three.estimated) == (False, True, False)


def test_confidence_is_kept_where_there_is_no_time():
    heard = (Word("sure", None, None, 0.99), Word("unsure", None, None, 0.2))
    words = time_words(Answer("sure unsure", heard), None, 1000)
    assert [(w.confidence, w.estimated) for w in words] == [(0.99, True), (0.2, True)]


def test_times_that_run_backwards_or_over_the_end_are_put_in_order():
    heard = (Word("one", 4000, 5000), Word("two", 1000, 900), Word("three", 99_000, 99_500))
    assert in_order(time_words(Answer("one two three", heard), None, 10_000), 10_000)


def test_words_lie_inside_their_stretch_and_have_its_speaker():
    stretches = (Stretch("Hello there.", 1000, 2000, "A"), Stretch("Hi!", 6000, 6500, "B"))
    words = time_words(Answer("Hello there. Hi!", stretches=stretches), None, 10_000)
    assert [word.speaker for word in words] == ["A", "A", "B"]
    assert (words[0].start_ms, words[1].end_ms) == (1000, 2000)
    assert (words[2].start_ms, words[2].end_ms) == (6000, 6500)


def test_people_who_speak_at_once_each_have_some_time():
    stretches = (Stretch("I was saying", 0, 5000, "A"), Stretch("No no", 3000, 4000, "B"))
    words = time_words(Answer("I was saying No no", stretches=stretches), None, 6000)
    assert in_order(words, 6000)
    assert words[2].end_ms == 3000
    assert words[3].start_ms == 3000


def test_words_are_found_in_speech():
    words = estimated(BEGINNING, SPEECH[: 7_500 * SAMPLE_RATE // 1000])
    starts = {word.text: word.start_ms for word in reversed(words)}
    assert all(abs(starts[text] - ms) <= 100 for text, ms in SAID.items())
    assert all(word.estimated for word in words)


def test_no_word_is_laid_over_a_pause_or_the_silence_at_the_end():
    samples = sound(silence(500), vowel(400), silence(1500), vowel(400), silence(2000))
    one, other = estimated("oh, ah", samples)
    assert (one.start_ms, one.end_ms) == pytest.approx((500, 900), abs=3 * FRAME_MS)
    assert (other.start_ms, other.end_ms) == pytest.approx((2400, 2800), abs=3 * FRAME_MS)


def test_a_pause_goes_where_the_punctuation_is():
    samples = sound(silence(200), vowel(700), silence(600), vowel(700), silence(200))
    early = estimated("mama, lala nana", samples)
    late = estimated("mama lala, nana", samples)
    assert early[1].start_ms - early[0].end_ms >= 500
    assert late[2].start_ms - late[1].end_ms >= 500


def test_a_hissing_word_goes_to_the_hiss():
    samples = sound(silence(200), vowel(500), hiss(150), vowel(120), silence(300))
    assert estimated("ao sa", samples)[1].start_ms == pytest.approx(700, abs=3 * FRAME_MS)
    samples = sound(silence(200), hiss(150), vowel(120), vowel(500), silence(300))
    assert estimated("sa mao", samples)[1].start_ms > 400


@pytest.mark.parametrize(
    "text",
    [
        "one two three. four",
        "हाँ डॉक्टर, सुबह वाली tablet लेने के बाद।",
        "他说他昨天吃了两片阿司匹林。今天好多了",
        "שלום לכולם. hello مرحبا 안녕하세요 สวัสดี Здравствуйте 👩‍⚕️ — 1998",
    ],
)
@pytest.mark.parametrize("samples", [SPEECH[:160_000], np.zeros(160_000, np.int16), None])
def test_every_word_of_any_script_has_times_and_stays_as_it_is(text, samples):
    words = time_words(Answer(text), samples, 10_000)
    assert " ".join(word.text for word in words) == text
    assert in_order(words, 10_000)
    assert words[0].end_ms > words[0].start_ms


def test_more_words_than_the_sound_can_hold_still_have_times_in_order():
    assert in_order(estimated("word " * 400, SPEECH[:32_000]), 2000)


def test_hardly_any_sound_is_enough():
    for count in (0, 1, 100, 400):
        assert in_order(estimated("one two", np.ones(count, np.int16)), 25)
    assert estimated("", SPEECH[:16_000]) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Москва", "moskva"), ("Щука", "shchuka"), ("Ελλάδα", "ellada"), ("हिन्दी", "hindii"),
        ("さくら", "sakura"), ("안녕", "annyeong"), ("Łódź", "lodz"), ("7%", "sevenpercent"),
    ],
)  # fmt: skip
def test_scripts_are_read_about_as_they_sound(written, said):
    assert latin(written) == said


def test_acronyms_are_spelled_unless_everything_is_in_capitals():
    spelled, loud = sounds(["FDA", "said"])[0], sounds(["FDA", "SAID"])[0]
    assert len(spelled) > len(loud)
