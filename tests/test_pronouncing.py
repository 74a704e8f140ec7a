"""How words are said: by the dictionary, by rules where it does not know them, letter by letter."""

from __future__ import annotations

import pytest

from lexicon.pronouncing import MOST_WAYS, is_vowel, pronunciations, sound_key


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("march", "M AA R CH"),  # in the dictionary
        ("Ozempic", "OW Z EH M P IH K"),  # by rule
        ("owes m pick", "OW Z EH M P IH K"),
        ("BVTK", "B IY V IY T IY K EY"),  # no vowel: letter by letter
        ("B12", "B IY W AH N T UW"),
    ],
)
def test_the_likeliest_way_to_say_it(text, phones):
    assert pronunciations(text)[0] == phones.split()


@pytest.mark.parametrize("text", ["पैरासिटामोल", "Парацетамол", "Παρακεταμόλη"])
def test_other_scripts_are_said_as_they_would_be_in_latin_letters(text):
    consonants = [phone for phone in pronunciations(text)[0] if not is_vowel(phone)]
    assert consonants[0] == "P" and "M" in consonants and consonants[-1] in ("L", "IY")


@pytest.mark.parametrize("text", ["", "...", "?!", "'"])
def test_what_cannot_be_said_has_no_way(text):
    assert pronunciations(text) == [] and sound_key(text) == ""


def test_words_with_several_ways_give_a_few():
    ways = pronunciations("either tomato the read")
    assert 1 < len(ways) <= MOST_WAYS and len({tuple(way) for way in ways}) == len(ways)


@pytest.mark.parametrize(
    ("one", "other"), [("Monro", "Munroe"), ("Kuehne", "Cuna"), ("Xarelto", "zarelto")]
)
def test_what_sounds_alike_has_one_key(one, other):
    assert sound_key(one) == sound_key(other)
