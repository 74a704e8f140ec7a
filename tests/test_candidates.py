"""What reviews suggest waits in admin: new terms, and what terms in use are misheard as."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.saving import Save, save_segment
from feedback.services import submit_review
from lexicon.models import Alternative, Term
from lexicon.services import add_term

CANDIDATES, ALTERNATIVES = "/admin/feedback/candidate/", "/admin/lexicon/alternative/"
HEARD = {
    "Ozempic": "us and paid",
    "Entresto": "interest oh",
    "Xarelto": "some relto",
    "Eliquis": "a liquis",
}


@pytest.fixture
def teach(make_job, reviewer):
    """A review in which these names were corrected."""

    def teach(*names, by=reviewer, **fields):
        job = make_job(*(f"she takes {HEARD[name]} now" for name in names), **fields)
        for segment, name in zip(job.segments.order_by("position"), names, strict=True):
            save_segment(by, job, segment.pk, Save(f"she takes {name} now", 1))
        submit_review(by, job)
        return job

    return teach


@pytest.fixture
def curator(client, db):
    """Who may change terms, and sees the recordings of her group alone."""
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_term", "change_term"]))
    client.group = Group.objects.create(name="Cardiology")
    user.groups.add(client.group)
    client.force_login(user)
    return client


def rows(client, address=CANDIDATES, **query):
    """By the term or alternative the cells of its row, as they are read."""
    page = client.get(address, query)
    assert page.status_code == 200
    _, _, listed = page.content.decode().partition('id="result_list"')
    found = []
    for row in re.findall(r"<tr>.*?</tr>", listed.partition("<tbody>")[2], re.S):
        cells = dict(re.findall(r'<t[dh] class="field-(\w+)[^"]*">(.*?)</t[dh]>', row, re.S))
        found.append({name: re.sub("<[^>]*>", "", cell).strip() for name, cell in cells.items()})
    return found


def names(client, **query):
    return [row["name"] for row in rows(client, **query)]


def act(client, action, *chosen, address=CANDIDATES, **more):
    ids = [each.pk for each in chosen]
    return client.post(address, {"action": action, "_selected_action": ids, **more}, follow=True)


def term(name):
    return Term.objects.get(term=name)


# --- New terms


def test_a_candidate_tells_who_taught_it_where_and_what_was_heard(admin_client, teach):
    teach("Ozempic", "Ozempic")
    teach("Ozempic", by=User.objects.create_user("otto"))
    (row,) = rows(admin_client)
    assert (row["name"], row["taught"], row["reviewers"], row["recordings"]) == (
        "Ozempic", "3", "2", "2",
    )  # fmt: skip
    assert row["heard"] == "us and paid × 3"
    assert row["scope"] == "everyone"
    assert re.fullmatch(r"\d+ %", row["sure"])
    page = admin_client.get(CANDIDATES).content.decode()
    named = re.findall(r'aria-label="(\w+) of Ozempic"', page)
    assert named == ["Kind", "Language"]


def test_its_evidence_can_be_heard(admin_client, teach):
    job = teach("Ozempic")
    page = admin_client.get(CANDIDATES).content.decode()
    found = re.search(r'<a class="clip" href="([^"#]*)#t=([\d.]+),([\d.]+)"', page)
    assert found[1] == f"/jobs/{job.pk}/audio/"
    assert float(found[2]) < float(found[3]) <= 4
    assert re.search(r'<script src="[^"]*clips[^"]*\.js" type="module"', page)


def test_nobody_hears_recordings_of_others(curator, teach):
    teach("Ozempic")
    ours = teach("Entresto", group_id=curator.group.pk)
    page = curator.get(CANDIDATES).content.decode()
    assert re.findall(r'class="clip" href="/jobs/([^/]*)/', page) == [str(ours.pk)]
    assert sorted(names(curator)) == ["Entresto", "Ozempic"]


def test_who_may_not_see_terms_sees_no_candidates(curator, teach):
    User.objects.get(username="vera").user_permissions.clear()
    for address in (CANDIDATES, ALTERNATIVES):
        assert curator.get(address).status_code == 403


def test_who_may_only_look_decides_nothing(curator, teach):
    teach("Ozempic")
    user = User.objects.get(username="vera")
    user.user_permissions.set(Permission.objects.filter(codename="view_term"))
    assert names(curator) == ["Ozempic"]
    act(curator, "approve", term("Ozempic"))
    assert term("Ozempic").status == "suggested"


def test_only_what_reviews_suggest_and_nobody_decided_on_is_listed(admin_client, teach):
    add_term("Holter", source="api")
    add_term("Eliquis", source="learned", status="rejected")
    teach("Ozempic")
    assert names(admin_client) == ["Ozempic"]


def test_the_surest_come_first_and_the_order_is_ones_own(admin_client, teach):
    for taught in (("Ozempic", "Entresto"), ("Entresto", "Ozempic", "Ozempic"), ("Xarelto",)):
        teach(*taught)
    Term.objects.filter(term="Xarelto").update(confidence=0.99)
    Term.objects.filter(term="Entresto").update(confidence=0.5)
    Term.objects.filter(term="Ozempic").update(confidence=0.7)
    assert names(admin_client) == ["Xarelto", "Ozempic", "Entresto"]
    columns = list(admin_client.get(CANDIDATES).context["cl"].list_display)
    by = {name: columns.index(name) for name in ("taught", "sure")}
    assert names(admin_client, o=f"-{by['taught']}") == ["Ozempic", "Entresto", "Xarelto"]
    assert names(admin_client, o=by["sure"]) == ["Entresto", "Ozempic", "Xarelto"]


def test_many_are_approved_and_rejected_at_once(admin_client, teach):
    teach("Ozempic", "Entresto", "Xarelto")
    act(admin_client, "approve", term("Ozempic"), term("Entresto"))
    act(admin_client, "reject", term("Xarelto"))
    assert names(admin_client) == []
    statuses = set(Term.objects.values_list("term", "status"))
    assert statuses == {
        ("Ozempic", "approved"), ("Entresto", "approved"), ("Xarelto", "rejected"),
    }  # fmt: skip
    teach("Xarelto")
    assert names(admin_client) == []


def test_several_are_merged(admin_client, teach):
    teach("Ozempic", "Entresto")
    kept, other = term("Ozempic"), term("Entresto")
    page = act(admin_client, "merge", kept, other).content.decode()
    assert "Keep" in page
    act(admin_client, "merge", kept, other, merge="Merge", keep=kept.pk)
    (row,) = rows(admin_client)
    assert (row["name"], row["taught"]) == ("Ozempic", "2")
    assert "interest oh" in row["heard"]


def test_they_are_tested(admin_client, teach):
    teach("Ozempic")
    page = act(admin_client, "test", term("Ozempic")).content.decode()
    assert "<b>1</b> right" in page


def edit(client, **changes):
    """Save the list as a browser does, with these fields of its first row changed."""
    first = Term.objects.get()
    fields = {
        "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": first.pk,
        "form-0-kind": first.kind, "form-0-language": first.language, "_save": "Save",
    }  # fmt: skip
    return client.post(CANDIDATES, fields | {f"form-0-{n}": v for n, v in changes.items()})


def test_kind_and_language_are_edited_in_the_list(admin_client, teach):
    teach("Ozempic")
    before = term("Ozempic")
    assert edit(admin_client, kind="drug", language="eng").status_code == 302
    after = term("Ozempic")
    assert (after.kind, after.language, after.status) == ("drug", "en", "suggested")
    assert (after.sound, after.confidence) == (before.sound, before.confidence)


def test_what_cannot_be_is_refused_in_words(admin_client, teach):
    teach("Ozempic")
    assert "xyz1" in edit(admin_client, language="xyz1").content.decode()
    assert term("Ozempic").language == ""


def test_a_second_one_that_is_the_same_is_refused(admin_client, teach):
    teach("Ozempic")
    first = term("Ozempic")
    add_term("ozempic", source="admin", language="en", status="approved")
    fields = {
        "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": first.pk,
        "form-0-kind": "drug", "form-0-language": "en", "_save": "Save",
    }  # fmt: skip
    assert "is the same term (approved)" in admin_client.post(CANDIDATES, fields).content.decode()
    first.refresh_from_db()
    assert first.language == ""


def test_all_else_is_edited_on_the_terms_page(admin_client, teach):
    teach("Ozempic")
    pk = term("Ozempic").pk
    assert (
        f'href="/admin/lexicon/term/{pk}/change/"' in admin_client.get(CANDIDATES).content.decode()
    )
    answer = admin_client.get(f"{CANDIDATES}{pk}/change/")
    assert answer["Location"] == f"/admin/lexicon/term/{pk}/change/"
    page = admin_client.get(answer["Location"]).content.decode()
    assert 'class="clip"' in page


def test_they_are_searched_as_terms_are(admin_client, teach):
    teach("Ozempic", "Entresto")
    assert names(admin_client, q="us and paid") == ["Ozempic"]
    assert names(admin_client, q="nothing like it") == []


@pytest.mark.parametrize("address", [CANDIDATES, ALTERNATIVES])
def test_a_long_list_asks_the_database_no_more(admin_client, teach, address):
    for name in HEARD:
        if address == ALTERNATIVES:
            add_term(name, source="admin", status="approved")
    asked = []
    for taught in (("Ozempic",), tuple(HEARD) * 3):
        teach(*taught)
        admin_client.get(address)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(address)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 20


# --- New alternatives of terms in use


@pytest.fixture
def waiting(teach):
    """What Ozempic, which is in use, was misheard as."""
    add_term("Ozempic", source="admin", status="approved")
    teach("Ozempic", "Ozempic")
    return Alternative.objects.get()


def test_alternatives_of_terms_in_use_wait_in_a_list_of_their_own(admin_client, waiting):
    assert names(admin_client) == []
    (row,) = rows(admin_client, ALTERNATIVES)
    assert (row["text"], row["of_term"], row["count"]) == ("us and paid", "Ozempic", "2")
    assert row["state"] == "waits"
    assert admin_client.get(ALTERNATIVES).content.decode().count('class="clip"') == 2


def test_they_are_accepted(admin_client, waiting):
    page = act(admin_client, "accept", waiting, address=ALTERNATIVES)
    assert "1 accepted." in [str(message) for message in page.context["messages"]]
    assert rows(admin_client, ALTERNATIVES) == []
    (row,) = rows(admin_client, ALTERNATIVES, state="used")
    assert row["state"] == "in use"


def test_what_may_go_wrong_with_them_is_told(admin_client, teach, waiting):
    add_term("us and paid", source="admin", status="approved")
    page = act(admin_client, "accept", waiting, address=ALTERNATIVES)
    assert any("is a term itself" in str(message) for message in page.context["messages"])


def test_they_are_rejected_for_good(admin_client, teach, waiting):
    act(admin_client, "reject", waiting, address=ALTERNATIVES)
    teach("Ozempic")
    assert rows(admin_client, ALTERNATIVES) == []
    (row,) = rows(admin_client, ALTERNATIVES, state="all")
    assert row["state"] == "off"


def test_one_turned_off_on_the_terms_page_is_decided_on_too(admin_client, waiting):
    Alternative.objects.update(enabled=True)
    pk = waiting.term_id
    admin_client.post(f"/admin/lexicon/term/{pk}/change/", {
        "term": "Ozempic", "kind": "drug", "status": "approved", "priority": 0, "metadata": "",
        "alternatives-TOTAL_FORMS": 1, "alternatives-INITIAL_FORMS": 1,
        "alternatives-0-id": waiting.pk, "alternatives-0-term": pk,
        "alternatives-0-text": "us and paid",
    })  # fmt: skip
    waiting.refresh_from_db()
    assert not waiting.enabled
    assert rows(admin_client, ALTERNATIVES) == []


def test_what_was_undone_too_often_is_found(admin_client, waiting):
    Alternative.objects.update(undone_count=3)
    assert rows(admin_client, ALTERNATIVES) == []
    (row,) = rows(admin_client, ALTERNATIVES, state="undone")
    assert row["undone_count"] == "3"


def test_they_are_searched_by_their_term(admin_client, waiting):
    assert len(rows(admin_client, ALTERNATIVES, q="ozempic")) == 1
    assert rows(admin_client, ALTERNATIVES, q="entresto") == []


def test_their_page_is_the_terms(admin_client, waiting):
    answer = admin_client.get(f"{ALTERNATIVES}{waiting.pk}/change/")
    assert answer["Location"] == f"/admin/lexicon/term/{waiting.term_id}/change/"
    assert admin_client.get(f"{ALTERNATIVES}999999/change/")["Location"] == ALTERNATIVES
