"""Webhooks in admin: made and rotated with their secret shown once, tested, replayed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from standardwebhooks import Webhook as Verifier

from speech_project.access.keys import create_key
from speech_project.access.models import AuditEvent
from speech_project.webhooks import delivering, services
from speech_project.webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db

HOOKS, LOG = "/admin/webhooks/webhook/", "/admin/webhooks/delivery/"


@pytest.fixture
def page(client, db):
    client.force_login(User.objects.create_superuser("ada", password="a password for ada"))
    return client


def act(page, address, action, *rows):
    ids = [str(row.pk) for row in rows]
    return page.post(address, {"action": action, "_selected_action": ids}, follow=True)


def text_of(answer):
    return answer.content.decode()


def test_a_webhook_is_made_for_a_key_and_its_secret_shown_once(page):
    key, _ = create_key("clinic")
    form = {
        "api_key": key.pk,
        "url": "https://example.org/hooks",
        "events": ["job.completed", "job.failed"],
        "enabled": "on",
    }
    shown = text_of(page.post(f"{HOOKS}add/", form))
    webhook = Webhook.objects.get()
    assert webhook.secret in shown
    assert (webhook.api_key, webhook.events) == (key, ["job.completed", "job.failed"])
    for address in (HOOKS, f"{HOOKS}{webhook.pk}/change/"):
        assert webhook.secret not in text_of(page.get(address))
    assert AuditEvent.objects.get().action == "webhook.create"


def test_an_address_that_nothing_is_sent_to_is_refused_with_the_reason(page):
    key, _ = create_key("clinic")
    form = {"api_key": key.pk, "url": "https://10.0.0.1/", "events": ["job.failed"]}
    assert "10.0.0.1 is not on the open internet" in text_of(page.post(f"{HOOKS}add/", form))
    assert not Webhook.objects.exists()


def test_a_change_leaves_the_key_and_the_secret(page, webhook):
    form = {"url": "https://example.org/new", "events": ["job.failed"], "enabled": "on"}
    other, _ = create_key("another")
    page.post(f"{HOOKS}{webhook.pk}/change/", form | {"api_key": other.pk})
    now = Webhook.objects.get()
    assert (now.url, now.events) == ("https://example.org/new", ["job.failed"])
    assert (now.secret, now.api_key) == (webhook.secret, webhook.api_key)


def test_rotating_shows_the_new_secret_once(page, webhook, receiver):
    shown = text_of(act(page, HOOKS, "rotate", webhook))
    after = Webhook.objects.get()
    assert re.findall(r"whsec_[\w+/=]+", shown) == [after.secret]
    assert after.secret != webhook.secret
    assert after.previous_secret == webhook.secret


def test_a_test_event_is_sent_and_stands_in_the_log(page, webhook, receiver):
    act(page, HOOKS, "send_test", webhook)
    delivering.deliver(webhook.pk)
    (got,) = receiver.got
    assert Verifier(webhook.secret).verify(got.body, got.headers)["type"] == "webhook.test"
    assert "It was taken (204)." in text_of(page.get(LOG))


def test_what_was_switched_off_says_why_and_is_turned_on_again(page, webhook):
    Webhook.objects.update(enabled=False, failures=5, disabled_reason="5 in a row were given up.")
    assert "switched off after failures</td>" in text_of(page.get(HOOKS))
    shown = text_of(page.get(f"{HOOKS}{webhook.pk}/change/"))
    assert "5 in a row were given up." in shown
    assert "is off, so nothing is sent" in text_of(act(page, HOOKS, "send_test", webhook))
    assert not Delivery.objects.exists()

    act(page, HOOKS, "turn_on", webhook)
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.failures, webhook.disabled_reason) == (True, 0, "")


@pytest.fixture
def failed(webhook, receiver):
    """A delivery that the receiver refused for good."""
    receiver.answer(410, b"<b>gone</b>")
    delivery = services.test(webhook)
    delivering.deliver(webhook.pk)
    services.change(webhook, enabled=True)
    return delivery


def test_the_log_shows_each_try_and_what_is_sent(page, failed):
    shown = text_of(page.get(f"{LOG}{failed.pk}/change/"))
    assert "It answered 410: &lt;b&gt;gone&lt;/b&gt;" in shown
    assert "&quot;type&quot;: &quot;webhook.test&quot;" in shown
    assert 'name="_save"' not in shown


def test_a_replay_from_the_log_is_sent_again(page, webhook, receiver, failed):
    assert "1 sent again." in text_of(act(page, LOG, "replay", failed))
    delivering.deliver(webhook.pk)
    failed.refresh_from_db()
    assert failed.status == "delivered"
    assert [got.headers["webhook-id"] for got in receiver.got] == [str(failed.pk)] * 2
    assert AuditEvent.objects.get(action="webhook.replay").target == f"delivery {failed.pk}"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("status__exact=failed", 1),
        ("status__exact=delivered", 0),
        ("event=webhook.test", 1),
        ("event=job.completed", 0),
    ],
)
def test_the_log_is_filtered(page, failed, query, rows):
    assert text_of(page.get(f"{LOG}?{query}")).count('class="action-select"') == rows


def test_the_log_of_one_webhook_is_a_link_away(page, webhook, failed):
    other = services.create(webhook.api_key, url=webhook.url)
    services.test(other)
    assert f"{LOG}?webhook__id__exact={webhook.pk}" in text_of(page.get(HOOKS))
    shown = text_of(page.get(f"{LOG}?webhook__id__exact={webhook.pk}"))
    assert shown.count('class="action-select"') == 1


def test_deleting_a_webhook_deletes_its_log(page, webhook, failed):
    page.post(f"{HOOKS}{webhook.pk}/delete/", {"post": "yes"})
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_who_may_only_look_replays_nothing(client, failed):
    viewer = User.objects.create_user("vic", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(viewer)
    assert "webhook.test" in text_of(client.get(LOG))
    act(client, LOG, "replay", failed)
    failed.refresh_from_db()
    assert failed.status == "failed"
