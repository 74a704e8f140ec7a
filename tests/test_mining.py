"""What reviews teach, from pairs of what was heard and what people left."""

from __future__ import annotations

import random

import pytest

from feedback.mining import SURE, Lesson, Reviewed, lessons
from tests.work import lines_run


def taught(*pairs: tuple[str, str], known: tuple[str, ...] = ()) -> dict[str, Lesson]:
    found = lessons([Reviewed(*pair) for pair in pairs], known)
    return {lesson.term: lesson for lesson in found}


def heard(lesson: Lesson) -> dict[str, int]:
    return dict(lesson.heard)


def test_a_rare_word_and_what_was_heard_in_its_place():
    found = taught(
        ("we lower the interest oh to forty", "we lower the Entresto to forty"),
        ("then the interest oh is stopped", "then the Entresto is stopped"),
        ("she takes and rest oh again", "she takes Entresto again"),
    )
    lesson = found["Entresto"]
    assert heard(lesson) == {"interest oh": 2, "and rest oh": 1}
    assert lesson.count == 3
    assert lesson.confidence >= SURE
    place = lesson.places[1]
    assert (place.passage, place.heard, place.before_at, place.after_at) == (1, "interest oh", 9, 9)


def test_a_name_is_learned_alone_and_with_its_neighbours():
    found = taught(
        ("I turn the call over to Drew Anderson now", "I turn the call over to Dru Anderson now")
    )
    assert heard(found["Dru Anderson"]) == {"drew anderson": 1}
    assert "Dru" in found


def test_a_name_ends_at_a_comma_and_at_the_first_word_of_a_sentence():
    found = taught(
        ("we thank Berlin, Sofia Jensen and others", "we thank Berlin, Sofia Janssen and others"),
        ("it is so. Then Jensen spoke", "it is so. Then Janssen spoke"),
    )
    assert set(found) == {"Sofia Janssen", "Janssen"}


@pytest.mark.parametrize(
    ("engine", "right"),
    [
        ("he had to go home", "she wants to go home"),  # ordinary words
        ("give her fifteen milligrams", "give her fifty milligrams"),  # numbers
        ("she is febrile today", "she is not febrile today"),  # nothing was replaced
        ("the road map was late", "the roadmaps were late"),  # said otherwise, not heard so
        ("three verticals grew", "three vertical grew"),
        ("he takes some drug now", "he takes <inaudible> now"),
        ("he takes some drug now", "he takes [inaudible] now"),
        ("Then we stop", "There we stop"),  # a capital that the sentence asks for
    ],
)  # fmt: skip
def test_what_teaches_nothing(engine: str, right: str):
    found = taught((engine, right))
    assert [each.term for each in found.values() if each.confidence >= SURE] == []


def test_a_term_is_one_line():
    """As forms send it back: a line break would come back as another one."""
    found = taught(("we thank Drew\nAnderson now", "we thank Dru\nAnderson now"))
    assert set(found) == {"Dru", "Dru Anderson"}


def test_four_times_the_passage_that_was_written_anew_is_four_times_the_work():
    chance = random.Random(1)

    def words(count: int) -> str:
        return " ".join("".join(chance.choices("bdfgklmnprst", k=7)) for _ in range(count))

    def work(count: int) -> int:
        pair = (words(2 * count), f"{words(count)} Entresto {words(count - 1)}")
        return lines_run(lambda: taught(pair))

    work(10)  # what is read once a process
    assert work(100) < 5 * work(25)


def test_what_people_leave_as_it_is_heard_is_no_mishearing():
    said = ("we met Paul yesterday", "we met Paul yesterday")
    found = taught(("we bought Paul last year", "we bought Pall last year"), said, said)
    assert heard(found["Pall"]) == {}


def test_what_was_never_right_is_proven():
    pair = ("we bought Paul last year", "we bought Pall last year")
    assert taught(pair)["Pall"].proven == ()  # once may be chance
    assert taught(pair, pair)["Pall"].proven == ("paul",)
    assert taught(pair, pair, ("Paul is here", "Paul is here"))["Pall"].proven == ()


def test_the_commonest_words_are_never_proven():
    pair = ("he flew the can to us", "he flew the Cessna to us")
    assert all(not each.proven for each in taught(pair, pair, pair).values())


def test_an_ordinary_word_that_is_a_term_is_taught():
    pair = ("we opened the flour portal", "we opened the flower portal")
    assert "flower" not in taught(pair)
    assert taught(pair, known=("flower",))["flower"].count == 1


def test_of_a_long_stretch_only_what_sounds_alike():
    found = taught(
        ("so that is what it's like TiVo was doing there", "so then we saw that Cytiva did that"),
    )
    assert found["Cytiva"].places[0].heard.casefold().endswith("tivo")


def test_other_scripts_teach_as_well():
    found = taught(("वह मेट फार्मिन लेता है", "वह मेटफॉर्मिन लेता है"))
    assert heard(found["मेटफॉर्मिन"])


def test_nothing_reviewed_teaches_nothing():
    assert lessons([]) == []
    assert lessons([Reviewed("", ""), Reviewed("a b", ""), Reviewed("", "Entresto")]) == []
