"""What a job's recording sounds like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request

from speech_project.api import queries
from speech_project.api.problems import Problem
from speech_project.api.schema import HEADER, refuses
from speech_project.api.views import FileView
from transcription import listening
from transcription.access import get_job

OCTETS = OpenApiTypes.BINARY
KINDS = ("audio/mpeg", "audio/*", "video/*", "application/octet-stream")
RANGE = OpenApiParameter(
    "Range", str, HEADER, description="`bytes=0-1048575`; an answer may hold less than is asked."
)


class AudioWish(serializers.Serializer):
    original = serializers.BooleanField(
        default=False, help_text="The uploaded file itself, not what browsers seek best."
    )


class PeaksWish(serializers.Serializer):
    buckets = serializers.IntegerField(
        default=listening.USUAL_BUCKETS,
        min_value=1,
        max_value=listening.MOST_BUCKETS,
        help_text="At least so many bars, where the recording is long enough.",
    )


@contextmanager
def _there() -> Iterator[None]:
    try:
        yield
    except listening.Missing as error:
        raise Problem(status.HTTP_404_NOT_FOUND, "not_found", str(error)) from None


class Audio(FileView):
    scopes = {"GET": "jobs:read"}
    actions = {"GET": "job.listen"}
    kind = "job"

    @extend_schema(
        operation_id="read_audio",
        parameters=[AudioWish, RANGE],
        responses={(code, kind): OCTETS for code in (200, 206) for kind in KINDS}
        | refuses(range_not_satisfiable=(416, "The recording ends before byte 4096.")),
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Read a job's recording, whole or in ranges.

        Its type is that of the upload where the upload itself is sent.
        """
        wish = queries.read(request, AudioWish)
        job = get_job(request.user, job_id)
        with _there():
            response = listening.audio(request, job, original=wish["original"])
        if response.status_code == status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE:
            whole = response["Content-Range"]
            raise Problem(
                response.status_code,
                "range_not_satisfiable",
                f"The recording has {whole.partition('/')[2]} bytes, and none of this range.",
                headers={"Content-Range": whole},
            )
        return response


class Peaks(FileView):
    scopes = {"GET": "jobs:read"}

    @extend_schema(
        operation_id="read_peaks",
        parameters=[
            PeaksWish,
            OpenApiParameter(
                "Verbatim-Bucket-Ms",
                int,
                HEADER,
                response=[200],
                description="How many milliseconds each byte is for.",
            ),
        ],
        responses={(200, "application/octet-stream"): OCTETS},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Read the waveform: a byte, the height, for each stretch of time."""
        wish = queries.read(request, PeaksWish)
        job = get_job(request.user, job_id)
        with _there():
            return listening.peaks(job, wish["buckets"])
