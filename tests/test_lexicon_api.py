"""Clients enter and change terms of their own by the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from lexicon import services
from lexicon.models import LexiconVersion, Term
from speech_project.access.models import AuditEvent
from speech_project.webhooks.models import Delivery, Webhook
from tests.lexicon_clients import TERMS, Caller, at, errors


@pytest.fixture
def api(db):
    return Caller()


@pytest.fixture
def other(db):
    return Caller("another")


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
