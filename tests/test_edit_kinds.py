"""What a reviewer changed is told by its kind, with when it was said."""

import pytest

from benchmarks.scoring import review, terms_of
from feedback.alignment import word_edits
from feedback.kinds import told
from feedback.models import Feedback
from feedback.saving import Save, save_segment
from feedback.scoring import term_index
from feedback.services import submit_review, summed
from lexicon.models import Term
from lexicon.normalising import normalise
from speech_project.access.keys import create_key
from transcription.models import Segment


def kinds(before, after, *languages):
    found = told(word_edits(before, after), before, after, languages=languages)
    return [(e.kind, e.before, e.after) for e in found if e.kind != "equal"]


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        ("twenty five", "25", "en"),
        ("twenty-five", "25", "en"),
        ("two point five", "2.5", "en"),
        ("nineteen eighty four", "1984", "en"),
        ("the second", "the 2nd", "en"),
        ("five dollars", "$5", "en"),
        ("5 %", "5 percent", "en"),
        ("5%", "5 per cent", "en"),
        ("fünfundzwanzig", "25", "de"),
        ("cinq pour cent", "5 %", "fr"),
        ("veinticinco", "25", "es"),
        ("२५", "25", "hi"),
        ("5 000", "5000", ""),
    ],
)
def test_the_same_number_written_otherwise(before, after, language):
    found = kinds(f"x {before} y", f"x {after} y", language)
    assert [kind for kind, *_ in found] == ["number form"]
    assert [kind for kind, *_ in kinds(f"x {after} y", f"x {before} y", language)] == [
        "number form"
    ]


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        ("fifteen", "50", "en"),
        ("2.5", "25", "en"),
        ("2 hundred", "2100", "en"),
        ("to", "2", "en"),
        ("twenty five", "25", "hi"),
    ],
)
def test_another_number_is_a_substitution(before, after, language):
    assert kinds(f"x {before} y", f"x {after} y", language) == [("substitution", before, after)]


def test_a_word_that_was_written_in_another_script():
    assert kinds("वह tablet लेता है", "वह टैबलेट लेता है", "hi") == [("language", "tablet", "टैबलेट")]


def test_a_submission_stores_kinds_and_times(make_job, reviewer):
    job = make_job("she takes and or so at night", languages=["en"])
    segment = job.segments.get()
    heard = enumerate(segment.text.split())
    words = [[word, 500 * n, 500 * n + 400, 0.9, False] for n, word in heard]
    Segment.objects.filter(pk=segment.pk).update(words=words)
    save_segment(reviewer, job, segment.pk, Save("She takes Entresto 2 at", 1))
    changes = submit_review(reviewer, job).diff_data
    assert [(c["kind"], c["before"], c["after"], c["start_ms"], c["end_ms"]) for c in changes] == [
        ("case", "she", "She", 0, 400),
        ("substitution", "and or so", "Entresto 2", 1000, 2400),
        ("deletion", "night", "", 3000, 3400),
    ]


def test_a_word_that_was_heard_in_another_language(make_job, reviewer):
    job = make_job("und dann kam die exam heute morgen", languages=["de", "en"])
    save_segment(
        reviewer, job, job.segments.get().pk, Save("und dann kam die Prüfung heute morgen", 1)
    )
    (change,) = submit_review(reviewer, job).diff_data
    assert (change["kind"], change["before"], change["after"]) == ("language", "exam", "Prüfung")


def test_what_was_taken_back_of_the_lexicons(make_job, reviewer, desk_client):
    job = make_job("take interest oh daily")
    change = {"start": 5, "end": 16, "before": "interest oh", "after": "Entresto", "term": 1,
              "rule": "sound", "score": 0.9, "applied": True}  # fmt: skip
    job.segments.update(text="take Entresto daily", replacements=[change])
    save_segment(reviewer, job, job.segments.get().pk, Save("take interest oh daily", 1))
    feedback = submit_review(reviewer, job)
    (change,) = feedback.diff_data
    assert (change["kind"], change["before"], change["after"]) == (
        "lexicon undone",
        "Entresto",
        "interest oh",
    )
    assert feedback.word_errors == 0
    page = desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()
    assert "<del>Entresto</del> <ins>interest oh</ins>" in page
    assert "the lexicon’s change undone" in page


def test_the_row_says_how_it_was_counted(make_job, reviewer, desk_client):
    job = make_job("he takes twenty five mg", languages=["en"])
    save_segment(reviewer, job, job.segments.get().pk, Save("He takes 25 mg", 1))
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert "number written otherwise" in page
    counts = submit_review(reviewer, job).counts
    assert counts["normaliser"] == "basic"
    assert (counts["substitutions"], counts["deletions"], counts["insertions"]) == (1, 0, 1)
    assert counts["as_written"] == {"words": 4, "errors": 3}
    assert counts["numbers_alike"] == {"words": 4, "errors": 0}
    page = desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()
    assert (
        "With both it is 75.0 %; where a number that is only written otherwise is no error, 0"
        in (page)
    )


def test_reviews_from_before_are_still_shown(make_job, reviewer, desk_client, admin_client):
    job = make_job("one too", review_status="reviewed")
    old = {"kind": "substitution", "before": "too", "after": "two", "before_at": 4, "after_at": 4,
           "blank": True, "segment_id": job.segments.get().pk, "start_ms": 0,
           "end_ms": 3500}  # fmt: skip
    feedback = Feedback.objects.create(
        job=job, reviewer_name="rita", diff_data=[old], accuracy_score=0.5, wer=0.5, cer=0.1
    )
    page = desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()
    assert "<del>too</del> <ins>two</ins>" in page
    assert "case and punctuation" not in page
    page = admin_client.get(f"/admin/feedback/feedback/{feedback.pk}/change/").content.decode()
    assert "<del>too</del> <ins>two</ins> (substitution)" in page


def test_the_share_of_terms_that_were_wrong(make_job, reviewer, desk_client):
    other, _ = create_key("another client")
    for term, status, key in (
        ("Entresto", "approved", None),
        ("Ramipril", "approved", None),
        ("Xarelto", "approved", other),
        ("daily", "suggested", None),
    ):
        Term.objects.create(term=term, normalized=normalise(term), status=status, api_key=key)
    job = make_job("take interest oh, ramipril and za relto daily")
    save_segment(
        reviewer, job, job.segments.get().pk, Save("take Entresto, ramipril and Xarelto daily", 1)
    )
    feedback = submit_review(reviewer, job)
    assert feedback.term_error_rate == 0.5
    assert (feedback.counts["terms"], feedback.counts["term_errors"]) == (2, 1)
    page = desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()
    assert "<dt>Lexicon terms wrong</dt><dd>50.0 % <small>of 2</small></dd>" in page


def test_a_review_of_30_000_words_is_scored():
    rows, words = review(segments=2000, words=15)
    terms = term_index(terms_of(rows))
    assert summed(rows, words, terms, ["en"]).score.reference_words == 30_000
