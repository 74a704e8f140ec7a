"""What may go wrong with a term is told; what is fine is not."""

import pytest

from lexicon.conflicts import Known, Subject, common_words, conflicts, is_ordinary
from lexicon.normalising import normalise
from lexicon.pronouncing import sound_key


def subject(id, text, *alternatives, **more):
    used = tuple((each, normalise(each)) for each in alternatives)
    fields = {"approved": True} | more
    return Subject(id, text, normalise(text), sound_key(text), alternatives=used, **fields)


def told(term, *others):
    return conflicts(term, Known([term, *others]))


@pytest.mark.parametrize(
    ("text", "language", "ordinary"),
    [
        ("just in", "", True),
        ("The German", "", True),
        ("us and paid", "en", True),
        ("can't", "en", True),
        ("us and ozempic", "", False),
        ("oh zempick", "", False),
        ("für uns", "de", True),
        ("für uns", "en", False),
        ("que la", "es", True),
        ("करना है", "hi", True),
        ("我们", "zh", True),
        ("the", "th", False),  # nobody counted Thai
        ("--", "", False),
    ],
)
def test_ordinary_language_is_known(text, language, ordinary):
    assert is_ordinary(text, language) is ordinary


def test_an_alternative_that_people_say_anyway_is_told():
    (sentence,) = told(subject(1, "Justin", "just in", "jus tinne"))
    assert sentence == (
        "The alternative “just in” is ordinary language: wherever it is said, it might become"
        " “Justin”."
    )


def test_an_alternative_that_is_another_term_or_its_alternative_is_told():
    monro, monroe = subject(1, "Monro Inc", "monroe", "mon row"), subject(2, "Monroe", "Mon-Row")
    assert told(monro, monroe) == [
        "The alternative “monroe” of “Monro Inc” is a term itself: “Monroe”.",
        "“mon row” is an alternative of “Monro Inc” and of “Monroe”.",
    ]
    assert told(monroe, monro)[0] == "“Mon-Row” is an alternative of “Monroe” and of “Monro Inc”."
    assert "“Monroe” is an alternative of “Monro Inc”." in told(monroe, monro)


def test_what_nobody_uses_together_is_no_conflict():
    one = subject(1, "Monro Inc", "mon row")
    for more in ({"language": "de"}, {"api_key_id": 7}):
        other = subject(2, "Monroe", "mon row", **more)
        assert bool(told(one, other)) is True  # everyone's, any language: it meets all
    german, french = (subject(n, "Xyrel", "zirrel", language=n) for n in ("de", "fr"))
    assert told(german, french) == []
    mine, theirs = (subject(n, "Xyrel", "zirrel", api_key_id=n) for n in (1, 2))
    assert told(mine, theirs) == []
    suggested = subject(2, "Zirrel", approved=False)
    assert "is a term itself" not in " ".join(told(subject(1, "Xyrel", "zirrel"), suggested))


@pytest.mark.parametrize(
    ("term", "language", "sentence"),
    [
        ("Germain", "", "“Germain” is one letter from the common word “german”."),
        ("Teh", "", None),  # too short to be told from others
        ("Whent", "", "“Whent” is one letter from the common word “"),
        ("Citi", "", "“Citi” is one letter from the common word “city”."),
        ("Wiht", "", "“Wiht” is one letter from the common word “"),
        ("Apple", "", "“Apple” is a common word."),
        ("Ozempic", "", None),
        ("Monro Inc", "", None),
        ("Wenne", "de", "“Wenne” is one letter from the common word “"),
        ("Wenne", "fr", None),
    ],
)
def test_a_term_that_is_nearly_a_common_word_is_told(term, language, sentence):
    found = told(subject(1, term, language=language))
    assert [each[: len(sentence or "")] for each in found] == ([sentence] if sentence else [])


@pytest.mark.parametrize(
    ("one", "other", "twins"),
    [
        ("Ozempic", "Ozempik", True),
        ("Metoprolol", "Metoporlol", True),
        ("Bio Pharma", "BioPharma", True),
        ("Ozempic", "Xarelto", False),
        ("Room 101", "Room 102", False),
        ("Ozempic", "Ozempiktus", False),
    ],
)
def test_two_terms_that_sound_and_look_alike_are_told(one, other, twins):
    first, second = subject(1, one), subject(2, other)
    expected = [f"“{one}” sounds like “{other}”, and is one letter from it."] if twins else []
    assert [each for each in told(first, second) if "sounds like" in each] == expected


def test_common_words_are_those_that_are_said_often():
    assert {"the", "people", "dont"} <= common_words("en", 5.0) <= common_words("en", 4.0)
    assert "patient" not in common_words("en", 5.0)
    assert common_words("no", 4.0)
    assert not common_words("xx", 4.0)
