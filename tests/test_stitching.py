"""From an engine's answer to segments: nothing of its text lost, every word with a time."""

from itertools import pairwise

import pytest

from transcription.engines.base import Word
from transcription.stitching import LONGEST_MS, HeardChunk, drafts


def chunk(text, words=(), start_ms=0, end_ms=10_000, **more):
    return HeardChunk(1, start_ms, end_ms, text, words, **more)


def spoken(*words):
    """Words one after the other, half a second each; a number is a pause in ms before the next."""
    clock, found = 0, []
    for word in words:
        if isinstance(word, int):
            clock += word
        else:
            found.append(Word(word, clock, clock + 500, 0.9))
            clock += 500
    return found


def test_a_pause_ends_a_segment():
    words = spoken("one", "two", 900, "three")
    assert [d.text for d in drafts(chunk("one two three", words))] == ["one two", "three"]


def test_segments_begin_and_end_with_their_words():
    first, second = drafts(chunk("one two three", spoken("one", "two", 900, "three")))
    assert (first.start_ms, first.end_ms) == (0, 1000)
    assert (second.start_ms, second.end_ms) == (1900, 2400)


def test_a_sentence_ends_a_segment_where_the_engine_gives_no_times():
    found = drafts(chunk("He left. She stayed! Why? Nobody knows"))
    assert [d.text for d in found] == ["He left.", "She stayed!", "Why?", "Nobody knows"]
    assert found[0].start_ms == 0
    assert found[-1].end_ms == 10_000
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))


def test_an_abbreviation_ends_no_sentence():
    (draft,) = drafts(chunk("Dr. John B. Smith, e.g. he"))
    assert draft.text == "Dr. John B. Smith, e.g. he"


def test_times_go_to_the_words_of_the_text_with_their_punctuation():
    """whisper-1 gives words without the punctuation that its text has."""
    (draft,) = drafts(chunk("Well, it's Ozempic", spoken("Well", "it's", "Ozempic")))
    assert [(w.text, w.start_ms) for w in draft.words] == [
        ("Well,", 0), ("it's", 500), ("Ozempic", 1000)
    ]  # fmt: skip


def test_a_word_without_a_time_lies_between_its_neighbours():
    words = [Word("one", 0, 500), Word("three", 1500, 2000)]
    (draft,) = drafts(chunk("one two three", words))
    two = draft.words[1]
    assert 500 <= two.start_ms <= two.end_ms <= 1500


def test_confidence_is_kept_where_there_is_no_time():
    words = [Word("sure", None, None, 0.99), Word("unsure", None, None, 0.2)]
    (draft,) = drafts(chunk("sure unsure", words))
    assert [w.confidence for w in draft.words] == [0.99, 0.2]


def test_times_that_run_backwards_are_put_in_order():
    words = [Word("one", 4000, 5000), Word("two", 1000, 900), Word("three", 99_000, 99_500)]
    found = drafts(chunk("one two three", words))
    clock = [t for draft in found for w in draft.words for t in (w.start_ms, w.end_ms)]
    assert clock == sorted(clock)
    assert clock[-1] <= 10_000


def test_a_long_segment_is_cut():
    words = spoken(*(["word"] * 60))
    found = drafts(chunk(" ".join(["word"] * 60), words, end_ms=30_000))
    assert all(d.end_ms - d.start_ms <= LONGEST_MS for d in found)


@pytest.mark.parametrize(
    "text",
    [
        "one two three. four",
        "हाँ डॉक्टर, सुबह वाली tablet लेने के बाद।",
        "他说他昨天吃了两片阿司匹林。今天好多了",
        "שלום לכולם. hello",
        "e\u0301cole and \u00e9cole",
        "👩‍⚕️ said so",
    ],
)
def test_the_text_is_not_changed(text):
    assert " ".join(d.text for d in drafts(chunk(text))) == text


def test_silence_makes_no_segment():
    assert drafts(chunk("")) == []


def test_a_failed_chunk_is_a_marked_gap_over_its_time():
    (gap,) = drafts(chunk("", start_ms=5000, end_ms=9000, failure="The server was away."))
    assert (gap.start_ms, gap.end_ms, gap.text) == (5000, 9000, "")
    assert gap.marks == [{"kind": "gap", "reason": "The server was away."}]
