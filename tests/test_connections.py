"""A connection to the database that is gone is made anew before a request needs it."""

import pytest
from django.db import DataError, connection


@pytest.fixture
def web(db):
    """A connection as a thread of the web server has it."""
    mine = connection.copy()
    yield mine
    mine.close()


def backend(of) -> int:
    with of.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def of_server(question: str, pid: int):
    with connection.cursor() as cursor:
        cursor.execute(question, [pid])
        return cursor.fetchone()[0]


def test_the_server_is_not_asked_again_and_again_whether_it_is_there(web):
    first = backend(web)
    web.close_if_unusable_or_obsolete()  # as each request begins
    assert backend(web) == first
    web.close_if_unusable_or_obsolete()
    with web.cursor():
        last = of_server("SELECT query FROM pg_stat_activity WHERE pid = %s", first)
    assert last == "SELECT pg_backend_pid()"


def test_a_connection_that_the_server_closed_is_made_anew(web):
    first = backend(web)
    web.close_if_unusable_or_obsolete()
    assert backend(web) == first
    assert of_server("SELECT pg_terminate_backend(%s, 5000)", first)
    web.close_if_unusable_or_obsolete()
    assert backend(web) != first


def test_a_statement_is_planned_once_in_a_connection(web):
    """And anew where the connection was made anew, or the first try of it failed."""

    def planned() -> int:
        with web.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements")
            return cursor.fetchone()[0]

    half = "SELECT 10 / $1::int"
    with pytest.raises(DataError):
        web.first(half, [0])
    before = planned()
    assert [web.first(half, [value]) for value in (2, 5, 1)] == [(5,), (2,), (10,)]
    assert planned() == before + 1
    assert web.first("SELECT 1 WHERE $1::int > 1", [1]) is None
    assert of_server("SELECT pg_terminate_backend(%s, 5000)", backend(web))
    web.close_if_unusable_or_obsolete()
    assert web.first(half, [2]) == (5,)
    assert planned() == 1
