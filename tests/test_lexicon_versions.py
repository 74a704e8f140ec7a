"""The lexicon's version rises with whatever matching and hints use, and with nothing else."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.db import connection, transaction

from lexicon import services, versions
from lexicon.models import Alternative, Term
from lexicon.versions import current_version, entries
from speech_project import database
from speech_project.access.keys import create_key
from speech_project.schema import RAISES_VERSION, metadata
from tests.conftest import test_database

# a value unlike the one before, for each column of a kind
NEW = {"BOOLEAN": "NOT {}", "JSONB": "'{{\"a\": 1}}'", "DATETIME": "now()", "SMALLINT": "{} + 1",
       "INTEGER": "{} + 1", "BIGINT": "{} + 1", "DOUBLE": "1"}  # fmt: skip
SPECIAL = {"kind": "'drug'", "status": "'retired'", "source": "'api'", "term_id": "term_id",
           "api_key_id": "(SELECT max(id) FROM api_keys)"}  # fmt: skip


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def make(term="Ozempic", *alternatives, **fields):
    made = Term.objects.create(
        **{"term": term, "status": "approved", **services.keys_of(term)} | fields
    )
    for text in alternatives:
        Alternative.objects.create(term=made, text=text, normalized=text)
    return made


@pytest.fixture
def term(db):
    return make("Ozempic", "us and paid")


class Raised:
    """Whether the version rose since the last look."""

    def __init__(self):
        self.last = current_version()

    def __bool__(self):
        before, self.last = self.last, current_version()
        assert self.last >= before
        return self.last > before


@pytest.mark.parametrize("table", RAISES_VERSION)
def test_a_change_to_what_is_used_raises_it_and_to_nothing_else(term, table):
    create_key("clinic")
    raised = Raised()
    for column in metadata.tables[table].columns:
        if column.name == "id":
            continue
        kind = str(column.type).partition("(")[0]
        new = SPECIAL.get(column.name) or NEW.get(kind, "{} || 'x'").format(column.name)
        sql(f"UPDATE {table} SET {column.name} = {new}")
        assert bool(raised) is (column.name in RAISES_VERSION[table]), column.name


def test_every_way_of_changing_it_counts(term, admin_client):
    raised = Raised()
    make("Xarelto")
    assert raised
    Term.objects.bulk_create([Term(term="a", normalized="a"), Term(term="b", normalized="b")])
    assert raised
    Term.objects.filter(term="a").update(status="rejected")
    assert raised
    term.pinned = True
    term.save()
    assert raised
    Alternative.objects.update(enabled=False)
    assert raised
    admin_client.post("/admin/lexicon/term/", {"action": "retire", "_selected_action": [term.pk]})
    assert raised
    Alternative.objects.all().delete()
    assert raised
    term.delete()
    assert raised
    key, _ = create_key("clinic")
    make("Keytruda", api_key=key)
    assert raised
    sql("DELETE FROM api_keys")  # its terms go with it
    assert raised
    sql("TRUNCATE lexicon_terms CASCADE")
    assert raised
    assert current_version() > 0


def test_counting_does_not_raise_it(term):
    raised = Raised()
    services.count(sent={term.pk: 1}, matched={term.pk: 3})
    services.count(confirmed={term.pk: 2})
    services.count(undone={term.pk: 1})
    Term.objects.update(note="n", example="e", metadata={"a": 1}, frequency=4)
    Alternative.objects.update(count=7, source="learned")
    assert not raised


def test_no_number_comes_twice_even_after_a_change_was_taken_back(term):
    seen = [current_version()]
    for n in range(3):
        with transaction.atomic():
            make(f"term {n}")
            seen.append(current_version())
            transaction.set_rollback(True)
        assert current_version() == seen[0]
    assert len(set(seen)) == 4


def test_a_lost_row_comes_back_with_a_new_number(term):
    before = current_version()
    sql("DELETE FROM lexicon_version")
    assert current_version() == 0
    make("Xarelto")
    assert current_version() > before


# --- Two at once: real connections, real commits ---------------------------------------------


class Session:
    """A connection of one's own to the test database."""

    def __init__(self) -> None:
        self.connection = database.connect(test_database())

    def run(self, text: str):
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else None

    def add(self, term: str) -> int:
        """Within the transaction that is open; the version that it makes."""
        self.run(
            f"INSERT INTO lexicon_terms (term, normalized, status) VALUES ('{term}', '{term}',"
            " 'approved')"
        )
        return self.version()

    def version(self) -> int:
        return sum(version for (version,) in self.run("SELECT version FROM lexicon_version"))

    def terms(self) -> set[str]:
        return {term for (term,) in self.run("SELECT term FROM lexicon_terms")}

    def waits(self, other: "Session") -> bool:
        """Whether the other's statement waits for a lock."""
        return self.run(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            f" AND pid = {other.connection.info.backend_pid}"
        ) != [(0,)]


@pytest.fixture
def session(transactional_db) -> Iterator[Callable[[], Session]]:
    made = []

    def new() -> Session:
        made.append(Session())
        return made[-1]

    yield new
    for each in made:
        each.connection.close()


def test_a_version_is_never_seen_before_its_content(session):
    first, second, reader = session(), session(), session()
    reader.connection.autocommit = True
    before = reader.version()
    one = first.add("one")
    thread = threading.Thread(target=second.add, args=["two"])
    thread.start()
    while not reader.waits(second):
        pass
    assert (reader.version(), reader.terms()) == (before, set())
    first.connection.commit()
    thread.join(10)
    assert (reader.version(), reader.terms()) == (one, {"one"})
    two = second.version()
    second.connection.commit()
    assert two > one
    assert (reader.version(), reader.terms()) == (two, {"one", "two"})


def write(writer: Session, name: str, made: dict[str, int]) -> None:
    """Add terms and note the version that each made; take every fourth back."""
    for n in range(16):
        version = writer.add(f"{name}{n}")
        if n % 4 == 3:
            writer.connection.rollback()
        else:
            made[f"{name}{n}"] = version
            writer.connection.commit()


def read(reader: Session, seen: list[tuple[int, set[str]]], done: threading.Event) -> None:
    reader.connection.autocommit = True
    while not done.is_set():
        seen.append((reader.version(), reader.terms()))


def test_many_writers_never_show_a_version_without_its_content(session):
    """Whoever reads a version and then the terms finds all that were made by it or before."""
    made, seen, done = {}, [], threading.Event()
    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, session(), seen, done) for _ in range(2)]
        writers = [pool.submit(write, session(), name, made) for name in "abcd"]
        for writer in writers:
            writer.result(60)
        done.set()
        for reader in readers:
            reader.result(60)
    assert len(set(made.values())) == len(made) == 4 * 12
    for version, terms in seen:
        assert {name for name, of in made.items() if of <= version} <= terms


def test_two_who_change_much_in_opposite_order_do_not_block_each_other(session):
    """The version's row is taken before the terms', so no two wait for one another."""
    seed = session()
    for name in ("one", "two"):
        seed.add(name)
    seed.connection.commit()

    def change(who: Session, *names: str) -> None:
        for name in names:
            who.run(f"UPDATE lexicon_terms SET pinned = NOT pinned WHERE term = '{name}'")
        who.connection.commit()

    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(change, session(), *order * 20)
            for order in (["one", "two"], ["two", "one"])
        ]
        for each in both:
            each.result(60)  # raises where one was ended as the cause of a deadlock


# --- What is in it -----------------------------------------------------------------------------


def test_approved_terms_are_read_with_the_alternatives_that_are_on(term):
    Alternative.objects.create(term=term, text="off", normalized="off", enabled=False)
    Alternative.objects.create(term=term, text="oh some pig", normalized="oh some pig")
    for status in ("suggested", "rejected", "retired"):
        make(status, status=status)
    full = make(
        "पैरासिटामोल", language="hi", kind="drug", sounds_like="para", case_sensitive=True,
    )  # fmt: skip
    ozempic, other = sorted(entries(None), key=lambda entry: entry.id)
    assert (ozempic.id, ozempic.text) == (term.pk, "Ozempic")
    assert ozempic.alternatives == ("us and paid", "oh some pig")
    assert (other.id, other.text, other.language, other.script) == (
        full.pk,
        full.term,
        "hi",
        "Deva",
    )
    assert (other.kind, other.sounds_like, other.case_sensitive) == ("drug", "para", True)
    assert other.alternatives == ()


def test_a_key_has_everyone_s_terms_and_its_own_which_win(db):
    clinic, lab = (create_key(name)[0] for name in ("clinic", "lab"))
    make("Ozempic")
    make("Xarelto")
    make("OZEMPIC", api_key=clinic)
    make("Ozempic", language="de")
    make("Keytruda", api_key=lab)
    make("XARELTO", api_key=clinic, status="rejected")
    assert sorted(e.text for e in entries(None)) == ["Ozempic", "Ozempic", "Xarelto"]
    assert sorted(e.text for e in entries(clinic.pk)) == ["OZEMPIC", "Ozempic", "Xarelto"]
    assert sorted(e.text for e in entries(lab.pk)) == ["Keytruda", "Ozempic", "Ozempic", "Xarelto"]


def test_reading_takes_one_query_however_many_there_are(db, django_assert_num_queries):
    for n in range(20):
        make(f"term {n}", f"a{n}", f"b{n}")
    with django_assert_num_queries(1):
        assert len(entries(None)) == 20
    with django_assert_num_queries(1):
        current_version()


def test_holding_keeps_others_from_changing_it(session):
    other = session()
    with transaction.atomic():
        versions.hold()
        other.run("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            other.add("one")
        other.connection.rollback()
    other.add("one")
    other.connection.commit()
