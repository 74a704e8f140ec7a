"""Curating in admin: finding terms, entering, deciding, merging."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from lexicon import services
from lexicon.models import Alternative, Term
from lexicon.services import add_term
from lexicon.versions import current_version
from speech_project.access.keys import create_key

TERMS = "/admin/lexicon/term/"


def add(text, *heard, **more):
    return add_term(text, source="admin", alternatives=heard, **more).term


def listed(client, **query):
    page = client.get(TERMS, query)
    assert page.status_code == 200
    return {str(term) for term in page.context["cl"].result_list}


def act(client, action, *terms, **more):
    chosen = [str(term.pk) for term in terms]
    return client.post(TERMS, {"action": action, "_selected_action": chosen, **more}, follow=True)


def messages(page):
    return [str(message) for message in page.context["messages"]]


def form_of(term):
    """What the browser would send of a term's page, unchanged."""
    rows = term.alternatives.order_by("pk")
    fields = {
        name: getattr(term, name) or ""
        for name in ("term", "kind", "status", "language", "script", "sounds_like", "note",
                     "example")
    } | {"priority": term.priority, "metadata": "{}"}  # fmt: skip
    fields |= dict.fromkeys(("alternatives-TOTAL_FORMS", "alternatives-INITIAL_FORMS"), len(rows))
    for n, each in enumerate(rows):
        fields |= {f"alternatives-{n}-id": each.pk, f"alternatives-{n}-term": term.pk,
                   f"alternatives-{n}-text": each.text}  # fmt: skip
        fields |= {f"alternatives-{n}-enabled": "on"} if each.enabled else {}
    return fields


def save(client, term, /, **changes):
    return client.post(f"{TERMS}{term.pk}/change/", form_of(term) | changes, follow=True)


# --- Finding -----------------------------------------------------------------------------------


@pytest.fixture
def some(db):
    add("Ozempic", "us and paid", kind="drug", status="approved")
    add("Xarelto", "сарелто", kind="drug", pinned=True)
    add("पैरासिटामोल", language="hi", kind="drug")
    add("Аспирин", language="ru", status="retired")
    add("Monro Inc", "monroe inks", kind="organisation", sounds_like="mon row")
    add("Zürich", kind="place", api_key_id=create_key("clinic")[0].pk)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zemp", {"Ozempic"}),
        ("US-AND", {"Ozempic"}),
        ("  ZÜRICH ", {"Zürich"}),
        ("zurich", {"Zürich"}),
        ("पैरा", {"पैरासिटामोल"}),
        ("pairasit", {"पैरासिटामोल"}),
        ("aspirin", {"Аспирин"}),
        ("аспирин", {"Аспирин"}),
        ("сарелто", {"Xarelto"}),
        ("inks", {"Monro Inc"}),
        ("owes m pick", {"Ozempic"}),  # nothing is written so: by sound
        ("~ozempik", {"Ozempic"}),
        ("~mon row", {"Monro Inc"}),
        ("~", set()),
        ("%", set()),
        ("nothing of the kind", set()),
    ],
)
def test_terms_are_found_in_any_script_and_by_sound(admin_client, some, text, found):
    assert listed(admin_client, q=text) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status__exact": "approved"}, {"Ozempic"}),
        ({"kind__exact": "place"}, {"Zürich"}),
        ({"language": "hi"}, {"पैरासिटामोल"}),
        ({"language": "-", "kind__exact": "drug"}, {"Ozempic", "Xarelto"}),
        ({"script": "Cyrl"}, {"Аспирин"}),
        ({"pinned__exact": "1"}, {"Xarelto"}),
        ({"source__exact": "learned"}, set()),
        ({"scope": "everyone", "kind__exact": "place"}, set()),
        ({"scope": "7777777"}, None),
        ({"q": "zempic", "status__exact": "approved"}, {"Ozempic"}),
    ],
)
def test_terms_are_filtered(admin_client, some, query, found):
    everything = {str(term) for term in Term.objects.all()}
    assert listed(admin_client, **query) == (everything if found is None else found)


def test_terms_of_one_key_are_filtered_by_its_name(admin_client, some):
    page = admin_client.get(TERMS).content.decode()
    (address,) = re.findall(r'href="(\?scope=\d+)">clinic ', page)
    found = admin_client.get(TERMS + address).context["cl"].result_list
    assert [str(term) for term in found] == ["Zürich"]


def test_a_list_asks_as_little_for_many_as_for_few(admin_client, some, django_assert_num_queries):
    counts = []
    for more in (0, 60):
        rows = [Term(term=f"t {n}", normalized=f"t {n}", api_key=None) for n in range(more)]
        Term.objects.bulk_create(rows)
        with django_assert_num_queries(13, exact=False) as asked:
            admin_client.get(TERMS, {"q": "o", "language": "-"})
        counts.append(len(asked))
        full = [query for query in asked.captured_queries if "COUNT(*)" in query["sql"]]
        assert len(full) == 1
    assert counts[0] == counts[1]


# --- Entering ----------------------------------------------------------------------------------


def test_conflicts_are_told_when_a_term_is_entered_and_do_not_stop_it(admin_client, db):
    add("Monroe", status="approved")
    page = admin_client.post(TERMS + "add/", {
        "term": "Monro Inc", "kind": "organisation", "status": "approved", "priority": 0,
        "metadata": "", "alternatives-TOTAL_FORMS": 2, "alternatives-INITIAL_FORMS": 0,
        "alternatives-0-text": "monroe", "alternatives-0-enabled": "on",
        "alternatives-1-text": "just in", "alternatives-1-enabled": "on",
    }, follow=True)  # fmt: skip
    told = " ".join(messages(page))
    assert "The alternative “monroe” of “Monro Inc” is a term itself: “Monroe”." in told
    assert "The alternative “just in” is ordinary language" in told
    assert Term.objects.filter(term="Monro Inc").exists()
    # turned off, it is no conflict; rejected, the term has none
    term = Term.objects.get(term="Monro Inc")
    page = save(admin_client, term, **{"alternatives-0-enabled": "", "status": "approved"})
    assert "monroe" not in " ".join(messages(page)[1:])
    page = save(admin_client, term, status="rejected")
    assert len(messages(page)) == 1


def test_conflicts_are_told_when_terms_are_approved(admin_client, db):
    terms = [add("Justin", "just in"), *(add(f"Xyrel{n}", "the") for n in "abcdefghijkl")]
    told = messages(act(admin_client, "approve", *terms))
    assert told[0] == "13 set to approved."
    assert len(told) == 12  # ten of them, and how many more
    assert told[-1].startswith("And ")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("term", "x" * 201, "201 characters; 200 are allowed"),
        ("language", "german", "The language “german” is not known."),
        ("script", "Roman", "The script “Roman” is not known."),
        ("alternatives-0-text", "--", "Nothing is left of this"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(admin_client, db, field, value, told):
    term = add("Ozempic", "us and paid")
    assert told in save(admin_client, term, **{field: value}).content.decode()
    term.refresh_from_db()
    assert (term.term, term.language) == ("Ozempic", "")


def test_what_follows_from_a_term_follows_its_change(admin_client, db):
    term = add("Paracetamol")
    save(admin_client, term, term="पैरासिटामोल", language="HIN")
    term.refresh_from_db()
    assert (term.script, term.language, term.romanised) == ("Deva", "hi", "pairasitamol")
    assert listed(admin_client, q="pairas") == {"पैरासिटामोल"}
    save(admin_client, term, script="Taml")
    save(admin_client, term, term="पैरासिटा", script="Taml")
    term.refresh_from_db()
    assert term.script == "Taml"  # somebody chose it


def test_saving_leaves_counters_alone_and_a_note_leaves_the_version(admin_client, db):
    term = add("Ozempic", "us and paid")
    version = current_version()
    given = form_of(term) | {"note": "See the formulary."}
    services.count(matched={term.pk: 5})
    Alternative.objects.update(count=8)
    admin_client.post(f"{TERMS}{term.pk}/change/", given)
    term.refresh_from_db()
    assert (term.note, term.matched_count) == ("See the formulary.", 5)
    assert current_version() == version
    admin_client.post(f"{TERMS}{term.pk}/change/", given | {"alternatives-0-text": "us & paid"})
    each = Alternative.objects.get()
    assert (each.text, each.normalized, each.count) == ("us & paid", "us & paid", 8)
    assert current_version() > version


def test_counters_and_where_a_term_came_from_are_shown(admin_client, db):
    term = add("Ozempic")
    services.count(matched={term.pk: 31})
    services.count(undone={term.pk: 17})
    assert "31 matched, 17 undone" in admin_client.get(TERMS).content.decode()
    page = admin_client.get(f"{TERMS}{term.pk}/change/").content.decode()
    assert all(re.search(rf">\s*{count}\s*<", page) for count in (31, 17))


def test_a_term_that_two_enter_at_once_is_there_once(transactional_db):
    def enter(n):
        client = Client()
        client.force_login(User.objects.get())
        try:
            return client.post(TERMS + "add/", {
                "term": "Ozempic", "kind": "drug", "status": "approved", "priority": 0,
                "metadata": "", "alternatives-TOTAL_FORMS": 0, "alternatives-INITIAL_FORMS": 0,
            }).status_code  # fmt: skip
        finally:
            connection.close()

    User.objects.create_superuser("boss")
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enter, range(6))) == [200] * 5 + [302]
    assert Term.objects.count() == 1


# --- Deciding on several -----------------------------------------------------------------------


def test_all_that_a_search_finds_is_decided_on(admin_client, db):
    for n in range(60):
        add(f"term {n}")
    page = admin_client.post(TERMS + "?q=term", {
        "action": "reject", "select_across": "1", "_selected_action": [Term.objects.last().pk],
    }, follow=True)  # fmt: skip
    assert messages(page) == ["60 set to rejected."]
    assert set(Term.objects.values_list("status", flat=True)) == {"rejected"}


def test_terms_are_merged_after_choosing_which_to_keep(admin_client, db):
    kept, other = add("Monro Inc", status="approved"), add("Monroe Inc", "mon row")
    page = act(admin_client, "merge", kept, other).content.decode()
    assert re.search(rf'value="{kept.pk}" required checked', page)
    assert "mon row" in page
    assert "not for the same API key" not in page
    assert Term.objects.get(pk=other.pk).status == "suggested"  # nothing is done yet
    page = act(admin_client, "merge", kept, other, keep=other.pk, merge="Merge")
    assert page.redirect_chain[0][0] == f"{TERMS}{other.pk}/change/"
    assert messages(page) == ["2 terms are one now: “Monroe Inc”."]
    kept.refresh_from_db()
    assert kept.status == "retired"
    assert set(other.alternatives.values_list("text", flat=True)) == {"mon row", "Monro Inc"}
    assert LogEntry.objects.count() == 2


def test_merging_warns_where_terms_are_not_for_the_same(admin_client, db):
    key = create_key("clinic")[0]
    terms = add("Ozempic"), add("Ozempik", api_key_id=key.pk, language="de")
    page = act(admin_client, "merge", *terms).content.decode()
    assert "not for the same API key" in page
    assert "not of the same language" in page


@pytest.mark.parametrize("keep", ["", "x", "999999"])
def test_a_merge_without_a_choice_asks_again(admin_client, db, keep):
    terms = [add("Monro Inc"), add("Monroe Inc")]
    page = act(admin_client, "merge", *terms, keep=keep, merge="Merge")
    assert 'class="errorlist"' in page.content.decode()
    assert set(Term.objects.values_list("status", flat=True)) == {"suggested"}


def test_one_term_alone_is_not_merged(admin_client, db):
    assert messages(act(admin_client, "merge", add("Ozempic"))) == [
        "Choose from 2 to 20 terms to merge."
    ]


def test_many_are_deleted_with_all_that_hangs_on_them(admin_client, db):
    terms = [add(f"term {n}", f"heard {n}") for n in range(120)]
    page = act(admin_client, "delete_selected", *terms).content.decode()
    assert "and 20 more" in page
    act(admin_client, "delete_selected", *terms, post="yes")
    assert not Term.objects.exists()
    assert not Alternative.objects.exists()


def test_too_many_are_not_deleted_at_once(admin_client, db):
    Term.objects.bulk_create(Term(term=f"t {n}", normalized=f"t {n}") for n in range(501))
    page = act(admin_client, "delete_selected", Term.objects.last(), select_across=1)
    assert messages(page) == [
        "At most 500 terms are deleted at once. To use them no more, retire them."
    ]
    assert Term.objects.count() == 501
