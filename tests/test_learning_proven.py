"""Mishearings that a client's reviews proved are corrected though their words are ordinary."""

from __future__ import annotations

import pytest

from feedback.saving import Save, save_segment
from feedback.services import reopen_review, submit_review
from lexicon.compiled import compiled
from lexicon.matching import Passage, match, rewritten
from lexicon.models import Alternative, Term
from lexicon.services import accept_alternatives, add_term, approve
from speech_project.access.keys import create_key

HEARD, RIGHT = "then we bought Paul last year", "then we bought Pall last year"


@pytest.fixture
def client(db):
    return create_key("client")[0]


@pytest.fixture
def review(make_job, reviewer):
    def review(*pairs, **fields):
        job = make_job(*(before for before, _ in pairs), **fields)
        for segment, (_, after) in zip(job.segments.order_by("position"), pairs, strict=True):
            if after != segment.text:
                save_segment(reviewer, job, segment.pk, Save(after, segment.version))
        submit_review(reviewer, job)
        return job

    return review


def corrected(text, key):
    """By the lexicon in force, with only what is put in unasked."""
    (found,) = match([Passage(text)], compiled(key.pk)[1], languages=["en"])
    return rewritten(text, found)


def test_taught_twice_and_never_right_it_is_corrected(client, review):
    review((HEARD, RIGHT), api_key=client, languages=["en"])
    approve(Term.objects.filter(term="Pall"))
    Alternative.objects.update(enabled=True)
    assert corrected(HEARD, client) == HEARD  # "Paul" is ordinary, and once is not enough
    review((HEARD, RIGHT), api_key=client, languages=["en"])
    assert Alternative.objects.get(normalized="paul").proven
    assert corrected(HEARD, client) == RIGHT


def test_where_it_is_right_once_it_is_only_suggested(client, review):
    review((HEARD, RIGHT), (HEARD, RIGHT), api_key=client, languages=["en"])
    assert Alternative.objects.get(normalized="paul").proven
    plain = review(("we met Paul there", "we met Paul there"), api_key=client, languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven
    reopen_review(plain)
    assert Alternative.objects.get(normalized="paul").proven


def test_the_review_that_teaches_it_may_show_that_it_is_right(client, review):
    plain = ("we met Paul there", "we met Paul there")
    review(*[(HEARD, RIGHT)] * 3, plain, api_key=client, languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven


def test_so_may_reviews_while_it_waits_for_a_curator(client, review):
    add_term("Pall", source="admin", status="approved", api_key_id=client.pk)
    review((HEARD, RIGHT), (HEARD, RIGHT), api_key=client, languages=["en"])
    waiting = Alternative.objects.get(normalized="paul")
    assert waiting.proven
    assert not waiting.enabled
    review(("we met Paul there", "we met Paul there"), api_key=client, languages=["en"])
    accept_alternatives(Alternative.objects.all())
    assert corrected(HEARD, client) == HEARD


def test_what_is_within_its_term_is_not_right_as_heard(client, review):
    """Where the term is written, with all its words, that speaks for it."""
    add_term(
        "Pall Corporation", source="admin", status="approved", api_key_id=client.pk,
        alternatives=["Pall"],
    )  # fmt: skip
    said = ("we bought Pall Corporation shares", "we bought Pall Corporation shares")
    review(*[said] * 3, api_key=client, languages=["en"])
    shortened = Alternative.objects.get()
    assert (shortened.enabled, shortened.undone_count) == (True, 0)


def test_the_commonest_words_of_a_recordings_language_stay(client, review):
    """What is rare in the language of the recordings that taught it may be the commonest in that
    of another one."""
    heard, right = "dann kam this zu uns", "dann kam Dhiss zu uns"
    review((heard, right), (heard, right), api_key=client, languages=["de"])
    assert Alternative.objects.get(normalized="this").proven
    approve(Term.objects.all())
    assert corrected("then this was done", client) == "then this was done"


def test_everyones_terms_never_take_ordinary_words_so(review):
    review((HEARD, RIGHT), (HEARD, RIGHT), languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven


def test_a_curators_word_stands(client, review):
    review((HEARD, RIGHT), (HEARD, RIGHT), api_key=client, languages=["en"])
    Alternative.objects.update(proven=False, source="admin")  # as the form does
    review((HEARD, RIGHT), api_key=client, languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven
