"""/healthz and /readyz. That all is well on a running product stands in test_serve.py."""

import threading

import pytest
from django.test import Client

from speech_project import health

WELL = dict.fromkeys(("database", "broker", "storage", "schema"), "ok")


@pytest.fixture
def checks(monkeypatch):
    """Replaces checks; those that are not named are well."""

    def replace(**named):
        well = dict.fromkeys(health.CHECKS, lambda: None)
        monkeypatch.setattr(health, "CHECKS", well | named)

    replace()
    return replace


def fail():
    raise OSError("no way to db.internal.example")


def test_healthz_needs_neither_login_nor_database():
    # pytest-django refuses any use of the database here
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_read_only_and_for_known_hosts(checks, path):
    assert Client().post(path).status_code == 405
    assert Client().get(path, headers={"host": "evil.example"}).status_code == 400


def test_answers_without_https_where_the_site_has_it(checks, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code == 200


def test_ready(checks):
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, WELL)


@pytest.mark.parametrize("part", list(WELL))
def test_each_part_that_fails_is_named_without_its_reason(checks, caplog, part):
    checks(**{part: fail})
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, WELL | {part: "failed"})
    assert f"readyz: {part}: no way to db.internal.example" in caplog.text


def test_a_part_that_hangs_is_not_waited_for(checks, monkeypatch):
    monkeypatch.setattr(health, "ANSWER_WITHIN_S", 0.2)
    released = threading.Event()
    checks(storage=lambda: released.wait(60))
    try:
        answer = Client().get("/readyz")
    finally:
        released.set()
    assert (answer.status_code, answer.json()) == (503, WELL | {"storage": "no answer"})


# --- The checks themselves ---------------------------------------------------------------------


def test_queue_in_files(settings, tmp_path):
    settings.CELERY_BROKER_URL = "verbatimfs://"
    settings.CELERY_QUEUE_DIR = tmp_path / "queue"
    health.check_broker()
    (tmp_path / "file").touch()
    settings.CELERY_QUEUE_DIR = tmp_path / "file" / "queue"
    with pytest.raises(Exception, match="cannot be written to"):
        health.check_broker()


def test_storage(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    health.check_storage()
    assert list((tmp_path / "media").iterdir()) == []
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    with pytest.raises(OSError):
        health.check_storage()


def test_schema_behind(monkeypatch):
    monkeypatch.setattr("speech_project.upgrade.behind", lambda: "Run `alembic upgrade head`.")
    with pytest.raises(RuntimeError, match="alembic upgrade head"):
        health.check_schema()
