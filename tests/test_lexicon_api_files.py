"""Clients bring and fetch many terms at once: as JSON and as files."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lexicon.models import Term
from speech_project.access.models import AuditEvent
from tests.lexicon_clients import BULK, EVERYTHING, EXPORT, IMPORT, Caller, errors, everyones


@pytest.fixture
def api(db):
    return Caller()


def outcomes(answer):
    """What became of each row, and why."""
    assert answer.status_code == 200, answer.content
    return {each["row"]: (each["outcome"], each["detail"]) for each in answer.json()["rows"]}


def own(api):
    return dict(Term.objects.filter(api_key=api.key).values_list("term", "status"))


# --- Bulk --------------------------------------------------------------------------------------


def test_rows_are_added_changed_left_and_refused_one_by_one(api):
    api.adds("Ozempic", kind="brand", alternatives=["us and paid"])
    api.adds("Never", status="rejected")
    rows = [
        {"term": "Ozempic", "kind": "drug", "alternatives": ["us and paid", "oh some pig"]},
        "Entresto",
        {"term": "Xarelto", "status": "retired", "priority": 4},
        "Never",
        {"term": "Eliquis", "kind": "pill"},
        {"term": "ENTRESTO"},
        {"term": "entresto", "kind": "drug"},
        {"name": "Eliquis"},
        17,
    ]
    answer = api.post({"terms": rows, "status": "approved"}, BULK)
    found = outcomes(answer)
    assert found[0] == ("changed", "kind: brand → drug; status: suggested → approved;"
                                   " 1 alternative added")  # fmt: skip
    assert [found[row][0] for row in range(1, 9)] == [
        "added", "added", "there", "refused", "there", "refused", "refused", "refused",
    ]  # fmt: skip
    assert "Allowed: drug" in found[4][1]
    assert "row 1" in found[6][1]
    counted = {name: answer.json()[name] for name in ("added", "changed", "there", "refused")}
    assert counted == {"added": 2, "changed": 1, "there": 2, "refused": 4}
    assert own(api) == {
        "Ozempic": "approved", "Never": "rejected", "Entresto": "approved", "Xarelto": "retired",
    }  # fmt: skip
    assert Term.objects.get(term="Entresto").source == "api"
    assert AuditEvent.objects.get().action == "lexicon.bulk"


def test_a_dry_run_tells_the_same_and_does_nothing(api):
    api.adds("Ozempic")
    body = {"terms": [{"term": "Ozempic", "kind": "drug"}, "Just in", {"term": "", "kind": "drug"}]}
    would = api.post(body | {"dry_run": True}, BULK).json()
    assert own(api) == {"Ozempic": "suggested"}
    assert not AuditEvent.objects.exists()
    assert would == api.post(body, BULK).json() | {"dry_run": True}


def test_warnings_name_their_row(api):
    rows = ["Ozempic", {"term": "Justin", "alternatives": ["just in"], "status": "approved"}]
    warnings = api.post({"terms": rows}, BULK).json()["warnings"]
    assert any(each["row"] == 1 and "ordinary language" in each["detail"] for each in warnings)


def test_a_repeated_request_is_answered_as_the_first_was(api):
    body, headers = {"terms": ["Ozempic"]}, {"Idempotency-Key": "1"}
    first, again = (api.post(body, BULK, **headers).json() for _ in range(2))
    assert first == again
    assert again["added"] == 1


def test_thousands_of_terms_take_as_many_statements_as_two(api):
    asked = []
    for count in (2, 1000):
        rows = [{"term": f"Term {count} {n}", "alternatives": [f"turn {n}"]} for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert api.post({"terms": rows}, BULK).json()["added"] == count
        asked.append(len(queries))
    assert asked[1] <= asked[0] + 2  # in batches


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "terms"),
        ({"terms": "Ozempic"}, "terms"),
        ({"terms": ["a"] * 10_001}, "terms"),
        ({"terms": [], "status": "retired"}, "status"),
        ({"terms": [], "dryrun": True}, "dryrun"),
    ],
    ids=["none", "text", "too many", "status", "misspelt"],
)
def test_a_request_that_is_none_is_refused(api, body, field):
    assert field in errors(api.post(body, BULK))


@pytest.mark.parametrize(
    "row",
    [
        {"term": "a\x00"}, {"term": "A", "confidence": 10**400}, {"term": "A", "priority": 10**99},
        {"term": "A", "metadata": {"a": "\x00"}}, {"term": "A", "metadata": [[]]},
        {"term": "A", "alternatives": [{"text": "b", "count": -1}]}, {"term": {}}, None, [], 1.5,
        {"term": "A", "api_key": "vk_nobody"}, {"term": "A", "created_at": "now"},
    ],
    ids=["nul", "confidence", "priority", "nul in metadata", "metadata", "count", "object", "null",
         "list", "number", "key", "moment"],
)  # fmt: skip
def test_an_odd_row_is_refused_and_the_rest_taken(api, row):
    found = outcomes(api.post({"terms": [row, "Ozempic"]}, BULK))
    assert (found[0][0], found[1][0]) == ("refused", "added")
    assert own(api) == {"Ozempic": "suggested"}


@pytest.mark.parametrize("depth", [100, 500, 800, 950, 2000])
def test_deep_rows_are_refused(api, depth):
    deep = "[" * depth + "]" * depth
    for value in (deep, f'{{"term": {deep}}}', f'{{"term": "A", "metadata": {{"a": {deep}}}}}'):
        answer = api.post(f'{{"terms": [{value}]}}', BULK)
        assert answer.status_code in (200, 400)
        if answer.status_code == 200 and "metadata" not in value:
            assert answer.json()["refused"] == 1


def test_no_row_reaches_another_key_nor_tells_of_one(api):
    other = Caller("clinic")  # of the same name
    for called in (other.key.prefix, f"vk_{other.key.prefix}", "nobody"):
        found = outcomes(api.post({"terms": [{"term": "Ozempic", "api_key": called}]}, BULK))
        assert found[0] == ("refused", f"There is no API key “{called}”. Leave api_key empty for a"
                                       " term of everyone.")  # fmt: skip
    found = outcomes(api.post({"terms": [{"term": "Ozempic", "api_key": "clinic"}]}, BULK))
    assert found[0][0] == "added"
    assert Term.objects.get().api_key == api.key


def test_everyones_terms_are_written_with_the_scope_admin(db):
    admin = Caller("house", EVERYTHING)
    everyones("Ozempic")
    rows = {"terms": [{"term": "Ozempic", "kind": "drug"}, "Entresto"], "everyone": True}
    assert outcomes(admin.post(rows, BULK))[0][0] == "changed"
    assert Term.objects.filter(api_key=None).count() == 2


# --- Files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("terms.csv", "term,kind\nOzempic,drug\nEntresto,pill\n"),
        ("terms.tsv", "term\tkind\nOzempic\tdrug\nEntresto\tpill\n"),
        ("terms.json", '["Ozempic",\n"Ozempic two",\n{"term": "Entresto", "kind": "pill"}]'),
        ("terms.txt", "Ozempic\nOzempic two\n--\n"),
    ],
)
def test_files_are_taken_line_by_line(api, name, text):
    answer = api.upload(text, name, status="approved")
    found = outcomes(answer)
    assert found[3][0] == "refused"
    assert answer.json()["added"] == len(found) - 1
    assert own(api)["Ozempic"] == "approved"
    assert AuditEvent.objects.get().action == "lexicon.import"


def test_a_dry_run_of_a_file_does_nothing(api):
    assert api.upload("Ozempic", "a.txt", dry_run="true").json()["added"] == 1
    assert own(api) == {}
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"term\n\xff\xfe\xfd", "a.csv", "not UTF-8"),
        (b"[1, 2", "a.json", "JSON"),
        (b"[" * 3000, "a.json", "JSON"),
        (b"term,nonsense\na,b\n", "a.csv", "There is no column “nonsense”"),
        (b"", "a.csv", "empty"),
    ],
    ids=["encoding", "cut", "deep", "column", "empty"],
)
def test_a_file_that_cannot_be_read_is_refused(api, content, name, told):
    assert told in errors(api.upload(content, name))["file"]


def test_what_is_no_file_is_refused(api):
    assert "file" in errors(api.client.post(IMPORT, {"dry_run": "true"}))
    assert "file" in errors(api.client.post(IMPORT, {"file": "Ozempic"}))
    assert api.send("post", IMPORT, {"file": "Ozempic"}).status_code == 415


@pytest.mark.parametrize("ending", ["csv", "tsv", "json"])
def test_what_is_exported_comes_back(api, ending):
    api.adds("Ozempic", kind="drug", note="=1+1", metadata={"a": [1, None]}, priority=-4,
             alternatives={"us | paid": 3, "'quoted'": 0})  # fmt: skip
    api.adds("पैरासिटामोल", language="hi", status="retired", example="a\tb\nc")
    file = api.file(ending)
    before = list(Term.objects.order_by("language").values())
    heard = list(
        Term.objects.order_by("language", "alternatives").values_list("alternatives__text")
    )
    Term.objects.all().delete()
    assert api.upload(file, f"a.{ending}").json()["added"] == 2
    for then, now in zip(before, Term.objects.order_by("language").values(), strict=True):
        assert now | {"id": 0} == then | {"id": 0}
    again = Term.objects.order_by("language", "alternatives")
    assert list(again.values_list("alternatives__text")) == heard
    assert set(outcomes(api.upload(file, f"a.{ending}")).values()) == {("there", "is so already")}


def test_a_key_exports_its_own_terms_narrowed_down(api):
    Caller("another").adds("Theirs")
    everyones("Everyones")
    api.adds("Mine")
    api.adds("Mine too", status="approved")
    assert [row["term"] for row in json.loads(api.file("json"))] == ["Mine", "Mine too"]
    assert [row["term"] for row in json.loads(api.file("json", status="approved"))] == ["Mine too"]
    assert "state" in errors(api.get(f"{EXPORT}json", {"state": "approved"}))
    assert api.get(f"{EXPORT}xml").status_code == 404


def test_a_file_comes_whatever_type_is_accepted(api):
    answer = api.get(f"{EXPORT}csv", Accept="text/csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="lexicon.csv"'
