"""A transcript in pages: its segments, and its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.api import queries
from speech_project.api.pages import NewestFirst
from speech_project.api.schema import answers
from speech_project.api.views import ApiView
from transcription.access import get_job
from transcription.api.examples import SEGMENT, WORD
from transcription.api.shapes import SegmentSerializer, WordSerializer
from transcription.exports import segment_dict, words_of
from transcription.models import Segment
from transcription.segments import live


class InOrder(NewestFirst):
    """Of a transcript."""

    ordering = ("position", "id")
    page_size = 100
    max_page_size = 500

    @staticmethod
    def is_position(text: str) -> bool:
        try:
            return math.isfinite(float(text))
        except ValueError:
            return False


def segments_data(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    return [segment_dict(segment) for segment in segments]


def words_data(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    return [{"segment": each.pk} | word for each in segments for word in words_of(each)]


class OfTranscript(ApiView):
    scopes = {"GET": "jobs:read"}
    actions = {"GET": "job.read"}
    kind = "job"
    pagination_class = InOrder

    def segments(self, request: Request, job_id: UUID) -> QuerySet[Segment]:
        queries.read(request)
        return live(get_job(request.user, job_id))


class JobSegments(OfTranscript):
    @extend_schema(
        operation_id="list_segments",
        responses=SegmentSerializer(many=True),
        examples=[answers(SEGMENT)],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """List a transcript's segments, in order.

        There are none before the job is completed.
        """
        return InOrder.answer(request, self.segments(request, job_id), segments_data)


class JobWords(OfTranscript):
    @extend_schema(
        operation_id="list_words",
        responses=WordSerializer(many=True),
        examples=[answers(WORD)],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """List a transcript's words as they are now, with the times when they were said.

        `page_size` counts segments, whose words come together. What people wrote in the place of
        others shares their time.
        """
        return InOrder.answer(request, self.segments(request, job_id), words_data)
