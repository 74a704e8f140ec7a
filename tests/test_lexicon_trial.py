"""Terms are tried on reviewed transcripts before they are approved, and show where they came
from."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User

from feedback.models import TermEvidence
from feedback.saving import Save, save_segment
from feedback.services import submit_review
from feedback.trials import recent_reviews, trial
from lexicon.models import Term
from lexicon.services import add_term
from speech_project.access.keys import create_key
from transcription.models import Job

TERMS, TEST = "/admin/lexicon/term/", "/admin/lexicon/term/test/"


def add(text, *heard, **more):
    return add_term(text, source="learned", alternatives=heard, **more).term


@pytest.fixture
def review(make_job, reviewer):
    """A reviewed transcript of these segments: what was heard, what the reviewer put."""

    def review(*pairs, **fields):
        job = make_job(*(before for before, _ in pairs), **fields)
        for segment, (before, after) in zip(job.segments.all(), pairs, strict=True):
            if before != after:
                save_segment(reviewer, job, segment.pk, Save(after, version=1))
        submit_review(reviewer, job)
        job.refresh_from_db()
        return job

    return review


def hits(terms, alternatives=(), **only):
    found = trial(terms, recent_reviews(Job.objects.filter(**only), terms, 20), alternatives).hits
    return [(hit.found.before, hit.found.after, hit.reviewed, hit.verdict) for hit in found]


@pytest.mark.parametrize("status", ["suggested", "rejected", "approved"])
def test_what_the_reviewer_put_tells_right_from_wrong(review, status):
    term = add("Ozempic", "us and paid", status=status)
    review(
        ("He takes us and paid, twice.", "He takes Ozempic, twice."),
        ("They asked us and paid the bill.", "They asked us and paid the bill."),
        ("And us and paid again", "And the again"),
        ("Then (us and paid) daily", "Then (ozempic) daily"),
        ("Nothing here.", "Nothing here."),
    )
    assert hits([term]) == [
        ("us and paid", "Ozempic", "Ozempic,", "right"),
        ("us and paid", "Ozempic", "us and paid", "wrong"),
        ("us and paid", "Ozempic", "the", "neutral"),
        ("us and paid", "Ozempic", "(ozempic)", "right"),
    ]


def test_where_only_the_writing_differs_the_reviewers_counts(review):
    term = add("Ozempic", status="approved")
    review(("ozempic", "Ozempic"), ("takes ozempic", "takes ozempic"))
    assert [verdict for *_, verdict in hits([term])] == ["right", "neutral"]


def test_alternatives_are_tried_alone_whether_they_are_in_use_or_not(review):
    term = add("Ozempic", "us and paid", "oh some pig", status="approved")
    one, other = term.alternatives.order_by("pk")
    term.alternatives.filter(pk=other.pk).update(enabled=False)
    review(
        ("us and paid", "Ozempic"),
        ("oh some pig, twice", "Ozempic, twice"),
        ("we ate oh some pig", "we ate oh some pig"),
        ("oh some pig", "Wegovy"),
    )
    assert hits([term], {other.pk}) == [
        ("oh some pig", "Ozempic", "Ozempic,", "right"),
        ("oh some pig", "Ozempic", "oh some pig", "wrong"),
        ("oh some pig", "Ozempic", "Wegovy", "neutral"),
    ]
    assert len(hits([term], {one.pk, other.pk})) == 4


def test_each_place_has_its_time(make_job, reviewer):
    term = add("Ozempic", "us and paid")
    heard = "he takes us and paid daily"
    job = make_job(heard)
    words = [[word, 100 * n, 100 * n + 90, None] for n, word in enumerate(heard.split())]
    job.segments.update(words=words)
    submit_review(reviewer, job)
    (hit,) = trial([term], [Job.objects.get(pk=job.pk)]).hits
    assert (hit.start_ms, hit.end_ms) == (200, 490)


def test_only_reviewed_transcripts_count_and_the_last_ones_first(review, make_job):
    term = add("Ozempic", "us and paid")
    make_job("not reviewed: us and paid")
    jobs = [review((f"us and paid {n}", f"Ozempic {n}")) for n in range(3)]
    assert recent_reviews(Job.objects.all(), [term], 2) == [jobs[2], jobs[1]]
    found = trial([term], recent_reviews(Job.objects.all(), [term], 2))
    assert (found.transcripts, found.words, len(found.hits)) == (2, 8, 2)


def test_a_key_s_term_is_tried_on_its_transcripts_alone(review):
    clinic, lab = (create_key(name)[0] for name in ("clinic", "lab"))
    mine = add("Ozempic", "us and paid", api_key_id=clinic.pk)
    job = review(("us and paid", "Ozempic"), api_key=clinic)
    review(("us and paid", "us and paid"), api_key=lab)
    review(("us and paid", "us and paid"))
    assert recent_reviews(Job.objects.all(), [mine], 20) == [job]
    everyone = add("Xarelto", "to it")
    assert len(recent_reviews(Job.objects.all(), [mine, everyone], 20)) == 3
    assert len(hits([mine, everyone])) == 1


def test_terms_in_use_keep_their_places(review):
    """As they would once the term is approved."""
    add("Monro Incorporated", "monroe ink of rochester", status="approved")
    term = add("Monro Inc", "monroe ink")
    review(("monroe ink of rochester, and monroe ink", "x"))
    assert [before for before, *_ in hits([term])] == ["monroe ink"]


def test_a_large_lexicon_is_left_out_and_said_so(review, admin_client, monkeypatch):
    add("Xarelto", status="approved")
    monkeypatch.setattr("feedback.trials.MOST_BESIDE", 0)
    term = add("Ozempic", "us and paid")
    review(("us and paid", "Ozempic"))
    page = admin_client.get(TEST, {"ids": term.pk}).content.decode()
    assert "it was tested without the other terms" in page


def test_long_transcripts_are_cut_short_and_said_so(review, admin_client, monkeypatch):
    monkeypatch.setattr("feedback.trials.MOST_WORDS", 3)
    term = add("Ozempic", "us and paid")
    for _ in range(3):
        review(("us and paid", "Ozempic"))
    page = admin_client.get(TEST, {"ids": term.pk}).content.decode()
    assert "2 transcripts, 6 words" in page
    assert "were left out" in page


# --- The page ----------------------------------------------------------------------------------


def test_the_action_leads_to_the_page_and_the_page_to_the_desk(admin_client, review):
    term, other = add("Ozempic", "us and paid"), add("Xarelto")
    job = review(("<b> takes us and paid", "<b> takes Ozempic"))
    answer = admin_client.post(
        TERMS, {"action": "test", "_selected_action": [term.pk, other.pk]}, follow=True
    )
    page = answer.content.decode()
    assert "&lt;b&gt; takes <del>us and paid</del> <ins>Ozempic</ins>" in page
    assert f'href="/review/{job.pk}/#s{job.segments.get().pk}"' in page
    assert "<b>1</b> place: <b>1</b> right, <b>0</b> wrong, <b>0</b> neutral." in page
    assert re.search(rf'<a class="clip" href="/jobs/{job.pk}/audio/#t=\d', page)
    assert "Changes nothing in these transcripts." in page
    assert (
        f'id="s{job.segments.get().pk}"' in admin_client.get(f"/review/{job.pk}/").content.decode()
    )


def test_terms_are_approved_from_there(admin_client, review):
    term = add("Ozempic", "us and paid")
    page = admin_client.get(TEST, {"ids": term.pk, "last": 50}).content.decode()
    assert "<b>50</b>" in page
    assert 'name="action" value="approve"' in page
    admin_client.post(TERMS, {"action": "approve", "_selected_action": [term.pk]})
    term.refresh_from_db()
    assert term.status == "approved"


def test_alternatives_are_tested_and_accepted_from_the_list(admin_client, review):
    term = add("Ozempic", status="approved")
    review(("us and paid", "Ozempic"))  # so it waits
    alternative = term.alternatives.get()
    listed = "/admin/lexicon/alternative/"
    answer = admin_client.post(
        listed, {"action": "test", "_selected_action": [alternative.pk]}, follow=True
    )
    page = answer.content.decode()
    assert "<b>1</b> right" in page
    assert "heard as" in page
    form = re.search(r'<form method="post" action="([^"]+)">', page)[1]
    admin_client.post(form, {"action": "accept", "_selected_action": [alternative.pk]})
    alternative.refresh_from_db()
    assert alternative.enabled


@pytest.mark.parametrize("query", [{}, {"ids": "x,,9999999999999999999999"}, {"last": "7"}])
def test_a_page_of_nothing_is_no_error(admin_client, review, query):
    review(("us and paid", "Ozempic"))
    page = admin_client.get(TEST, query)
    assert page.status_code == 200
    assert "nothing would be changed" in page.content.decode()


def test_at_most_so_many_are_tried(admin_client, db):
    Term.objects.bulk_create(Term(term=f"t {n}", normalized=f"t {n}") for n in range(201))
    page = admin_client.post(
        TERMS, {"action": "test", "select_across": 1, "_selected_action": [Term.objects.last().pk]},
        follow=True,
    )  # fmt: skip
    assert [str(m) for m in page.context["messages"]] == ["At most 200 terms are tested at once."]


@pytest.fixture
def curator(client, db):
    """Who may look at terms, and sees the jobs of her group alone."""
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_term", "change_term"]))
    group = Group.objects.create(name="Cardiology")
    user.groups.add(group)
    client.force_login(user)
    client.group = group
    return client


def test_nobody_sees_transcripts_of_others(curator, review):
    term = add("Ozempic", "us and paid")
    review(("secret us and paid", "secret Ozempic"))
    review(("ours, us and paid", "ours, Ozempic"), group_id=curator.group.pk)
    page = curator.get(TEST, {"ids": term.pk}).content.decode()
    assert "ours, <del>us and paid</del>" in page
    assert "secret" not in page
    User.objects.get(username="vera").user_permissions.clear()
    assert curator.get(TEST, {"ids": term.pk}).status_code == 403


# --- Evidence ----------------------------------------------------------------------------------


def test_a_term_shows_where_it_was_learned_from(curator, review):
    term = add("Ozempic", "us and paid")
    ours = review(("us and paid", "Ozempic"), group_id=curator.group.pk)
    theirs = review(("secret words", "Ozempic"))
    for job in (ours, theirs):
        segment = job.segments.get()
        TermEvidence.objects.create(
            term=term, segment=segment, feedback=job.feedback.get(), heard=segment.engine_text,
            corrected="Ozempic", start_ms=61_000,
        )  # fmt: skip
    page = curator.get(f"{TERMS}{term.pk}/change/").content.decode()
    assert f'<a href="/review/{ours.pk}/#s{ours.segments.get().pk}">01:01</a>' in page
    assert "secret words" not in page
    assert 'name="evidence-0-heard"' not in page


def test_evidence_is_bounded_and_never_changed_with_its_term(admin_client, review):
    term = add("Ozempic", "us and paid")
    job = review(("us and paid", "us and paid"))
    TermEvidence.objects.bulk_create(
        TermEvidence(term=term, feedback=job.feedback.get(), heard=f"heard {n}.", corrected="x")
        for n in range(70)
    )
    page = admin_client.get(f"{TERMS}{term.pk}/change/").content.decode()
    assert "heard 69." in page
    assert "heard 19." not in page
    answer = admin_client.post(f"{TERMS}{term.pk}/change/", {
        "term": "Ozempic", "kind": "drug", "status": "approved", "priority": 0, "metadata": "",
        "alternatives-TOTAL_FORMS": 0, "alternatives-INITIAL_FORMS": 0,
        "evidence-TOTAL_FORMS": 1, "evidence-INITIAL_FORMS": 1, "evidence-0-DELETE": "on",
        "evidence-0-id": TermEvidence.objects.first().pk, "evidence-0-heard": "forged",
    })  # fmt: skip
    assert answer.status_code == 302
    assert TermEvidence.objects.count() == 70
    assert not TermEvidence.objects.filter(heard="forged").exists()
