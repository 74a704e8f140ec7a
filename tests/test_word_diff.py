"""Which letters of two words differ, in any script: never half a letter as people see it."""

from __future__ import annotations

import pytest

from feedback.alignment import Edit, word_edits


def letters(before: str, after: str) -> list[list[tuple[str, bool]]]:
    sides = Edit("substitution", before, after, 0, 0).letters
    return [[(run.text, run.differs) for run in side] for side in sides]


def test_words_much_alike_show_what_differs():
    assert letters("halter", "Holter") == [
        [("ha", True), ("lter", False)],
        [("Ho", True), ("lter", False)],
    ]


def test_other_words_are_shown_whole():
    assert letters("and", "Wegovy") == [[("and", False)], [("Wegovy", False)]]
    assert letters("", "new") == [[("", False)], [("new", False)]]


@pytest.mark.parametrize(
    ("before", "after", "differing"),
    [
        ("हिन्दीवाला", "हिन्दिवाला", {"दी", "दि", "न्दी", "न्दि"}),  # a consonant and its vowel are one
        ("cafe\u0301", "cafe", {"e\u0301", "e"}),
        ("👩‍⚕️ok", "👨‍⚕️ok", {"👩‍⚕️", "👨‍⚕️"}),
        ("درمان", "درمانی", {"ی"}),
    ],
)
def test_letters_are_those_that_people_see(before: str, after: str, differing: set[str]):
    found = {text for side in letters(before, after) for text, differs in side if differs}
    assert found <= differing
    assert found
    for side, text in zip(letters(before, after), (before, after), strict=True):
        assert "".join(part for part, _ in side) == text


def test_words_without_blanks_between_are_those_of_the_dictionary():
    edits = [edit for edit in word_edits("我们降低剂量", "我们提高剂量") if edit.kind != "equal"]
    assert [(edit.before, edit.after) for edit in edits] == [("降低", "提高")]
