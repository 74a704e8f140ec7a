"""What became of the lexicon's replacements is read off the text, however people changed it."""

import random

import pytest

from lexicon.matching import Replacement, rewritten
from transcription.standing import standings, turned

HEARD = "then lower the interest oh to forty and stop the sparing lactone until monday"
MADE = "then lower the Entresto to forty and stop the sparing lactone until monday"


def change(text, before, after, *, applied=True, nth=0):
    start = -1
    for _ in range(nth + 1):
        start = text.index(before, start + 1)
    return Replacement(start, start + len(before), before, after, 1, "sound", 0.9, applied)


ENTRESTO = change(HEARD, "interest oh", "Entresto")
SPIRONOLACTONE = change(HEARD, "sparing lactone", "spironolactone", applied=False)


def told(heard, replacements, text):
    """Of each: what became of it, and the words that stand there; none where others do."""
    found = standings(heard, replacements, text)
    return [(s.state, text[s.start : s.end] if s.turnable else "") for s in found]


def states(text, heard=HEARD, replacements=(ENTRESTO, SPIRONOLACTONE)):
    return [state for state, _ in told(heard, replacements, text)]


@pytest.mark.parametrize(
    ("text", "applied", "suggested"),
    [
        (MADE, ("applied", "Entresto"), ("open", "sparing lactone")),
        (HEARD, ("undone", "interest oh"), ("open", "sparing lactone")),
        (MADE.replace("sparing lactone", "spironolactone"),
         ("applied", "Entresto"), ("taken", "spironolactone")),
        (HEARD.replace("sparing lactone", "spironolactone"),
         ("undone", "interest oh"), ("taken", "spironolactone")),
        # edits beside them, on both sides at once
        ("Then lower her new Entresto, please, to 40, and stop that sparing lactone (till Monday).",
         ("applied", "Entresto"), ("open", "sparing lactone")),
        ("lower interest oh two forty; stop spironolactone",
         ("undone", "interest oh"), ("taken", "spironolactone")),
        ("Entresto: stop the spironolactone.",
         ("applied", "Entresto"), ("taken", "spironolactone")),
        # capitals and punctuation leave it what it is
        ("Interest, oh, to forty. Sparing lactone until monday",
         ("undone", "Interest, oh"), ("open", "Sparing lactone")),
        ("ENTRESTO to forty. Spironolactone until monday",
         ("applied", "ENTRESTO"), ("taken", "Spironolactone")),
        # more than that does not
        ("then lower the Xarelto to forty and stop the other one until monday",
         ("changed", ""), ("gone", "")),
        ("then lower the Entrestos to forty and stop the sparring lactone until monday",
         ("changed", ""), ("gone", "")),
        ("then lower the interest to forty and stop until monday",
         ("changed", ""), ("gone", "")),
        ("", ("changed", ""), ("gone", "")),
    ],
)  # fmt: skip
def test_each_is_found_with_what_became_of_it(text, applied, suggested):
    assert told(HEARD, [ENTRESTO, SPIRONOLACTONE], text) == [applied, suggested]


def test_nothing_is_asked_of_a_text_without_replacements():
    assert standings("one dose", [], "two doses") == []


def test_of_the_same_words_said_twice_each_is_told_apart():
    heard = "owes m pick or owes m pick and owes m pick"
    three = [change(heard, "owes m pick", "Ozempic", nth=n) for n in range(3)]
    assert states("Ozempic or owes m pick and Ozempic", heard, three) == [
        "applied", "undone", "applied"
    ]  # fmt: skip
    text = "owes m pick or Ozempic and, well, Ozempic too"
    assert states(text, heard, three) == ["undone", "applied", "applied"]
    assert [s.start for s in standings(heard, three, text)] == [0, 15, 34]
    assert states("Ozempic and owes m pick", heard, three).count("applied") == 1


def test_the_term_may_be_there_already_or_be_written_in_beside():
    heard = "Ozempic and owes m pick"
    only = [change(heard, "owes m pick", "Ozempic")]
    assert told(heard, only, "Ozempic and Ozempic") == [("applied", "Ozempic")]
    assert told(heard, only, "Ozempic and then owes m pick or Ozempic") == [
        ("undone", "owes m pick")
    ]
    text = "Ozempic, Ozempic and Ozempic"
    (found,) = standings(heard, only, text)
    assert (found.state, found.start) == ("applied", text.rindex("Ozempic"))


def test_a_term_that_begins_or_ends_as_what_was_heard():
    heard = "at Monro inks today"
    longer = [change(heard, "Monro inks", "Monro")]
    assert told(heard, longer, "at Monro today") == [("applied", "Monro")]
    assert told(heard, longer, "at Monro inks today") == [("undone", "Monro inks")]
    shorter = [change(heard, "Monro", "Monro inks Monro")]
    assert told(heard, shorter, "at Monro inks today") == [("undone", "Monro")]


@pytest.mark.parametrize(
    ("before", "after"), [("ozempic", "Ozempic"), ("follow up", "follow-up"), ("co op", "Co-op")]
)
def test_where_only_capitals_or_marks_differ_every_letter_counts(before, after):
    heard = f"the {before} was good"
    only = [change(heard, before, after)]
    assert told(heard, only, f"The {after} was good.") == [("applied", after)]
    assert told(heard, only, f"The {before} was good.") == [("undone", before)]
    assert states(f"the {after.upper()} was good", heard, only) == ["changed"]


def test_part_of_a_word_is_found_with_the_rest_of_it():
    heard = "Nebenwirkungen des Ossempiks gering"
    only = [change(heard, "Ossempik", "Ozempic")]
    text = "Die Nebenwirkungen des Ozempics gering"
    (found,) = standings(heard, only, text)
    assert (found.state, text[found.start : found.end]) == ("applied", "Ozempic")
    assert turned(text, found) == "Die Nebenwirkungen des Ossempiks gering"
    assert states("des Ozempic gering", heard, only) == ["changed"]


@pytest.mark.parametrize(
    ("heard", "before", "after", "edit"),
    [
        ("他昨天吃了两片阿斯匹零，今天好多了。", "阿斯匹零", "阿司匹林", ("今天", "现在")),
        ("วันนี้กินยาอะสะไพรินสองเม็ด", "อะสะไพริน", "แอสไพริน", ("วันนี้", "เมื่อวานนี้")),
        ("उन्हें पैरासिटामोल दो बार दिया", "पैरासिटामोल", "paracetamol", ("दिया", "दी गई।")),
        ("היא לוקחת אוזמפיק פעם בשבוע", "אוזמפיק", "Ozempic", ("פעם", "פעמיים")),
        ("いまオゼンピクを使う", "オゼンピク", "オゼンピック", ("使う", "使っています")),
    ],
    ids=["han", "thai", "devanagari", "hebrew", "kana"],
)
def test_every_script(heard, before, after, edit):
    only = [change(heard, before, after)]
    made = rewritten(heard, only)
    assert told(heard, only, made.replace(*edit)) == [("applied", after)]
    assert told(heard, only, heard.replace(*edit)) == [("undone", before)]
    (found,) = standings(heard, only, made.replace(*edit))
    assert turned(made.replace(*edit), found) == heard.replace(*edit)


def test_turning_one_leaves_the_rest_as_people_wrote_it():
    text = "\n Lower — the Entresto\tto 40 😀 and\n\nstop sparing lactone "
    found = standings(HEARD, [ENTRESTO, SPIRONOLACTONE], text)
    assert turned(text, found[0]) == text.replace("Entresto", "interest oh")
    assert turned(text, found[1]) == text.replace("sparing lactone", "spironolactone")


VOCABULARY = ("the", "a", "of", "and", "to", "in", "that", "it", "is", "was", "for", "on", "with")
HEARINGS = ("interest oh", "owes m pick", "a spring", "is a tin", "the ryetin", "monroe inks")
TERMS = ("Entresto", "Ozempic", "Aspirin", "Is-A-Tin Forte", "Ritalin", "Monro Inc")


def scene(rng):
    """What was heard, the replacements, and the pieces of a text that people left."""
    heard, text, expected, replacements = [], [], [], []
    for _ in range(rng.randint(1, 5)):
        for _ in range(rng.randint(1, 6)):
            word = rng.choice(VOCABULARY)
            heard.append(word)
            edit = rng.random()
            if edit < 0.1:
                text += [rng.choice(("well,", "new")), word]
            elif edit < 0.2:
                text.append(word.upper() + ".")
            elif edit < 0.9:
                text.append(word)
        number, applied, made = rng.randrange(6), rng.random() < 0.6, rng.random() < 0.5
        before, after = HEARINGS[number], TERMS[number]
        start = len(" ".join([*heard, ""]))
        heard.append(before)
        replacements.append(
            Replacement(start, start + len(before), before, after, number, "sound", 0.9, applied)
        )
        text.append(after if made else before)
        kinds = ("applied", "undone") if applied else ("taken", "open")
        expected.append((kinds[not made], text[-1]))
    return " ".join(heard), replacements, " ".join(text), expected


@pytest.mark.parametrize("seed", range(200))
def test_whatever_people_do_around_them(seed):
    heard, replacements, text, expected = scene(random.Random(seed))
    found = standings(heard, replacements, text)
    assert [(s.state, text[s.start : s.end]) for s in found] == expected
    other = {"applied": "undone", "undone": "applied", "taken": "open", "open": "taken"}
    for at, standing in enumerate(found):
        again = turned(text, standing)
        now = standings(heard, replacements, again)
        assert [s.state for s in now] == [
            other[s.state] if i == at else s.state for i, s in enumerate(found)
        ]
        assert turned(again, now[at]) == text
