"""Reviewers see what the lexicon changed, turn it either way, and what they do is counted."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Feedback, Revision
from feedback.saving import Save, save_segment
from feedback.services import reopen_review, submit_review, summarise
from lexicon.models import Term
from lexicon.services import add_term
from tests.corrections import CHANGES, HEARD, MADE, apply
from transcription.models import Job, Segment


@pytest.fixture
def terms(db):
    """The ids of Entresto, which is applied, and spironolactone, which is suggested."""
    return tuple(add_term(t, source="admin").term.pk for t in ("Entresto", "spironolactone"))


@pytest.fixture
def job(make_job, terms):
    job = make_job(HEARD, "two tablets", HEARD)
    apply(job, *CHANGES, terms=terms)
    return job


@pytest.fixture
def segment(job):
    return job.segments.first()


def counters(term_id):
    return Term.objects.values_list("confirmed_count", "undone_count").get(pk=term_id)


def write(user, segment, text):
    segment.refresh_from_db()
    return save_segment(user, segment.job, segment.pk, Save(text, segment.version))


# --- What is shown


def marks(html):
    return re.findall(r'<mark class="(\w*)" data-n="(\d)"[^>]*>([^<]*)</mark>', html)


def test_the_text_shows_what_was_changed_and_what_is_suggested(desk_client, job):
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    shown = [("lex", "0", "Entresto"), ("maybe", "1", "sparing lactone")]
    assert marks(page) == shown * 2
    assert 'title="Heard as “interest oh”: sounds alike, 93\u00a0%\u00a0sure"' in page
    assert 'class="flags"' not in page  # they are in the text, not under it
    assert "Next mark" in page


def test_without_the_lexicon_nothing_is_marked(desk_client, make_job):
    page = desk_client.get(f"/review/{make_job('two tablets').pk}/").content.decode()
    assert not marks(page)
    assert "Next mark" not in page


def test_marks_do_not_change_the_text(desk_client, make_job, terms):
    heard = 'say <b>interest oh</b> & "more"\n\n  interest'
    job = make_job(heard)
    apply(job, ("interest oh", "<i>Entresto</i>", True), terms=terms)
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    said = re.search(r'<p class="say".*?>(.*?)</p>', page, re.S)[1]
    assert unescape(re.sub(r"</?mark[^>]*>", "", said)) == job.segments.get().text
    assert "<i>" not in said


def column(client, segment):
    return client.get(f"/review/{segment.job_id}/segments/{segment.pk}/").content.decode()


def buttons(page):
    return re.findall(r"<button[^>]*>([\w ]+) <kbd", page)


def test_the_column_tells_why_and_offers_the_way_out(desk_client, reviewer, segment):
    page = column(desk_client, segment)
    assert "What the lexicon changed" in page
    assert "<del>interest oh</del> <ins>Entresto</ins>" in page
    assert "sounds alike, 93\u00a0%\u00a0sure" in page
    assert buttons(page) == ["Undo", "Take it"]
    write(reviewer, segment, HEARD.replace("sparing lactone", "spironolactone"))
    page = column(desk_client, segment)
    assert buttons(page) == ["Redo", "Undo"]
    write(reviewer, segment, "Something else altogether.")
    page = column(desk_client, segment)
    section = re.search(r'<section class="changed">.*?</section>', page, re.S)[0]
    assert "<button" not in section
    assert "written otherwise since" in section


def test_a_closed_review_shows_marks_and_no_buttons(desk_client, job, reviewer):
    submit_review(reviewer, job)
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    assert marks(page)
    assert "Next mark" not in page


def test_the_number_of_queries_does_not_depend_on_the_changes(desk_client, make_job, terms):
    def queries(job, path):
        with CaptureQueriesContext(connection) as found:
            desk_client.get(f"/review/{job.pk}/{path}")
        return len(found)

    plain, changed = make_job(*["two tablets"] * 5), make_job(*[HEARD] * 100)
    apply(changed, *CHANGES, terms=terms)
    for path in ("", "submit/"):
        assert queries(changed, path) == queries(plain, path)


# --- Turning it, without a script


def turn(client, segment, wish, text=None, version=None):
    segment.refresh_from_db()
    text = segment.text if text is None else text
    fields = {"turn": wish, "text": text, "version": version or segment.version}
    return client.post(f"/review/{segment.job_id}/segments/{segment.pk}/turn/", fields)


def now(segment):
    return Segment.objects.get(pk=segment.pk).text


def test_each_change_can_be_undone_and_done_again(desk_client, segment):
    answer = turn(desk_client, segment, "0-heard")
    assert answer["Location"] == f"/review/{segment.job_id}/?segment={segment.pk}"
    assert now(segment) == HEARD
    turn(desk_client, segment, "1-lexicon")
    assert now(segment) == HEARD.replace("sparing lactone", "spironolactone")
    turn(desk_client, segment, "0-lexicon")
    assert now(segment) == MADE.replace("sparing lactone", "spironolactone")
    turn(desk_client, segment, "1-heard")
    assert now(segment) == MADE
    assert Revision.objects.get().version_after == 5


def test_the_same_twice_changes_nothing_more(desk_client, segment):
    turn(desk_client, segment, "0-heard")
    assert turn(desk_client, segment, "0-heard").status_code == 302
    segment.refresh_from_db()
    assert (segment.text, segment.version) == (HEARD, 2)


def test_what_people_wrote_around_it_stays(desk_client, reviewer, segment):
    write(reviewer, segment, "Now:\n lower Entresto,\tplease!")
    turn(desk_client, segment, "0-heard")
    assert now(segment) == "Now:\n lower interest oh,\tplease!"


def test_what_was_typed_meanwhile_is_saved_with_it(desk_client, segment):
    turn(desk_client, segment, "0-heard", MADE + " Today.\r\n")
    assert now(segment) == HEARD + " Today.\n"


def test_another_came_first(desk_client, segment):
    write(User.objects.create_user("otto"), segment, MADE + " Today.")
    answer = turn(desk_client, segment, "0-heard", MADE + " On Monday.", version=1)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "otto saved this segment before you" in page
    assert f">\n{HEARD} On Monday.</textarea>" in page  # one's own, with what was asked for
    assert now(segment) == MADE + " Today."


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("0-lexicon", "were changed since"),
        ("7-lexicon", "changed no such words"),
        ("0-else", "changed no such words"),
        ("", "changed no such words"),
    ],
)
def test_what_cannot_be_turned_is_refused_in_words(desk_client, segment, wish, reason):
    answer = turn(desk_client, segment, wish, "Something else altogether.")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert reason in page
    assert "Something else altogether." in page  # nothing typed is lost
    assert now(segment) == MADE


def test_a_turn_needs_the_text(desk_client, segment):
    path = f"/review/{segment.job_id}/segments/{segment.pk}/turn/"
    assert desk_client.post(path, {"turn": "0-heard", "version": 1}).status_code == 422
    assert now(segment) == MADE


def test_a_submitted_review_takes_no_turn(desk_client, reviewer, segment):
    submit_review(reviewer, segment.job)
    assert turn(desk_client, segment, "0-heard").status_code == 422
    assert now(segment) == MADE


def test_who_may_not_see_the_job_cannot_turn_it(client, segment):
    client.force_login(User.objects.create_user("stranger"))
    User.objects.create_user("member").groups.create(name="a group")
    assert turn(client, segment, "0-heard").status_code == 404
    assert now(segment) == MADE


# --- Counting


def test_what_stands_is_confirmed_and_what_is_taken_back_is_undone(reviewer, job, terms):
    first, _, last = job.segments.all()
    write(reviewer, first, HEARD.replace("sparing lactone", "spironolactone"))
    write(reviewer, last, MADE.replace("on Monday", "on Tuesday"))
    feedback = submit_review(reviewer, job)
    assert counters(terms[0]) == (1, 1)
    assert counters(terms[1]) == (1, 0)
    assert feedback.lexicon["terms"] == {
        str(terms[0]): {"confirmed": 1, "undone": 1},
        str(terms[1]): {"confirmed": 1, "undone": 0},
    }


def test_what_was_written_otherwise_counts_for_neither(reviewer, job, segment, terms):
    write(reviewer, segment, HEARD.replace("interest oh", "Xarelto"))
    submit_review(reviewer, job)
    assert counters(terms[0]) == (1, 0)  # of the other segment


def test_reopening_takes_the_counts_back_until_it_is_submitted_again(reviewer, job, segment, terms):
    submit_review(reviewer, job)
    assert counters(terms[0]) == (2, 0)
    reopen_review(job)
    assert counters(terms[0]) == (0, 0)
    write(reviewer, segment, HEARD)
    submit_review(reviewer, job)
    assert counters(terms[0]) == (1, 1)
    reopen_review(job)
    assert counters(terms[0]) == (0, 0)


def test_a_term_that_was_deleted_meanwhile_is_no_matter(reviewer, job, terms):
    Term.objects.filter(pk=terms[0]).delete()
    submit_review(reviewer, job)
    reopen_review(job)
    assert counters(terms[1]) == (0, 0)


def test_segments_that_are_retired_do_not_count(reviewer, job, segment, terms):
    Segment.objects.filter(pk=segment.pk).update(retired_at=job.created_at)
    submit_review(reviewer, job)
    assert counters(terms[0]) == (1, 0)


# --- What it comes to


def test_the_gain_is_shown_beside_the_engines_accuracy(desk_client, reviewer, make_job, terms):
    job = make_job("take interest oh", "a matter of interest oh dear", "one two three four five")
    apply(job, ("interest oh", "Entresto", True), terms=terms)
    _, second, third = job.segments.all()
    write(reviewer, second, "a matter of interest oh dear")
    write(reviewer, third, "one two three four six")
    total = summarise(job)
    # of 13 words the engine had three wrong, "interest oh" and "five"; the lexicon took the first
    # two away, and made two
    assert (total.score.word_errors, total.score.reference_words) == (3, 13)
    assert (total.gain.took, total.gain.made, total.gain.score.word_errors) == (2, 2, 3)
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert "The lexicon took 2 word errors of the engine away and made 2." in page
    assert page.count("76.9 %") == 2  # before and after
    desk_client.post(f"/review/{job.pk}/submit/")
    page = desk_client.get(f"/review/{job.pk}/reviewed/").content.decode()
    assert "The lexicon took 2 word errors of the engine away and made 2." in page
    kept = Feedback.objects.get().lexicon
    assert (kept["applied"], kept["took"], kept["made"], kept["word_errors"]) == (2, 2, 2, 3)
    assert kept["accuracy"] == pytest.approx(10 / 13)


def test_what_it_took_and_made_adds_up_within_a_segment(reviewer, make_job, terms):
    job = make_job("take interest oh and interest rates oh")
    apply(job, ("interest oh", "Entresto", True), ("interest rates", "Enterest", True), terms=terms)
    write(reviewer, job.segments.get(), "take Entresto and interest rates oh")
    total = summarise(job)
    assert (total.gain.took, total.gain.made) == (2, 2)
    assert total.score.word_errors - total.gain.score.word_errors == 0


def test_without_the_lexicon_the_summary_says_nothing_of_it(desk_client, make_job):
    job = make_job("two tablets")
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert "lexicon" not in page.lower()
    desk_client.post(f"/review/{job.pk}/submit/")
    assert Feedback.objects.get().lexicon == {}


def test_the_summary_tells_peoples_changes_and_the_lexicons_apart(desk_client, reviewer, job):
    first, second, last = job.segments.all()
    write(reviewer, second, "three tablets")
    write(reviewer, last, HEARD)
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    people, lexicon = page.split("What people changed")[1].split("What the lexicon changed")
    assert re.findall(r"<del>([^<]*)</del> <ins>([^<]*)</ins>", people) == [("two", "three")]
    assert re.findall(r"<ins>(\w+)</ins></span>\s*<span class=\"sub\">(\w[\w ]*)<", lexicon) == [
        ("Entresto", "kept"),
        ("Entresto", "taken back"),
    ]
    assert first.text == MADE


def test_the_lexicons_own_pairs_are_not_learned_from(reviewer, job):
    first, _, last = job.segments.all()
    write(reviewer, first, MADE.replace("sparing lactone", "spironolactone"))
    write(reviewer, last, HEARD.replace("interest oh", "Xarelto"))
    taught = submit_review(reviewer, job).extracted_terms
    assert {(pair["heard"], pair["corrected"]) for pair in taught} == {
        ("interest oh", "Xarelto"),  # what the engine heard, not what the lexicon made of it
    }


def test_the_record_is_of_the_engines_text(reviewer, job):
    feedback = submit_review(reviewer, job)
    assert feedback.engine_text.splitlines()[0] == HEARD
    assert feedback.corrected_text.splitlines()[0] == MADE
    changes = [(change["before"], change["after"]) for change in feedback.diff_data]
    assert changes == [("interest oh", "Entresto")] * 2
    assert Job.objects.get(pk=job.pk).review_status == "reviewed"


def test_admin_tells_what_the_lexicon_did_in_a_review(admin_client, reviewer, job, terms):
    write(reviewer, job.segments.first(), HEARD)
    review = submit_review(reviewer, job)
    address, did = f"/admin/feedback/feedback/{review.pk}/change/", review.lexicon
    page = admin_client.get(address).content.decode()
    assert f"{did['took']} of the engine’s word errors taken away, {did['made']} new" in page
    assert "<b>Entresto</b>: confirmed 1, undone 1" in page
    Term.objects.filter(pk=terms[0]).delete()
    page = admin_client.get(address).content.decode()
    assert "<b>a term that was deleted</b>: confirmed 1, undone 1" in page


def test_admin_shows_reviews_without_the_lexicon(admin_client, reviewer, make_job):
    job = make_job("two tablets")
    review = submit_review(reviewer, job)
    page = admin_client.get(f"/admin/feedback/feedback/{review.pk}/change/").content.decode()
    assert "word errors taken away" not in page
