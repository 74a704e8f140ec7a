"""Scores and diffs that reviewers are shown."""

import jiwer
import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from feedback.alignment import word_edits
from feedback.normalisers import for_language
from feedback.scoring import TermScore, score, term_index, term_score


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


# reference, hypothesis, and what sclite 2.4.10 of NIST's SCTK prints of them: substitutions,
# deletions, insertions
SCLITE = [
    ("the cat sat on the mat", "the cat sat on the mat", (0, 0, 0)),
    ("the cat sat on the mat", "the cat sat on mat", (0, 1, 0)),
    ("the cat sat on the mat", "the cat sat right on the mat", (0, 0, 1)),
    ("the cat sat on the mat", "the bat sat on a mat", (2, 0, 0)),
    ("she takes entresto at night", "she takes and or so at night", (1, 0, 2)),
    ("start apixaban five milligrams", "start a pixel ban five milligrams", (1, 0, 2)),
    ("one two three", "three", (0, 2, 0)),
    ("one", "one two three four", (0, 0, 3)),
    ("a b c d", "b c d e", (0, 1, 1)),
    ("a b", "b a", (0, 1, 1)),
    (
        "he was seen in clinic today and sent home",
        "he seen clinic today and was sent back home",
        (0, 2, 2),
    ),
    ("the the the pain is gone", "the pain is is gone", (0, 2, 1)),
    ("a b c d e f g", "f g v w x y z", (7, 0, 0)),
    ("we will see him again in three months", "thanks for watching", (3, 5, 0)),
    ("a b c", "x a y b z c", (0, 0, 3)),
]


@pytest.mark.parametrize(("reference", "hypothesis", "counts"), SCLITE)
def test_errors_are_those_of_sclite_and_of_jiwer(reference, hypothesis, counts):
    found = score(reference, hypothesis)
    assert found.word_errors == sum(counts)
    assert (found.substitutions, found.deletions, found.insertions) == counts
    assert found.wer == pytest.approx(jiwer.wer(reference, hypothesis))
    assert found.cer == pytest.approx(jiwer.cer(reference, hypothesis))


def test_where_sclite_counts_more_errors_than_there_need_be():
    """It weighs a substitution 4, and a deletion or an insertion 3: five substitutions (20) are
    dearer to it than three of each of the others (18), though those are six errors."""
    found = score("a b c d e", "d e x y z")
    assert (found.substitutions, found.deletions, found.insertions) == (5, 0, 0)
    assert found.wer == jiwer.wer("a b c d e", "d e x y z") == 1


@given(*[lists(sampled_from("abcde"), min_size=1, max_size=12)] * 2)
def test_no_text_has_other_rates_than_jiwers(reference, hypothesis):
    right, heard = " ".join(reference), " ".join(hypothesis)
    assert score(right, heard).wer == pytest.approx(jiwer.wer(right, heard))
    assert score(right, heard).cer == pytest.approx(jiwer.cer(right, heard))


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


# --- What counts as the same -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [
        ("2.5 mg", "25 mg", 1),
        ("2.5 mg", "2,5 mg", 0),
        ("1,000 patients", "1000 patients", 0),
        ("0.125 mg", "125 mg", 1),
        ("at 12:30", "at 1230", 0),
        ("the end.", "the end", 0),
    ],
)
def test_a_decimal_point_is_no_punctuation(reference, hypothesis, errors):
    assert score(reference, hypothesis).word_errors == errors


@pytest.mark.parametrize(
    ("normaliser", "errors"), [("none", 3), ("basic", 2), ("numbers-en", 0), ("english", 0)]
)
def test_normalisers_go_by_name(normaliser, errors):
    assert score("Take 25 mg.", "take twenty five mg.", normaliser).word_errors == errors


def test_a_language_has_the_normaliser_that_knows_its_numbers():
    assert [for_language(each) for each in ("de", "en", "hi", "")] == [
        "numbers-de",
        "numbers-en",
        "basic",
        "basic",
    ]
    assert score("25 Prozent", "fünfundzwanzig %", for_language("de")).word_errors == 0
    assert score("२५ mg", "25 mg", for_language("hi")).word_errors == 1


# --- Terms -------------------------------------------------------------------------------------


def test_terms_are_right_or_wrong_by_occurrence():
    index = term_index([("Entresto", False), ("Bank of America", False), ("Metoprolol", False)])
    text = "Entresto, not entresto. The Bank of America pays for metoprolol."
    heard = "Entresto not and or so the bank of america pays for metro pole"
    assert term_score(text, heard, index) == TermScore(4, 2)
    assert term_score(text, text, index) == TermScore(4, 0)
    assert term_score("nothing of it", "entresto", index).rate is None


def test_a_term_whose_capitals_count_is_no_ordinary_word():
    index = term_index([("US", True)])
    assert term_score("tell us more", "tell them more", index) == TermScore(0, 0)
    assert term_score("in the US today", "in the bus today", index) == TermScore(1, 1)
