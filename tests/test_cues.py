"""Subtitle cues keep every word, and the bounds within which people can read them."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise, zip_longest
from unicodedata import east_asian_width

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription.exporting.cues import Cue, cues
from transcription.exporting.document import Passage

LINE, LINES, SPEED = 42, 2, 17  # letters, lines of a cue, letters a second
LEAST_MS, MOST_MS, GAP_MS, LATEST_MS = 800, 7_000, 80, 3_000
# what is written with blanks between, and what is not
SENTENCES = (
    "we saw the patient, and she said: good. “Yes!” naïve Österreichische e.g. x 12,5",
    "мы видели пациента, и она сказала: хорошо. Да!",
    "رأينا المريضة، وقالت إن الألم قد زال. نعم؟",
    "ראינו את המטופלת, והיא אמרה שהכאב עבר.",
    "मरीज़ को देखा, और उसने बताया कि दर्द चला गया था।",
    "우리는 환자를 보았고, 통증이 사라졌다고 말했다.",
    "เราเห็นผู้ป่วยในวันจันทร์ ความเจ็บปวดหายไปแล้ว",
    "今天我们见了病人， 疼痛就消失了。 好！",
    "今日は患者さんに会いました。 痛みは消えたそうです、 はい",
)
SIGNS = [
    "-->",
    "<b>",
    "&amp;",
    "{\\an8}",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "q̃̈",
    "10\xa0000",
    "-",
    "…",
    "a" * 100,
    "語" * 50,
]
texts = st.sampled_from(SENTENCES).flatmap(
    lambda sentence: st.lists(
        st.sampled_from(sentence.split(" ")) | st.sampled_from(SIGNS), max_size=40
    ).map(" ".join)
)


@st.composite
def transcripts(draw: st.DrawFn) -> list[Passage]:
    """Of speakers who may talk at once, at any speed, with pauses or without."""
    passages, at = [], 0
    for number in range(draw(st.integers(1, 8))):
        at = max(0, at + draw(st.integers(-3_000, 5_000)))
        text = draw(texts)
        length = draw(st.integers(0, 150)) * len(text)
        passages.append(
            Passage(
                number,
                at,
                at + length,
                text,
                speaker=draw(st.sampled_from(["", "Anna", "Bo & Co", "A very long name " * 5])),
                heard=_heard(draw, text, at, length),
                gap=not text and draw(st.booleans()),
            )
        )
        at += length
    return passages


def _heard(draw: st.DrawFn, text: str, at: int, length: int) -> list[list[object]]:
    """Times of the words, of some of them, or of none."""
    words = text.split()[: draw(st.sampled_from([0, 3, 100]))]
    each = length // max(1, len(words))
    return [[w, at + n * each, at + n * each + each, 0.9, False] for n, w in enumerate(words)]


def size(text: str) -> float:
    """In letters as people see them, of which 42 fill a line; 16 wide ones do."""
    wide = [
        any(east_asian_width(letter) in "WF" for letter in grapheme)
        for grapheme in regex.findall(r"\X", text)
    ]
    return sum(LINE / 16 if each else 1 for each in wide)


def without_blanks(text: str) -> list[str]:
    return [grapheme for grapheme in regex.findall(r"\X", text) if grapheme.strip()]


def said_by(found: list[Cue]) -> dict[str, list[str]]:
    """The letters of each speaker, without the prefixes."""
    result: dict[str, list[str]] = defaultdict(list)
    for cue in found:
        for turn in cue.turns:
            lines = list(turn.lines)
            lines[0] = lines[0].removeprefix(turn.prefix.rstrip())
            for line in lines:
                result[turn.speaker] += without_blanks(line)
    return result


@settings(max_examples=150)
@given(transcripts(), st.booleans())
def test_no_word_is_lost_or_changed(passages, prefixes):
    expected: dict[str, list[str]] = defaultdict(list)
    for passage in passages:
        text = "[not transcribed]" if passage.gap else passage.text
        if text:
            expected[" ".join(passage.speaker.split())] += without_blanks(text)
    assert said_by(cues(passages, prefixes=prefixes)) == expected


@settings(max_examples=150)
@given(transcripts(), st.booleans())
def test_cues_stay_within_their_bounds(passages, prefixes):
    found = cues(passages, prefixes=prefixes)
    for cue in found:
        assert 1 <= len(cue.lines) <= LINES
        assert all(line and line == line.strip() for line in cue.lines)
        assert all(size(line) <= LINE for line in cue.lines)
        assert 0 <= cue.start_ms < cue.end_ms <= cue.start_ms + MOST_MS
    for one, other in pairwise(found):
        assert one.end_ms + GAP_MS <= other.start_ms


@settings(max_examples=150)
@given(transcripts(), st.booleans())
def test_a_cue_is_too_short_only_where_the_next_one_follows_at_once(passages, prefixes):
    found = cues(passages, prefixes=prefixes)
    for cue, following in zip_longest(found, found[1:]):
        length = cue.end_ms - cue.start_ms
        reading = 1000 * sum(map(size, cue.lines)) / SPEED
        if length < min(max(LEAST_MS, reading), MOST_MS):
            assert following is not None
            assert following.start_ms - cue.end_ms == GAP_MS


@settings(max_examples=60)
@given(st.lists(texts.filter(bool), min_size=1, max_size=5))
def test_speech_with_time_enough_can_be_read(found_texts):
    passages, at = [], 0
    for number, text in enumerate(found_texts):
        length = round(1000 * size(text) / 12)
        passages.append(Passage(number, at, at + length, text))
        at += length + 1_000
    for cue in cues(passages):
        length = cue.end_ms - cue.start_ms
        # times of words are estimated by letters, of which wide ones take longer to read
        if all(east_asian_width(letter) not in "WF" for letter in "".join(cue.lines)):
            assert length >= LEAST_MS
            assert sum(map(size, cue.lines)) / length * 1000 <= SPEED


# --- Examples ------------------------------------------------------------------------------------


def spoken(text: str, ms_per_letter: int = 70) -> list[Passage]:
    return [Passage(1, 0, len(text) * ms_per_letter, text)]


def lines(passages: list[Passage], **wishes: bool) -> list[list[str]]:
    return [cue.lines for cue in cues(passages, **wishes)]


def test_cues_end_where_sentences_and_clauses_end():
    text = (
        "Her blood pressure was normal. She sleeps well and she walks to the shops and back again"
        " every morning, although her knee still hurts."
    )
    assert lines(spoken(text)) == [
        ["Her blood pressure was normal."],
        ["She sleeps well and she walks to the", "shops and back again every morning,"],
        ["although her knee still hurts."],
    ]


def test_two_lines_are_about_as_long_and_no_word_stands_alone():
    (found,) = lines(spoken("We agreed to lower the dose, and to see her again"))
    assert found == ["We agreed to lower the dose,", "and to see her again"]
    for first in range(20, 84):
        text = ("abcdefg " * 12)[:first].strip()
        for cue in lines(spoken(text)):
            assert len(cue) == 1 or all(" " in line for line in cue)


def test_abbreviations_end_no_sentence():
    text = "She was seen on Monday by our Dr. Okafor, who sent her to Lund."
    assert lines(spoken(text)) == [
        ["She was seen on Monday by our Dr. Okafor,", "who sent her to Lund."]
    ]


def test_sixteen_wide_letters_fill_a_line():
    found = lines(
        spoken("今天我们见了病人，她告诉我们休息两天后疼痛就消失了。她的血压正常，睡得很好。", 250)
    )
    assert all(len(line) <= 16 for cue in found for line in cue)
    assert "".join(line for cue in found for line in cue) == (
        "今天我们见了病人，她告诉我们休息两天后疼痛就消失了。她的血压正常，睡得很好。"
    )


def test_a_cue_stays_into_the_pause_after_it():
    first, second = cues(
        [Passage(1, 0, 600, "That was said in no time at all."), Passage(2, 9_000, 9_500, "Yes.")]
    )
    assert first.end_ms == pytest.approx(1000 * 32 / SPEED, abs=1)
    assert second.end_ms - second.start_ms == LEAST_MS


def test_a_cue_without_time_begins_early_and_makes_the_next_one_wait():
    first, second = cues(
        [
            Passage(1, 5_000, 6_200, "This here was really said much too fast.", "Anna"),
            Passage(2, 6_200, 12_000, "And this takes its time.", "Bo"),
        ]
    )
    assert (first.start_ms, second.start_ms) == (4_500, 6_700)
    assert first.end_ms == second.start_ms - GAP_MS


def test_speech_too_fast_for_reading_is_kept_whole():
    text = " ".join(["faster"] * 200)
    found = cues([Passage(1, 0, 10_000, text)])
    assert " ".join(line for cue in found for line in cue.lines) == text
    assert found[-1].start_ms < 10_000 + LATEST_MS


def test_short_sentences_of_one_speaker_share_a_cue():
    passages = [
        Passage(n, 400 * n, 400 * n + 390, text, "Anna")
        for n, text in enumerate(["Yes.", "No.", "Perhaps."])
    ]
    assert lines(passages) == [["Yes. No. Perhaps."]]


def test_where_two_talk_at_once_each_has_a_line():
    anna = "So we lower the dose."
    passages = [Passage(1, 0, 2_000, anna, "Anna"), Passage(2, 500, 1_500, "Which one?", "Bo")]
    (cue,) = cues(passages, prefixes=True)
    assert cue.lines == ["Anna: So we lower the dose.", "Bo: Which one?"]
    assert (cue.start_ms, cue.end_ms) == (0, 2_412)
    assert [turn.speaker for turn in cue.turns] == ["Anna", "Bo"]


def test_a_new_speaker_is_named_once():
    passages = [
        Passage(n, 4_000 * n, 4_000 * n + 2_000, text, speaker)
        for n, (text, speaker) in enumerate(
            [("Good morning.", "Anna"), ("Sit down.", "Anna"), ("Thanks.", ""), ("So.", "Anna")]
        )
    ]
    assert lines(passages, prefixes=True) == [
        ["Anna: Good morning."],
        ["Sit down."],
        ["- Thanks."],
        ["Anna: So."],
    ]


def test_a_transcript_without_speakers_has_no_prefix():
    assert lines(spoken("Good morning."), prefixes=True) == [["Good morning."]]


def test_what_was_not_transcribed_is_told_of_and_what_is_empty_is_not():
    passages = [Passage(1, 0, 60_000, "", gap=True), Passage(2, 60_000, 62_000, "  ")]
    (cue,) = cues(passages)
    assert (cue.lines, cue.start_ms, cue.end_ms) == (["[not transcribed]"], 0, MOST_MS)


def test_no_break_spaces_hold():
    text = "She takes about 10\xa0000 steps each day, or perhaps only 9\xa0000 of them on Sundays."
    found = [line for cue in lines(spoken(text)) for line in cue]
    assert sum("10\xa0000" in line for line in found) == 1
    assert sum("9\xa0000" in line for line in found) == 1


def test_three_hours_of_two_people_at_once_do_not_run_away():
    words = "this goes on and on, for both talk all the time and nobody listens. " * 40
    passages = [Passage(n, 0, 180_000, words.strip(), speaker) for n, speaker in enumerate("AB")]
    found = cues(passages, prefixes=True)
    assert found[-1].start_ms < 180_000 + LATEST_MS
    assert len(re.findall("nobody", " ".join(line for cue in found for line in cue.lines))) == 80
