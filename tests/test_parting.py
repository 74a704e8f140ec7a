"""A text that was corrected as a whole finds back to the segments that it is of."""

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from feedback.parting import parted


@pytest.mark.parametrize(
    ("passages", "text", "parts"),
    [
        (["one two", "three four"], "one two three four", ["one two", "three four"]),
        (["one two.", "Three four"], "One two.\nThree, four!", ["One two.", "Three, four!"]),
        (["one too", "tree four"], "one two three four", ["one two", "three four"]),
        (["one two", "three four"], "one two and a half three four",
         ["one two and a half", "three four"]),
        (["one two", "three four"], "one two\nbut three four", ["one two", "but three four"]),
        (["one two", "three four"], "two three", ["two", "three"]),
        (["one two", "three four"], "three four", ["", "three four"]),
        (["one two", "three four"], "", ["", ""]),
        (["one two", "", "three"], "one two three", ["one two", "", "three"]),
        (["one two", "", "three"], "one two what was missing three",
         ["one two", "what was missing", "three"]),
        (["", "three"], "at first three", ["at first", "three"]),
        (["one", ""], "one\nat last", ["one", "at last"]),
        (["a b c", "d e f"], "v w\nx y z", ["v w", "x y z"]),
        (["a b c", "d e f"], "u v w x y z", ["u v w", "x y z"]),
        (["医生昨天来了。", "他今天走了。"], "医生今天来了。他明天走了。",
         ["医生今天来了。", "他明天走了。"]),
        (["one\n two", "three"], "one two three", ["one\n two", "three"]),
        (["one two"], "one\ntwo\nthree", ["one two three"]),
        ([], "", []),
    ],
)  # fmt: skip
def test_it_is_cut_where_its_segments_end(passages, text, parts):
    assert parted(text, passages) == parts


WORDS = lists(sampled_from(["a", "b", "c", "d", "\n", "e."]), max_size=12)


@given(lists(WORDS.map(" ".join), min_size=1, max_size=6), WORDS.map(" ".join))
def test_no_word_is_lost(passages, text):
    parts = parted(text, passages)
    assert len(parts) == len(passages)
    assert " ".join(parts).split() == text.split()


def test_a_long_text_is_cut_at_once():
    passages = [f"this is what was said as number {n} of many" for n in range(3000)]
    text = " ".join(passages).replace("what was", "all that was")
    parts = parted(text, passages)
    assert parts[2999] == "this is all that was said as number 2999 of many"
