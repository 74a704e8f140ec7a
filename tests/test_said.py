"""Words keep their times where the text was not touched; new ones get times between."""

from __future__ import annotations

from transcription.said import said

HEARD = [
    ["Then", 0, 300, 0.9, False],
    ["we", 300, 400, 0.8, False],
    ["lower", 500, 900, 0.7, False],
    ["the", 900, 1000, 0.9, False],
    ["dose.", 1000, 1500, 0.4, False],
]


def times(text: str, heard: list[list[object]] = HEARD) -> list[tuple[str, int, int]]:
    return [(word.text, word.start_ms, word.end_ms) for word in said(text, heard, 0, 2000)]


def test_untouched_words_have_the_engines_times_and_confidence():
    found = said("Then we lower the dose.", HEARD, 0, 2000)
    assert [(word.start, word.end) for word in found] == [
        (0, 4),
        (5, 7),
        (8, 13),
        (14, 17),
        (18, 23),
    ]
    assert [word.confidence for word in found] == [0.9, 0.8, 0.7, 0.9, 0.4]
    assert not any(word.estimated for word in found)


def test_capitals_and_punctuation_change_no_time():
    assert times("then, we LOWER the dose!") == [
        ("then,", 0, 300),
        ("we", 300, 400),
        ("LOWER", 500, 900),
        ("the", 900, 1000),
        ("dose!", 1000, 1500),
    ]


def test_what_takes_the_place_of_words_has_their_time():
    assert times("Then we halve it dose.")[2:] == [
        ("halve", 500, 900),
        ("it", 900, 1000),
        ("dose.", 1000, 1500),
    ]
    assert said("Then we halve the dose.", HEARD, 0, 2000)[2].confidence is None


def test_more_or_fewer_words_share_their_time():
    heard = [
        ["lower", 0, 100, 0.9],
        ["and", 300, 500, 0.9],
        ["or", 500, 800, 0.9],
        ["so", 800, 1000, 0.9],
    ]
    assert times("lower Entresto", heard)[1] == ("Entresto", 300, 1000)
    assert times("lower an or so on", heard)[3:] == [("so", 800, 1000), ("on", 1000, 2000)]
    assert times("A C E", [["ACE", 0, 900, 0.9]]) == [
        ("A", 0, 300),
        ("C", 300, 600),
        ("E", 600, 900),
    ]


def test_words_stay_within_a_segment_that_was_moved():
    moved = said("Then we lower the dose.", HEARD, 350, 950)
    assert [(word.start_ms, word.end_ms) for word in moved] == [
        (350, 350),
        (350, 400),
        (500, 900),
        (900, 950),
        (950, 950),
    ]
    far = said("Then we", HEARD[:2], 5000, 5600)
    assert [(word.start_ms, word.end_ms) for word in far] == [(5000, 5400), (5400, 5600)]


def test_what_is_added_stands_between_its_neighbours():
    assert times("Then we slowly lower the dose.")[2] == ("slowly", 400, 500)
    assert times("So Then we lower the dose.")[0] == ("So", 0, 0)
    assert times("Then we lower the dose. Today.")[5] == ("Today.", 1500, 2000)


def test_what_is_taken_out_moves_nothing():
    assert times("Then lower dose.") == [
        ("Then", 0, 300),
        ("lower", 500, 900),
        ("dose.", 1000, 1500),
    ]


def test_where_nothing_was_heard_the_segments_time_is_shared():
    assert times("ab cdef", []) == [("ab", 0, 666), ("cdef", 666, 2000)]


def test_words_without_blanks_between_are_told_apart():
    heard = [["我们降低剂量。", 0, 700, 0.9, False]]
    found = said("我们降低剂量。", heard, 0, 700)
    assert [word.text for word in found] == ["我们", "降低", "剂量。"]
    assert [(word.start_ms, word.end_ms) for word in found] == [(0, 200), (200, 400), (400, 700)]


def test_times_never_run_backwards():
    for text in ("", "the Then dose", "x y z", "dose the lower we Then", "Then we we we lower"):
        edges = [moment for _, start, end in times(text) for moment in (start, end)]
        assert edges == sorted(edges)
