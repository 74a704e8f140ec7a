"""One segment of a transcript, read and corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api.common import LONGEST_NAME, as_it_is, corrector, told
from feedback.attributes import LONGEST_NAME as LONGEST_SPEAKER
from feedback.editing import Edit, edit_segment
from feedback.saving import LONGEST_TEXT, Conflict
from lexicon.languages import language_code
from speech_project.api import bodies
from speech_project.api.preconditions import check, shown
from speech_project.api.problems import Problem
from speech_project.api.schema import IF_MATCH, IF_NONE_MATCH, answers, asks, refuses
from speech_project.api.views import ApiView
from transcription.access import get_job
from transcription.api.examples import SEGMENT
from transcription.api.shapes import SegmentSerializer
from transcription.exports import segment_dict
from transcription.models import Segment


class SegmentForm(serializers.Serializer):
    text = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=LONGEST_TEXT
    )
    speaker = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_SPEAKER, help_text="Empty: nobody."
    )
    language = serializers.CharField(
        required=False, max_length=50, help_text="Of all its words, an ISO 639 code."
    )
    accepted = serializers.BooleanField(
        required=False, help_text="True: it is right. What was accepted stays so."
    )
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The one that the correction was made from. Needed where there is no If-Match.",
    )
    reviewer = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text="Who corrected it; else the name of the API key.",
    )

    def validate_language(self, text: str) -> str:
        try:
            return language_code(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def validate_accepted(self, accepted: bool) -> bool:
        if not accepted:
            raise serializers.ValidationError("Allowed: true. What was accepted stays so.")
        return accepted

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.keys() - {"version", "reviewer"}:
            raise serializers.ValidationError(
                "Send what is to change: `text`, `speaker`, `language` or `accepted`."
            )
        return given


class JobSegment(ApiView):
    scopes = {"GET": "jobs:read", "PATCH": "jobs:write"}
    actions = {"GET": "segment.read", "PATCH": "segment.change"}

    def audit_target(self, response: Any) -> str:
        return f"segment {self.kwargs['segment_id']}"

    @extend_schema(
        operation_id="read_segment",
        parameters=[IF_NONE_MATCH],
        responses=SegmentSerializer,
        examples=[answers(SEGMENT)],
    )
    def get(self, request: Request, job_id: UUID, segment_id: int) -> Response:
        """Read a segment."""
        job = get_job(request.user, job_id)
        segment = get_object_or_404(Segment, job=job, pk=segment_id, retired_at=None)
        return shown(request, segment_dict(segment))

    @extend_schema(
        operation_id="change_segment",
        parameters=[IF_MATCH],
        request=SegmentForm,
        responses={200: SegmentSerializer}
        | refuses(
            version_missing=(428, "Send If-Match with the segment's ETag, or its `version`."),
            conflict=(409, "The segment was changed since that version."),
            not_possible=(409, "This review was submitted already. Reopen it first."),
            invalid=(422, "A speaker's name has no signs unseen."),
        ),
        examples=[
            asks({"text": "She takes Ozempic.", "accepted": True, "version": 1}),
            answers(SEGMENT | {"version": 2, "accepted": True}),
        ],
    )
    def patch(self, request: Request, job_id: UUID, segment_id: int) -> Response:
        """Correct a segment.

        With If-Match, or the `version` that the correction was made from: where somebody else was
        faster, the answer has the segment as it is now (`current`), and nothing is written. The
        same correction sent again changes nothing.
        """
        job = get_job(request.user, job_id)
        get_object_or_404(Segment, job=job, pk=segment_id)
        wish = bodies.read(request, SegmentForm)
        if "version" not in wish and "If-Match" not in request.headers:
            raise Problem(
                status.HTTP_428_PRECONDITION_REQUIRED,
                "version_missing",
                "Send If-Match with the segment's ETag, or its `version`, which the correction was "
                "made from.",
            )
        user = corrector(request, wish.pop("reviewer", ""))
        try:
            with told():
                segment = edit_segment(
                    user,
                    job,
                    segment_id,
                    Edit(**wish),
                    check=lambda now: check(request, segment_dict(now)),
                )
        except Conflict as conflict:
            raise Problem(
                status.HTTP_409_CONFLICT,
                "conflict",
                "The segment was changed since that version. Correct it as it is now (`current`) "
                "and send that; one that is `retired` is gone: fetch the segments anew.",
                current=as_it_is(conflict.segment),
            ) from None
        return shown(request, segment_dict(segment))
