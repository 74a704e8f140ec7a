"""Errors are counted for each language apart, on switched words, and of scripts."""

from __future__ import annotations

import pytest

from feedback.language_scores import LanguageScores, language_scores, read
from lexicon.tagging import Tagger, runs


def scores(reference: str, hypothesis: str, *languages: str) -> LanguageScores:
    (tags,) = Tagger(languages).tags([reference])
    return language_scores(reference, hypothesis, runs(tags))


SAID = "Ondan sonra ich habe noch bis sechs gearbeitet ama çok yoruldum."


@pytest.mark.parametrize(
    ("heard", "tr", "de"),
    [
        (SAID, 0, 0),
        ("ondan sonra, ich HABE noch bis sechs gearbeitet. ama çok yoruldum", 0, 0),
        ("Ondan sonra altıya kadar çalıştım ama çok yoruldum.", 0, 6),  # translated
        ("Ondan sonra ich habe noch bis sechs gearbeitet.", 3, 0),
        ("Ondan sonra ich habe noch bis bis sechs gearbeitet ama çok yoruldum.", 0, 1),
        ("", 5, 6),
    ],
)
def test_an_error_belongs_to_the_language_of_the_word(heard, tr, de):
    found = scores(SAID, heard, "tr", "de")
    assert (found.said["tr"], found.said["de"]) == (5, 6)
    assert (found.wrong["tr"], found.wrong["de"]) == (tr, de)
    assert found.mer == pytest.approx((tr + de) / 11)


def test_switched_words_are_those_of_the_other_languages():
    found = scores(SAID, "Ondan sonra ich habe ama çok yoruldum.", "tr", "de")
    assert found.main == "de"
    assert found.switched == (5, 0)
    assert scores(SAID, "ich habe noch bis sechs gearbeitet", "tr", "de").switched == (5, 5)


def test_scripts_without_blanks_count_by_letters():
    found = scores("我们用 Python 写代码。", "我们用 Python 写带码。", "zh", "en")
    assert found.said == {"zh": 6, "en": 1}
    assert found.mer == pytest.approx(1 / 7)


def test_a_word_in_another_script_is_told():
    found = scores("मैंने कल meeting की", "मैंने कल मीटिंग की", "hi", "en")
    assert (found.paired, found.other_script) == (4, 1)
    assert found.wrong == {"en": 1}


def test_counts_are_stored_and_add_up():
    found = scores(SAID, "Ondan sonra", "tr", "de")
    assert read(found.stored()) == found
    assert (found + found).said["tr"] == 10
    assert read({}) == LanguageScores()
