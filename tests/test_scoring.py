"""Scores and diffs that reviewers are shown."""

import pytest

from feedback.alignment import word_edits
from feedback.scoring import score


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [
        ("one two three", "one two three", 0),
        ("one two three", "one too three", 1),
        ("one two three", "one three", 1),
        ("one two three", "one two and three", 1),
        ("We started Entresto in March.", "we started and or so in march", 3),
        ("", "thanks for watching", 3),
        ("nothing heard", "", 2),
        ("Zürich, Genève", "zürich genève", 0),
        ("पैरासिटामोल दो बार", "पैरासिटामोल दो बार", 0),
    ],
)
def test_word_errors_are_substitutions_deletions_and_insertions(reference, hypothesis, errors):
    assert score(reference, hypothesis).word_errors == errors


def test_accuracy_is_never_negative():
    assert score("one", "one two three four").wer == 3
    assert score("one", "one two three four").accuracy == 0


def test_scores_add_up_over_segments():
    total = score("one two", "one too") + score("three four", "three four")
    assert total.wer == 0.25


def kinds(before, after):
    return [(e.kind, e.before, e.after) for e in word_edits(before, after) if e.kind != "equal"]


def test_a_run_of_errors_is_one_edit():
    assert kinds("we started and or so in march", "we started Entresto in march") == [
        ("substitution", "and or so", "Entresto")
    ]


def test_case_and_punctuation_are_told_apart_from_errors():
    assert kinds("in march he left", "In March, he left") == [
        ("case", "in", "In"),
        ("punctuation", "march", "March,"),
    ]


def test_insertions_and_deletions():
    assert kinds("a b", "a x b") == [("insertion", "", "x")]
    assert kinds("a x b", "a b") == [("deletion", "x", "")]


@pytest.mark.parametrize("text", ["", "one", "हाँ डॉक्टर tablet", "שלום world", "他说 hello"])
def test_the_same_text_has_no_edits(text):
    assert kinds(text, text) == []


def test_edits_put_together_are_both_texts():
    before, after = "he has us and paid, since last year", "He has had Ozempic since last year."
    edits = word_edits(before, after)
    assert " ".join(e.before for e in edits if e.before) == before
    assert " ".join(e.after for e in edits if e.after) == after
    for edit in edits:
        assert before[edit.before_at :].startswith(edit.before)
        assert after[edit.after_at :].startswith(edit.after)


@pytest.mark.parametrize(
    ("before", "after", "edit"),
    [
        ("医生昨天来了。", "医生今天来了。", ("substitution", "昨天", "今天")),
        ("หมอมาเมื่อวาน", "หมอไปเมื่อวาน", ("substitution", "มา", "ไป")),
        ("昨日は雨です。", "昨日は雪です。", ("substitution", "雨", "雪")),
        ("我们用Python写", "我们用Java写", ("substitution", "Python", "Java")),
        ("وصل البريد أمس", "وصل الطرد أمس", ("substitution", "البريد", "الطرد")),
        ("किताब पढ़ी", "क़िताब पढ़ी", ("substitution", "किताब", "क़िताब")),
    ],
)
def test_edits_are_of_words_of_the_script(before, after, edit):
    assert kinds(before, after) == [edit]


def test_a_diff_has_blanks_only_where_the_text_has_them():
    spaced = [(e.kind, e.blank) for e in word_edits("他 昨天来了", "他 今天来了")]
    assert spaced == [("equal", False), ("substitution", True), ("equal", False)]
