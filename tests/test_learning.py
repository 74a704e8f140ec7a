"""Submitted reviews teach the lexicon, and reviews that are taken back do not any more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction

from feedback.models import Feedback, TermEvidence
from feedback.saving import Save, save_segment
from feedback.services import reopen_review, submit_review
from feedback.uses import uses
from lexicon import versions
from lexicon.models import Alternative, Term
from lexicon.services import accept_alternatives, add_term, approve, reject, reject_alternatives
from speech_project.access.keys import create_key
from tests.corrections import apply
from tests.work import lines_run
from transcription.models import Job, Segment

HEARD, MEANT = "she takes us and paid now", "she takes Ozempic now"


@pytest.fixture
def review(make_job, reviewer):
    """A reviewed transcript of these segments: what was heard, what the reviewer put."""

    def review(*pairs, by=None, kept=None, **fields):
        pairs = pairs or ((HEARD, MEANT),)
        fields = {"audio_sha256": f"{Job.objects.count():064x}"} | fields
        job = make_job(*(before for before, _ in pairs), **fields)
        return again(job, *(after for _, after in pairs), by=by or reviewer, kept=kept)

    return review


def again(job, *texts, by, kept=None):
    for segment, text in zip(job.segments.order_by("position"), texts, strict=False):
        if segment.text != text:
            save_segment(by, job, segment.pk, Save(text, segment.version))
    submit_review(by, job, kept=kept)
    job.refresh_from_db()
    return job


@pytest.fixture
def trusted(db):
    user = User.objects.create_user("vera")
    user.user_permissions.add(Permission.objects.get(codename="change_term"))
    return user


@pytest.fixture
def clinic(db):
    return create_key("clinic")[0]


@pytest.fixture
def lab(db):
    return create_key("lab")[0]


def known(**scope):
    """Terms with their status, and what they are misheard as: how often, and whether it is used."""
    return {
        term.term: (term.status, {a.text: (a.count, a.enabled) for a in term.alternatives.all()})
        for term in Term.objects.filter(**scope)
    }


LEARNED = {"Ozempic": ("suggested", {"us and paid": (1, True)})}


# --- What was corrected


def test_a_correction_suggests_a_term_with_what_it_was_misheard_as(review):
    review()
    assert known() == LEARNED
    term = Term.objects.get()
    assert (term.source, term.api_key_id, term.created_by_name) == ("learned", None, "")
    assert 0 < term.confidence < 1


def test_each_place_is_evidence_with_its_time(review):
    job = review(("nothing here", "nothing here"), (HEARD, MEANT))
    row, segment = TermEvidence.objects.get(), job.segments.last()
    assert (row.kind, row.heard, row.corrected) == ("taught", "us and paid", "Ozempic")
    assert (row.segment_id, row.feedback_id) == (segment.pk, job.feedback.get().pk)
    assert segment.start_ms < row.start_ms < row.end_ms < segment.end_ms


def test_times_are_those_of_the_words_heard(make_job, reviewer):
    job = make_job(HEARD)
    words = [[word, 100 * n, 100 * n + 90, 0.9] for n, word in enumerate(HEARD.split())]
    job.segments.update(words=words)
    again(job, MEANT, by=reviewer)
    row = TermEvidence.objects.get()
    assert (row.start_ms, row.end_ms) == (200, 490)


def test_what_the_reviewer_dropped_is_not_learned(review):
    job = review(kept=[])
    assert known() == {}
    assert [pair["dropped"] for pair in job.feedback.get().extracted_terms] == [True]


def test_ordinary_words_teach_nothing(review):
    review(("he was here", "she was here"), ("two tablets", "two tablets"))
    assert known() == {}


def test_what_a_known_term_is_misheard_as_waits_for_a_curator(review):
    add_term("Ozempic", source="admin", status="approved", alternatives=["oh some pig"])
    review()
    assert known() == {
        "Ozempic": ("approved", {"oh some pig": (0, True), "us and paid": (1, False)})
    }
    assert Term.objects.get().confidence is None  # a curator's own


def test_what_is_rejected_is_not_suggested_again(review):
    review()
    reject(Term.objects.all())
    job = review()
    assert known() == {"Ozempic": ("rejected", {"us and paid": (1, True)})}
    assert TermEvidence.objects.count() == 1
    assert job.feedback.get().extracted_terms == []


def test_nor_is_an_alternative(review):
    add_term("Ozempic", source="admin", status="approved")
    review()
    waiting = Alternative.objects.all()
    assert reject_alternatives(waiting) == 1
    review()
    assert known() == {"Ozempic": ("approved", {"us and paid": (2, False)})}
    assert Alternative.objects.get().source == "admin"  # who has decided
    assert reject_alternatives(waiting) == 0


def test_reviews_add_up(review):
    review()
    once = Term.objects.get().confidence
    review()
    assert known() == {"Ozempic": ("suggested", {"us and paid": (2, True)})}
    assert Term.objects.get().confidence == pytest.approx(1 - (1 - once) ** 2, abs=0.001)
    assert TermEvidence.objects.count() == 2


def test_a_term_of_another_language_is_another_term(review):
    add_term("Ozempic", source="admin", status="approved", language="de")
    review(languages=["en"])
    assert Term.objects.filter(language="", status="suggested").count() == 1


def test_the_page_before_shows_what_would_be_learned(desk_client, make_job, reviewer):
    job = make_job(HEARD, "see a halter")
    for segment, text in zip(job.segments.all(), (MEANT, "see a Holter"), strict=True):
        save_segment(reviewer, job, segment.pk, Save(text, 1))
    page = desk_client.get(f"/review/{job.pk}/submit/").content.decode()
    assert 'name="keep" value="Ozempic" checked' in page
    assert "<del>us and paid</del> <ins>Ozempic</ins>" in page
    desk_client.post(f"/review/{job.pk}/submit/", {"chosen": "1", "keep": ["Ozempic"]})
    assert list(known()) == ["Ozempic"]


@pytest.mark.django_db(transaction=True)
def test_two_who_teach_the_same_at_once_wait_for_each_other(make_job, reviewer):
    """Each teaches two terms, in another order."""
    pairs = ((HEARD, MEANT), ("stop the interest oh today", "stop the Entresto today"))
    jobs = [make_job(*(heard for heard, _ in p)) for p in (pairs, pairs[::-1])]
    for job, taught in zip(jobs, (pairs, pairs[::-1]), strict=True):
        for segment, (_, text) in zip(job.segments.order_by("position"), taught, strict=True):
            save_segment(reviewer, job, segment.pk, Save(text, 1))
    start = threading.Barrier(2)

    def submit(job):
        start.wait()
        submit_review(reviewer, job)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(submit, jobs))
    assert known() == {
        "Ozempic": ("suggested", {"us and paid": (2, True)}),
        "Entresto": ("suggested", {"interest oh": (2, True)}),
    }


# --- Scope


def test_what_a_clients_recordings_teach_is_the_clients(review, clinic):
    review(api_key=clinic)
    assert known(api_key=clinic) == LEARNED
    assert known(api_key=None) == {}


def test_nor_does_everyone_learn_from_them_when_they_are_run_again_here(review, clinic, reviewer):
    """Or when the client's key is deleted."""
    for fields in ({"owner_id": reviewer.pk}, {}):
        job = review(source="api", api_key=None, **fields)
        assert job.feedback.get().extracted_terms == []
    assert known() == {}


def test_two_clients_who_teach_the_same_suggest_it_to_everyone(review, clinic, lab):
    review(api_key=clinic)
    review(api_key=clinic)
    assert known(api_key=None) == {}
    review(api_key=lab)
    assert known(api_key=None) == {"Ozempic": ("suggested", {"us and paid": (3, True)})}
    everyones = Term.objects.get(api_key=None)
    jobs = set(everyones.evidence.values_list("feedback__job__api_key", flat=True))
    assert jobs == {clinic.pk, lab.pk}
    assert everyones.confidence > Term.objects.get(api_key=lab).confidence


def test_so_do_a_client_and_the_site_itself(review, clinic):
    review()
    review(api_key=clinic)
    assert known(api_key=None) == {"Ozempic": ("suggested", {"us and paid": (2, True)})}


def test_what_was_rejected_for_everyone_no_client_is_asked_again(review, clinic, lab):
    add_term("Ozempic", source="admin", status="rejected")
    review(api_key=clinic)
    review(api_key=lab)
    assert Term.objects.count() == 1


def test_what_one_client_rejected_may_still_be_everyones(review, clinic, lab):
    add_term("Ozempic", source="admin", status="rejected", api_key_id=clinic.pk)
    review(api_key=clinic)
    review(api_key=lab)
    assert known(api_key=lab) == LEARNED
    assert known(api_key=None) == {}


def test_a_clients_term_knows_what_everyones_does(review, clinic):
    """It takes its place in the client's transcripts."""
    add_term(
        "Ozempic", source="admin", status="approved", kind="drug", alternatives=["oh some pig"]
    )
    review(api_key=clinic)
    mine = Term.objects.get(api_key=clinic)
    assert (mine.status, mine.kind) == ("suggested", "drug")
    assert {a.text for a in mine.alternatives.all()} == {"oh some pig", "us and paid"}
    assert known(api_key=None) == {"Ozempic": ("approved", {"oh some pig": (0, True)})}


def test_nor_is_a_client_asked_again_what_everyones_is_not_misheard_as(review, clinic):
    everyones = add_term("Ozempic", source="admin", status="approved").term
    review()
    reject_alternatives(everyones.alternatives.all())
    review(api_key=clinic)
    assert known(api_key=clinic) == {"Ozempic": ("suggested", {"us and paid": (1, False)})}


# --- What the lexicon did


@pytest.fixture
def ozempic(db):
    return add_term("Ozempic", source="admin", status="approved", alternatives=["us and paid"]).term


@pytest.fixture
def corrected(make_job, reviewer, ozempic):
    """A reviewed transcript of which the lexicon changed each segment, and what people put."""

    def corrected(*texts, **fields):
        job = make_job(*[HEARD] * len(texts), **fields)
        apply(job, ("us and paid", "Ozempic", True), terms=(ozempic.pk,))
        for segment in job.segments.all():
            segment.replacements = [r | {"rule": "alternative"} for r in segment.replacements]
            segment.save()
        return again(job, *texts, by=reviewer)

    return corrected


def counts():
    each = Alternative.objects.get()
    return each.count, each.undone_count, each.enabled


def test_what_was_taken_back_speaks_against_the_alternative(corrected, ozempic):
    job = corrected(HEARD, MEANT, MEANT)
    assert counts() == (2, 1, True)
    row = TermEvidence.objects.get()
    assert (row.kind, row.heard, row.corrected) == ("undone", "Ozempic", "us and paid")
    assert row.segment_id == job.segments.first().pk
    assert row.start_ms < row.end_ms


def test_undone_too_often_it_is_switched_off(corrected):
    corrected(HEARD, HEARD)
    assert counts() == (0, 2, True)
    corrected(HEARD)
    assert counts() == (0, 3, False)


def test_not_where_it_is_mostly_right(corrected):
    corrected(*[MEANT] * 4, *[HEARD] * 4)
    assert counts() == (4, 4, True)
    corrected(HEARD)
    assert counts() == (4, 5, False)


def test_who_turns_it_on_again_has_decided(corrected):
    corrected(*[HEARD] * 3)
    assert accept_alternatives(Alternative.objects.all()) == 1
    corrected(*[HEARD] * 3)
    assert counts() == (0, 6, True)


def test_what_sounded_alike_led_to_no_alternative(make_job, reviewer, ozempic):
    job = make_job(HEARD)
    apply(job, ("us and paid", "Ozempic", True), terms=(ozempic.pk,))
    again(job, HEARD, by=reviewer)
    assert counts() == (0, 0, True)
    assert TermEvidence.objects.get().kind == "undone"


def test_a_long_term_of_letters_makes_counting_no_longer():
    """In scripts without blanks each letter is a word."""

    def counted(letters):
        assert uses(["药物治疗" * 50], [(1, "我" * letters), (2, "治疗")]) == {2: 50}

    assert lines_run(lambda: counted(200)) < 2 * lines_run(lambda: counted(2))


def test_uses_in_reviewed_text_are_counted(review, ozempic, clinic):
    add_term("Ozempic One", source="admin", status="approved")
    add_term("O'Brien", source="admin", status="suggested")
    add_term("Entresto", source="admin", status="retired")
    add_term("Xarelto", source="admin", status="approved", api_key_id=clinic.pk)
    job = review(("Ozempic, ozempic's Ozempic One; O’Brien’s Entresto Xarelto",) * 2)
    counted = dict(Term.objects.values_list("term", "frequency"))
    assert counted == {"Ozempic": 2, "Ozempic One": 1, "O'Brien": 1, "Entresto": 0, "Xarelto": 0}
    reopen_review(job)
    assert set(Term.objects.values_list("frequency", flat=True)) == {0}


# --- Acceptance without being asked


@pytest.fixture
def accepting(settings):
    settings.LEARN_ACCEPT_CONFIDENCE = 0.2


def test_nothing_is_accepted_unless_the_site_wishes_it(review, trusted, clinic):
    review(by=trusted, api_key=clinic)
    assert known() == LEARNED


def test_a_trusted_reviewer_teaches_a_client_at_once(review, trusted, clinic, accepting):
    review(by=trusted, api_key=clinic)
    assert known() == {"Ozempic": ("approved", {"us and paid": (1, True)})}


def test_not_anybody(review, clinic, accepting):
    review(api_key=clinic)
    review(api_key=clinic)
    assert known(api_key=clinic)["Ozempic"][0] == "suggested"


def test_not_what_is_less_sure(review, trusted, clinic, settings):
    settings.LEARN_ACCEPT_CONFIDENCE = 1.0
    review(by=trusted, api_key=clinic)
    assert known() == LEARNED


def test_for_everyone_it_takes_two_recordings(review, trusted, reviewer, accepting):
    review(by=trusted, audio_sha256="a" * 64)
    review(by=trusted, audio_sha256="a" * 64)  # the same once more
    review(by=reviewer)
    assert known()["Ozempic"][0] == "suggested"
    review(by=trusted)
    assert known() == {"Ozempic": ("approved", {"us and paid": (4, True)})}


def test_clients_together_accept_nothing_for_everyone(review, trusted, clinic, lab, accepting):
    review(by=trusted, api_key=clinic)
    review(by=trusted, api_key=lab)
    assert known(api_key=None)["Ozempic"][0] == "suggested"
    assert known(api_key=lab)["Ozempic"][0] == "approved"


def test_what_only_others_heard_goes_on_waiting(review, trusted, clinic, accepting):
    review(("she takes oh some pig now", MEANT), api_key=clinic)
    review(by=trusted, api_key=clinic)
    _, alternatives = known()["Ozempic"]
    assert alternatives == {"oh some pig": (1, False), "us and paid": (1, True)}


def test_alternatives_of_a_term_in_use_are_accepted_too(review, trusted, clinic, accepting):
    add_term("Ozempic", source="admin", status="approved", api_key_id=clinic.pk)
    review(by=trusted, api_key=clinic)
    assert known() == {"Ozempic": ("approved", {"us and paid": (1, True)})}


# --- Taking back


def test_what_only_this_review_taught_goes_with_it(review):
    reopen_review(review())
    assert not Term.objects.exists()
    assert not TermEvidence.objects.exists()


def test_what_others_taught_stays_with_lower_counts(review):
    review()
    before = known(), Term.objects.get().confidence
    job = review((f"{HEARD} and oh some pig", f"{MEANT} and Ozempic"))
    assert Term.objects.get().alternatives.count() == 2
    reopen_review(job)
    assert (known(), Term.objects.get().confidence) == before
    assert TermEvidence.objects.count() == 1


def test_it_teaches_again_when_it_is_submitted_again(review, reviewer):
    job = review()
    reopen_review(job)
    again(job, MEANT, by=reviewer)
    assert known() == LEARNED
    assert Feedback.objects.filter(withdrawn_at=None).count() == 1


def test_what_a_curator_decided_on_stays(review):
    job = review()
    approve(Term.objects.all())
    reopen_review(job)
    assert known() == {"Ozempic": ("approved", {"us and paid": (0, True)})}


def test_a_known_term_loses_the_alternative_that_waited(review):
    add_term("Ozempic", source="admin", status="approved")
    reopen_review(review())
    assert known() == {"Ozempic": ("approved", {})}


def test_what_was_accepted_unasked_is_retired(review, trusted, clinic, accepting):
    job = review(by=trusted, api_key=clinic)
    reopen_review(job)
    assert known() == {"Ozempic": ("retired", {})}
    again(job, MEANT, by=trusted)
    assert known() == {"Ozempic": ("approved", {"us and paid": (1, True)})}


def test_what_a_reviewer_suggested_himself_stays(review, reviewer):
    add_term("Ozempic", source="learned", user=reviewer)
    reopen_review(review())
    assert list(known()) == ["Ozempic"]


def test_undone_counts_go_back_and_the_alternative_is_used_again(corrected):
    first = corrected(HEARD)
    corrected(HEARD, HEARD)
    assert counts() == (0, 3, False)
    reopen_review(first)
    assert counts() == (0, 2, True)
    assert TermEvidence.objects.count() == 2


def test_the_evidence_against_a_replacement_goes_whatever_led_to_it(make_job, reviewer, ozempic):
    job = make_job(HEARD)
    apply(job, ("us and paid", "Ozempic", True), terms=(ozempic.pk,))  # by its sound
    again(job, HEARD, by=reviewer)
    assert TermEvidence.objects.get().kind == "undone"
    reopen_review(job)
    assert not TermEvidence.objects.exists()
    submit_review(reviewer, job)
    assert TermEvidence.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_others_build_on_a_review_meanwhile_is_taken_back_too(review, clinic, lab):
    """Another client teaches the same while the review waits to be reopened."""
    job = review(api_key=clinic)
    waits = (
        "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )

    def reopen():
        reopen_review(Job.objects.get(pk=job.pk))
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            versions.hold()
            reopened = pool.submit(reopen)
            with connection.cursor() as cursor:
                while not reopened.done() and not cursor.rowcount > 0:
                    cursor.execute(waits)
            review(api_key=lab)
            assert known(api_key=None) == {"Ozempic": ("suggested", {"us and paid": (2, True)})}
            approve(Term.objects.filter(api_key=None))  # else nothing is left to look at
        reopened.result()
    assert known(api_key=None) == {"Ozempic": ("approved", {"us and paid": (1, True)})}


def test_what_a_curator_turned_off_stays_off(corrected):
    job = corrected(*[HEARD] * 2)
    reject_alternatives(Alternative.objects.all())
    reopen_review(job)
    assert counts() == (0, 0, False)


def test_what_one_client_alone_taught_is_everyones_no_more(review, clinic, lab):
    job = review(api_key=clinic)
    review(api_key=lab)
    reopen_review(job)
    assert known(api_key=None) == {}
    assert known(api_key=clinic) == {}
    assert known(api_key=lab) == LEARNED


def test_a_recording_that_is_deleted_takes_its_evidence_along(review):
    review().delete()
    assert not TermEvidence.objects.exists()
    assert list(known()) == ["Ozempic"]


def test_deleted_segments_keep_the_evidence(review):
    review()
    Segment.objects.all().delete()
    assert TermEvidence.objects.get().segment_id is None
