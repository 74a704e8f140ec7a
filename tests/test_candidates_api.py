"""Clients curate what reviews of their recordings suggest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from feedback.models import TermEvidence
from feedback.saving import Save, save_segment
from feedback.services import submit_review
from lexicon import services
from lexicon.models import Alternative, Term
from speech_project.access.models import AuditEvent
from tests.lexicon_clients import EVERYTHING, Caller, at, errors, everyones

CANDIDATES = "/api/v1/lexicon/candidates/"
ALTERNATIVES = CANDIDATES + "alternatives/"
HEARD = {"Ozempic": "us and paid", "Entresto": "interest oh", "Xarelto": "some relto"}


@pytest.fixture
def api(db):
    return Caller()


@pytest.fixture
def admin(db):
    return Caller("house", EVERYTHING)


@pytest.fixture
def teach(make_job, reviewer):
    """A review in which these names were corrected, of a recording of the client."""

    def teach(caller, *names, by=reviewer):
        said = [f"she takes {HEARD[name]} now" for name in names]
        job = make_job(*said, **({"api_key": caller.key} if caller else {}))
        for segment, name in zip(job.segments.order_by("position"), names, strict=True):
            save_segment(by, job, segment.pk, Save(f"she takes {name} now", 1))
        submit_review(by, job)
        return job

    return teach


def term(name):
    return Term.objects.get(term=name)


def rows(caller, address=CANDIDATES, **query):
    answer = caller.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def names(caller, **query):
    return [row["term"] for row in rows(caller, **query)]


@pytest.fixture
def waits(api, teach):
    """An alternative of a term in use that a review taught."""
    api.adds("Ozempic", status="approved")
    teach(api, "Ozempic")
    return Alternative.objects.get(enabled=False)


# --- New terms ---------------------------------------------------------------------------------


def test_a_candidate_tells_how_often_by_whom_and_where_it_was_taught(api, teach):
    teach(api, "Ozempic", "Ozempic")
    job = teach(api, "Ozempic", by=User.objects.create_user("otto"))
    (row,) = rows(api)
    assert (row["term"], row["status"], row["everyone"]) == ("Ozempic", "suggested", False)
    assert (row["taught"], row["reviewers"], row["recordings"]) == (3, 2, 2)
    assert 0 < row["counts"]["confidence"] < 1
    assert [(a["text"], a["counts"]["seen"]) for a in row["alternatives"]] == [("us and paid", 3)]
    assert len(row["places"]) == 3
    place = row["places"][0]
    assert (place["job"], place["heard"], place["corrected"]) == (
        str(job.pk), "us and paid", "Ozempic",
    )  # fmt: skip
    assert place["segment"] == job.segments.get().pk
    assert 0 <= place["start_ms"] < place["end_ms"] <= 4000


def test_a_key_sees_candidates_of_its_own_recordings_alone(api, admin, teach):
    teach(Caller("another"), "Entresto")
    teach(None, "Xarelto")  # everyone's
    teach(api, "Ozempic")
    assert names(api) == ["Ozempic"]
    assert names(Caller("a third")) == []
    assert names(admin) == ["Xarelto"]


def test_of_everyones_candidates_an_admins_key_sees_nothing_of_recordings_of_others(admin, teach):
    """Two clients taught it, so it is suggested for everyone."""
    teach(None, "Xarelto", "Xarelto")
    (row,) = rows(admin)
    assert (row["taught"], row["reviewers"], row["recordings"], row["places"]) == (0, 0, 0, [])
    assert row["counts"] is None
    assert [each["counts"] for each in row["alternatives"]] == [None]


def test_people_see_places_of_recordings_that_they_may_see(client, teach):
    teach(None, "Xarelto")
    user = User.objects.create_user("vera")
    user.user_permissions.set(Permission.objects.filter(codename="view_term"))
    client.force_login(user)
    assert client.get(CANDIDATES).json()["results"][0]["recordings"] == 1
    user.groups.add(Group.objects.create(name="Cardiology"))
    (row,) = client.get(CANDIDATES).json()["results"]
    assert (row["term"], row["recordings"], row["places"]) == ("Xarelto", 0, [])


def test_candidates_are_narrowed_down(api, teach):
    teach(api, "Ozempic", "Entresto")
    Term.objects.filter(term="Ozempic").update(kind="drug", language="de")
    assert names(api, kind="drug") == names(api, language="de") == ["Ozempic"]
    assert names(api, language="") == ["Entresto"]
    assert "kind" in errors(api.get(CANDIDATES, {"kind": "pill"}))
    assert "status" in errors(api.get(CANDIDATES, {"status": "approved"}))


@pytest.mark.parametrize(("decision", "status"), [("accept", "approved"), ("reject", "rejected")])
def test_a_candidate_is_decided_on(api, teach, decision, status):
    teach(api, "Ozempic")
    pk = term("Ozempic").pk
    answer = api.post({}, f"{CANDIDATES}{pk}/{decision}/")
    assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    assert term("Ozempic").status == status
    assert names(api) == []
    event = AuditEvent.objects.get(action=f"candidate.{decision}")
    assert event.target == f"candidate {pk}"
    again = api.post({}, f"{CANDIDATES}{pk}/{decision}/")
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")


def test_many_are_decided_on_all_or_none(api, teach):
    teach(api, "Ozempic", "Entresto")
    ids = [term("Ozempic").pk, term("Entresto").pk]
    answer = api.post({"ids": [*ids, 10**18]}, f"{CANDIDATES}accept/")
    assert (answer.status_code, answer.json()["ids"]) == (409, [10**18])
    assert len(names(api)) == 2
    assert api.post({"ids": ids}, f"{CANDIDATES}accept/").json()["changed"] == 2
    assert set(Term.objects.values_list("status", flat=True)) == {"approved"}
    told = set(AuditEvent.objects.values_list("action", "target"))
    assert told == {("candidate.accept", f"candidate {pk}") for pk in ids}


def test_what_is_accepted_is_told_with_what_may_go_wrong(api, teach):
    teach(api, "Ozempic")
    services.add_alternatives(term("Ozempic"), {"just in": 1}, source="learned")
    answer = api.post({}, f"{CANDIDATES}{term('Ozempic').pk}/accept/")
    assert any("“just in” is ordinary language" in each for each in answer.json()["warnings"])


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [10**30]},
                                  {"ids": list(range(1, 102))}], ids=str)  # fmt: skip
def test_ids_that_are_none_are_refused(api, body):
    found = errors(api.post(body, f"{CANDIDATES}accept/"))
    assert all(field.startswith("ids") for field in found)


def test_there_are_no_other_decisions(api, teach):
    teach(api, "Ozempic")
    assert api.post({}, f"{CANDIDATES}{term('Ozempic').pk}/delete/").status_code == 404
    assert api.post({"ids": [term("Ozempic").pk]}, f"{CANDIDATES}delete/").status_code == 404


def test_nobody_decides_for_others(api, teach):
    teach(Caller("another"), "Entresto")
    teach(None, "Xarelto")
    mine = api.adds("Mine", status="approved")
    for name in ("Entresto", "Xarelto"):
        pk = term(name).pk
        for address in (f"{CANDIDATES}{pk}/accept/", f"{CANDIDATES}{pk}/reject/"):
            assert api.post({}, address).status_code == 409
        assert api.post({"into": mine.pk}, f"{CANDIDATES}{pk}/merge/").status_code == 409
    assert set(Term.objects.values_list("status", flat=True)) == {"approved", "suggested"}
    reader = Caller("reader", ["lexicon:read"])
    assert reader.post({}, f"{CANDIDATES}{pk}/accept/").status_code == 403


def test_a_candidate_is_merged_into_a_term(api, teach):
    job = teach(api, "Ozempic")
    kept = api.adds("Ozempick", status="approved")
    answer = api.post({"into": kept.pk}, f"{CANDIDATES}{term('Ozempic').pk}/merge/")
    assert answer.status_code == 200
    assert answer.json()["id"] == kept.pk
    assert {each["text"] for each in answer.json()["alternatives"]} == {"us and paid", "Ozempic"}
    assert term("Ozempic").status == "retired"
    assert TermEvidence.objects.get().term == kept
    assert TermEvidence.objects.get().feedback.job == job
    assert AuditEvent.objects.get().action == "candidate.merge"
    assert answer["ETag"] == api.get(at(kept))["ETag"]


def test_many_are_merged(api, teach):
    teach(api, "Ozempic", "Entresto")
    kept = api.adds("Kept", status="approved")
    ids = [term("Ozempic").pk, term("Entresto").pk]
    answer = api.post({"ids": ids, "into": kept.pk}, f"{CANDIDATES}merge/")
    assert {each["text"] for each in answer.json()["alternatives"]} >= {"Ozempic", "Entresto"}
    assert names(api) == []


def test_nothing_is_merged_into_what_is_not_ones_own(api, teach):
    teach(api, "Ozempic")
    address = f"{CANDIDATES}{term('Ozempic').pk}/merge/"
    theirs = Caller("another").adds("Theirs", status="approved")
    assert "into" in errors(api.post({"into": theirs.pk}, address))
    assert "into" in errors(api.post({"into": 10**30}, address))
    answer = api.post({"into": everyones("Everyones").pk}, address)
    assert answer.status_code == 403
    assert "scope admin" in answer.json()["detail"]
    answer = api.post({"into": term("Ozempic").pk}, address)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert names(api) == ["Ozempic"]


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_is_refused(teach):
    api = Caller()
    teach(api, "Ozempic")
    pk = term("Ozempic").pk

    def decide(decision):
        try:
            return api.post({}, f"{CANDIDATES}{pk}/{decision}/").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, ["accept", "reject"])) == [200, 409]


# --- What terms are misheard as ----------------------------------------------------------------


def test_alternatives_that_wait_tell_of_their_term_and_places(api, waits):
    (row,) = rows(api, ALTERNATIVES)
    assert (row["text"], row["enabled"], row["term"]["term"]) == ("us and paid", False, "Ozempic")
    assert row["counts"] == {"seen": 1, "undone": 0}
    assert [place["heard"] for place in row["places"]] == ["us and paid"]


def test_alternatives_of_others_are_not_listed(api, admin, waits, teach):
    everyones("Xarelto")
    teach(None, "Xarelto")
    assert rows(Caller("another"), ALTERNATIVES) == []
    assert [row["text"] for row in rows(api, ALTERNATIVES)] == ["us and paid"]
    (row,) = rows(admin, ALTERNATIVES)
    assert (row["text"], row["everyone"], row["counts"], row["places"]) == (
        "some relto", True, None, [],
    )  # fmt: skip


@pytest.mark.parametrize(("decision", "enabled"), [("accept", True), ("reject", False)])
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_an_alternative_is_decided_on(api, waits, decision, enabled, many):
    address = f"{ALTERNATIVES}{decision}/" if many else f"{ALTERNATIVES}{waits.pk}/{decision}/"
    answer = api.post({"ids": [waits.pk]} if many else {}, address)
    assert answer.json()["changed"] == 1
    waits.refresh_from_db()
    assert waits.enabled == enabled
    assert rows(api, ALTERNATIVES) == []
    event = AuditEvent.objects.get()
    assert (event.action, event.target) == (f"alternative.{decision}", f"alternative {waits.pk}")


def test_nobody_decides_on_alternatives_of_others(waits):
    answer = Caller("another").post({}, f"{ALTERNATIVES}{waits.pk}/accept/")
    assert answer.status_code == 409
    waits.refresh_from_db()
    assert not waits.enabled


@pytest.mark.parametrize("address", [CANDIDATES, ALTERNATIVES])
def test_a_list_of_many_asks_no_more_than_one_of_few(api, teach, address):
    asked = []
    api.get(address)
    for count in (2, 20):
        for number in range(count):
            name = f"Term {count} {number}"
            waiting = services.add_term(name, source="learned", api_key_id=api.key.pk).term
            services.add_alternatives(waiting, {"us": 2}, source="learned")
            used = api.adds(f"Used {name}", status="approved")
            services.add_alternatives(used, {"us": 2}, source="learned", enabled=False)
        teach(api, "Ozempic")
        with CaptureQueriesContext(connection) as queries:
            assert len(rows(api, address)) >= count
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 6
