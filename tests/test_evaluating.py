"""How errors are counted, in all and on terms: examples worked by hand."""

import pytest

from lexicon.evaluating import Count, count, indexed


def counted(reference, hypothesis, *terms):
    """Errors and words of terms, errors and words of the rest."""
    found = count(reference, hypothesis, indexed(terms))
    return (
        (found.term_errors, found.term_words),
        (found.errors - found.term_errors, found.words - found.term_words),
    )


@pytest.mark.parametrize(
    ("hypothesis", "of_terms", "of_others"),
    [
        ("the stew was cold", 0, 0),
        ("the stu was cold", 1, 0),  # a term substituted
        ("the was cold", 1, 0),  # a term deleted
        ("the stew stew was cold", 1, 0),  # a term inserted
        ("the stew was gold", 0, 1),  # another word substituted
        ("stew was cold", 0, 1),  # another word deleted
        ("the stew it was cold", 0, 1),  # another word inserted
        ("the stew was stew", 0, 1),  # a term in another word's place is that word's error
        ("", 1, 3),
    ],
)
def test_an_error_is_counted_where_its_word_is(hypothesis, of_terms, of_others):
    assert counted("the stew was cold", hypothesis, "stew") == ((of_terms, 1), (of_others, 3))


def test_a_word_belongs_to_a_term_only_inside_a_whole_occurrence_of_it():
    text = "the bank of america and the bank of the river"
    assert counted(text, text, "bank of america") == ((0, 3), (0, 7))
    assert counted(text, text.replace("of", "off"), "bank of america") == ((1, 3), (1, 7))


def test_an_inserted_term_of_several_words_counts_and_a_part_of_one_does_not():
    assert counted("we spoke", "we spoke bank of america", "bank of america") == ((3, 0), (0, 2))
    assert counted("we spoke", "we spoke of", "bank of america") == ((0, 0), (1, 2))


def test_a_word_in_two_overlapping_terms_counts_once():
    terms = ("bank of america", "america", "america first")
    assert counted("bank of america first", "bank of america worst", *terms) == ((1, 4), (0, 0))


def test_recall_is_of_whole_occurrences():
    terms = indexed(["bank of america", "america", "culp"])
    reference = "bank of america told culp that america bank of america and culp"
    hypothesis = "bank off america told culp that america bank of america and cult"
    found = count(reference, hypothesis, terms)
    # culp 1 of 2, america 3 of 3, bank of america 1 of 2
    assert (found.found, found.occurrences) == (5, 7)
    assert found.term_recall == 71.43


def test_an_occurrence_with_a_word_heard_into_it_has_each_of_its_words():
    found = count("bank of america", "bank of uh america", indexed(["bank of america"]))
    assert (found.found, found.errors, found.term_errors) == (1, 1, 0)


def test_rates_are_percent_over_all_texts_together():
    terms = indexed(["stew"])
    total = count("the stew", "the stu", terms) + count("a b c d stew", "a b c x stew", terms)
    assert total.rates() == {"wer": 28.57, "u_wer": 20.0, "b_wer": 50.0, "term_recall": 50.0}


def test_without_anything_to_divide_by_there_is_no_rate():
    assert Count().rates() == dict.fromkeys(("wer", "u_wer", "b_wer", "term_recall"))
    nothing_said = count("", "thanks for watching", indexed([]))
    assert (nothing_said.errors, nothing_said.wer) == (3, None)
    no_terms = count("two words", "two word", indexed(["absent"]))
    assert (no_terms.u_wer, no_terms.b_wer, no_terms.term_recall) == (50.0, None, None)


def test_terms_given_twice_or_without_a_word_change_nothing():
    once = count("a stew", "a stu", indexed(["stew"]))
    assert count("a stew", "a stu", indexed(["stew", " stew ", "", "  "])) == once


def test_blanks_of_any_kind_part_words():
    assert count("zürich\u00a0und  genève", "zürich und genève", indexed(["genève"])) == Count(
        words=3, term_words=1, occurrences=1, found=1
    )
