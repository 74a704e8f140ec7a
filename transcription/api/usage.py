"""What an API key has used, and what it may."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.access.clients import key_of
from speech_project.access.models import ApiKey
from speech_project.api import queries
from speech_project.api.schema import answers
from speech_project.api.views import ApiView
from transcription import admission, usage
from transcription.access import visible_jobs
from transcription.models import Job

MOST_MONTHS = 36
USUAL_MONTHS = 12
MONTH = r"^20\d\d-(0[1-9]|1[0-2])\Z"
WRONG: dict[str, Any] = {"invalid": "Allowed: a year and a month, such as 2026-03."}


class Period(serializers.Serializer):
    first = serializers.RegexField(
        MONTH,
        required=False,
        error_messages=WRONG,
        help_text=f"Such as `2026-03`; {USUAL_MONTHS} months up to the last where it is left out.",
    )
    last = serializers.RegexField(
        MONTH, required=False, error_messages=WRONG, help_text="This month where it is left out."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, date]:
        today = timezone.now().date()
        last = _month(given["last"]) if "last" in given else today.replace(day=1)
        first = _month(given["first"]) if "first" in given else _earlier(last, USUAL_MONTHS - 1)
        if not _earlier(last, MOST_MONTHS - 1) <= first <= last:
            raise serializers.ValidationError(
                {"first": f"Allowed: 1 to {MOST_MONTHS} months, the first before the last."}
            )
        return {"first": first, "last": last}


def _month(text: str) -> date:
    return date(int(text[:4]), int(text[5:]), 1)


def _earlier(month: date, by: int) -> date:
    year, number = divmod(month.year * 12 + month.month - 1 - by, 12)
    return date(year, number + 1, 1)


class MonthSerializer(serializers.Serializer):
    month = serializers.CharField(help_text="UTC.")
    spent_usd = serializers.CharField(help_text="Deleted jobs too.")
    budget_usd = serializers.CharField(allow_null=True, help_text="Null: no limit.")


class LimitsSerializer(serializers.Serializer):
    requests_per_minute = serializers.IntegerField(help_text="0: no limit.")
    concurrent_jobs = serializers.IntegerField(help_text="0: no limit.")


class LineSerializer(serializers.Serializer):
    month = serializers.CharField(help_text="UTC, in which the jobs were made.")
    model = serializers.CharField()
    jobs = serializers.IntegerField()
    minutes = serializers.FloatField(help_text="Of audio.")
    cost_usd = serializers.CharField(help_text="Of jobs at rest.")


class UsageSerializer(serializers.Serializer):
    this_month = MonthSerializer(allow_null=True, help_text="Null for people, who have no budget.")
    limits = LimitsSerializer(allow_null=True, help_text="Null for people, who have none.")
    at_work = serializers.IntegerField(help_text="Jobs that are not at rest.")
    jobs = serializers.DictField(child=serializers.IntegerField(), help_text="By their status.")
    months = LineSerializer(many=True, help_text="By month and model, the latest first.")


EXAMPLE = {
    "this_month": {"month": "2026-03", "spent_usd": "3.120000", "budget_usd": "20.000000"},
    "limits": {"requests_per_minute": 60, "concurrent_jobs": 4},
    "at_work": 1,
    "jobs": {
        "queued": 0,
        "preparing": 0,
        "transcribing": 1,
        "finishing": 0,
        "completed": 212,
        "failed": 2,
        "cancelled": 0,
    },
    "months": [
        {
            "month": "2026-03",
            "model": "gpt-transcribe",
            "jobs": 118,
            "minutes": 694.3,
            "cost_usd": "3.120000",
        }
    ],
}


class Usage(ApiView):
    scopes = {"GET": "jobs:read"}

    @extend_schema(
        operation_id="read_usage",
        parameters=[Period],
        responses=UsageSerializer,
        examples=[answers(EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """Read what was used: of the API key that asks, or of the jobs that a person sees."""
        period = queries.read(request, Period)
        jobs, key = visible_jobs(request.user), key_of(request)
        states = usage.by_state(jobs)
        return Response(
            {
                "this_month": _this_month(key) if key else None,
                "limits": _limits(key) if key else None,
                "at_work": sum(states[status] for status in Job.WORKING),
                "jobs": states,
                "months": [_line(each) for each in usage.by_month(jobs, **period)],
            }
        )


def _this_month(key: ApiKey) -> dict[str, Any]:
    budget = key.monthly_budget_usd
    return {
        "month": f"{timezone.now():%Y-%m}",
        "spent_usd": _usd(admission.spent_by_key(key)),
        "budget_usd": None if budget is None else _usd(budget),
    }


def _limits(key: ApiKey) -> dict[str, int]:
    return {
        "requests_per_minute": key.rate_limit_per_minute,
        "concurrent_jobs": key.concurrent_jobs,
    }


def _line(line: usage.Line) -> dict[str, Any]:
    return {
        "month": f"{line.month:%Y-%m}",
        "model": line.model,
        "jobs": line.jobs,
        "minutes": round(line.audio_ms / 60_000, 2),
        "cost_usd": _usd(line.cost_usd),
    }


def _usd(amount: Decimal) -> str:
    """As in a job."""
    return f"{amount:.6f}"
