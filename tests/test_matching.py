"""What the lexicon changes in a text, what it suggests, and what it leaves alone."""

from __future__ import annotations

import itertools

import pytest

from lexicon.matching import Entry, Passage, compile_lexicon, match, rewritten

NAMES = (
    "Ozempic", "Monro Inc", "metoprolol", "Entresto", "Eliquis", "Rafael Piqueras", "Cytiva",
    "Danaher", "Culp", "Kuehne", "Xarelto", "Humira", "Brandon Folks", "afebrile", "COVID-19",
    "München", "L3Harris", "Salesforce",
)  # fmt: skip
NOTE = (
    "good morning this is a note about a patient who was seen in the clinic today for her usual "
    "visit and she says that she is doing well and has no complaints at this time "
)


def entries(*terms: str | Entry) -> list[Entry]:
    made = (each if isinstance(each, Entry) else Entry(0, each) for each in terms)
    return [Entry(**{**each.__dict__, "id": number}) for number, each in enumerate(made, 1)]


def found(text: str, *terms: str | Entry, confidences=(), **options):
    lexicon = compile_lexicon(entries(*(terms or NAMES)))
    [replacements] = match([Passage(text, confidences)], lexicon, **options)
    for one, other in itertools.pairwise(replacements):
        assert one.end <= other.start
    for each in replacements:
        assert text[each.start : each.end] == each.before
    return replacements


def corrected(text: str, *terms: str | Entry, **options) -> str:
    return rewritten(text, found(text, *terms, **options))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("she was started on owes m pick in march", "she was started on Ozempic in march"),
        ("welcome to the monroe inks call", "welcome to the Monro Inc call"),
        ("he takes metaprolol every morning", "he takes metoprolol every morning"),
        ("we turn to raphael pickeras please", "we turn to Rafael Piqueras please"),
        ("she is on zarelto now", "she is on Xarelto now"),
        ("he was given hue mira last week", "he was given Humira last week"),
    ],
)
def test_what_sounds_like_a_term_becomes_the_term(heard, meant):
    assert corrected(NOTE + heard) == NOTE + meant


@pytest.mark.parametrize(
    ("heard", "term"),
    [("adam samson", "Adam Samuelson"), ("ileus greenspan", "Elyse Greenspan")],
)
def test_a_name_is_found_by_the_part_that_was_heard_right(heard, term):
    text = NOTE + f"and here is {heard} speaking"
    assert corrected(text, term, *NAMES) == text.replace(heard, term)


def test_each_replacement_tells_what_and_why():
    text = NOTE + "and now she is on ozempick"
    [each] = found(text)
    assert (each.before, each.after, each.rule, each.applied) == (
        "ozempick", "Ozempic", "sound", True,
    )  # fmt: skip
    assert each.term == 1 and 0.3 < each.score < 1


@pytest.mark.parametrize("ending", ["'s", "’s"])
def test_possessives_survive(ending):
    heard = NOTE + f"this is ozempick{ending} effect"
    assert corrected(heard) == NOTE + f"this is Ozempic{ending} effect"


@pytest.mark.parametrize("text", ["Culp's results", "two Culps came", "Danaher’s first quarter"])
def test_a_term_in_another_case_or_number_is_left_alone(text):
    assert corrected(text) == text


def test_an_alternative_is_replaced_with_its_ending():
    term = Entry(0, "Ozempic", alternatives=("oh sem pick",))
    assert corrected("oh sem pick's price, Oh Sem Pick", term) == "Ozempic's price, Ozempic"


def test_the_longer_alternative_wins_and_nothing_is_replaced_twice():
    terms = [
        Entry(0, "Alvarex", alternatives=("zubrin",)),
        Entry(0, "Zubrin Novum", alternatives=("zubrin nova",)),
        Entry(0, "Beltrix", alternatives=("alvarex",)),
    ]
    assert corrected("zubrin nova and zubrin", *terms) == "Zubrin Novum and Alvarex"


def test_an_ordinary_word_as_alternative_is_only_suggested():
    [each] = found("please call me today", Entry(0, "Culp", alternatives=("call",)))
    assert (each.rule, each.after, each.applied) == ("alternative", "Culp", False)


@pytest.mark.parametrize(
    "text",
    [
        "give 5 mg twice daily and 20 units at night",
        "she takes fifteen milligrams",
        "no fever, not now, never before",
        "nicht mehr als 40 mg",
        "it rose two percent in the second quarter",
        "see www.ozempick.com or write to info@culps.com",
    ],
)
def test_numbers_dosages_negations_and_addresses_are_never_touched(text):
    terms = ("Fyfe", "Twyce", "Twenti", "Nyght", "Nott", "Nevir", "Milligan", "Knight", "Persent",
             "Fiftin", "Ozempic", "Culp", "Naught", "Unix")  # fmt: skip
    assert corrected(text, *terms) == text


def test_a_number_that_stays_the_same_may_be_written_otherwise():
    term = Entry(0, "COVID-19", alternatives=("covid nineteen", "covid ninety"))
    assert corrected("he had covid nineteen", term) == "he had COVID-19"
    assert corrected("he had covid ninety", term) == "he had covid ninety"


def test_the_opposite_is_never_put_in():
    assert corrected(NOTE + "she is febrile today") == NOTE + "she is febrile today"
    assert corrected("adduction of the arm", "abduction") == "adduction of the arm"


def test_a_term_is_written_as_the_lexicon_has_it():
    assert corrected("on ozempic, in munchen, with Covid 19") == (
        "on Ozempic, in München, with COVID-19"
    )


def test_an_ordinary_word_keeps_its_small_letter():
    assert corrected("an apple and a target", "Apple", "Target") == "an apple and a target"


def test_a_list_in_capitals_puts_no_capitals_into_the_text():
    capitals = [name.upper() for name in NAMES]
    assert corrected(NOTE + "ozempick helps", *capitals) == NOTE + "ozempic helps"
    assert corrected(NOTE + "Ozempick helps", *capitals) == NOTE + "Ozempic helps"


def test_terms_of_other_languages_are_left_out():
    term = Entry(0, "Ozempic", language="de")
    assert corrected(NOTE + "now ozempick", term, languages=["en"]) == NOTE + "now ozempick"
    assert corrected(NOTE + "now ozempick", term, languages=["de", "en"]) == NOTE + "now Ozempic"


def test_what_another_script_has_is_restored_only_where_that_is_wished():
    text = "उसे पैरासिटामोल दी गई"
    [each] = found(text, "paracetamol", languages=["hi", "en"])
    assert (each.before, each.rule, each.applied) == ("पैरासिटामोल", "script", False)
    wished = corrected(text, "paracetamol", languages=["hi", "en"], own_script=True)
    assert wished == "उसे paracetamol दी गई"


def test_alternatives_work_without_blanks_between_words():
    term = Entry(0, "帕罗西汀", alternatives=("怕罗西停",))
    assert corrected("他在吃怕罗西停片", term) == "他在吃帕罗西汀片"


def test_what_the_engine_was_sure_of_is_harder_to_replace():
    text = NOTE + "she is on zarelto now"
    words = len(text.split())
    [doubtful] = found(text, confidences=[0.2] * words)
    [sure] = found(text, confidences=[0.99] * words)
    assert sure.score < doubtful.score


def test_windows_stay_within_their_passage():
    lexicon = compile_lexicon(entries("Ozempic"))
    together, apart = Passage(NOTE + "owes m pick"), [Passage(NOTE + "owes"), Passage("m pick")]
    assert [each.applied for each in match([together], lexicon)[0]] == [True]
    assert not any(each.applied for found in match(apart, lexicon) for each in found)


@pytest.mark.parametrize("text", ["", " ", "...", "5", "\u0301", "a" * 5000, "🙂 🙂", "'s"])
def test_odd_texts_do_no_harm(text):
    assert corrected(text) == text


def test_an_empty_lexicon_changes_nothing():
    assert match([Passage("she owes m pick")], compile_lexicon([])) == [[]]


@pytest.mark.parametrize("term", ["'", "5", "🙂", "x", "帕", "a b c d e f g h i j", "É"])
def test_odd_terms_are_compiled(term):
    lexicon = compile_lexicon([Entry(1, term), Entry(2, "Ozempic")])
    [replacements] = match([Passage(NOTE + "she takes ozempick")], lexicon)
    assert [each.after for each in replacements if each.applied] == ["Ozempic"]


def test_names_that_nobody_said_are_not_put_into_ordinary_text():
    text = NOTE + (
        "we talked about the weather and her garden, the roof that has to be mended before winter, "
        "and a letter from her brother who lives near the sea and teaches music at a school "
    )
    assert corrected(text) == text


def test_a_short_alternative_is_no_beginning_of_another_word():
    lexicon = compile_lexicon([Entry(1, "King Air", alternatives=("ca",))])
    (none,), (one,) = (match([Passage(text)], lexicon) for text in ("we can go", "the ca's wings"))
    assert none == []
    assert [(each.before, each.after) for each in one] == [("ca", "King Air")]
