"""What the lexicon makes of a transcript: the words keep their times, the findings their words."""

from dataclasses import replace

import pytest

from lexicon.matching import Entry, Replacement, compile_lexicon
from tests.work import lines_run
from transcription.correcting import corrected, read, replaced, stored, why
from transcription.stitching import Draft
from transcription.timing import TimedWord


def draft(text, *, marks=(), confidences=None, estimated=False):
    """A second for each word."""
    words = [
        TimedWord(
            word, 1000 * i, 1000 * i + 900, confidences[i] if confidences else None, estimated
        )
        for i, word in enumerate(text.split(" "))
    ]
    return Draft(1, 0, 1000 * len(words), text, words, marks=list(marks))


def lexicon(**alternatives):
    """`Ozempic="ozem pik"`"""
    return compile_lexicon(
        Entry(number, term.replace("_", " "), alternatives=(heard,))
        for number, (term, heard) in enumerate(alternatives.items(), 1)
    )


def made(text, more=None, **alternatives):
    (found,) = corrected([draft(text, **more or {})], lexicon(**alternatives), ["en"])
    return found


def times(found):
    return [(word.text, word.start_ms, word.end_ms, word.estimated) for word in found.words]


def test_a_word_in_the_place_of_several_lasts_as_long_as_they():
    found = made("lower the ozem pik, to forty", Ozempic="ozem pik")
    assert found.text == "lower the Ozempic, to forty"
    assert times(found) == [
        ("lower", 0, 900, False),
        ("the", 1000, 1900, False),
        ("Ozempic,", 2000, 3900, False),
        ("to", 4000, 4900, False),
        ("forty", 5000, 5900, False),
    ]
    assert found.draft.text == "lower the ozem pik, to forty"


def test_several_words_in_the_place_of_one_share_its_time_by_their_length():
    found = made("at monroinks today", Monro_Inc="monroinks")
    assert times(found) == [
        ("at", 0, 900, False),
        ("Monro", 1000, 1562, True),
        ("Inc", 1562, 1900, True),
        ("today", 2000, 2900, False),
    ]


def test_as_many_words_keep_their_times():
    found = made("at monroe inks today", Monro_Inc="monroe inks")
    assert times(found)[1:3] == [("Monro", 1000, 1900, False), ("Inc", 2000, 2900, False)]


def test_estimates_stay_estimates():
    found = made("ozem pik", {"estimated": True}, Ozempic="ozem pik")
    assert times(found) == [("Ozempic", 0, 1900, True)]


def test_the_engine_was_as_sure_as_of_the_worst_word():
    found = made("an ozem pik", {"confidences": [0.9, 0.8, 0.3]}, Ozempic="ozem pik")
    assert [word.confidence for word in found.words] == [0.9, 0.3]


@pytest.mark.parametrize(
    "text",
    [
        "ozem pik",
        "ozem pik ozem pik",
        "ozem pik and monroinks and ozem pik.",
        "(ozem pik) at “monroinks”, not interest rates",
    ],
)
def test_the_words_are_always_those_of_the_text(text):
    found = made(text, Ozempic="ozem pik", Monro_Muffler_Inc="monroinks")
    assert "Ozempic" in found.text
    assert [word.text for word in found.words] == found.text.split()
    clock = [ms for word in found.words for ms in (word.start_ms, word.end_ms)]
    assert clock == sorted(clock)
    assert (clock[0], clock[-1]) == (0, 1000 * len(text.split()) - 100)


def replacement(text, before, after, *, applied=True):
    start = text.index(before)
    return Replacement(start, start + len(before), before, after, 1, "sound", 0.9, applied)


def test_without_spaces_a_long_word_is_changed_within():
    text = "他昨天吃了两片阿斯匹零还有达格列景"
    one = Draft(1, 0, 9000, text, [TimedWord(text, 0, 9000)])
    found = replaced(
        one,
        [
            replacement(text, "阿斯匹零", "阿司匹林"),
            replacement(text, "达格列景", "达格列净"),
        ],
    )
    assert found.text == "他昨天吃了两片阿司匹林还有达格列净"
    assert times(found) == [(found.text, 0, 9000, False)]


def test_two_changes_that_meet_in_a_word_are_timed_together():
    text = "take ozem pic/we govy now"
    met = [replacement(text, "ozem pic", "Ozempic"), replacement(text, "we govy", "Wegovy")]
    found = replaced(draft(text), met)
    assert times(found) == [
        ("take", 0, 900, False),
        ("Ozempic/Wegovy", 1000, 3900, False),
        ("now", 4000, 4900, False),
    ]


def test_what_does_not_fit_the_text_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        replaced(draft("one dose"), [replacement("two doses", "doses", "Dosis")])


def cut_in_two(text, at, *, pause_ms=0, marks=((), ())):
    """A segment that was too long, as stitching leaves it."""
    words = draft(text).words
    words = [
        replace(w, start_ms=w.start_ms + pause_ms, end_ms=w.end_ms + pause_ms) if i >= at else w
        for i, w in enumerate(words)
    ]
    return [
        Draft(
            1,
            part[0].start_ms,
            part[-1].end_ms,
            " ".join(w.text for w in part),
            part,
            marks=list(m),
        )
        for part, m in zip((words[:at], words[at:]), marks, strict=True)
    ]


def test_a_cut_through_a_term_goes_after_it():
    loop = {"kind": "loop", "reason": "repeats", "start": 0, "end": 3}
    hole = {"kind": "hole", "reason": "gap"}
    drafts = cut_in_two("we lower the ozem pik to forty", 4, marks=([hole], [loop]))
    first, second = corrected(drafts, lexicon(Ozempic="ozem pik"), [])
    assert (first.draft.text, first.text) == (
        "we lower the ozem pik",
        "we lower the Ozempic",
    )
    assert (second.draft.text, second.text) == ("to forty", "to forty")
    assert (first.draft.end_ms, second.draft.start_ms) == (4900, 5000)
    assert [word.text for word in first.words] == first.text.split()
    assert [m for m in first.marks if m["kind"] != "lexicon"] == [
        hole,
        loop | {"start": 3, "end": 4},
    ]
    assert second.marks == [loop | {"start": 0, "end": 2}]


def test_a_segment_that_is_nothing_but_the_rest_of_a_term_joins_the_one_before():
    drafts = cut_in_two("we lower the ozem pik", 4)
    (only,) = corrected(drafts, lexicon(Ozempic="ozem pik"), [])
    assert (only.text, only.draft.end_ms) == ("we lower the Ozempic", 4900)


@pytest.mark.parametrize("text", ["lower the ozem pik now", "lower the ozem. pik now"])
def test_pauses_and_sentences_are_not_read_over(text):
    pause_ms = 0 if "." in text else 700
    drafts = cut_in_two(text, 3, pause_ms=pause_ms)
    found = corrected(drafts, lexicon(Ozempic="ozem pik"), [])
    assert [each.text for each in found] == [each.text for each in drafts]


def test_a_pause_that_is_only_an_estimate_is_read_over():
    drafts = cut_in_two("lower the ozem pik now", 3, pause_ms=700)
    guessed = [replace(each, words=[replace(w, estimated=True) for w in each.words])
               for each in drafts]  # fmt: skip
    found = corrected(guessed, lexicon(Ozempic="ozem pik"), [])
    assert [each.text for each in found] == ["lower the Ozempic", "now"]
    far = cut_in_two("lower the ozem pik now", 3, pause_ms=3000)
    assert len(corrected(far, lexicon(Ozempic="ozem pik"), [])) == 2


def test_cuts_elsewhere_stay_where_they_are():
    drafts = cut_in_two("lower the ozem pik now and then", 4)
    first, second = corrected(drafts, lexicon(Ozempic="ozem pik"), [])
    assert (first.text, second.text) == ("lower the Ozempic", "now and then")
    assert (second.draft.start_ms, second.draft.end_ms) == (drafts[1].start_ms, drafts[1].end_ms)


def test_findings_stay_with_their_words():
    loop = {"kind": "loop", "reason": "repeats", "start": 3, "end": 5}
    whole = {"kind": "hole", "reason": "gap"}
    found = made(
        "an ozem pik two two monroinks",
        {"marks": [loop, whole]},
        Ozempic="ozem pik",
        Monro_Inc="monroinks",
    )
    assert found.text == "an Ozempic two two Monro Inc"
    kept = [mark for mark in found.marks if mark["kind"] in ("loop", "hole")]
    assert kept == [loop | {"start": 2, "end": 4}, whole]
    changes = [(m["start"], m["end"]) for m in found.marks if m["kind"] == "lexicon"]
    assert changes == [(1, 2), (4, 6)]


def test_a_suggestion_is_marked_and_changes_nothing():
    text = "stop the sparing lactone now"
    only = replacement(text, "sparing lactone", "spironolactone", applied=False)
    found = replaced(draft(text), [only])
    assert found.text == text
    assert found.words == draft(text).words
    assert found.marks == [
        {
            "kind": "suggestion",
            "reason": "“spironolactone” for “sparing lactone”: sounds alike, 90\u00a0%\u00a0sure.",
            "start": 2,
            "end": 4,
        }
    ]


def test_what_the_lexicon_does_not_know_is_left_as_it_is():
    one = draft("nothing of interest", marks=[{"kind": "hole", "reason": "gap"}])
    (found,) = corrected([one], lexicon(Ozempic="ozem pik"), [])
    assert (found.text, found.words, found.marks) == (one.text, one.words, one.marks)
    assert not found.replacements


def test_replacements_are_stored_and_read_back_whole():
    one = Replacement(3, 9, "before", "after", 7, "sound", 0.8251, False)
    row = stored(one)
    assert row["score"] == 0.825
    (back,) = read([row | {"of a later version": 1}])
    assert (back.start, back.before, back.term, back.applied) == (3, "before", 7, False)


def test_how_sure_it_is_is_said_in_words():
    exact = Replacement(0, 1, "a", "b", 1, "alternative", 1.0, True)
    assert why(exact) == "a known mishearing"
    assert why(replacement("a", "a", "b")) == "sounds alike, 90\u00a0%\u00a0sure"


def test_four_times_the_text_is_four_times_the_work():
    compiled = lexicon(Ozempic="ozem pik")

    def work(segments):
        drafts = [draft("then lower the ozem pik to forty and stop it.")] * segments
        found = []
        lines = lines_run(lambda: found.extend(corrected(drafts, compiled, ["en"])))
        assert len(found) == segments and all(each.replacements for each in found)
        return lines

    work(1)  # what is read once a process
    assert work(160) < 5 * work(40)
