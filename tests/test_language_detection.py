"""Where nobody says which languages are spoken, the text tells, or nothing is said."""

from __future__ import annotations

import unicodedata

import pytest

from lexicon.detecting import languages_of
from tests.sentences import SENTENCES


@pytest.mark.parametrize("language", SENTENCES)
def test_one_sentence_is_enough(language):
    assert languages_of([SENTENCES[language]]) == [language]


@pytest.mark.parametrize(
    "languages",
    ["de tr", "en es", "nl de", "da sv", "fr en", "ru uk", "hi en", "ar fr", "zh en", "pt es"],
)
def test_two_languages_in_one_recording(languages):
    one, other = languages.split()
    assert set(languages_of([SENTENCES[one], SENTENCES[other]])) == {one, other}


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("I don’t think that’s what he’s saying and we’re not sure it’s true", ["en"]),
        ("L’homme qu’il a vu n’est pas celui d’hier, c’est aujourd’hui qu’il l’a dit", ["fr"]),
        ("İSTANBUL'A GİDİYORUM ÇÜNKÜ İŞİM VAR AMA YARIN GELECEĞİM", ["tr"]),
        ("שָׁלוֹם, הַיּוֹם אֲנִי הוֹלֵךְ לַבַּיִת שֶׁל אִמָּא", ["he"]),
        ("ذَهَبْتُ إِلَى البَيْتِ ثُمَّ رَجَعْتُ مَعَ أَبِي فِي السَّيَّارَةِ", ["ar"]),
        ("The β blocker was stopped and the patient went home", ["en"]),
        ("我们今天讨论一下这个问题然后再决定怎么做, I like it very much", ["zh", "en"]),
    ],
)
def test_however_it_is_written(text, languages):
    assert languages_of([text]) == languages
    assert languages_of([unicodedata.normalize("NFD", text)]) == languages


@pytest.mark.parametrize(
    "text",
    [
        "Mjeku erdhi dje dhe tha se nëna ime do të jetë mirë pas disa ditësh.",  # Albanian
        "Daktari alikuja jana akasema mama yangu atapona baada ya siku chache.",  # Swahili
        "Arst tuli eile ja ütles, et mu ema saab mõne päeva pärast terveks.",  # Estonian
        "मी काल डॉक्टरांकडे गेलो आणि त्यांनी सांगितले की आई बरी होईल.",  # Marathi
        "Қазақ тілінде сөйлейтін адамдар көп, бірақ дәрігер кеше келді.",  # Kazakh
        "Лекар је дошао јуче и рекао да ће моја мајка опет бити добро.",  # Serbian
        "Ozempic 5 mg",
        "12, 13",
        "",
    ],
)
def test_of_languages_that_are_not_known_nothing_is_said(text):
    assert languages_of([text]) == []
