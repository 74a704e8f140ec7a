"""A term is in the lexicon once, however it is written."""

import pytest
from django.db import IntegrityError, transaction

from lexicon.models import Alternative, Term
from lexicon.normalising import normalise
from speech_project.access.keys import create_key

TERMS = "/admin/lexicon/term/"


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("Ozempic", "ozempic"),
        ("  Coumadin\t forte\n", "coumadin forte"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ＫＯＡ４", "koa4"),
        ("ﬁbrin", "fibrin"),
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "zurich"),
        ("Ἀθῆναι", "αθηναι"),
        ("Ёлка", "елка"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        ("co-trimoxazole", "co trimoxazole"),
        ("co\u2013trimoxazole", "co trimoxazole"),
        ("co_trimoxazole", "co trimoxazole"),
        ("--", ""),
        ("", ""),
        ("' ’", ""),
        # marks that are parts of letters stay
        ("पैरासिटामोल", "पैरासिटामोल"),
        ("หมอ ชั้น", "หมอ ชั้น"),
        ("がん", "がん"),
        ("か\u3099ん", "がん"),
        ("عَرَبِيّ", "عَرَبِيّ"),
    ],
)
def test_what_counts_as_the_same(text, normalized):
    assert normalise(text) == normalized


@pytest.mark.parametrize(
    "text", ["İstanbul", "ŉ", "ΐ", "ǰ", "ﬃ", "Å", "e\u0301\u0323", "½ Dosis", "x\u00a0´ y"]
)
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@pytest.fixture
def add(admin_client):
    """Fill in the form for a new term."""

    def add(term, *alternatives, **fields):
        given = {
            "term": term, "kind": "drug", "status": "approved", "priority": "0", "metadata": "{}",
            "alternatives-TOTAL_FORMS": len(alternatives), "alternatives-INITIAL_FORMS": 0,
        }  # fmt: skip
        for index, text in enumerate(alternatives):
            given[f"alternatives-{index}-text"] = text
            given[f"alternatives-{index}-enabled"] = "on"
        return admin_client.post(TERMS + "add/", given | fields)

    return add


@pytest.fixture
def keys(db):
    return [create_key(name)[0] for name in ("clinic", "lab")]


def terms():
    fields = ("term", "normalized", "language", "api_key__name")
    return list(Term.objects.order_by("pk").values_list(*fields))


def test_a_term_is_entered_with_what_it_is_misheard_as(add):
    assert add("Co-Trimoxazole", "go try", "  ", language=" DE ").status_code == 302
    assert terms() == [("Co-Trimoxazole", "co trimoxazole", "de", None)]
    assert Term.objects.get().created_by_name == "admin"
    assert Alternative.objects.get().normalized == "go try"


def test_the_same_term_is_refused_with_the_name_of_the_one_there(add):
    add("Co-Trimoxazole")
    page = add("co trimoxazole")
    assert page.status_code == 200
    assert "“Co-Trimoxazole” is the same term (approved)." in page.content.decode()
    assert len(terms()) == 1


def test_the_same_term_is_refused_within_one_key_s_terms_too(add, keys):
    add("Ozempic", api_key=keys[0].pk)
    assert "is the same term" in add("OZEMPIC", api_key=keys[0].pk).content.decode()
    assert len(terms()) == 1


def test_languages_and_keys_have_terms_of_their_own(add, keys):
    add("Ozempic")
    add("Ozempic", language="de")
    for key in keys:
        add("Ozempic", api_key=key.pk)
    found = {(language, key) for _, _, language, key in terms()}
    assert found == {("", None), ("de", None), ("", "clinic"), ("", "lab")}
    assert "is the same term" in add("Ozempic", language="DE").content.decode()


def test_a_term_may_be_changed_without_meeting_itself(add, admin_client):
    add("Ozempic")
    term = Term.objects.get()
    answer = admin_client.post(
        f"{TERMS}{term.pk}/change/",
        {"term": "OZEMPIC", "kind": "brand", "status": "approved", "priority": "3",
         "metadata": "", "alternatives-TOTAL_FORMS": 0, "alternatives-INITIAL_FORMS": 0},
    )  # fmt: skip
    assert answer.status_code == 302
    term.refresh_from_db()
    assert (term.term, term.normalized, term.priority) == ("OZEMPIC", "ozempic", 3)


@pytest.mark.parametrize("text", ["", "-", "’", "  "])
def test_a_term_of_nothing_is_refused(add, text):
    assert add(text).status_code == 200
    assert not Term.objects.exists()


def test_an_alternative_stands_once(add):
    page = add("Ozempic", "us and paid", "Us-and-paid")
    assert "This is there already." in page.content.decode()
    assert not Term.objects.exists()


def test_an_alternative_is_added_to_those_there_once(add, admin_client):
    add("Ozempic", "us and paid")
    term, alternative = Term.objects.get(), Alternative.objects.get()
    given = {
        "term": "Ozempic", "kind": "drug", "status": "approved", "priority": "0",
        "alternatives-TOTAL_FORMS": 2, "alternatives-INITIAL_FORMS": 1,
        "alternatives-0-id": alternative.pk, "alternatives-0-term": term.pk,
        "alternatives-0-text": "us and paid", "alternatives-0-enabled": "on",
        "alternatives-1-term": term.pk, "alternatives-1-text": "US AND PAID",
        "alternatives-1-enabled": "on",
    }  # fmt: skip
    address = f"{TERMS}{term.pk}/change/"
    assert "This is there already." in admin_client.post(address, given).content.decode()
    given |= {"alternatives-1-text": "oh some pig"}
    assert admin_client.post(address, given).status_code == 302
    assert set(term.alternatives.values_list("text", flat=True)) == {"us and paid", "oh some pig"}


@pytest.mark.parametrize("with_key", [False, True])
def test_the_database_itself_keeps_terms_apart(keys, with_key):
    same = {"normalized": "ozempic", "language": "", "api_key": keys[0] if with_key else None}
    Term.objects.create(term="Ozempic", **same)
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(term="OZEMPIC", **same)
    Term.objects.create(term="Ozempic", **same | {"language": "de"})
    Term.objects.create(term="Ozempic", **same | {"api_key": keys[1]})


@pytest.mark.parametrize("empty", [{"term": ""}, {"normalized": ""}])
def test_the_database_itself_takes_no_empty_terms(db, empty):
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(**{"term": "Ozempic", "normalized": "ozempic"} | empty)
