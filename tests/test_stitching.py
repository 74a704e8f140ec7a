"""From timed words to segments: nothing lost, nothing doubled, each finding where it belongs."""

from dataclasses import replace
from itertools import pairwise

import pytest

from transcription.stitching import LONGEST_MS, MOST_LETTERS, HeardChunk, transcript
from transcription.timing import TimedWord


def spoken(*words, start_ms=0, speaker=""):
    """Words one after the other, half a second each; a number is a pause in ms before the next."""
    clock, found = start_ms, []
    for word in words:
        if isinstance(word, int):
            clock += word
        else:
            found.append(TimedWord(word, clock, clock + 500, 0.9, speaker=speaker))
            clock += 500
    return found


def chunk(words=(), id=1, start_ms=0, end_ms=10_000, **more):
    return HeardChunk(id, start_ms, end_ms, words, **more)


def texts(*chunks):
    return [draft.text for draft in transcript(chunks)]


# --- Where segments end


def test_a_pause_ends_a_segment_and_segments_begin_and_end_with_their_words():
    first, second = transcript([chunk(spoken("one", "two", 900, "three"))])
    assert (first.text, first.start_ms, first.end_ms) == ("one two", 0, 1000)
    assert (second.text, second.start_ms, second.end_ms) == ("three", 1900, 2400)


def test_a_sentence_ends_a_segment_but_an_abbreviation_does_not():
    words = spoken("He", "left.", "Dr.", "John", "B.", "Smith", "stayed!", "Why?")
    assert texts(chunk(words)) == ["He left.", "Dr. John B. Smith stayed!", "Why?"]


def test_a_long_segment_is_cut():
    found = transcript([chunk(spoken(*["word"] * 60), end_ms=30_000)])
    assert all(draft.end_ms - draft.start_ms <= LONGEST_MS for draft in found)
    assert sum(len(draft.words) for draft in found) == 60


def test_long_text_without_spaces_is_cut_at_its_sentences_and_by_letters():
    sentence = "他说他昨天吃了两片阿司匹林。"
    endless = "今天好多了" * 20
    found = transcript([chunk([TimedWord(sentence + endless, 0, 114_000)], end_ms=114_000)])
    assert "".join(draft.text for draft in found) == sentence + endless
    assert found[0].text == sentence
    assert (found[0].start_ms, found[0].end_ms) == (0, 14_000)
    assert all(len(draft.text) <= MOST_LETTERS for draft in found)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(found))


def test_a_cut_leaves_vowel_signs_with_their_letters():
    assert all(text[0] != "ี" for text in texts(chunk([TimedWord("ดี" * 60, 0, 20_000)])))


def test_a_long_word_with_spaces_around_stays_whole():
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    assert texts(chunk([TimedWord(word, 0, 5000)])) == [word]


# --- Gaps and findings


def test_silence_makes_no_segment():
    assert transcript([chunk()]) == []


def test_a_failed_chunk_is_a_marked_gap_over_its_time():
    (gap,) = transcript([chunk(start_ms=5000, end_ms=9000, failure="The server was away.")])
    assert (gap.start_ms, gap.end_ms, gap.text) == (5000, 9000, "")
    assert gap.marks == [{"kind": "gap", "reason": "The server was away."}]


def test_a_finding_about_words_goes_to_the_segments_that_hold_them():
    words = spoken("One.", "two", "two", "two.", "Three.")
    mark = {"kind": "loop", "reason": "repeats", "start": 1, "end": 4}
    first, second, third = transcript([chunk(words, marks=[mark])])
    assert second.marks == [{**mark, "start": 0, "end": 3}]
    assert first.marks == third.marks == []


def test_a_finding_about_the_chunk_goes_to_its_first_segment():
    mark = {"kind": "echo", "reason": "like the prompt"}
    found = {**mark, "start": None, "end": None}
    first, second = transcript([chunk(spoken("One.", "Two."), marks=[found])])
    assert (first.marks, second.marks) == ([mark], [])


def test_a_finding_where_nothing_was_heard_is_shown_over_the_chunk():
    mark = {"kind": "hole", "reason": "speech without text"}
    (empty,) = transcript([chunk(start_ms=3000, marks=[mark])])
    assert (empty.text, empty.start_ms, empty.end_ms) == ("", 3000, 10_000)
    assert empty.marks == [mark]


# --- Neighbours that overlap


def neighbours(left, right, **more):
    """Two chunks that both heard the time from 8 to 10 s; a word takes half a second."""
    left = spoken(*left, start_ms=10_000 - 500 * len(left))
    right = spoken(*right, start_ms=8000)
    return (
        chunk(left, id=1, end_ms=10_000),
        replace(chunk(right, id=2, start_ms=8000, end_ms=18_000, overlap_ms=2000), **more),
    )


def joined(left, right, **more):
    return " ".join(texts(*neighbours(left.split(), right.split(), **more)))


@pytest.mark.parametrize(
    ("left", "right", "together"),
    [
        ("we see one two three four", "one two three four five", "we see one two three four five"),
        ("see One, two three four", "one two, Three four five", "see One, two Three four five"),
        # the edge of a chunk cuts words
        ("see one two three trans", "one two three transcription is",
         "see one two three transcription is"),
        ("a transcription two three", "scription two three four", "a transcription two three four"),
        # one side heard more: rather doubled than lost
        ("see one two four", "one two three four five", "see one two three four five"),
        ("see one two three four", "one two four five", "see one two three four five"),
        # what an edge made of a word gives way to what the other side heard
        ("see one two three foe", "one two three four five", "see one two three four five"),
        ("see one two three four", "gone two three four five", "see one two three four five"),
        # nothing alike
        ("see one two", "eins zwei drei", "see one two eins zwei drei"),
        # said twice, far apart
        ("yes it is what we have got here now then", "and so yes",
         "yes it is what we have got here now then and so yes"),
    ],
)  # fmt: skip
def test_what_two_chunks_heard_is_written_once(left, right, together):
    assert joined(left, right) == together


def test_without_an_overlap_nothing_is_removed():
    assert joined("one two", "one two", overlap_ms=0) == "one two one two"


def test_a_failed_neighbour_removes_nothing():
    whole, failed = neighbours(["one", "two"], [], failure="away")
    assert texts(whole, failed) == ["", "one two"]


def test_each_segment_is_of_one_chunk_and_times_never_run_backwards():
    left, right = neighbours(["a", "b", "one", "two", "three"], ["one", "two", "three", "four"])
    right = replace(right, words=[replace(w, start_ms=w.start_ms - 700) for w in right.words])
    found = transcript([right, left])
    assert [draft.chunk_id for draft in found] == [1, 2]
    clock = [ms for draft in found for w in draft.words for ms in (w.start_ms, w.end_ms)]
    assert clock == sorted(clock)


def test_a_finding_stays_with_its_word_when_words_before_it_are_removed():
    mark = {"kind": "unsure", "reason": "rare", "start": 4, "end": 5}
    chunks = neighbours(["one", "two", "three", "four"], ["one", "two", "three", "four", "five"],
                        marks=[mark])  # fmt: skip
    second = transcript(chunks)[-1]
    (found,) = second.marks
    assert [word.text for word in second.words[found["start"] : found["end"]]] == ["five"]


def test_three_chunks_in_a_row_are_joined():
    first = chunk(spoken("a", "b", "c", "d", start_ms=8000), id=1, end_ms=10_000)
    second = chunk(spoken("c", "d", "e", "f", "g", "h", start_ms=9000), id=2, start_ms=9000,
                   end_ms=12_000, overlap_ms=1000)  # fmt: skip
    third = chunk(spoken("g", "h", "i", start_ms=11_000), id=3, start_ms=11_000, end_ms=20_000,
                  overlap_ms=1000)  # fmt: skip
    assert " ".join(texts(first, second, third)) == "a b c d e f g h i"


# --- Channels and speakers


def test_each_channel_is_a_speaker_and_the_transcript_is_in_order_of_time():
    left = chunk(spoken("Hello.", 2000, "Fine."), id=1, channel=0)
    right = chunk(spoken(1000, "Hi."), id=2, channel=1)
    found = transcript([left, right])
    assert [(draft.text, draft.speaker, draft.channel) for draft in found] == [
        ("Hello.", "Channel 1", 0), ("Hi.", "Channel 2", 1), ("Fine.", "Channel 1", 0)
    ]  # fmt: skip


def test_another_speaker_begins_another_segment():
    words = [*spoken("so", speaker="A"), *spoken("yes", start_ms=500, speaker="B")]
    found = transcript([chunk(words)])
    assert [(d.text, d.speaker) for d in found] == [("so", "Speaker A"), ("yes", "Speaker B")]


def test_the_same_letter_in_two_chunks_is_not_claimed_to_be_the_same_person():
    first = chunk(spoken("so", speaker="A"), id=1)
    second = chunk(spoken("yes", start_ms=10_000, speaker="A"), id=2, start_ms=10_000)
    labels = [draft.speaker for draft in transcript([first, second])]
    assert labels == ["Speaker A (part 1)", "Speaker A (part 2)"]


def test_a_known_speakers_name_stays():
    words = spoken("so", speaker="Anna")
    assert [d.speaker for d in transcript([chunk(words), chunk(id=2)])] == ["Anna"]
