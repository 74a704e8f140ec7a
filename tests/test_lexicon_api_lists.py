"""The terms of the lexicon in pages, found by what they are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lexicon.api.reach import Reach
from lexicon.models import Term
from tests.lexicon_clients import TERMS, Caller, errors, listed


@pytest.fixture
def api(db):
    return Caller()


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
