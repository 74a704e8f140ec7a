"""Find and replace over a recording, with a preview of each hit, and what the lexicon learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from feedback.finding import Search, hits, replaced
from feedback.models import Revision
from feedback.services import submit_review
from lexicon.models import Term
from lexicon.services import add_term
from speech_project.access.keys import create_key
from transcription.models import Job, Segment

HX: Any = {"headers": {"hx-request": "true"}}


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    return make_job("the interest oh helps", "an Interest oh, and the interests", "no hit")


def found(text: str, query: str, **wishes: bool) -> list[str]:
    return [hit.found for hit in hits(text, Search(query, **wishes))]


def test_what_is_found():
    text = "the interest oh, Interest  Oh and interests"
    assert found(text, "interest oh") == ["interest oh", "Interest  Oh"]
    assert found(text, "interest") == ["interest", "Interest", "interest"]
    assert found(text, "interest", words=True) == ["interest", "Interest"]
    assert found(text, "Interest", case=True) == ["Interest"]
    assert found(text, "  ") == []
    assert found("a.b axb", "a.b") == ["a.b"]
    assert found("foo barfoo foobar", " foo ", words=True) == ["foo"]


def test_words_of_any_script():
    assert found("我们降低剂量", "降低", words=True) == ["降低"]
    assert found("हाँ डॉक्टर जी", "डॉक्टर", words=True) == ["डॉक्टर"]
    assert found("डॉक्टरों", "डॉक्टर", words=True) == []
    assert found("e\u0301te ete", "e") == ["e", "e", "e"]  # never half a letter with its accent


def test_what_is_replaced():
    assert replaced("a b a", [(0, 1), (4, 5)], "xyz") == "xyz b xyz"


def test_a_preview_of_each_place(desk_client: Client, job: Job):
    page = desk_client.get(f"/review/{job.pk}/find/?q=interest+oh&replacement=Entresto")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<b>2</b> places" in text
    assert text.count("<del>") == text.count("<ins>Entresto</ins>") == 2
    fragment = desk_client.get(f"/review/{job.pk}/find/?q=nothing", **HX).content.decode()
    assert "<html" not in fragment
    assert "“nothing” is nowhere in the text" in fragment


def places(client: Client, job: Job, query: str) -> list[str]:
    page = client.get(f"/review/{job.pk}/find/", {"q": query})
    return [f"{s.pk}:{s.version}:{h.start}:{h.end}" for s, h in page.context["found"].shown]


def test_only_what_was_chosen_is_replaced(desk_client: Client, job: Job):
    first, *_ = places(desk_client, job, "interest oh")
    answer = desk_client.post(
        f"/review/{job.pk}/replace/",
        {"q": "interest oh", "replacement": "Entresto", "place": [first]},
        follow=True,
    )
    assert "1 place replaced." in answer.content.decode()
    texts = list(Segment.objects.order_by("position").values_list("text", flat=True))
    assert texts == ["the Entresto helps", "an Interest oh, and the interests", "no hit"]
    assert Revision.objects.get().text_before == "the interest oh helps"
    job.refresh_from_db()
    assert job.review_status == "in_review"


def test_the_script_gets_the_segments_that_changed(desk_client: Client, job: Job):
    chosen = places(desk_client, job, "interest oh")
    answer = desk_client.post(
        f"/review/{job.pk}/replace/",
        {"q": "interest oh", "replacement": "Entresto", "place": chosen},
        **HX,
    )
    text = answer.content.decode()
    assert text.count("<article") == 2
    assert "the Entresto helps" in text
    assert answer["X-Told"] == "2+places+replaced."


def test_places_changed_meanwhile_stay(desk_client: Client, job: Job):
    chosen = places(desk_client, job, "interest oh")
    Segment.objects.filter(text__startswith="the").update(text="the other interest oh", version=2)
    answer = desk_client.post(
        f"/review/{job.pk}/replace/",
        {"q": "interest oh", "replacement": "Entresto", "place": chosen},
        follow=True,
    )
    assert "1 place replaced. 1 was changed since, and stays." in answer.content.decode()
    assert Segment.objects.filter(text="the other interest oh").exists()


def test_replace_and_learn(desk_client: Client, job: Job, reviewer: User):
    wish = {"q": "interest oh", "replacement": "Entresto", "learn": "on"}
    chosen = {"place": places(desk_client, job, "interest oh")}
    page = desk_client.post(f"/review/{job.pk}/replace/", wish | chosen, follow=True)
    assert "“Entresto” is suggested for the lexicon" in page.content.decode()
    term = Term.objects.get()
    assert (term.status, term.source, term.created_by_name) == ("suggested", "learned", "rita")
    heard = term.alternatives.get()
    assert (heard.text, heard.count) == ("interest oh", 2)


def test_who_may_decide_on_terms_does(desk_client: Client, job: Job, reviewer: User):
    decides = Permission.objects.filter(codename__in=["add_term", "change_term"])
    reviewer.user_permissions.set(decides)
    wish = {"q": "interest oh", "replacement": "Entresto", "learn": "on"}
    chosen = {"place": places(desk_client, job, "interest oh")}
    page = desk_client.post(f"/review/{job.pk}/replace/", wish | chosen, follow=True)
    assert "“Entresto” is in the lexicon" in page.content.decode()
    assert Term.objects.get().status == "approved"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"q": ""}, "Say what to look for."),
        ({"q": "x\x00"}, "Look for at most 200 characters"),
        ({"q": "x" * 201}, "Look for at most 200 characters"),
        ({"q": "interest oh", "replacement": "x" * 20_001}, "A segment holds at most 20,000"),
        ({"q": "interest oh", "replacement": "a\x00b"}, "NUL character"),
    ],
)
def test_bad_wishes(desk_client: Client, job: Job, wish: dict[str, str], message: str):
    chosen = {"place": places(desk_client, job, "interest oh")}
    answer = desk_client.post(f"/review/{job.pk}/replace/", wish | chosen, **HX)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not Revision.objects.exists()
    assert desk_client.get(f"/review/{job.pk}/find/", {"q": "x\x00"}).status_code == 422


def test_odd_places_are_nowhere(desk_client: Client, job: Job, make_job: Callable[..., Job]):
    other = make_job("interest oh").segments.get()
    odd = ["", "1:2", "a:b:c:d", f"{other.pk}:1:0:11", f"{job.segments.all()[0].pk}:1:0:3"]
    answer = desk_client.post(
        f"/review/{job.pk}/replace/",
        {"q": "interest oh", "replacement": "x", "place": odd},
        follow=True,
    )
    assert "0 places replaced. 2 were changed since" in answer.content.decode()
    assert not Segment.objects.filter(version__gt=1).exists()


def test_not_in_a_submitted_review(desk_client: Client, job: Job, reviewer: User):
    chosen = places(desk_client, job, "interest oh")
    submit_review(reviewer, job)
    answer = desk_client.post(
        f"/review/{job.pk}/replace/",
        {"q": "interest oh", "replacement": "x", "place": chosen},
        **HX,
    )
    assert answer.status_code == 422
    assert "submitted already" in answer.content.decode()


def test_a_term_of_the_text(desk_client: Client, job: Job):
    segment = job.segments.all()[0]
    segment.text = "the Entresto helps"
    segment.save()
    form = desk_client.get(f"/review/{job.pk}/term/?segment={segment.pk}&term=Entresto")
    assert (form.context["term"], form.context["heard"]) == ("Entresto", "interest oh")
    wish: Any = {"segment": segment.pk, "term": "Entresto", "heard": "interest oh\r\nin tresto\r\n"}
    page = desk_client.post(f"/review/{job.pk}/term/", wish, follow=True)
    assert "“Entresto” is suggested" in page.content.decode()
    heard = Term.objects.get().alternatives.values_list("text", flat=True)
    assert sorted(heard) == ["in tresto", "interest oh"]


@pytest.mark.parametrize("wish", [{"term": ""}, {"term": "x", "language": "klingon"}, {}])
def test_bad_terms(desk_client: Client, job: Job, wish: dict[str, str]):
    answer = desk_client.post(f"/review/{job.pk}/term/", wish, **HX)
    assert answer.status_code == 422
    assert answer.content
    assert not Term.objects.exists()


def test_queries(desk_client: Client, make_job: Callable[..., Job], django_assert_max_num_queries):
    job = make_job(*["the interest oh helps"] * 30)
    with django_assert_max_num_queries(6):
        desk_client.get(f"/review/{job.pk}/find/?q=interest")


def test_what_cannot_be_learned_is_replaced_all_the_same(desk_client: Client, job: Job):
    wish = {"q": "interest oh", "replacement": "x" * 300, "learn": "on"}
    chosen = {"place": places(desk_client, job, "interest oh")}
    answer = desk_client.post(f"/review/{job.pk}/replace/", wish | chosen, **HX)
    assert answer.status_code == 200
    assert answer["X-Told"].startswith("2+places+replaced.+It+is+not+in+the+lexicon")
    assert Segment.objects.filter(text__contains="xxx").count() == 2


def test_many_places_at_once(desk_client: Client, make_job: Callable[..., Job]):
    job = make_job(*["a a a a a a a a a a"] * 150)
    for _ in range(3):
        chosen = {"place": places(desk_client, job, "a")}
        answer = desk_client.post(
            f"/review/{job.pk}/replace/", {"q": "a", "replacement": "b"} | chosen, **HX
        )
        assert answer.status_code == 200
    assert not Segment.objects.filter(text__contains="a").exists()


def test_what_a_clients_recording_teaches_is_that_clients(desk_client: Client, make_job: Any):
    everyones = add_term(
        "Entresto", source="admin", status="approved", alternatives=["and rest oh"]
    )
    key = create_key("clinic")[0]
    job = make_job("the interest oh helps", api_key=key, group_id=None, owner_id=None)
    job.owner_id = User.objects.get(username="rita").pk
    job.save()
    (place,) = places(desk_client, job, "interest oh")
    wish = {"q": "interest oh", "replacement": "Entresto", "place": place, "learn": "on"}
    desk_client.post(f"/review/{job.pk}/replace/", wish)
    own = Term.objects.get(api_key=key)
    assert {each.text for each in own.alternatives.all()} == {"and rest oh", "interest oh"}
    assert [each.text for each in everyones.term.alternatives.all()] == ["and rest oh"]
