"""Is this process alive (/healthz), and has it all that it needs (/readyz)?

Both obey ALLOWED_HOSTS, so a health check must use one of its names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from speech_project.celery import app
from speech_project.datadir import make_writable

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 5.0
BROKER_TIMEOUT_S = 3


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """What is asked and whether it is well. Why it is not stands in the log, not in public."""
    found = check_all()
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    if settings.CELERY_BROKER_URL.startswith("verbatimfs:"):
        make_writable(settings.CELERY_QUEUE_DIR / "messages")
        return
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S)


def check_storage() -> None:
    make_writable(Path(settings.FILE_UPLOAD_TEMP_DIR))
    default_storage.delete(default_storage.save("readyz-probe", ContentFile(b"")))


def check_schema() -> None:
    from speech_project.upgrade import behind  # Alembic is for this only

    if problem := behind():
        raise RuntimeError(problem)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
    "schema": check_schema,
}
# shared: however many requests come while a part hangs, no more threads than these wait for it
_pool = ThreadPoolExecutor(len(CHECKS), thread_name_prefix="readyz")


def check_all() -> dict[str, str]:
    """Each part's state: ok, failed, or no answer (in time)."""
    asked = {name: _pool.submit(_check, name) for name in CHECKS}
    wait(asked.values(), timeout=ANSWER_WITHIN_S)
    return {name: _state(future) for name, future in asked.items()}


def _check(name: str) -> str:
    try:
        CHECKS[name]()
    except Exception as error:
        logger.warning("readyz: %s: %s", name, error)
        return "failed"
    finally:
        connection.close()  # this thread's own
    return "ok"


def _state(future: Future[str]) -> str:
    if future.done():
        return future.result()
    future.cancel()
    return "no answer"
