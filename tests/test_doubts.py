"""Words that are likeliest wrong are marked, not more than a tenth of all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feedback.saving import Save, save_segment
from tests.corrections import CHANGES, HEARD, apply
from transcription.doubts import doubts
from transcription.models import Job
from transcription.placed import moved, shifted, within
from transcription.timing import TimedWord


def heard(text: str, *confidences: float | None) -> list[TimedWord]:
    pairs = zip(text.split(), confidences, strict=True)
    return [TimedWord(word, 0, 0, confidence) for word, confidence in pairs]


def test_the_least_sure_a_tenth_at_most():
    text = " ".join("abcdefghijklmnopqrst")
    sure = [0.9] * 20
    sure[3], sure[7], sure[11] = 0.4, 0.1, 0.2
    assert doubts([text], [heard(text, *sure)], marked=0) == [[[14, 15, 0.1], [22, 23, 0.2]]]
    assert doubts([text], [heard(text, *sure)], marked=1) == [[[14, 15, 0.1]]]
    assert doubts([text], [heard(text, *sure)], marked=5) == [[]]


def test_the_tenth_is_of_the_whole_recording():
    texts = ["one two three", "a b c d e f g h i j k l m n o p q"]
    words = [heard(texts[0], 0.2, 0.3, 0.1), heard(texts[1], *[0.9] * 17)]
    assert doubts(texts, words, marked=0) == [[[0, 3, 0.2], [8, 13, 0.1]], []]


def test_what_is_fairly_sure_is_no_doubt():
    text = " ".join("abcdefghij")
    assert doubts([text], [heard(text, *[0.51] * 10)], marked=0) == [[]]
    assert doubts([text], [heard(text, *[None] * 10)], marked=0) == [[]]
    assert doubts([""], [[]], marked=0) == [[]]


def test_where_the_engine_tells_nothing_the_oddest_are_marked():
    text = " ".join("abcdefghijklmnopqrst")
    odd = [1.0] * 20
    odd[3], odd[7], odd[11] = 3.0, 5.0, 4.0
    silent = [heard(text, *[None] * 20)]
    assert doubts([text], silent, marked=0, odd=[odd]) == [[[14, 15, None], [22, 23, None]]]
    assert doubts([text], silent, marked=1, odd=[odd]) == [[[14, 15, None]]]
    assert doubts([text], silent, marked=0, odd=[[1.4] * 20]) == [[]]


def test_what_the_engine_doubts_goes_first_and_what_it_is_sure_of_is_not_odd():
    text = " ".join("abcdefghij")
    sure = [0.9, 0.4, None, *[0.9] * 7]
    odd = [9.0, 1.0, 9.0, *[1.0] * 7]
    assert doubts([text], [heard(text, *sure)], marked=0, odd=[odd]) == [[[2, 3, 0.4]]]


def test_an_odd_word_is_not_said_to_be_the_engine_s_doubt(
    desk_client: Client, make_job: Callable[..., Job]
):
    job = make_job("stop the sparing lactone")
    job.segments.update(doubts=[[9, 16, None]])
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    title = "This may be misheard: it does not fit the words around it"
    assert f'<mark class="low" title="{title}">sparing</mark>' in page
    assert "The engine is" not in page
    assert "Next mark" in page


@pytest.mark.parametrize(
    ("after", "rows"),
    [
        ("stop the sparing lactone", [[9, 16, 0.2]]),
        ("now stop the sparing lactone", [[13, 20, 0.2]]),
        ("stop sparing", [[5, 12, 0.2]]),
        ("stop the spironolactone", []),
        ("", []),
    ],
)
def test_doubts_go_with_their_words(after: str, rows: list[object]):
    assert moved([[9, 16, 0.2]], "stop the sparing lactone", after) == rows


def test_rows_of_a_part_and_of_a_longer_text():
    assert within([[0, 4, "x"], [9, 16, "y"]], 2, 12) == [[0, 2, "x"], [7, 10, "y"]]
    assert shifted([[0, 4, "x"]], 3) == [[3, 7, "x"]]


def test_the_desk_marks_them_until_they_are_accepted(
    desk_client: Client, make_job: Callable[..., Job], reviewer: User
):
    job = make_job("stop the sparing lactone")
    segment = job.segments.get()
    segment.doubts = [[9, 16, 0.2]]
    segment.save()
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    marked = '<mark class="low" title="The engine is 20 % sure of this">sparing</mark>'
    assert f"stop the {marked} lactone" in page
    assert "Next mark" in page
    save_segment(reviewer, job, segment.pk, Save("now stop the sparing lactone", 1, "a"))
    assert f"now stop the {marked}" in desk_client.get(f"/review/{job.pk}/").content.decode()
    save_segment(reviewer, job, segment.pk, Save("now stop the sparing lactone", 2, "b", True))
    assert "<mark" not in desk_client.get(f"/review/{job.pk}/").content.decode()


def test_what_the_lexicon_changed_is_no_doubt_as_well(
    desk_client: Client, make_job: Callable[..., Job]
):
    job = make_job(HEARD)
    apply(job, *CHANGES)
    segment = job.segments.get()
    first = segment.text.index("Entresto")
    segment.doubts = [[first, first + 8, 0.1]]
    segment.save()
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    assert 'class="lex"' in page
    assert 'class="low"' not in page
