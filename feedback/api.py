"""Feedback over the API, for clients that correct elsewhere. docs/feedback-api.md."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedback.models import Feedback
from feedback.receiving import (
    LONGEST_TEXT,
    AlreadyReviewed,
    Conflicts,
    Correction,
    Invalid,
    Sent,
    receive,
)
from feedback.saving import LONGEST_TEXT as LONGEST_SEGMENT
from feedback.saving import Refused
from feedback.services import reopen_review
from speech_project.access.authentication import KeyUser
from speech_project.access.models import ApiKey
from transcription.access import get_job
from transcription.api import JobSerializer
from transcription.exports import segment_dict

LONGEST_NAME = 150  # as of users
ANSWERS: dict[type[Refused], tuple[str, int]] = {
    AlreadyReviewed: ("reviewed", status.HTTP_409_CONFLICT),
    Invalid: ("invalid", status.HTTP_422_UNPROCESSABLE_ENTITY),
}
MOST_SECONDS = 30 * 24 * 3600


class FeedbackSerializer(serializers.ModelSerializer):
    reviewer = serializers.CharField(source="reviewer_name")
    changes = serializers.JSONField(source="diff_data")

    class Meta:
        model = Feedback
        fields = [
            "id", "job", "reviewer", "accuracy_score", "wer", "cer", "mer", "term_error_rate",
            "reference_words", "word_errors", "counts", "seconds_spent", "changes",
            "extracted_terms", "created_at", "withdrawn_at",
        ]  # fmt: skip


class CorrectionForm(serializers.Serializer):
    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    text = serializers.CharField(
        allow_blank=True, trim_whitespace=False, max_length=LONGEST_SEGMENT
    )
    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1
    )
    accepted = serializers.BooleanField(required=False, default=False)


class FeedbackForm(serializers.Serializer):
    text = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        default=None,
        trim_whitespace=False,
        max_length=LONGEST_TEXT,
    )
    segments = CorrectionForm(many=True, required=False, allow_null=True, default=None)
    seconds_spent = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=MOST_SECONDS
    )
    reviewer = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=LONGEST_NAME
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if (given["text"] is None) == (given["segments"] is None):
            raise serializers.ValidationError(
                "Send either `text`, the whole corrected text, or `segments`, those that were "
                "corrected."
            )
        ids = [each["id"] for each in given["segments"] or ()]
        if len(set(ids)) < len(ids):
            raise serializers.ValidationError({"segments": "A segment is there more than once."})
        return given


class Client(KeyUser):
    """Who corrects through an API key, by the name that the client gave."""

    def __init__(self, key: ApiKey, name: str) -> None:
        super().__init__(key)
        self.name = name or key.name

    def get_username(self) -> str:
        return self.name


class JobFeedback(APIView):
    def get(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        found = Feedback.objects.filter(job=job).order_by("-created_at", "-id")
        return Response(FeedbackSerializer(found, many=True).data)

    def post(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        form = FeedbackForm(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        key = request.auth if isinstance(request.auth, ApiKey) else None
        user = Client(key, given["reviewer"]) if key else request.user
        sent = Sent(
            given["text"],
            [Correction(**each) for each in given["segments"] or ()],
            given["seconds_spent"],
        )
        try:
            feedback, new = receive(user, job, sent, key)
        except Conflicts as conflict:
            return _conflict(conflict)
        except Refused as refusal:
            return _refused(refusal)
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(FeedbackSerializer(feedback).data, status=code)


def _conflict(conflict: Conflicts) -> Response:
    body = {
        "code": "conflict",
        "detail": (
            "These segments were changed meanwhile, and nothing was written. Correct them as they "
            "are now and send all again; those with `retired` are gone: fetch the segments anew."
        ),
        "segments": [
            segment_dict(segment) | {"retired": segment.retired_at is not None}
            for segment in conflict.segments
        ],
    }
    return Response(body, status=status.HTTP_409_CONFLICT)


def _refused(refusal: Refused) -> Response:
    code, answer = next(
        (found for kind, found in ANSWERS.items() if isinstance(refusal, kind)),
        ("not_possible", status.HTTP_409_CONFLICT),
    )
    return Response({"code": code, "detail": str(refusal)}, status=answer)


class ReopenJob(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        try:
            reopen_review(job)
        except Refused as refusal:
            return _refused(refusal)
        job.refresh_from_db()
        return Response(JobSerializer(job).data)
