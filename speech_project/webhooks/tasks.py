"""Celery's side of webhooks."""

from celery import shared_task

from speech_project.webhooks import delivering


@shared_task(name="deliver_webhook")
def deliver_webhook(webhook_id: str) -> None:
    delivering.deliver(webhook_id)


@shared_task(name="sweep_webhooks")
def sweep_webhooks() -> None:
    delivering.sweep()
