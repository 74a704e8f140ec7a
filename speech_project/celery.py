"""The Celery application. Messages are wake-ups only: PostgreSQL is the queue of record, so a
message that is lost or doubled does no harm (see transcription/leases.py)."""

import os
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speech_project.settings")
# Celery would run Django's system checks, which load every page, and tell nobody what they find
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# how often the sweep looks for work that is due, or whose worker died
SWEEP_EVERY_S = 2.0

app = Celery("verbatim")


def _transport_options() -> dict[str, Any]:
    if not settings.CELERY_BROKER_URL.startswith("verbatimfs:"):
        return {"socket_connect_timeout": 3, "socket_timeout": 30, "max_retries": 1}
    messages, control = (
        settings.CELERY_QUEUE_DIR / "messages",
        settings.CELERY_QUEUE_DIR / "control",
    )
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.05,
    }


def _configuration() -> dict[str, Any]:
    from speech_project import broker

    broker.register()
    return {
        "broker_url": settings.CELERY_BROKER_URL,
        "broker_transport_options": _transport_options(),
        "broker_connection_retry_on_startup": True,
        "task_ignore_result": True,
        "task_default_queue": "engine",
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        # its broadcasts would pile up as files where no broker forgets them
        "worker_enable_remote_control": not settings.CELERY_BROKER_URL.startswith("verbatimfs:"),
        "beat_scheduler": "speech_project.scheduler:Scheduler",
        "beat_schedule": {
            task: {"task": task, "schedule": SWEEP_EVERY_S} for task in ("sweep", "sweep_webhooks")
        },
        "timezone": "UTC",
    }


app.add_defaults(_configuration)
app.autodiscover_tasks(["transcription", "speech_project.webhooks"])
