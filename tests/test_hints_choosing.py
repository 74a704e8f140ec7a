"""Which terms go with a request, and in what form: the pure part."""

from __future__ import annotations

import random

import pytest

from lexicon.prompting import Budget, Candidate, Index, choose, ending, tokens
from lexicon.pronouncing import dictionary
from tests.work import lines_run

KEYWORDS = Budget("keywords")
PROMPT = Budget("prompt", tokens=224, prompt_tokens=224)


def terms(*texts, **fields):
    return [Candidate(number, text, **fields) for number, text in enumerate(texts, 1)]


def told(candidates, budget=KEYWORDS, *, name="", near=(), before=(), **wishes):
    index = Index(candidates)
    evidence = index.evidence(name=name, near=near, before=before)
    return choose(index, budget, evidence=evidence, **wishes)


def first(*candidates, **wishes):
    return told(candidates, **wishes).texts[0]


def left_out(hints):
    return {reason: (left.count, left.texts) for reason, left in hints.left_out.items()}


# --- The order ---------------------------------------------------------------------------------


def test_pinned_terms_go_before_all_others():
    common = Candidate(1, "gadget", pinned=True)
    proven = Candidate(2, "Ozempic", kind="drug", own=True, confirmed=500, priority=90)
    assert told([proven, common], near=["Ozempic again"]).texts == ("gadget", "Ozempic")


@pytest.mark.parametrize("kind", ["drug", "brand", "person", "organisation"])
def test_names_that_engines_cannot_know_go_before_other_words(kind):
    assert first(Candidate(1, "gadget"), Candidate(2, "Zorvex", kind=kind)) == "Zorvex"


@pytest.mark.parametrize(
    "better",
    [
        {"language": "de"},
        {"priority": 10},
        {"own": True},
        {"confirmed": 12},
        {"matched": 12},
    ],
    ids=str,
)
def test_of_two_alike_the_worthier_goes_first(better):
    plain, worthier = Candidate(1, "Alpha", sent=3), Candidate(2, "Bravo", sent=3, **better)
    assert first(plain, worthier, languages=["de"]) == "Bravo"


@pytest.mark.parametrize(
    "worse", [{"undone": 4}, {"undone": 40, "confirmed": 20}, {"sent": 400}], ids=str
)
def test_terms_that_were_taken_out_or_never_found_go_down(worse):
    assert first(Candidate(1, "Alpha", **worse), Candidate(2, "Bravo")) == "Bravo"


HEARD_NEAR = {
    "as it is written": {"near": ["She takes metoprolol at night."]},
    "as it is misheard": {"near": ["She takes the metro pole at night."]},
    "as it sounds": {"near": ["She takes metta prolol at night."]},
    "in the name": {"name": "2026-03-02_metoprolol_visit.mp3"},
    "before": {"before": ["Go on with metoprolol."]},
}


@pytest.mark.parametrize("where", HEARD_NEAR.values(), ids=HEARD_NEAR.keys())
def test_what_stands_near_goes_first(where):
    others = [Candidate(number, f"Drug{number}", kind="drug") for number in range(2, 300)]
    wanted = Candidate(1, "Metoprolol", alternatives=("metro pole",))
    assert told([*others, wanted], **where).texts[0] == "Metoprolol"
    assert "Metoprolol" not in told([*others, wanted]).texts


def test_a_part_of_a_name_tells_of_it_a_little():
    candidates = terms("Alpha", "Monro Inc", "Bravo")
    assert told(candidates, near=["as Monro said"]).texts[0] == "Monro Inc"


def test_names_in_scripts_without_blanks_are_found_too():
    candidates = terms("武田薬品", "第一三共", "中外製薬")
    assert told(candidates, near=["今日は中外製薬の薬です"]).texts[0] == "中外製薬"


def test_a_word_that_fits_very_many_terms_tells_of_none():
    candidates = [Candidate(n, f"Hospital {n}", kind="place") for n in range(50)]
    plain = Candidate(99, "Ozempic", kind="drug")
    assert told([*candidates, plain], near=["in hospital"]).texts[0] == "Ozempic"


# --- What fits ---------------------------------------------------------------------------------


def test_what_is_over_the_budget_is_counted_and_the_first_named():
    hints = told(terms(*(f"Term {n}" for n in range(300))), Budget("keywords", terms=100))
    assert len(hints.texts) == 100
    (count, named) = left_out(hints)["budget"]
    assert (count, len(named), named[0]) == (200, 50, "Term 100")
    assert not set(named) & set(hints.texts)


def test_terms_of_other_languages_are_left_out():
    candidates = [
        Candidate(1, "Schmerz", language="de"),
        Candidate(2, "douleur", language="fr"),
        Candidate(3, "Ozempic"),
    ]
    hints = told(candidates, languages=["de", "en"])
    assert set(hints.texts) == {"Schmerz", "Ozempic"}
    assert left_out(hints) == {"language": (1, ("douleur",))}
    assert len(told(candidates).texts) == 3, "nobody said what is spoken"


def test_a_model_that_takes_no_terms_is_told_none():
    hints = told(terms("Ozempic", "Entresto"), Budget("none"))
    assert (hints.texts, hints.prompt) == ((), "")
    assert left_out(hints) == {"engine": (2, ("Ozempic", "Entresto"))}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a <b> c", "characters"), ("\x00", "characters"), ("word " * 30, "length")],
)
def test_what_a_service_would_refuse_or_misread_is_left_out(text, reason):
    hints = told(terms("Ozempic", text))
    assert hints.texts == ("Ozempic",)
    assert left_out(hints) == {reason: (1, (text,))}


def test_keywords_are_one_line_each():
    assert told(terms("Monro\r\n Inc\t", "St\x07John")).texts == ("Monro Inc", "St John")


def test_each_text_is_told_once():
    candidates = [Candidate(1, "Zyrtec"), Candidate(2, "Zyrtec", language="en", kind="drug")]
    hints = told(candidates)
    assert [term.id for term in hints.sent] == [2]
    assert left_out(hints) == {"double": (1, ("Zyrtec",))}


def test_offline_what_cannot_be_said_is_left_out():
    hints = told([Candidate(1, "Ozempic"), Candidate(2, "+++")], Budget("words"))
    assert hints.texts == ("Ozempic",)
    assert left_out(hints) == {"sound": (1, ("+++",))}


# --- In a prompt -------------------------------------------------------------------------------


def test_a_prompt_has_peoples_own_words_first_and_the_terms_last():
    hints = told(terms("Ozempic", "Entresto"), PROMPT, prompt="A visit to the heart clinic")
    assert hints.prompt == "A visit to the heart clinic. Ozempic, Entresto."
    assert (hints.texts, hints.keywords) == (("Ozempic", "Entresto"), ())


def test_beside_a_prompt_terms_do_not_change_it():
    hints = told(terms("Ozempic"), prompt="A visit.")
    assert (hints.prompt, hints.keywords) == ("A visit.", ("Ozempic",))


def test_a_long_prompt_leaves_half_the_room_to_terms_and_its_end_is_kept():
    own = " ".join(f"word{n}" for n in range(300))
    hints = told(terms(*(f"Zorvexin {n}" for n in range(100))), PROMPT, prompt=own)
    assert 8 < len(hints.texts) < 40
    assert tokens(hints.prompt) <= 224
    assert "word299. Zorvexin 0, " in hints.prompt
    assert hints.prompt.startswith("word")
    assert not hints.prompt.startswith("word0 ")


def test_without_terms_the_prompt_is_cut_all_the_same():
    hints = told([], PROMPT, prompt="word " * 300)
    assert 100 < tokens(hints.prompt) <= 224
    assert left_out(hints) == {}


def test_a_model_that_hears_all_of_a_prompt_gets_all_of_it():
    own = "word " * 300
    assert told(terms("Ozempic"), Budget("prompt", tokens=224), prompt=own).prompt.startswith(own)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("Metoprolol Ozempic " * 50, ("Metoprolol", "Ozempic")),
        ("Diabète à Zürich " * 50, ("Diabète", "à", "Zürich")),
        ("糖尿病" * 100, ("糖", "尿", "病")),
    ],
)
def test_a_text_is_cut_at_a_word(text, start):
    end = ending(text, 112)
    assert 90 < tokens(end) <= 112
    assert text.strip().endswith(end)
    assert end.startswith(start)


# how many tokens whisper makes of a character of running text, as measured by others
MEASURED = {
    "The patient has been taking it for two years.": 0.22,
    "Пациент принимает его уже два года.": 0.28,
    "المريض يتناوله منذ عامين.": 0.55,
    "मरीज़ इसे दो साल से ले रहा है।": 1.07,
    "患者已经服用这种药两年了。": 1.33,
    "রোগী দুই বছর ধরে এটি খাচ্ছেন।": 2.05,
}


@pytest.mark.parametrize(("text", "rate"), MEASURED.items())
def test_tokens_are_rather_too_many_than_too_few(text, rate):
    assert rate * len(text) < tokens(text) <= 3 * rate * len(text)


@pytest.mark.parametrize(
    "text", ["Ozempic", "HbA1c", "FVC", "250", "Žižek", "パラセタモール", "ยา"]
)
def test_no_text_has_more_tokens_than_bytes(text):
    assert len(text) / 2 <= tokens(text) <= len(text.encode())


# --- Work --------------------------------------------------------------------------------------


def test_ten_times_the_terms_are_hardly_more_work():
    luck, words = random.Random(7), list(dictionary())
    near = [" ".join(luck.choices(words, k=90)) for _ in range(4)]

    def work(count):
        index = Index(
            Candidate(n, " ".join(luck.choices(words, k=2)), kind="person", sound="")
            for n in range(count)
        )
        hints = []

        def chosen():
            evidence = index.evidence(near=near, name="Call of March")
            hints.append(choose(index, PROMPT, evidence=evidence))

        lines = lines_run(chosen)
        left = sum(each.count for each in hints[0].left_out.values())
        assert left + len(hints[0].sent) == count
        return lines

    work(10)  # what is read once a process
    assert work(10_000) < 1.2 * work(1_000)
