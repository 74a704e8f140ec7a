"""Of everyone's terms a client sees what is in use, and nothing of other clients."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from lexicon import services
from lexicon.models import Term
from tests.lexicon_clients import BULK, EVERYTHING, EXPORT, TERMS, Caller, at, everyones, listed


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
