"""Corrected transcripts of clients that have desks of their own. docs/feedback-api.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api.common import LONGEST_NAME, as_it_is, corrector, told
from feedback.models import Feedback
from feedback.receiving import LONGEST_TEXT, Conflicts, Correction, Sent, receive
from feedback.saving import LONGEST_TEXT as LONGEST_SEGMENT
from feedback.services import reopen_review
from speech_project.access.clients import key_of
from speech_project.api import bodies, queries
from speech_project.api.idempotency import idempotent
from speech_project.api.pages import NewestFirst
from speech_project.api.preconditions import shown
from speech_project.api.problems import Problem
from speech_project.api.schema import answers, asks, refuses
from speech_project.api.views import ApiView
from transcription.access import get_job
from transcription.api.examples import ID, JOB
from transcription.api.shapes import JobSerializer, SegmentSerializer, job_data

MOST_SECONDS = 30 * 24 * 3600
OF_SEGMENTS = (*SegmentSerializer().fields, "retired")  # retired: in conflicts


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

    def to_internal_value(self, data: Any) -> Any:
        """Segments may be sent back whole, as they were answered."""
        bodies.check_names(data, self.fields, OF_SEGMENTS)
        return super().to_internal_value(data)


class FeedbackForm(serializers.Serializer):
    text = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        default=None,
        trim_whitespace=False,
        max_length=LONGEST_TEXT,
    )
    segments = serializers.ListField(
        child=CorrectionForm(), required=False, allow_null=True, default=None
    )
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


EXAMPLE = {
    "id": 5,
    "job": ID,
    "reviewer": "Dr Rao",
    "accuracy_score": 0.5,
    "wer": 0.5,
    "cer": 0.35,
    "mer": 0.5,
    "term_error_rate": None,
    "reference_words": 6,
    "word_errors": 3,
    "counts": {"normaliser": "whisper_english"},
    "seconds_spent": 90,
    "changes": [
        {
            "kind": "substitution",
            "before": "us and paid",
            "after": "Ozempic",
            "before_start": 10,
            "after_start": 10,
            "segment_id": 17,
            "start_ms": 760,
            "end_ms": 1900,
        }
    ],
    "extracted_terms": [],
    "created_at": "2026-03-02T10:02:11Z",
    "withdrawn_at": None,
}
NOT_TRANSCRIBED = "The recording is not transcribed yet, so there is no review to submit."


class JobFeedback(ApiView):
    scopes = {"GET": "jobs:read", "POST": "feedback:write"}
    actions = {"POST": "feedback.create"}
    kind = "job"
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_feedback",
        responses=FeedbackSerializer(many=True),
        examples=[answers(EXAMPLE)],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """List what a job's transcript was given, the newest first.

        What was reopened has `withdrawn_at`.
        """
        queries.read(request)
        job = get_job(request.user, job_id)
        return NewestFirst.answer(request, Feedback.objects.filter(job=job), _data)

    @extend_schema(
        operation_id="send_feedback",
        request=FeedbackForm,
        responses={201: FeedbackSerializer, 200: FeedbackSerializer}
        | refuses(
            conflict=(409, "These segments were changed meanwhile, and nothing was written."),
            reviewed=(409, "This review was submitted already. Reopen it to send other feedback."),
            not_possible=(409, NOT_TRANSCRIBED),
            invalid=(422, "This recording has no segments of these ids: 7."),
        ),
        examples=[
            asks(
                {
                    "text": "She takes Ozempic.\nTwice a day.",
                    "seconds_spent": 90,
                    "reviewer": "Dr Rao",
                },
                name="Whole",
            ),
            asks(
                {"segments": [{"id": 17, "text": "She takes Ozempic.", "version": 1}]},
                name="Segments",
            ),
            answers(EXAMPLE),
        ],
    )
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        """Send the corrected transcript, whole or some segments, and submit its review.

        The same sent again is answered with 200 and what it came to the first time.
        """
        job = get_job(request.user, job_id)
        given = bodies.read(request, FeedbackForm)
        sent = Sent(
            given["text"],
            [Correction(**each) for each in given["segments"] or ()],
            given["seconds_spent"],
        )
        try:
            with told():
                feedback, new = receive(
                    corrector(request, given["reviewer"]), job, sent, key_of(request)
                )
        except Conflicts as conflict:
            raise Problem(
                status.HTTP_409_CONFLICT,
                "conflict",
                "These segments were changed meanwhile, and nothing was written. Correct them as "
                "they are now and send all again; those with `retired` are gone: fetch the "
                "segments anew.",
                segments=[as_it_is(segment) for segment in conflict.segments],
            ) from None
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(FeedbackSerializer(feedback).data, status=code)


def _data(found: Sequence[Feedback]) -> list[Any]:
    return list(FeedbackSerializer(found, many=True).data)


class ReopenJob(ApiView):
    scopes = {"POST": "feedback:write"}
    actions = {"POST": "feedback.reopen"}
    kind = "job"

    @extend_schema(
        operation_id="reopen_job",
        request=None,
        responses={200: JobSerializer}
        | refuses(not_possible=(409, "Ward round: there is no submitted review to reopen.")),
        examples=[answers(JOB | {"review_status": "in_review"})],
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Take a submitted review back, so that other feedback can be sent.

        Its feedback stays, is marked as withdrawn, and no longer counts.
        """
        job = get_job(request.user, job_id)
        with told():
            reopen_review(job)
        return shown(request, job_data(get_job(request.user, job_id)))
