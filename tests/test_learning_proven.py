"""Mishearings that a client's reviews proved are corrected though their words are ordinary."""

from __future__ import annotations

import pytest

from feedback.saving import Save, save_segment
from feedback.services import reopen_review, submit_review
from lexicon.compiled import compiled
from lexicon.matching import Passage, match, rewritten
from lexicon.models import Alternative, Term
from lexicon.services import approve
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


def test_everyones_terms_never_take_ordinary_words_so(review):
    review((HEARD, RIGHT), (HEARD, RIGHT), languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven


def test_a_curators_word_stands(client, review):
    review((HEARD, RIGHT), (HEARD, RIGHT), api_key=client, languages=["en"])
    Alternative.objects.update(proven=False, source="admin")  # as the form does
    review((HEARD, RIGHT), api_key=client, languages=["en"])
    assert not Alternative.objects.get(normalized="paul").proven
