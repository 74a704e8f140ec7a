"""Letters joined by an ampersand are heard as "r and d", or as one word: both become the term."""

from __future__ import annotations

import pytest

from lexicon.matching import Entry, Passage, compile_lexicon, match


def found(text: str, *terms: str):
    lexicon = compile_lexicon(Entry(number, term) for number, term in enumerate(terms, 1))
    [replacements] = match([Passage(text)], lexicon, languages=["en"])
    return [(each.before, each.after, each.applied) for each in replacements]


@pytest.mark.parametrize(
    ("heard", "term"),
    [
        ("r and d", "R&D"),
        ("sg and a", "SG&A"),
        ("s g and a", "SG&A"),
        ("sgna", "SG&A"),
        ("at and t", "AT&T"),
        ("m and t bank", "M&T Bank"),
        ("p and l", "P & L"),
    ],
)
def test_what_is_heard_becomes_the_term(heard, term):
    assert found(f"and then our {heard} was the same", term) == [(heard, term, True)]


def test_the_term_itself_stays():
    assert found("our R&D and our r & d", "R&D") == []


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("she takes vitamin c and i think it helps", "C&I"),  # "I" is a word
        ("she takes vitamins a and e every day", "A&E"),  # two things
        ("the snp was found in both genes", "S&P"),  # a word of its own
        ("our SGNA was the same", "SG&A"),  # written so on purpose
    ],
)
def test_what_may_be_meant_so_is_only_suggested(text, term):
    [(_, after, applied)] = found(text, term)
    assert after == term and not applied


def test_the_term_tells_how_it_is_joined():
    lexicon = compile_lexicon([Entry(1, "F&E", language="de")])
    [[found]] = match([Passage("das war in der f und e zu sehen")], lexicon, languages=["de"])
    assert (found.before, found.after, found.applied) == ("f und e", "F&E", True)


def test_whole_words_may_be_joined_either_way():
    assert (
        found("standard and poors and air products and chemicals", "Air Products & Chemicals") == []
    )
