"""A client reads what it has used, and what it may."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription import usage
from transcription.api.usage import Period
from transcription.models import Job

USAGE = "/api/v1/usage/"


@pytest.fixture
def key(db):
    return create_key("clinic", rate_limit_per_minute=90, concurrent_jobs=4)


@pytest.fixture
def made(make_job):
    def made(at, **fields):
        job = make_job(**fields)
        Job.objects.filter(pk=job.pk).update(created_at=datetime.fromisoformat(at))

    return made


def test_months_are_summed_by_model(api, key, made):
    own = {"api_key": key[0]}
    made("2026-02-28T23:59:59.999999+00:00", duration_ms=90_000, cost_usd=Decimal("0.1"), **own)
    made("2026-03-01T00:00:00+00:00", duration_ms=60_000, cost_usd=Decimal("0.2"), **own)
    made("2026-03-31T23:30:00+00:00", duration_ms=60_500, cost_usd=None, **own)
    made("2026-03-31T23:30:00-01:00", duration_ms=1, **own)
    made("2026-03-02T09:00:00+00:00", model="whisper-1", duration_ms=None, **own)
    made("2026-03-02T09:00:00+00:00", duration_ms=10_000_000)
    found = api.get(USAGE, {"first": "2026-02", "last": "2026-03"}).json()["months"]
    assert found == [
        {"month": "2026-03", "model": "pocketsphinx", "jobs": 2, "minutes": 2.01,
         "cost_usd": "0.200000"},
        {"month": "2026-03", "model": "whisper-1", "jobs": 1, "minutes": 0.0,
         "cost_usd": "0.000000"},
        {"month": "2026-02", "model": "pocketsphinx", "jobs": 1, "minutes": 1.5,
         "cost_usd": "0.100000"},
    ]  # fmt: skip
    april = api.get(USAGE, {"first": "2026-04", "last": "2026-04"}).json()["months"]
    assert [line["jobs"] for line in april] == [1]


def test_a_year_up_to_this_month_is_shown_where_nobody_says(api, key, make_job, made):
    make_job(api_key=key[0])
    made("2020-01-01T00:00:00+00:00", api_key=key[0])
    now = timezone.now()
    (line,) = api.get(USAGE).json()["months"]
    assert line["month"] == f"{now:%Y-%m}"
    period = Period(data={})
    assert period.is_valid()
    assert period.validated_data["last"] == now.date().replace(day=1)
    first = period.validated_data["first"]
    for _ in range(11):
        first = usage.following(first)
    assert first == period.validated_data["last"]


def test_states_limits_and_budget_are_those_of_the_key(api, key, make_job):
    for status in ("queued", "transcribing", "failed", "completed", "completed"):
        make_job(status=status, api_key=key[0])
    make_job()
    month = datetime.now(UTC).date().replace(day=1)
    ApiKey.objects.update(monthly_budget_usd=20, spent_usd=Decimal("3.12"), spent_in=month)
    body = api.get(USAGE).json()
    assert body["this_month"] == {
        "month": f"{month:%Y-%m}", "spent_usd": "3.120000", "budget_usd": "20.000000",
    }  # fmt: skip
    assert body["limits"] == {"requests_per_minute": 90, "concurrent_jobs": 4}
    assert body["at_work"] == 2
    assert body["jobs"] == dict.fromkeys(Job.Status.values, 0) | {
        "queued": 1, "transcribing": 1, "failed": 1, "completed": 2,
    }  # fmt: skip
    ApiKey.objects.update(monthly_budget_usd=None, spent_in=month.replace(year=2020))
    this_month = api.get(USAGE).json()["this_month"]
    assert (this_month["spent_usd"], this_month["budget_usd"]) == ("0.000000", None)


def test_people_read_of_the_jobs_that_they_see(desk_client, reviewer, make_job):
    Group.objects.create(name="Cardiology")
    make_job()
    make_job(owner=reviewer)
    body = desk_client.get(USAGE).json()
    assert (body["this_month"], body["limits"]) == (None, None)
    assert body["jobs"]["completed"] == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"first": "2026-13"}, "first"),
        ({"last": "2026-3"}, "last"),
        ({"last": "1999-01"}, "last"),
        ({"first": "2026-03", "last": "2026-02"}, "first"),
        ({"first": "2020-01", "last": "2026-02"}, "first"),
        ({"since": "2026-03"}, "since"),
    ],
)
def test_a_period_that_cannot_be_is_refused(api, wish, field):
    answer = api.get(USAGE, wish)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert "Allowed: " in error["detail"]


def test_it_takes_few_queries(api, key, make_job, django_assert_num_queries):
    for _ in range(20):
        make_job(api_key=key[0])
    api.get(USAGE)
    with django_assert_num_queries(3):  # the key, the states, the months
        api.get(USAGE)
