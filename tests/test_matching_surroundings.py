"""The words around tell whether an ordinary word is meant as it stands or is a term misheard."""

from __future__ import annotations

import pytest

from lexicon.matching import Entry, Passage, compile_lexicon, match
from lexicon.matching.surroundings import made_likelier

NOTE = (
    "good morning this is a note about a patient who was seen in the clinic today for her usual "
    "visit and she says that she is doing well and has no complaints at this time "
)


def probability(text: str, term: str) -> float:
    """Of the term in this text; 0 where it is not even suggested."""
    [found] = match([Passage(NOTE + text)], compile_lexicon([Entry(1, term)]))
    return max((each.score for each in found), default=0.0)


@pytest.mark.parametrize(
    ("term", "meant_as_it_stands", "misheard"),
    [
        ("Pall", "her brother paul said so", "we saw growth at paul and life sciences"),
        ("Galleri", "we went to the art gallery on sunday", "we drew blood for the gallery test"),
    ],
)
def test_a_word_that_fits_is_left_alone(term, meant_as_it_stands, misheard):
    assert probability(meant_as_it_stands, term) < probability(misheard, term) / 2


def test_neighbours_make_a_word_likelier_or_not():
    assert made_likelier(["just", "in", "time"], 1) > 0 > made_likelier(["mister", "just", "in"], 1)


def test_of_words_that_nobody_knows_nothing_is_told():
    assert made_likelier(["ozempic", "qulipta", "ozempic"], 0) == 0
    assert made_likelier([], 0) == 0
