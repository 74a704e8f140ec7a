"""Deliveries that are tried again, given up, taken over and replayed; none is sent by two."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from speech_project.access.models import ApiKey
from speech_project.webhooks import delivering, sending, services, tasks
from speech_project.webhooks.models import Delivery, Webhook

DELIVERED, FAILED, WAITING = (
    Delivery.Status.DELIVERED,
    Delivery.Status.FAILED,
    Delivery.Status.WAITING,
)
ALL_TRIES = len(delivering.BACKOFF) + 1


@pytest.fixture
def delivery(webhook):
    return services.test(webhook)


def make_due(**fields):
    Delivery.objects.filter(status=WAITING).update(
        not_before=timezone.now() - timedelta(seconds=1), **fields
    )


def deliver(webhook):
    """As a worker does it; with what is due later brought forward."""
    make_due()
    tasks.deliver_webhook(str(webhook.pk))


def wait_of(delivery):
    """Seconds from the last try to the next."""
    delivery.refresh_from_db()
    return (delivery.not_before - datetime.fromisoformat(delivery.tries[-1][0])).total_seconds()


def give_up(webhook, receiver, status=500):
    """One delivery more that is given up."""
    receiver.answer(status, times=ALL_TRIES)
    delivery = services.test(webhook)
    for _ in range(ALL_TRIES):
        deliver(webhook)
    delivery.refresh_from_db()
    assert delivery.status == FAILED
    return delivery


# --- Sent --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_taken_is_logged_and_not_sent_again(webhook, receiver, delivery):
    deliver(webhook)
    deliver(webhook)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease_until) == (DELIVERED, None)
    assert delivery.delivered_at is not None
    ((_, status, took_ms, problem),) = delivery.tries
    assert (status, problem) == (204, "")
    assert took_ms >= 0
    assert len(receiver.got) == 1


@pytest.mark.django_db
def test_whoever_has_sent_one_wakes_for_the_next(webhook, receiver, delivery, sent):
    services.test(webhook)
    sent.clear()
    with pytest.MonkeyPatch.context() as patch:  # the test's own transaction never ends
        patch.setattr(delivering, "wake", lambda task, pk, queue: sent.append((task, pk, queue)))
        tasks.deliver_webhook(str(webhook.pk))
        assert sent == [("deliver_webhook", str(webhook.pk), "engine")]
        tasks.deliver_webhook(str(webhook.pk))
    assert len(sent) == 1
    assert len(receiver.got) == 2


@pytest.mark.django_db
def test_of_several_that_are_due_the_oldest_goes_first(webhook, receiver):
    ids = [str(services.test(webhook).pk) for _ in range(3)]
    for _ in ids:
        tasks.deliver_webhook(str(webhook.pk))
    assert [got.headers["webhook-id"] for got in receiver.got] == ids


# --- Tried again -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_is_tried_for_a_day_under_the_same_id_and_then_given_up(webhook, receiver, delivery):
    receiver.answer(500, b"out of order", times=ALL_TRIES)
    waits = []
    for _ in range(ALL_TRIES - 1):
        deliver(webhook)
        waits.append(wait_of(delivery))
    assert delivery.status == WAITING
    for waited, planned in zip(waits, delivering.BACKOFF, strict=True):
        assert 0.9 * planned.total_seconds() <= waited <= 1.1 * planned.total_seconds()
    assert 20 * 3600 < sum(waits) < 26 * 3600

    deliver(webhook)
    delivery.refresh_from_db()
    assert delivery.status == FAILED
    assert [(status, problem) for _, status, _, problem in delivery.tries] == [
        (500, "It answered 500: out of order")
    ] * ALL_TRIES
    deliver(webhook)
    assert {got.headers["webhook-id"] for got in receiver.got} == {str(delivery.pk)}
    assert len(receiver.got) == ALL_TRIES


@pytest.mark.django_db
def test_before_its_time_nothing_is_tried_again(webhook, receiver, delivery):
    receiver.answer(500)
    deliver(webhook)
    tasks.deliver_webhook(str(webhook.pk))
    assert len(receiver.got) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [("300", 300, 300), ("1", 4.5, 5.5), ("9999999", 6 * 3600, 6 * 3600)],
)
def test_a_receiver_may_ask_for_more_time_within_bounds(
    webhook, receiver, delivery, wish, least, most
):
    receiver.answer(429, Retry_After=wish)
    deliver(webhook)
    assert least <= wait_of(delivery) <= most


@pytest.mark.django_db
def test_a_redirect_is_a_failure_that_says_what_to_do(webhook, receiver, delivery):
    receiver.answer(308, Location="https://example.org/")
    deliver(webhook)
    delivery.refresh_from_db()
    assert delivery.status == WAITING
    assert "give the final address" in delivery.tries[-1][3]


@pytest.mark.django_db
def test_a_fault_of_the_product_counts_as_a_try(webhook, delivery, monkeypatch):
    def fails(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr(sending, "_told", fails)
    deliver(webhook)
    assert wait_of(delivery) > 4
    assert delivery.tries[-1][3] == "Verbatim itself failed: RuntimeError."


# --- Switched off ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_five_given_up_in_a_row_switch_it_off_and_say_what_to_do(webhook, receiver):
    Webhook.objects.update(failures=3)
    give_up(webhook, receiver)
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.failures) == (True, 4)

    give_up(webhook, receiver)
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.failures) == (False, 5)
    assert webhook.disabled_reason.startswith(
        "5 deliveries in a row were given up. It answered 500"
    )
    assert "turn the webhook on again" in webhook.disabled_reason
    with pytest.raises(services.Refused, match="is off"):
        services.test(webhook)


@pytest.mark.django_db
def test_a_success_sets_the_count_back(webhook, receiver):
    give_up(webhook, receiver)
    services.test(webhook)
    deliver(webhook)
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.failures) == (True, 0)


@pytest.mark.django_db
def test_gone_switches_it_off_at_once(webhook, receiver, delivery):
    receiver.answer(410)
    deliver(webhook)
    webhook.refresh_from_db()
    delivery.refresh_from_db()
    assert not webhook.enabled
    assert webhook.disabled_reason.startswith("The receiver answered 410")
    assert delivery.status == FAILED


@pytest.mark.django_db
def test_what_waits_when_it_is_switched_off_goes_when_it_is_turned_on(webhook, receiver, delivery):
    services.change(webhook, enabled=False)
    deliver(webhook)
    assert receiver.got == []

    Webhook.objects.update(failures=5, disabled_reason="Five were given up.")
    services.change(webhook, enabled=True)
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.disabled_reason) == (0, "")
    deliver(webhook)
    assert len(receiver.got) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_nothing_is_sent_for_a_key_that_is_not_in_force(webhook, receiver, delivery, ended):
    ApiKey.objects.update(**{ended: timezone.now()})
    deliver(webhook)
    assert receiver.got == []


# --- Replayed ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_replay_has_all_tries_anew_under_the_same_id(webhook, receiver):
    delivery = give_up(webhook, receiver)
    services.replay(delivery)
    assert delivery.status == WAITING

    receiver.answer(500)
    deliver(webhook)
    assert 4.5 <= wait_of(delivery) <= 5.5
    deliver(webhook)
    delivery.refresh_from_db()
    assert delivery.status == DELIVERED
    assert len(delivery.tries) == ALL_TRIES + 2
    assert {got.headers["webhook-id"] for got in receiver.got} == {str(delivery.pk)}


@pytest.mark.django_db
def test_what_is_being_sent_is_not_replayed(webhook, receiver, delivery):
    claimed = delivering._claim(webhook.pk)
    with pytest.raises(services.Refused, match="being sent at this moment"):
        services.replay(claimed)
    services.change(webhook, enabled=False)
    claimed.refresh_from_db()
    with pytest.raises(services.Refused, match="is off"):
        services.replay(claimed)


# --- Several workers ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sent")
def test_of_two_workers_one_sends(webhook, receiver, delivery):
    both = threading.Barrier(2)

    def work():
        try:
            both.wait(10)
            tasks.deliver_webhook(str(webhook.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt) == (DELIVERED, 1)
    assert len(receiver.got) == 1


@pytest.mark.django_db
def test_a_slow_receiver_keeps_few_workers_busy(webhook, receiver):
    for _ in range(4):
        services.test(webhook)
    held = [delivering._claim(webhook.pk) for _ in range(4)]
    assert [bool(each) for each in held] == [True, True, False, False]
    delivering._settle(held[0], sending.Answer(200))
    assert delivering._claim(webhook.pk)


@pytest.mark.django_db
def test_all_slow_receivers_together_keep_few_workers_busy(webhook, receiver):
    others = [services.create(webhook.api_key, url=receiver.url) for _ in range(5)]
    for each in others:
        services.test(each)
        services.test(each)
    held = [delivering._claim(each.pk) for each in others for _ in range(2)]
    assert len(list(filter(None, held))) == delivering.MOST_AT_ONCE


@pytest.mark.django_db
def test_what_a_worker_died_with_is_sent_by_another(webhook, receiver, delivery):
    dead = delivering._claim(webhook.pk)
    deliver(webhook)
    assert receiver.got == []

    make_due(lease_until=timezone.now() - timedelta(seconds=1))
    deliver(webhook)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt, len(receiver.got)) == (DELIVERED, 2, 1)

    delivering._settle(dead, sending.Answer(500, "It answered 500."))
    delivery.refresh_from_db()
    assert (delivery.status, len(delivery.tries)) == (DELIVERED, 1)


@pytest.mark.django_db
def test_a_worker_that_was_taken_for_dead_takes_nothing_from_the_next(webhook, delivery):
    late = delivering._claim(webhook.pk)
    make_due(lease_until=timezone.now() - timedelta(seconds=1))
    next_one = delivering._claim(webhook.pk)
    delivering._settle(late, sending.Answer(500, "It answered 500."))
    delivery.refresh_from_db()
    assert (delivery.attempt, delivery.tries) == (2, [])
    assert delivery.lease_until == next_one.lease_until


@pytest.mark.django_db
def test_a_webhook_that_is_deleted_while_it_is_sent_leaves_nothing(webhook, receiver, delivery):
    claimed = delivering._claim(webhook.pk)
    services.delete(webhook)
    delivering._settle(claimed, sending.Answer(500, "It answered 500."))
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


# --- The sweep ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_sweep_wakes_for_what_is_due_and_not_at_each_round(
    webhook, receiver, delivery, sent, django_capture_on_commit_callbacks
):
    make_due()
    for expected in ([("deliver_webhook", str(webhook.pk))], []):
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            tasks.sweep_webhooks()
        assert sent == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"not_before": timedelta(seconds=5)},
        {"lease_until": timedelta(seconds=5)},
        {"status": DELIVERED},
        {"status": FAILED},
    ],
    ids=["not due", "being sent", "delivered", "given up"],
)
def test_the_sweep_leaves_alone_what_needs_nobody(
    webhook, delivery, sent, fields, django_capture_on_commit_callbacks
):
    now = timezone.now()
    Delivery.objects.update(
        **{n: now + value if isinstance(value, timedelta) else value for n, value in fields.items()}
    )
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_webhooks()
    assert sent == []


@pytest.mark.django_db
def test_the_sweep_wakes_for_what_a_worker_died_with(
    webhook, delivery, sent, django_capture_on_commit_callbacks
):
    make_due(lease_until=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_webhooks()
    assert sent == [("deliver_webhook", str(webhook.pk))]


@pytest.mark.django_db
def test_the_log_is_kept_for_thirty_days(webhook, delivery):
    young = services.test(webhook)
    Delivery.objects.filter(pk=delivery.pk).update(created_at=timezone.now() - timedelta(days=31))
    Delivery.objects.filter(pk=young.pk).update(created_at=timezone.now() - timedelta(days=29))
    tasks.sweep_webhooks()
    assert list(Delivery.objects.values_list("pk", flat=True)) == [young.pk]


def test_beat_runs_the_sweep_itself():
    from speech_project.celery import app

    assert app.conf.beat_schedule["sweep_webhooks"]["task"] == "sweep_webhooks"
    app.loader.import_default_modules()
    assert {"sweep_webhooks", "deliver_webhook"} <= set(app.tasks)
