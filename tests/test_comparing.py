"""A second transcript is dealt out to the segments of the first: by time and by words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.comparing import Heard, Place, dealt, differing, same
from lexicon.borders import words

WORD_MS = 400


def heard(text: str, start_ms: int = 0, **more) -> Heard:
    """Said without a pause, one word after the other."""
    rows = [
        [text[a:b], start_ms + WORD_MS * at, start_ms + WORD_MS * (at + 1) - 50, 0.9]
        for at, (a, b) in enumerate(words(text))
    ]
    return Heard(text, start_ms, start_ms + WORD_MS * len(rows), words=rows, **more)


def texts(places: list[Place], *found: Heard) -> list[str]:
    return [passage.text for passage in dealt(places, found)]


def follow(*lines: str, start_ms: int = 0) -> list[Place]:
    """Segments as the first transcript has them, said at the same pace."""
    places = []
    for line in lines:
        end_ms = start_ms + WORD_MS * len(words(line))
        places.append(Place(line, start_ms, end_ms))
        start_ms = end_ms
    return places


SAID = ("We saw the patient on Monday.", "She takes Ozempic twice a week.", "No other drugs.")


def test_the_same_segments_stand_beside_each_other():
    places = follow(*SAID)
    found = [heard(place.text, place.start_ms) for place in places]
    assert texts(places, *found) == [*SAID]


def test_one_long_segment_is_cut_where_the_others_end():
    assert texts(follow(*SAID), heard(" ".join(SAID))) == [*SAID]


def test_several_short_ones_are_put_together():
    parts = ["We saw the patient", "on Monday. She takes", "Ozempic twice a week. No other drugs."]
    starts = [0, 4 * WORD_MS, 8 * WORD_MS]
    found = [heard(part, start) for part, start in zip(parts, starts, strict=True)]
    assert texts(follow(*SAID), *found) == [*SAID]


def test_words_tell_where_a_border_is_when_times_are_off():
    late = heard(" ".join(SAID), 3 * WORD_MS)  # as estimated times may be
    assert texts(follow(*SAID), late) == [*SAID]


def test_times_tell_where_the_words_do_not():
    places = [Place("yes", 0, 1000), Place("yes", 60_000, 61_000), Place("yes", 120_000, 121_000)]
    assert texts(places, heard("yes", 60_200)) == ["", "yes", ""]
    assert texts(places, heard("no", 100), heard("no", 120_400)) == ["no", "", "no"]


def test_words_that_were_said_long_before_stay_there():
    places = [Place("one two", 0, 1000), Place("three four", 60_000, 61_000)]
    assert texts(places, heard("three four", 100)) == ["three four", ""]
    assert texts(places, heard("one two", 60_000)) == ["", "one two"]


def test_what_the_first_run_did_not_hear_stands_with_what_is_nearest():
    places = follow("one two three four") + follow("five six seven eight", start_ms=60_000)
    found = texts(
        places,
        heard("one two three four", 0),
        heard("and more", 8_000),
        heard("right before", 55_000),
        heard("five six seven eight", 60_000),
    )
    assert found == ["one two three four and more", "right before five six seven eight"]


def test_misheard_words_do_not_move_a_border():
    places = follow("she takes us and paid twice", "no other drugs at all")
    found = heard("she takes Ozempic twice no other drug at all")
    assert texts(places, found) == ["she takes Ozempic twice", "no other drug at all"]


def test_words_between_two_segments_stand_where_they_were_said():
    places = [Place("one two three", 0, 1200), Place("four five six", 4000, 5200)]
    early = [heard("one two three and more", 0), heard("four five six", 4000)]
    late = [heard("one two three", 0), heard("and more four five six", 3200)]
    assert texts(places, *early) == ["one two three and more", "four five six"]
    assert texts(places, *late) == ["one two three", "and more four five six"]


def test_words_of_scripts_without_blanks():
    places = follow("我们星期一见了病人。", "她每周服用两次药。")
    assert texts(places, heard("我们星期一见了病人。她每周服用两次药。")) == [
        "我们星期一见了病人。",
        "她每周服用两次药。",
    ]


def test_channels_are_kept_apart():
    places = [
        Place("how are you", 0, 3000, lane=0),
        Place("fine", 1000, 2000, lane=1),
        Place("", 2000, 2500, lane=None),  # put in by a person
        Place("good", 3000, 4000, lane=0),
    ]
    found = (
        Heard("fine thanks", 1000, 2400, 1, [["fine", 1000, 1500, 1], ["thanks", 2100, 2400, 1]]),
        heard("how are you good", 0, lane=0),
    )
    assert texts(places, *found)[1:3] == ["fine", "thanks"]
    other = texts(places[:1], *found)  # of channels that the first run did not tell apart
    assert other == ["fine thanks how are you good"]


def test_what_the_lexicon_changed_has_the_time_of_what_was_heard():
    rows = [
        ["she", 0, 300, 1],
        ["takes", 300, 700, 1],
        ["us", 5000, 5200, 1],
        ["and", 5200, 5400, 1],
    ]
    found = Heard("she takes Ozempic", 0, 5400, words=rows)
    places = [Place("she takes", 0, 1000), Place("us and", 5000, 5500)]
    assert texts(places, found) == ["she takes", "Ozempic"]


def test_languages_go_with_their_words():
    found = heard("guten Tag good day")
    tagged = Heard(found.text, 0, 1600, words=found.words, tags=[[0, 9, "de"], [10, 18, "en"]])
    first, second = dealt(follow("guten", "Tag good day"), [tagged])
    assert (first.text, first.tags) == ("guten", [[0, 5, "de"]])
    assert (second.text, second.tags) == ("Tag good day", [[0, 3, "de"], [4, 12, "en"]])


def test_languages_of_several_segments_stand_where_their_words_do():
    parts = [heard("guten Tag"), heard("good day", 800)]
    tagged = [
        Heard(each.text, each.start_ms, each.end_ms, words=each.words, tags=[[0, size, language]])
        for each, size, language in zip(parts, (9, 8), ("de", "en"), strict=True)
    ]
    (whole,) = dealt(follow("guten Tag good day"), tagged)
    assert whole.text == "guten Tag good day"
    assert whole.tags == [[0, 9, "de"], [10, 18, "en"]]


def test_nothing_to_deal_and_nobody_to_deal_to():
    assert dealt([], [heard("lost")]) == []
    assert texts(follow("one")) == [""]


vocabulary = st.sampled_from(["one", "two", "yes.", "no,", "Ärzte", "他说", "دواء", "R&D", "-"])
lines = st.lists(vocabulary, max_size=6).map(" ".join)
lanes = st.sampled_from([None, 0, 1])
moments = st.integers(0, 20_000)


@st.composite
def places_of(draw):
    start = draw(moments)
    return Place(draw(lines), start, start + draw(moments), draw(lanes))


@st.composite
def segments_of(draw):
    text, start = draw(lines), draw(moments)
    timed = heard(text, start)
    rows = timed.words if draw(st.booleans()) else timed.words[:1]
    return Heard(text, start, timed.end_ms, draw(lanes), rows)


@given(st.lists(places_of(), min_size=1, max_size=6), st.lists(segments_of(), max_size=6))
def test_every_word_is_shown_once_and_borders_are_at_words(places, found):
    passages = dealt(places, found)
    assert len(passages) == len(places)
    whole = [each.text[a:b] for each in found for a, b in words(each.text)]
    shown = [each for passage in passages for each in passage.text.split()]
    joined = "".join(whole)
    assert sorted("".join(shown)) == sorted(joined)
    # words stand whole: each piece between blanks is made of words that were heard
    pieces = set(whole) | {one + other for one, other in pairwise(whole)}
    assert all(piece in pieces or piece in joined for piece in shown)


@given(st.lists(lines, min_size=1, max_size=6), st.lists(lines, min_size=1, max_size=6))
def test_in_one_lane_the_words_stay_in_order(first, second):
    places, start, found = follow(*first), 0, []
    for line in second:
        found.append(heard(line, start))
        start = found[-1].end_ms
    shown = "".join("".join(text.split()) for text in texts(places, *found))
    assert shown == "".join("".join(line.split()) for line in second)


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("she takes us and paid daily", "she takes Ozempic daily", ["us and paid"], ["Ozempic"]),
        ("one", "", ["one"], []),
        ("", "one", [], ["one"]),
        ("Same here.", "same here", ["Same", "here."], ["same", "here"]),
        ("one two", "one  two", [], []),
    ],
)
def test_differing_words_are_marked_on_both_sides(before, after, gone, new):
    sides = differing(before, after)
    assert [before[a:b] for a, b in sides.before] == gone
    assert [after[a:b] for a, b in sides.after] == new
    assert same(before, after) == (not gone and not new)
