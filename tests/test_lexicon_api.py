"""Clients keep terms of their own by the API, and see of everyone's what is in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from lexicon import services
from lexicon.api.reach import Reach
from lexicon.models import LexiconVersion, Term
from speech_project.access.models import AuditEvent
from speech_project.webhooks.models import Delivery, Webhook
from tests.lexicon_clients import (
    BULK,
    EVERYTHING,
    EXPORT,
    TERMS,
    Caller,
    at,
    errors,
    everyones,
    listed,
)


@pytest.fixture
def api(db):
    return Caller()


@pytest.fixture
def other(db):
    return Caller("another")


@pytest.fixture
def admin(db):
    return Caller("house", EVERYTHING)


@pytest.fixture
def person(client, db):
    """Somebody with these permissions of the lexicon."""

    def login(*codenames):
        user = User.objects.create_user("vera")
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return login


# --- Entering ----------------------------------------------------------------------------------


def test_a_term_is_entered_for_the_key_alone_and_read_back(api):
    body = {
        "term": " Ozempic ", "kind": "drug", "status": "approved", "language": "EN",
        "alternatives": ["us and paid", {"text": "oh some pig", "enabled": False}],
        "metadata": {"department": ["cardiology"]}, "priority": -3, "note": "Semaglutide",
    }  # fmt: skip
    answer = api.post(body)
    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"http://testserver{at(made['id'])}"
    assert (made["term"], made["language"], made["script"]) == ("Ozempic", "en", "Latn")
    assert (made["everyone"], made["api_key"], made["source"]) == (False, api.key.prefix, "api")
    heard = [(each["text"], each["enabled"], each["proven"]) for each in made["alternatives"]]
    assert heard == [("us and paid", True, False), ("oh some pig", False, False)]
    del made["warnings"]
    again = api.get(at(made["id"]))
    assert again.json() == made
    assert again["ETag"] == answer["ETag"]
    assert AuditEvent.objects.get().action == "term.create"
    assert AuditEvent.objects.get().target == f"term {made['id']}"


def test_what_is_there_is_not_entered_again_and_nothing_of_it_is_changed(api, other):
    first = api.post({"term": "Co-trimoxazole"}).json()
    answer = api.post({"term": "co trimoxazole", "status": "approved", "alternatives": ["cotton"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "exists")
    assert answer.json()["term"] == first["id"]
    assert "“Co-trimoxazole” is the same term (suggested)" in answer.json()["detail"]
    kept = Term.objects.get()
    assert (kept.status, kept.alternatives.count()) == ("suggested", 0)
    assert other.post({"term": "co trimoxazole"}).status_code == 201  # another's is not in the way


def test_a_term_is_told_what_may_go_wrong_with_it(api):
    answer = api.post({"term": "Justin", "status": "approved", "alternatives": ["just in"]})
    assert any("“just in” is ordinary language" in each for each in answer.json()["warnings"])


def test_the_same_idempotency_key_enters_a_term_once(api):
    headers = {"Idempotency-Key": "1"}
    first, again = (api.post({"term": "Ozempic"}, **headers) for _ in range(2))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Term.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({}, "term", "required"),
        ({"term": ""}, "term", "blank"),
        ({"term": "--"}, "term", "Nothing is left"),
        ({"term": "x" * 201}, "term", "200"),
        ({"term": "a\x00b"}, "term", "NUL"),
        ({"term": ["a"]}, "term", "Not a valid string"),
        ({"term": "A", "language": "klingonese"}, "language", "klingonese"),
        ({"term": "A", "script": "Roman"}, "script", "Roman"),
        ({"term": "A", "kind": "pill"}, "kind", "Allowed: drug, brand"),
        ({"term": "A", "status": "used"}, "status", "Allowed: suggested, approved"),
        ({"term": "A", "priority": 10**30}, "priority", "32767"),
        ({"term": "A", "metadata": {"a": "\x00"}}, "metadata", "NUL"),
        ({"term": "A", "metadata": [1]}, "metadata", "JSON object"),
        ({"term": "A", "alternatives": "b"}, "alternatives", "list"),
        ({"term": "A", "alternatives": ["b", "--"]}, "alternatives[1].text", "Nothing is left"),
        ({"term": "A", "alternatives": ["b c", "B-C"]}, "alternatives", "there twice"),
        ({"term": "A", "alternatives": [{"word": "b"}]}, "alternatives[0].word", "Not known"),
        ({"term": "A", "kinds": "drug"}, "kinds", "Not known. Allowed: term,"),
    ],
)  # fmt: skip
def test_what_cannot_be_entered_is_refused_by_its_field(api, body, field, told):
    found = errors(api.post(body))
    assert told in found[field]
    assert not Term.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        '{"term": "a\\ud800"}',
        '{"kind": "\\udc00", "term": "a"}',
        '{"\\ud83d": 1, "term": "a"}',
        '{"term": ' + "[" * 900 + "]" * 900 + "}",
        '{"term": "a", "metadata": ' + '{"a":' * 2000 + "1" + "}" * 2000 + "}",
        '{"term": "a", "priority": ' + "9" * 5000 + "}",
        '{"term": "a", "priority": NaN}',
        '{"term": "a"',
        "[]",
        "null",
    ],
    ids=["half", "half of a choice", "half of a name", "lists", "objects", "digits", "nan", "cut",
         "list", "null"],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "1"}], ids=["", "once"])
def test_json_that_nobody_should_send_is_refused(api, body, headers):
    answer = api.post(body, **headers)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert not Term.objects.exists()


# --- Whose terms -------------------------------------------------------------------------------


def test_a_key_sees_its_own_terms_and_of_everyones_those_in_use(api, other):
    api.adds("Mine", status="rejected")
    other.adds("Theirs", status="approved")
    for status in ("suggested", "approved", "rejected", "retired"):
        everyones(f"Everyones {status}", status)
    assert listed(api.get()) == ["Everyones approved", "Mine"]
    assert listed(api.get(data={"mine": "true"})) == ["Mine"]
    for term in Term.objects.exclude(term__in=["Mine", "Everyones approved"]):
        assert api.get(at(term)).status_code == 404
        assert api.patch(term, {"kind": "drug"}).status_code == 404
        assert api.client.delete(at(term)).status_code == 404
    assert Term.objects.count() == 6


def test_everyones_terms_take_the_scope_admin(api, admin):
    term = everyones("Ozempic")
    for answer in (
        api.patch(term, {"kind": "drug"}),
        api.client.delete(at(term)),
        api.post({"term": "Entresto", "everyone": True}),
        api.post({"terms": ["Entresto"], "everyone": True}, BULK),
        api.upload("Entresto", everyone="true"),
    ):
        assert answer.status_code == 403
        assert "the scope admin" in answer.json()["detail"]
    assert Term.objects.values_list("term", "kind").get() == ("Ozempic", "other")
    assert admin.patch(term, {"kind": "drug"}).json()["kind"] == "drug"
    assert admin.post({"term": "Entresto", "everyone": True}).json()["everyone"] is True
    assert admin.post({"term": "Xarelto"}).json()["api_key"] == admin.key.prefix
    assert admin.client.delete(at(term)).status_code == 204


@pytest.fixture
def secrets(other):
    """What one client must not learn of the others: words, notes, and how often they stood."""
    other.adds("Private name", status="approved", alternatives=["hidden one"])
    services.add_term("Private candidate", source="learned", alternatives=["hidden two"])
    term = everyones("Ozempic", note="Private", example="Private", metadata={"private": 1},
                     alternatives={"us and paid": 7654321})  # fmt: skip
    services.add_alternatives(term, {"hidden six": 7654321}, source="learned", enabled=False)
    services.count(matched=dict.fromkeys(Term.objects.values_list("pk", flat=True), 7654320))
    return term


def is_kept(text):
    return not any(each in text for each in ("rivate", "idden", "765432"))


def test_nothing_of_other_clients_is_in_what_is_read(api, secrets):
    for address in (TERMS, at(secrets)):
        text = api.get(address, {"counts": "true"}).content.decode()
        assert "us and paid" in text
        assert is_kept(text)


def test_nothing_of_other_clients_can_be_found_out_by_searching(api, secrets):
    assert listed(api.get(data={"q": "us and paid"})) == ["Ozempic"]
    for text in ("hidden six", "hidden two", "~hidden", "Private"):
        assert listed(api.get(data={"q": text})) == []


def test_nothing_of_other_clients_is_in_warnings(api, secrets):
    """All of these would be in conflict with what is hidden."""
    rows = [{"term": "Privat name", "alternatives": ["hidden one", "hidden two", "hidden six"],
             "status": "approved"}]  # fmt: skip
    made, bulk = api.post(rows[0]).json(), api.post({"terms": rows}, BULK).json()
    for warnings in (made["warnings"], bulk["warnings"]):
        assert not any("Private" in each or "Ozempic" in each for each in map(str, warnings))


def test_of_everyones_terms_an_admins_key_reads_all_but_counts(admin, secrets):
    shown = admin.get(at(secrets), {"counts": "true"}).json()
    assert (shown["note"], shown["counts"]) == ("Private", None)
    heard = [(each["text"], each["counts"]) for each in shown["alternatives"]]
    assert heard == [("us and paid", None), ("hidden six", None)]
    exported = admin.file("json")
    assert "hidden six" in exported
    assert not any(each in exported for each in ("Private name", "765432"))


def test_a_key_is_told_what_became_of_its_own_terms(api):
    term = api.adds("Ozempic", alternatives={"us and paid": 4})
    services.count(matched={term.pk: 2}, undone={term.pk: 1})
    shown = api.get(at(term), {"counts": "true"}).json()
    assert (shown["counts"]["matched"], shown["counts"]["undone"]) == (2, 1)
    assert shown["alternatives"][0]["counts"] == {"seen": 4, "undone": 0}
    assert "counts" not in api.get(at(term)).json()


@pytest.mark.parametrize("scopes", [["jobs:read"], ["lexicon:read"], ["lexicon:write"]])
def test_scopes(db, scopes):
    caller = Caller(scopes=scopes)
    term = caller.adds("Ozempic")
    reads = {caller.get().status_code, caller.get(at(term)).status_code,
             caller.get(f"{EXPORT}csv").status_code}  # fmt: skip
    writes = {caller.patch(term, {}).status_code, caller.post({"term": "A"}).status_code,
              caller.post({"terms": ["B"]}, BULK).status_code, caller.upload("C").status_code,
              caller.client.delete(at(term)).status_code}  # fmt: skip
    assert reads == ({200} if "lexicon:read" in scopes else {403})
    assert (403 in writes) == ("lexicon:write" not in scopes)
    assert len(writes) == (3 if "lexicon:write" in scopes else 1)


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ([], []),
        (["view_term"], ["read"]),
        (["change_term"], ["read", "change"]),
        (["change_term", "add_term"], ["read", "change", "add", "bulk"]),
        (["change_term", "delete_term"], ["read", "change", "delete"]),
    ],
    ids=str,
)
def test_people_may_do_what_they_may_in_admin(person, other, permissions, allowed):
    term = other.adds("Ozempic")
    client = person(*permissions)
    tried = {
        "read": client.get(at(term)),
        "change": client.patch(at(term), {"kind": "drug"}, "application/json"),
        "add": client.post(TERMS, {"term": "Entresto"}, "application/json"),
        "bulk": client.post(BULK, {"terms": ["Xarelto"]}, "application/json"),
        "delete": client.delete(at(term)),
    }
    assert [name for name, answer in tried.items() if answer.status_code < 400] == allowed
    assert {a.status_code for a in tried.values() if a.status_code >= 400} <= {403}
    if "add" in allowed:
        assert Term.objects.get(term="Entresto").api_key is None
        assert Term.objects.get(term="Entresto").created_by_name == "vera"
        assert listed(client.get(TERMS, {"mine": "true"})) == ["Xarelto", "Entresto"]


# --- Lists -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "approved"}, ["पैरासिटामोल", "Ozempic"]),
        ({"kind": "drug"}, ["पैरासिटामोल", "Ozempic"]),
        ({"language": "de"}, ["Zürich"]),
        ({"language": ""}, ["Ozempic"]),
        ({"q": "zur"}, ["Zürich"]),
        ({"q": "us and"}, ["Ozempic"]),
        ({"q": "pairasitamol"}, ["पैरासिटामोल"]),
        ({"q": "~owes m pick"}, ["Ozempic"]),
        ({"q": "zur", "status": "approved"}, []),
        ({"updated_after": "2026-01-01T00:00:00Z"}, ["पैरासिटामोल", "Zürich", "Ozempic"]),
        ({"updated_after": "2999-01-01"}, []),
    ],
    ids=str,
)
def test_terms_are_found(api, query, found):
    api.adds("Ozempic", kind="drug", status="approved", alternatives=["us and paid"])
    api.adds("Zürich", language="de", kind="place")
    api.adds("पैरासिटामोल", language="hi", kind="drug", status="approved")
    assert listed(api.get(data=query)) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "used"}, "status"),
        ({"state": "approved"}, "state"),
        ({"q": "a\x00"}, "q"),
        ({"language": "klingonese"}, "language"),
        ({"updated_after": "yesterday"}, "updated_after"),
        ({"cursor": "cD1h"}, "cursor"),
        ({"page_size": "0"}, "page_size"),
        ({"counts": "some"}, "counts"),
    ],
    ids=str,
)
def test_a_filter_that_is_none_is_named(api, query, field):
    assert field in errors(api.get(data=query))


def test_pages_follow_each_other_while_terms_come_and_go(api):
    terms = [api.adds(f"Term {number}") for number in range(7)]
    seen, address = [], f"{TERMS}?page_size=3"
    while address:
        page = api.get(address).json()
        seen += [each["term"] for each in page["results"]]
        api.adds(f"New {len(seen)}")
        Term.objects.filter(pk=terms[1].pk).delete()
        address = page["next"]
    assert seen == [f"Term {number}" for number in (6, 5, 4, 3, 2, 0)]


@pytest.mark.parametrize("query", ["", "?counts=true", "?q=term&status=suggested&mine=true"])
def test_a_page_of_many_terms_asks_no_more_than_one_of_few(api, query):
    asked = []
    for count in (2, 40):
        for number in range(count):
            api.adds(f"Term {count} {number}", alternatives=[f"turn {number}", "turm"])
        api.get()  # notes that the key was used
        with CaptureQueriesContext(connection) as queries:
            assert len(listed(api.get(TERMS + query))) > 1
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 5


# --- Changing ----------------------------------------------------------------------------------


def test_a_change_writes_what_it_names_and_what_follows(api):
    term = api.adds("paracetamol", kind="drug", note="Keep.", language="en")
    before = LexiconVersion.objects.get().version
    answer = api.patch(term, {"term": "पैरासिटामोल", "language": "hi", "status": "approved"})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["script"], shown["status"], shown["note"]) == ("Deva", "approved", "Keep.")
    term.refresh_from_db()
    assert (term.romanised, term.kind) == ("pairasitamol", "drug")
    assert LexiconVersion.objects.get().version > before
    assert AuditEvent.objects.get().action == "term.change"


@pytest.mark.parametrize("status", ["approved", "rejected", "retired", "suggested"])
def test_status_decides(api, status):
    for now in Term.Status.values:
        term = api.adds(f"Term {now}", status=now)
        assert api.patch(term, {"status": status}).json()["status"] == status


def test_a_change_into_a_term_that_is_there_is_refused(api):
    api.adds("Ozempic")
    term = api.adds("Osempic")
    answer = api.patch(term, {"term": "OZEMPIC", "kind": "drug"})
    assert (answer.status_code, answer.json()["code"]) == (409, "exists")
    term.refresh_from_db()
    assert (term.term, term.kind) == ("Osempic", "other")


def test_alternatives_are_replaced_and_what_is_kept_keeps_its_counts(api):
    term = api.adds("Ozempic", alternatives={"us and paid": 4, "oh some pig": 2, "gone": 1})
    etag = api.get(at(term))["ETag"]
    wished = ["US and paid", {"text": "oh some pig", "enabled": False}, "new one"]
    answer = api.patch(term, {"alternatives": wished}, **{"If-Match": etag})
    assert answer.status_code == 200
    kept = term.alternatives.order_by("pk").values_list("text", "count", "enabled")
    assert list(kept) == [("US and paid", 4, True), ("oh some pig", 2, False), ("new one", 0, True)]


def test_an_alternative_that_is_turned_off_waits_no_more(api):
    term = api.adds("Ozempic")
    services.add_alternatives(term, {"us and paid": 2}, source="learned")
    api.patch(term, {"alternatives": [{"text": "us and paid", "enabled": False}]},
              **{"If-Match": "*"})  # fmt: skip
    assert term.alternatives.get().source == "admin"


def test_alternatives_are_not_replaced_unseen(api):
    term = api.adds("Ozempic", alternatives=["us and paid"])
    answer = api.patch(term, {"alternatives": []})
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_missing")
    assert term.alternatives.count() == 1


def test_a_change_of_what_was_changed_meanwhile_is_refused(api):
    term = api.adds("Ozempic")
    etag = api.get(at(term))["ETag"]
    assert api.patch(term, {"kind": "drug"}, **{"If-Match": etag}).status_code == 200
    answer = api.patch(term, {"kind": "brand"}, **{"If-Match": etag})
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert api.client.delete(at(term), headers={"If-Match": etag}).status_code == 412
    fresh = api.get(at(term))["ETag"]
    assert api.client.delete(at(term), headers={"If-Match": fresh}).status_code == 204
    assert not Term.objects.exists()


def test_use_in_transcripts_is_no_change(api):
    """Else busy terms could never be changed."""
    term = api.adds("Ozempic", alternatives=["us and paid"])
    etag = api.get(at(term))["ETag"]
    services.count(matched={term.pk: 1})
    services.count_alternatives({term.alternatives.get().pk: 1}, {})
    assert api.get(at(term), **{"If-None-Match": etag}).status_code == 304
    assert api.patch(term, {"kind": "drug"}, **{"If-Match": etag}).status_code == 200


def test_the_etag_of_a_change_is_that_of_what_is_read_next(api):
    term = api.adds("Ozempic")
    etag = api.patch(term, {"kind": "drug"})["ETag"]
    assert api.get(at(term))["ETag"] == etag


def test_what_was_read_may_be_sent_back(api):
    term = api.adds("Ozempic", alternatives=["us and paid"], metadata={"a": 1})
    read = api.get(at(term))
    answer = api.patch(term, read.json() | {"kind": "drug"}, **{"If-Match": read["ETag"]})
    assert answer.status_code == 200
    after = api.get(at(term)).json()
    assert after | {"updated_at": ""} == read.json() | {"kind": "drug", "updated_at": ""}


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_is_refused():
    api = Caller()
    term = api.adds("Ozempic")
    etag = api.get(at(term))["ETag"]

    def change(kind):
        try:
            return api.patch(term, {"kind": kind}, **{"If-Match": etag}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, ["drug", "brand"])) == [200, 412]


@pytest.mark.django_db(transaction=True)
def test_two_who_enter_the_same_at_once_enter_it_once():
    api = Caller()

    def enter(text):
        try:
            return api.post({"term": text}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(enter, ["Ozempic", "ozempic"])) == [201, 409]


@pytest.mark.parametrize("term_id", ["0", "9" * 18, "9" * 30, "9" * 5000, "-1", "x"])
def test_terms_that_cannot_be_are_not_there(api, term_id):
    assert api.get(f"{TERMS}{term_id}/").status_code == 404
    assert api.send("patch", f"{TERMS}{term_id}/", {}).status_code == 404


# --- What follows -------------------------------------------------------------------------------


def test_terms_that_are_approved_are_told_to_webhooks_and_no_others(api):
    Webhook.objects.create(
        api_key=api.key, url="https://example.org/", events=["term.approved"], secret="s"
    )
    made = api.post({"term": "Ozempic"}).json()["id"]
    api.post({"term": "Ozempic", "status": "approved"})  # refused: it is there
    assert not Delivery.objects.exists()
    api.patch(made, {"status": "approved"})
    api.patch(made, {"kind": "drug"})
    (told,) = Delivery.objects.values_list("payload__data__terms", flat=True)
    assert [each["id"] for each in told] == [made]


def test_a_page_of_very_many_is_read_by_the_index(api):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lexicon_terms (term, normalized, status)"
            " SELECT n, n, CASE WHEN n % 10 = 0 THEN 'approved' ELSE 'suggested' END"
            " FROM generate_series(1, 5000) AS n"
        )
        cursor.execute("ANALYZE lexicon_terms")
    terms = Reach(api.key, everyones=False).terms.order_by("-id")[:51]
    assert "Index Scan Backward using pk_lexicon_terms" in terms.explain()
