"""Words that do not belong where they stand are told by the text alone."""

from __future__ import annotations

import numpy as np
import pytest

from transcription.oddness import oddness

SENSE_TEXT = (
    "Good morning, everyone, and thank you for joining us today. We are very pleased with the"
    " results of this quarter. Sales were up in all of our markets, and we expect that this will"
    " continue in the second half of the year. As we said before, our costs have come down as well."
    " We have more people in the field than we had last year, and they know our customers."
)
NONSENSE_TEXT = (
    "Islam and dispatches on from Martins work plant our dispatch instrument as a desultory the"
    " month and so gradually off retail meant had experience at gordy of state Oregon the queen"
    " and hilton safety tacos it sun safety off presents which stand for for you starts"
)
SENSE, NONSENSE = SENSE_TEXT.split(), NONSENSE_TEXT.split()
MISHEARD = ["they", "told", "us", "to", "stop", "the", "sparing", "lactone", "on", "monday"]


def test_where_the_text_makes_no_sense_more_errors_are_expected():
    odd = oddness([*SENSE, *NONSENSE, *SENSE], ["en"])
    sense, nonsense = odd[: len(SENSE)], odd[len(SENSE) : len(SENSE) + len(NONSENSE)]
    assert nonsense.mean() > 1.5 * sense.mean()


def test_the_word_that_does_not_fit_is_odder_than_those_around_it():
    words = [*SENSE, *MISHEARD, *SENSE]
    odd = oddness(words, ["en"])
    at = words.index("lactone")
    assert odd[at] == max(odd[at - 6 : at + 3])


def test_a_passage_is_as_odd_however_it_is_capitalised_in_whole():
    """An engine that writes no punctuation is not held to be wrong everywhere."""
    plain = [word.lower().strip(".,") for word in SENSE * 4]
    assert oddness(plain, ["en"]).mean() < 2 * oddness(SENSE * 4, ["en"]).mean()


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Wir haben im letzten Jahr mehr verkauft als je zuvor , und das freut uns sehr .", ["de"]),
        ("Bu yıl geçen yıldan daha çok sattık und das freut uns sehr", ["tr", "de"]),
        ("Tumia maneno haya kwa lugha ambayo haina orodha ya maneno", ["sw"]),
        ("我们今年的销售额比去年增长了很多", ["zh"]),
        ("— … 39% 2,020 !", ["en"]),
        ("", []),
    ],
)
def test_any_language_and_any_text_has_figures_that_can_be_believed(
    text: str, languages: list[str]
):
    words = text.split() * 30
    odd = oddness(words, languages)
    assert len(odd) == len(words)
    assert np.isfinite(odd).all()
    assert (odd > 0).all()


def test_of_a_few_words_nothing_is_told():
    assert oddness(MISHEARD[6:8], ["en"]) == pytest.approx([1, 1], abs=0.15)
