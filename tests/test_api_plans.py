"""However many jobs there are, each list goes along an index: nothing is read or sorted whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.candidates import seen_in
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription.models import Job

JOBS = "/api/v1/jobs/"
ROWS = 20_000
FEW = 1_000  # rows that may be sorted
RARE = "n % 97 = 0"

# of the many jobs, where they are not all alike
VALUES = {
    "id": "md5(n::text)::uuid",
    "title": f"'Visit ' || n || CASE WHEN {RARE} THEN ' cardiology' ELSE ' ward' END",
    "api_key_id": "CASE WHEN n % 16 = 0 THEN {key} WHEN n % 7 = 0 THEN NULL ELSE {other} END",
    "audio_sha256": "md5(n::text) || md5(n::text)",
    "model": f"CASE WHEN {RARE} THEN 'whisper-1' ELSE 'gpt-transcribe' END",
    "status": f"CASE WHEN {RARE} THEN 'failed' ELSE 'completed' END",
    "review_status": f"CASE WHEN {RARE} THEN 'in_review' WHEN n % 3 = 0 THEN 'waiting' "
    "ELSE 'reviewed' END",
    "metadata": "jsonb_build_object('patient', n % 1000, 'ward', n % 3)",
    "created_at": "now() - n * interval '1 minute'",
}
NOW = timezone.now()
PERIOD = {
    "created_after": (NOW - timedelta(days=10)).isoformat(),
    "created_before": (NOW - timedelta(days=5)).isoformat(),
}
RARELY = {
    "audio_sha256": ({"audio_sha256": "0" * 64}, {"ix_jobs_audio"}),
    "words": ({"q": "cardiology visit"}, {"ix_jobs_title"}),
    "one word": ({"q": "1234"}, {"ix_jobs_title"}),
    "metadata": ({"metadata": '{"patient": 7}'}, {"ix_jobs_metadata"}),
}
OF_A_KEY = RARELY | {
    "all": ({}, {"ix_jobs_key_created"}),
    "status": ({"status": "failed"}, {"ix_jobs_key_status"}),
    "review": ({"review_status": "in_review"}, {"ix_jobs_key_review"}),
    "model": ({"model": "whisper-1"}, {"ix_jobs_key_model"}),
    "period": (PERIOD, {"ix_jobs_key_created"}),
    "status in a period": (
        PERIOD | {"status": "failed"},
        {"ix_jobs_key_status", "ix_jobs_key_created"},
    ),
    "common metadata": ({"metadata": '{"ward": 1}'}, {"ix_jobs_key_created"}),
    "common word": ({"q": "visit"}, {"ix_jobs_key_created"}),
}
OF_ALL = RARELY | {
    "all": ({}, {"ix_jobs_created"}),
    "status": ({"status": "failed"}, {"ix_jobs_status_created"}),
    "review": ({"review_status": "in_review"}, {"ix_jobs_review_created"}),
    "model": ({"model": "gpt-transcribe"}, {"ix_jobs_created"}),
    "period": (PERIOD, {"ix_jobs_created"}),
    "common metadata": ({"metadata": '{"ward": 1}'}, {"ix_jobs_created"}),
    "common word": ({"q": "visit"}, {"ix_jobs_created"}),
}


@pytest.fixture(scope="module")
def clients(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Client]]:
    """Two who list jobs, of which there are many."""
    with django_db_blocker.unblock(), transaction.atomic():
        key, secret = create_key("clinic", rate_limit_per_minute=0)
        other, _ = create_key("other")
        fill(key, other)
        admin = Client()
        admin.force_login(User.objects.create_superuser("ada"))
        yield {"key": Client(headers={"X-API-Key": secret}), "superuser": admin}
        transaction.set_rollback(True)


def fill(key: ApiKey, other: ApiKey) -> None:
    like = Job.objects.create(
        title="Visit",
        source=Job.Source.API,
        audio_file="recordings/none.wav",
        audio_name="none.wav",
        audio_sha256="0" * 64,
        audio_bytes=1,
        engine="openai",
        model="gpt-transcribe",
    )
    columns = [str(field.column) for field in Job._meta.concrete_fields]
    values = [
        VALUES.get(column, f'"like"."{column}"').format(key=key.pk, other=other.pk)
        for column in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO jobs ({', '.join(columns)}) SELECT {', '.join(values)} "
            f'FROM jobs "like", generate_series(1, {ROWS}) n WHERE "like".id = \'{like.pk}\''
        )
        cursor.execute("SELECT gin_clean_pending_list('ix_jobs_title'::regclass)")
        cursor.execute("SELECT gin_clean_pending_list('ix_jobs_metadata'::regclass)")
        cursor.execute("ANALYZE jobs")


def plan_of_list(client: Client, address: str, wishes: dict[str, str]) -> tuple[Any, Any]:
    """How the database finds the page, and the page."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(address, wishes)
    assert answer.status_code == 200, answer.content
    (query,) = [each["sql"] for each in asked if 'FROM "jobs"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + query)
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return plan[0]["Plan"], answer.json()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def check(plan: dict[str, Any], indexes: set[str]) -> None:
    found = list(nodes(plan))
    assert "Seq Scan" not in {node["Node Type"] for node in found}, plan
    assert {node["Index Name"] for node in found if "Index Name" in node} & indexes, plan
    for node in found:
        if node["Node Type"] == "Sort":
            assert max(each["Plan Rows"] for each in node["Plans"]) < FEW, plan


@pytest.mark.parametrize("name", OF_A_KEY)
def test_a_key_s_list(clients, name):
    wishes, indexes = OF_A_KEY[name]
    plan, _ = plan_of_list(clients["key"], JOBS, wishes)
    check(plan, indexes)


@pytest.mark.parametrize("name", OF_ALL)
def test_a_superuser_s_list(clients, name):
    wishes, indexes = OF_ALL[name]
    plan, _ = plan_of_list(clients["superuser"], JOBS, wishes)
    check(plan, indexes)


@pytest.mark.parametrize(
    ("who", "wishes", "index"),
    [
        ("key", {}, "ix_jobs_key_created"),
        ("key", {"status": "failed"}, "ix_jobs_key_status"),
        ("superuser", {}, "ix_jobs_created"),
        ("superuser", {"status": "failed"}, "ix_jobs_status_created"),
    ],
)
def test_the_next_page(clients, who, wishes, index):
    _, page = plan_of_list(clients[who], JOBS, wishes | {"page_size": 5})
    plan, following = plan_of_list(clients[who], page["next"], {})
    check(plan, {index})
    assert len(following["results"]) == 5
    conditions = " ".join(node.get("Index Cond", "") for node in nodes(plan))
    assert "created_at" in conditions, plan


def test_where_terms_were_taught(clients):
    """Of each place its own job is looked up, and no other."""
    (plan,) = json.loads(seen_in(Job.objects.all()).filter(term=1).explain(format="json"))
    (way,) = [each for each in nodes(plan["Plan"]) if each.get("Relation Name") == "jobs"]
    assert way.get("Index Name") == "pk_jobs", plan
