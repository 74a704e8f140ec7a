"""Each word gets its own language and script; what cannot be told is not guessed."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from lexicon.scripts import WRITTEN_IN
from lexicon.tagging import Tagger, cannot_tell, spans
from lexicon.vocabulary import vocabulary


def told(text: str, *languages: str, terms: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Its words with their languages; of mixed ones, both."""
    (tags,) = Tagger(languages).tags([text], terms or {})
    return [
        (text[tag.start : tag.end], f"{tag.language}+{tag.ending}" if tag.ending else tag.language)
        for tag in tags
    ]


def runs(text: str, *languages: str) -> str:
    """Its words, in brackets after each run of one language."""
    result, last = "", None
    for word, language in [*told(text, *languages), ("", None)]:
        if last is not None and language != last:
            result += f" [{last}] "
        elif last is not None:
            result += " "
        result, last = result + word, language
    return result.strip()


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("tr de", "ama ben yarın [tr] nach Hause fahren [de] istiyorum [tr]"),
        ("es en", "Mañana tengo que [es] call my lawyer about the contract [en]"),
        ("en es", "Mañana tengo que [es] call my lawyer about the contract [en]"),
        ("de en", "Wir haben gestern das [de] quarterly report [en] besprochen [de]"),
        ("fr en", "Il faut que je [fr] double check the numbers [en] avant de partir [fr]"),
        ("ru uk", "Вчера приходил врач [ru] і сказав що все буде добре [uk]"),
        ("hi en", "मैंने कल [hi] appointment book [en] की थी [hi]"),
        ("ar en", "أرسلت له [ar] the invoice yesterday [en] بعد الظهر [ar]"),
        ("zh en", "我们用 [zh] Python [en] 写 [zh] code [en]"),
        ("ja en", "明日の [ja] meeting [en] はキャンセルです [ja]"),
        ("fr en", "Il dit que [fr] she is not here [en] mais c'est l'homme qu'il a vu [fr]"),
        ("fa en", "می‌روم به خانه‌ها [fa] by taxi [en]"),
        ("nb ja", "jeg reiser i morgen [nb] 明日のミーティング [ja]"),
        ("ja zh", "東京に行きます [ja] 我们明天去北京开会 [zh]"),
        ("sr ru", "Лекар је дошао јуче [sr] но мы его не видели [ru]"),
    ],
)
def test_people_switch_in_the_middle(languages, expected):
    text = " ".join(word for word in expected.split() if not word.startswith("["))
    assert runs(text, *languages.split()) == expected


def test_words_without_blanks_between_are_parted_where_the_script_changes():
    assert told("我们用Python写code。", "zh", "en") == [
        ("我们用", "zh"),
        ("Python", "en"),
        ("写", "zh"),
        ("code", "en"),
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("yarın bizim Prüfunglar başlıyor", "Prüfunglar"),
        ("ben onu Hauptschuleden tanıyorum", "Hauptschuleden"),
        ("çünkü o Bahnhof'ta bekliyor", "Bahnhof'ta"),
    ],
)
def test_a_word_of_two_languages_is_told_by_its_ending(text, word):
    assert dict(told(text, "tr", "de"))[word] == "de+tr"


def test_numbers_and_hesitations_are_in_the_language_around_them():
    text = "ich habe ehm 12 Tage gewartet ama 3 gün daha hm bekleyemem"
    assert runs(text, "de", "tr") == (
        "ich habe ehm 12 Tage gewartet [de] ama 3 gün daha hm bekleyemem [tr]"
    )


def test_what_the_lexicon_knows_weighs():
    text = "er war gestern im Kara und dann zu Hause"
    assert ("Kara", "de") in told(text, "de", "tr")
    assert ("Kara", "tr") in told(text, "de", "tr", terms={"kara": "tr"})


def test_the_less_there_is_to_go_by_the_less_sure_it_is():
    (sure, unsure) = Tagger(["tr", "de"]).tags(["Ich habe das gestern gesehen", "da"])
    assert min(tag.confidence for tag in sure) > 0.99
    assert unsure[0].confidence < 0.9


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Привет всем", ["en", "de"]),  # a script that none of them is written in
        ("Бұл жақсы", ["kk", "ru"]),  # Kazakh's words were not counted
        ("anything at all", []),
    ],
)
def test_what_cannot_be_told_is_not_guessed(text, languages):
    (tags,) = Tagger(languages).tags([text])
    assert {(tag.language, tag.confidence) for tag in tags} == {("", 0.0)}


def test_languages_that_cannot_be_told_apart_are_named():
    assert cannot_tell(["kk", "ru", "ka", "en"]) == {"kk": ["ru"]}
    assert cannot_tell(["hr", "sr", "de"]) == {"hr": ["sr"], "sr": ["hr"]}, "one list for both"
    assert cannot_tell(["ka", "hy", "en"]) == {}, "their scripts tell"
    assert runs("Где је доктор jučer", "hr", "sr") == "Где је доктор [sr] jučer []"
    assert runs("Привет дорогие друзья hello ქართული", "ru", "ka", "en") == (
        "Привет дорогие друзья [ru] hello [en] ქართული [ka]"
    )


def test_over_forty_languages_are_known():
    languages = {code for codes in WRITTEN_IN.values() for code in codes.split()}
    assert sum(vocabulary(code) is not None for code in languages) >= 40


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_form_of_unicode_makes_no_difference(form):
    text = unicodedata.normalize(form, "İyi akşamlar, ich möchte für İstanbul'da çiçek kaufen")
    assert [language for _, language in told(text, "tr", "de")] == (
        ["tr", "tr", "de", "de", "de", "tr", "tr", "de"]
    )


def test_capitals_throughout_are_no_german_nouns():
    text = "WIR HABEN DAS QUARTERLY REPORT BESPROCHEN"
    assert runs(text, "de", "en") == "WIR HABEN DAS [de] QUARTERLY REPORT [en] BESPROCHEN [de]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("क्‍ष नमस्‍ते", ["क्‍ष", "नमस्‍ते"]),
        ("ශ්‍රී ලංකා", ["ශ්‍රී", "ලංකා"]),
        ("Kran\u00adken\u00adhaus", ["Kran\u00adken\u00adhaus"]),
        ('ארה"ב צה״ל', ['ארה"ב', "צה״ל"]),
        ("col·legi пʼять R&D", ["col·legi", "пʼять", "R&D"]),
        ("iPhone'а", ["iPhone", "а"]),
    ],
)
def test_what_joins_letters_parts_no_word(text, words):
    assert [text[span.start : span.end] for span in spans(text)] == words


def test_where_one_language_has_the_script_words_it_does_not_know_are_less_sure():
    (tags,) = Tagger(["hi", "en"]).tags(["mujhe meeting karni"])
    assert [(tag.language, tag.confidence > 0.9) for tag in tags] == [
        ("en", False),
        ("en", True),
        ("en", False),
    ]


def graphemes(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in regex.finditer(r"\X", text)]


# of many scripts, with marks, joiners and marks of direction between them
SINGLE = "aßЖщ\u05d0\u05b8\u0634\u064f\u0640ก중漢かーﾊ1٣२ '’-&.,…\u200d\u200c\u202b🙂\n\tǅ"
CLUSTERS = ["e\u0301", "กำ", "नि", "क\u094d", "1\ufe0f\u20e3", "👩\u200d⚕️"]
TEXTS = st.lists(st.sampled_from([*SINGLE, *CLUSTERS]), max_size=40).map("".join)


@given(st.lists(TEXTS, max_size=4))
def test_any_text_is_cut_into_words_that_leave_no_letter_out(texts):
    for text, tags in zip(texts, Tagger(["en", "hi", "zh"]).tags(texts), strict=True):
        assert [(t.start, t.end) for t in tags] == [(s.start, s.end) for s in spans(text)]
        covered: list[int] = []
        for tag in tags:
            assert tag.start < tag.end
            assert 0 <= tag.confidence <= 1
            covered += range(tag.start, tag.end)
        assert covered == sorted(set(covered))
        borders = {at for span in graphemes(text) for at in span}
        assert {tag.start for tag in tags} | {tag.end for tag in tags} <= borders
        left = set(range(len(text))) - set(covered)
        assert not [text[at] for at in left if unicodedata.category(text[at])[0] == "L"]
