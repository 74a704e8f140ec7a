"""Terms that come in, are decided on, merged and counted, whoever asks for it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from feedback.models import TermEvidence
from lexicon import services
from lexicon.models import Alternative, Term
from lexicon.services import Refused, add_term, merge
from lexicon.versions import entries
from speech_project.access.keys import create_key


def heard(term):
    return dict(term.alternatives.order_by("pk").values_list("text", "count"))


def counters(term):
    term.refresh_from_db()
    return [getattr(term, name) for name in services.COUNTERS]


# --- Adding ------------------------------------------------------------------------------------


def test_a_learned_term_waits_for_a_curator(db, reviewer):
    added = add_term("Ozempic", source="learned", kind="drug", user=reviewer,
                     alternatives={"us and paid": 2, "Us-and-paid": 1, "ozempic": 5})  # fmt: skip
    term = added.term
    assert (added.outcome, term.status, term.source) == ("added", "suggested", "learned")
    assert (term.kind, term.created_by_name, term.script) == ("drug", "rita", "Latn")
    assert heard(term) == {"us and paid": 3}  # what is the term itself is no mishearing
    assert entries(None) == []


def test_one_that_is_there_gains_what_it_was_misheard_as(db):
    first = add_term("Ozempic", source="admin", status="approved", alternatives=["us and paid"])
    again = add_term("OZEMPIC", source="learned", alternatives={"US AND PAID": 2, "oh some pig": 1})
    assert (again.outcome, again.term) == ("there", first.term)
    assert heard(first.term) == {"us and paid": 2, "oh some pig": 1}
    first.term.refresh_from_db()
    assert (first.term.term, first.term.status) == ("Ozempic", "approved")


def test_a_rejected_term_stays_rejected(db):
    term = add_term("German", source="learned").term
    services.reject(Term.objects.all())
    for status in ("suggested", "approved"):
        again = add_term("german", source="learned", status=status, alternatives=["germain"])
        assert (again.outcome, again.term) == ("rejected", term)
    term.refresh_from_db()
    assert term.status == "rejected"
    assert heard(term) == {}
    assert add_term("German", source="learned", language="de").outcome == "added"


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [("suggested", "approved", "approved"), ("approved", "there", "approved"),
     ("retired", "there", "retired")],
)  # fmt: skip
def test_adding_as_approved_approves_what_was_suggested_and_no_more(db, before, outcome, after):
    add_term("Ozempic", source="learned", status=before)
    added = add_term("Ozempic", source="api", status="approved")
    assert (added.outcome, added.term.status) == (outcome, after)


@pytest.mark.parametrize(
    ("term", "more", "told"),
    [
        ("--", {}, "Nothing is left"),
        ("a\x00b", {}, "NUL"),
        ("a\ud800", {}, "half a character"),
        ("x" * 201, {}, "201 characters; 200 are allowed"),
        ("Ozempic", {"alternatives": ["x" * 300]}, "300 characters"),
        ("Ozempic", {"language": "klingon"}, "The language “klingon” is not known."),
        ("Ozempic", {"script": "Xyzz"}, "The script “Xyzz” is not known."),
    ],
)
def test_what_cannot_be_a_term_is_refused_and_nothing_kept(db, term, more, told):
    with pytest.raises(Refused, match=told):
        add_term(term, source="api", **more)
    assert not Term.objects.exists()


@pytest.mark.parametrize(
    ("term", "script"),
    [("पैरासिटामोल", "Deva"), ("Аспирин", "Cyrl"), ("B-12", "Latn"), ("アスピリン", "Kana"),
     ("7", "")],
)  # fmt: skip
def test_the_script_is_told_by_the_letters(db, term, script):
    assert add_term(term, source="api").term.script == script


def test_a_term_stands_on_one_line(db):
    assert add_term(" Monro\r\n Inc\t", source="api").term.term == "Monro  Inc"


def test_the_same_term_from_two_at_once_is_there_once(transactional_db):
    def add(n):
        try:
            return add_term("Ozempic", source="learned", alternatives={f"heard {n}": 1}).outcome
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(add, range(8)))
    assert outcomes == ["added"] + ["there"] * 7
    assert heard(Term.objects.get()) == {f"heard {n}": 1 for n in range(8)}


# --- Deciding ----------------------------------------------------------------------------------


def test_curators_decide_and_the_next_job_sees_it(db):
    term = add_term("Ozempic", source="learned").term
    stages = [(services.approve, 1), (services.retire, 0), (services.approve, 1),
              (services.reject, 0), (services.approve, 1)]  # fmt: skip
    for decide, used in stages:
        assert decide(Term.objects.filter(pk=term.pk)) == 1
        assert len(entries(None)) == used
    assert services.approve(Term.objects.all()) == 0  # it is already
    assert Term.objects.get().updated_at > term.updated_at


# --- Merging -----------------------------------------------------------------------------------


@pytest.fixture
def three(db):
    """Monro Inc, and two that are the same."""
    kept = add_term("Monro Inc", source="admin", status="approved",
                    alternatives={"monroe ink": 2, "off": 1}).term  # fmt: skip
    Alternative.objects.filter(text="off").update(enabled=False)
    heard = {"monroe ink": 3, "mon row": 1, "off": 4, "monro inc": 9}
    other = add_term("Monroe Inc", source="learned", note="From a call.", alternatives=heard).term
    third = add_term("Monro Incorporated", source="learned", status="approved").term
    services.count(matched={kept.pk: 1, other.pk: 10, third.pk: 100})
    services.count(undone={other.pk: 7})
    TermEvidence.objects.create(term=other, heard="mon row", corrected="Monroe Inc")
    return kept, other, third


def test_merging_loses_nothing(three):
    kept, other, third = three
    assert merge(kept.pk, [other.pk, third.pk, kept.pk]) == kept
    assert heard(kept) == {
        "monroe ink": 5, "off": 5, "mon row": 1, "Monroe Inc": 0, "Monro Incorporated": 0,
    }  # fmt: skip
    assert not kept.alternatives.get(text="off").enabled
    assert [kept.status, *counters(kept)] == ["approved", 0, 0, 111, 0, 7]
    assert TermEvidence.objects.get().term == kept
    for merged in (other, third):
        assert counters(merged) == [0] * 5
        assert merged.status == "retired"
        assert f"Merged into “Monro Inc” ({kept.pk})." in merged.note
    assert "From a call." in other.note
    (entry,) = entries(None)
    assert set(entry.alternatives) == {"monroe ink", "mon row", "Monroe Inc", "Monro Incorporated"}


def test_a_rejected_term_stays_rejected_when_it_is_merged(three):
    kept, other, _ = three
    services.reject(Term.objects.filter(pk=other.pk))
    merge(kept.pk, [other.pk])
    other.refresh_from_db()
    assert other.status == "rejected"
    assert add_term("monroe inc", source="learned").outcome == "rejected"


def test_a_merge_with_what_is_gone_is_refused_and_changes_nothing(three):
    kept, other, third = three
    third.delete()
    before = heard(kept), counters(kept)
    with pytest.raises(Refused, match="deleted meanwhile"):
        merge(kept.pk, [other.pk, third.pk or 999_999])
    with pytest.raises(Refused, match="at least two"):
        merge(kept.pk, [kept.pk])
    assert (heard(kept), counters(kept)) == before


# --- Counting ----------------------------------------------------------------------------------


def test_uses_are_counted(db):
    a, b = (add_term(text, source="admin").term for text in ("a", "b"))
    services.count(sent=dict.fromkeys([a.pk, b.pk, 999_999], 1), matched={a.pk: 3, b.pk: 0})
    services.count(sent={a.pk: 1}, matched={999_999: 2})
    services.count(confirmed={a.pk: 2})
    services.count(undone={b.pk: 1, a.pk: 1})
    services.count(undone={b.pk: -5, a.pk: -1})  # a review that is taken back
    services.count(sent={}, matched={})
    assert counters(a) == [0, 2, 3, 2, 0]
    assert counters(b) == [0, 1, 0, 0, 0]


def test_counting_in_any_order_blocks_nobody(transactional_db):
    ids = [add_term(f"term {n}", source="admin").term.pk for n in range(20)]

    def count(order):
        half = len(order) // 2
        try:
            for _ in range(10):
                some, others = dict.fromkeys(order[:half], 1), dict.fromkeys(order[half:], 1)
                with transaction.atomic():
                    services.count(sent=some, matched=others)
                services.count(sent=others, matched=some)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, [ids, ids[::-1], ids[10:] + ids[:10], ids[::2] + ids[1::2]]))
    assert set(Term.objects.values_list("matched_count", "sent_count")) == {(40, 40)}


# --- Keys --------------------------------------------------------------------------------------


def test_keys_made_by_older_rules_are_brought_up_to_date(db):
    key = create_key("clinic")[0]
    term = add_term("Coumadin forte", source="admin", alternatives=["kuma din"]).term
    same = add_term("Coumadin Forte", source="admin", api_key_id=key.pk).term
    twin = add_term("Twin", source="admin").term
    Term.objects.filter(pk=term.pk).update(normalized="coumadin-forte", sound="?", romanised="")
    Term.objects.filter(pk=twin.pk).update(term="COUMADIN-FORTE", normalized="twin")
    Alternative.objects.update(normalized="kuma-din")
    assert services.refresh_keys() == 3
    for each in (term, same, twin):
        each.refresh_from_db()
    assert (term.normalized, term.romanised, term.sound) == (
        "coumadin forte", "coumadin forte", same.sound
    )  # fmt: skip
    assert twin.normalized == "twin"  # it would be the same as another: it stays
    assert Alternative.objects.get().normalized == "kuma din"
    assert services.refresh_keys() == 0
