"""However many terms there are, pages ask little, and of each term only its own rows are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.lexicon_pages import fill
from lexicon import checking
from lexicon.exchange.importing import export_rows
from lexicon.models import Term
from lexicon.versions import entries
from tests.test_api_plans import nodes

TERMS = "/admin/lexicon/term/"
MANY = 3_000
QUERIES: dict[str, dict[str, str]] = {
    "all": {},
    "a late page": {"p": "59"},
    "in order": {"o": "1"},
    "filtered": {"status__exact": "suggested", "language": "de"},
    "of everyone": {"scope": "everyone", "kind__exact": "drug"},
    "sounding so": {"q": "~ozempic"},
    "not there": {"q": "nothing of the kind"},
}
WORK: dict[str, Callable[[], Any]] = {
    "a lexicon": lambda: entries(None),
    "an export": lambda: list(export_rows(Term.objects.all())),
    "warnings of some": lambda: checking.warnings_about(Term.objects.filter(language="de")),
    "warnings of all": lambda: checking.warnings_about(Term.objects.all()),
}


@pytest.fixture(scope="module")
def curator(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """Of a lexicon of many terms, each with an alternative, one in ten suggested."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(MANY)
        client = Client()
        client.force_login(User.objects.create_superuser("ada"))
        yield client
        transaction.set_rollback(True)


def asked(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    return [each["sql"] for each in queries]


def plans(work: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """All steps in which the database finds what is read of the lexicon, as they were taken."""
    for query in asked(work):
        if query.startswith("SELECT") and 'FROM "lexicon_' in query:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query)
                found = cursor.fetchone()[0]
            plan = json.loads(found) if isinstance(found, str) else found
            yield from nodes(plan[0]["Plan"])


@pytest.mark.parametrize("name", QUERIES)
def test_a_page_asks_little(curator: Client, name: str):
    queries = asked(lambda: curator.get(TERMS, QUERIES[name]))
    assert 5 < len(queries) <= 13


def test_one_of_many_is_found(curator: Client):
    term = Term.objects.order_by("pk")[MANY // 2]
    part, heard = term.normalized[4:12], term.normalized[::-1][3:15]
    for text in part, heard:
        page = curator.get(TERMS, {"q": text})
        assert list(page.context["cl"].result_list) == [term]


def test_what_sounds_so_is_found_along_an_index(curator: Client):
    steps = plans(lambda: curator.get(TERMS, {"q": "~ozempic"}))
    assert "ix_lexicon_terms_sound" in {step.get("Index Name") for step in steps}


@pytest.mark.parametrize("name", WORK)
def test_of_each_term_its_own_alternatives_are_read(
    curator: Client, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    again = [step for step in plans(WORK[name]) if step["Actual Loops"] > 1]
    reads = [step for step in again if step.get("Relation Name") == "lexicon_alternatives"]
    assert reads
    assert "Seq Scan" not in {step["Node Type"] for step in reads}, reads


def test_hundreds_are_decided_on_in_as_many_statements_as_some(curator: Client):
    chosen = {"action": "approve", "select_across": "1", "_selected_action": "1"}
    suggested = f"{TERMS}?status__exact=suggested"
    few = asked(lambda: curator.post(f"{suggested}&language=de", chosen))
    many = asked(lambda: curator.post(suggested, chosen))
    assert len(entries(None)) == MANY
    assert len(few) == len(many)
