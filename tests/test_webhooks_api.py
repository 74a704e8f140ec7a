"""Webhooks by the API: each key its own; made, changed, rotated, tested, replayed, deleted."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from standardwebhooks import Webhook as Verifier

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey, AuditEvent
from speech_project.webhooks import delivering, services
from speech_project.webhooks.models import Delivery, Event, Webhook

pytestmark = pytest.mark.django_db

LIST = "/api/v1/webhooks/"
SCOPES = ["jobs:read", "jobs:write"]


@pytest.fixture
def call(db):
    """Calls with a key of its own."""
    key, text = create_key("clinic", scopes=SCOPES)

    def call(method, address, data=None, *, key=text, **headers):
        headers = {"Authorization": f"Bearer {key}"} | headers
        return Client().generic(
            method,
            address,
            b"" if data is None else json.dumps(data).encode(),
            content_type="application/json",
            headers=headers,
        )

    call.key = key
    return call


@pytest.fixture
def made(call, receiver):
    """As the API answered it, with its secret."""
    return call("POST", LIST, {"url": receiver.url}).json()


def at(made, rest=""):
    return f"{LIST}{made['id']}/{rest}"


# --- Made and read -----------------------------------------------------------------------------


def test_a_webhook_is_made_and_its_secret_told_once(call, receiver):
    answer = call("POST", LIST, {"url": receiver.url, "events": ["job.failed", "job.completed"]})
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"] == Webhook.objects.get().secret
    assert made["events"] == ["job.completed", "job.failed"]
    assert made["api_key"] == call.key.prefix
    assert answer["Location"] == f"http://testserver{at(made)}"

    read = call("GET", at(made)).json()
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert call("GET", LIST).json()["results"] == [read]
    assert AuditEvent.objects.get(action="webhook.create").target == f"webhook {made['id']}"


def test_without_events_all_are_sent(made):
    assert made["events"] == Event.values


def test_a_repeated_request_makes_one_webhook(call, receiver):
    ids = [
        call("POST", LIST, {"url": receiver.url}, **{"Idempotency-Key": "once"}).json()["id"]
        for _ in range(2)
    ]
    assert ids == [Webhook.objects.get().pk] * 2


@pytest.mark.parametrize(
    ("wish", "field", "why"),
    [
        ({}, "url", "required"),
        ({"url": "https://192.168.0.1/"}, "url", "is not on the open internet"),
        ({"url": "https://a:b@example.org/"}, "url", "no name and password"),
        ({"url": "https://example.org/", "events": ["job.lost"]}, "events[0]", "Allowed: job."),
        ({"url": "https://example.org/", "events": []}, "events", "empty"),
        ({"url": "https://example.org/", "evnts": []}, "evnts", "Not known. Allowed: "),
        ({"url": "https://example.org/", "api_key": "00000000"}, "api_key", "for itself only"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(call, wish, field, why):
    answer = call("POST", LIST, wish)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert why in error["detail"]
    assert not Webhook.objects.exists()


def test_a_key_has_a_bounded_number(call, receiver, monkeypatch):
    monkeypatch.setattr(services, "MOST", 1)
    assert call("POST", LIST, {"url": receiver.url}).status_code == 201
    answer = call("POST", LIST, {"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many")


# --- Whose they are ----------------------------------------------------------------------------


def test_another_keys_webhooks_are_nowhere(call, made):
    _, other = create_key("another", scopes=SCOPES)
    delivery = services.test(Webhook.objects.get())
    assert call("GET", LIST, key=other).json()["results"] == []
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "rotate/"),
        ("POST", "test/"),
        ("GET", "deliveries/"),
        ("POST", f"deliveries/{delivery.pk}/replay/"),
    ):
        assert call(method, at(made, rest), {}, key=other).status_code == 404
    assert Webhook.objects.get().secret == made["secret"]


def test_a_key_that_may_only_read_changes_nothing(call, made):
    ApiKey.objects.update(scopes=["jobs:read"])
    assert call("GET", at(made)).status_code == 200
    for method, rest in (("PATCH", ""), ("DELETE", ""), ("POST", "rotate/"), ("POST", "test/")):
        answer = call(method, at(made, rest), {})
        assert answer.status_code == 403
        assert "jobs:write" in answer.json()["detail"]


def test_a_superuser_sees_all_and_names_the_key(client, made):
    client.force_login(User.objects.create_superuser("ada", password="a password for ada"))
    assert [each["id"] for each in client.get(LIST).json()["results"]] == [made["id"]]
    other, _ = create_key("another")
    wish = {"url": "https://example.org/hooks"}
    answer = client.post(LIST, wish, content_type="application/json")
    assert answer.json()["errors"][0]["field"] == "api_key"
    answer = client.post(LIST, wish | {"api_key": other.prefix}, content_type="application/json")
    assert answer.json()["api_key"] == other.prefix


def test_other_people_have_none(desk_client):
    answer = desk_client.get(LIST)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Webhooks are for API keys and for superusers."


# --- Changed -----------------------------------------------------------------------------------


def test_a_change_says_what_it_changes(call, made):
    etag = call("GET", at(made))["ETag"]
    answer = call("PATCH", at(made), {"events": ["job.failed"]}, **{"If-Match": etag})
    assert answer.json()["events"] == ["job.failed"]
    assert answer["ETag"] == call("GET", at(made))["ETag"] != etag

    late = call("PATCH", at(made), {"events": ["job.reviewed"]}, **{"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert call("DELETE", at(made), **{"If-Match": etag}).status_code == 412
    assert Webhook.objects.get().events == ["job.failed"]


def test_what_was_read_may_be_sent_back(call, made):
    read = call("GET", at(made)).json()
    assert call("PATCH", at(made), read | {"description": "Ward 7"}).status_code == 200
    webhook = Webhook.objects.get()
    assert (webhook.description, webhook.secret) == ("Ward 7", made["secret"])


def test_what_was_switched_off_says_why_and_is_turned_on(call, made):
    Webhook.objects.update(enabled=False, failures=5, disabled_reason="5 in a row were given up.")
    assert call("GET", at(made)).json()["disabled_reason"] == "5 in a row were given up."
    assert call("POST", at(made, "test/")).json()["code"] == "webhook_off"
    now = call("PATCH", at(made), {"enabled": True}).json()
    assert (now["enabled"], now["failures"], now["disabled_reason"]) == (True, 0, "")


def test_rotating_answers_with_the_new_secret(call, made):
    rotated = call("POST", at(made, "rotate/"), **{"Idempotency-Key": "once"}).json()
    again = call("POST", at(made, "rotate/"), **{"Idempotency-Key": "once"}).json()
    webhook = Webhook.objects.get()
    assert again == rotated
    assert (webhook.secret, webhook.previous_secret) == (rotated["secret"], made["secret"])
    assert rotated["previous_until"] is not None


def test_a_webhook_is_deleted_with_its_log(call, made):
    call("POST", at(made, "test/"))
    assert call("DELETE", at(made)).status_code == 204
    assert not Delivery.objects.exists()
    assert call("GET", at(made)).status_code == 404


# --- Deliveries --------------------------------------------------------------------------------


def test_a_test_event_arrives_and_stands_in_the_log(call, made, receiver):
    answer = call("POST", at(made, "test/"))
    assert answer.status_code == 202
    waiting = answer.json()
    assert (waiting["status"], waiting["tries"]) == ("waiting", [])

    receiver.answer(503, b"Back at noon")
    delivering.deliver(made["id"])
    (got,) = receiver.got
    assert Verifier(made["secret"]).verify(got.body, got.headers) == waiting["payload"]
    (delivery,) = call("GET", at(made, "deliveries/")).json()["results"]
    assert delivery["id"] == waiting["id"]
    (tried,) = delivery["tries"]
    assert (tried["status"], tried["problem"]) == (503, "It answered 503: Back at noon")
    assert delivery["next_try_at"] > tried["at"]


def test_a_delivery_is_replayed(call, made, receiver):
    delivery = call("POST", at(made, "test/")).json()
    delivering.deliver(made["id"])
    answer = call("POST", at(made, f"deliveries/{delivery['id']}/replay/"))
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    delivering.deliver(made["id"])
    assert [got.headers["webhook-id"] for got in receiver.got] == [delivery["id"]] * 2


def test_what_is_being_sent_is_not_replayed(call, made):
    delivery = call("POST", at(made, "test/")).json()
    delivering._claim(made["id"])
    answer = call("POST", at(made, f"deliveries/{delivery['id']}/replay/"))
    assert (answer.status_code, answer.json()["code"]) == (409, "being_sent")


def test_the_log_comes_in_pages_and_is_filtered(call, made, receiver):
    ids = [call("POST", at(made, "test/")).json()["id"] for _ in range(3)]
    delivering.deliver(made["id"])
    page = call("GET", at(made, "deliveries/?page_size=2")).json()
    rest = call("GET", page["next"].removeprefix("http://testserver")).json()
    assert [each["id"] for each in page["results"] + rest["results"]] == ids[::-1]

    for query, found in (
        ("status=delivered", ids[:1]),
        ("status=waiting", ids[:0:-1]),
        ("event=job.failed", []),
        ("event=webhook.test&status=failed", []),
    ):
        answer = call("GET", at(made, f"deliveries/?{query}"))
        assert [each["id"] for each in answer.json()["results"]] == found
    for query in ("status=lost", "event=lost", "sttus=failed"):
        assert call("GET", at(made, f"deliveries/?{query}")).status_code == 400
