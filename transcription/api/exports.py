"""Transcripts as files, one or several. docs/exports.md."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.api import queries
from speech_project.api.parsing import BoundedJSONParser
from speech_project.api.problems import Problem
from speech_project.api.schema import IF_NONE_MATCH, answers, asks, refuses
from speech_project.api.views import FileView
from transcription import export_files
from transcription.access import get_job
from transcription.api.examples import ID, SEGMENT
from transcription.export_views import STATUS_OF, USUAL_FORMAT, file_answer, zip_answer

ENDING = OpenApiParameter(
    "ending", str, OpenApiParameter.PATH, enum=list(export_files.FORMATS), description="The format."
)
FILES = {
    (200, each.content_type.partition(";")[0]): OpenApiTypes.BINARY
    for each in export_files.FORMATS.values()
} | {(200, "application/json"): OpenApiTypes.OBJECT}
AS_JSON = {"format_version": 1, "id": ID, "title": "Ward round", "text": "She takes Ozempic."}
REFUSED = refuses(
    unknown_format=(404, "There is no format “pdf”. Allowed: docx, txt, md, srt, vtt, csv, json."),
    invalid=(422, "“times” is x. Allowed: 1 for with, 0 for without."),
)
NOT_READY = refuses(
    not_ready=(409, "Ward round: it is not transcribed yet. Wait until it is, then export it.")
)
ZIP = {(200, "application/zip"): OpenApiTypes.BINARY}


class Shown(serializers.Serializer):
    times = serializers.ChoiceField(["1", "0"], required=False, help_text="Else as is usual.")
    speakers = serializers.ChoiceField(["1", "0"], required=False, help_text="Else as is usual.")


class Selection(Shown):
    job = serializers.ListField(
        child=serializers.UUIDField(), max_length=export_files.MOST_AT_ONCE, help_text="Their ids."
    )
    format = serializers.ChoiceField(list(export_files.FORMATS), default=USUAL_FORMAT)


class ExportView(FileView):
    kind = "job"

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, export_files.Refused):
            error = Problem(STATUS_OF[error.code], error.code, error.message)
        return super().handle_exception(error)


class Export(ExportView):
    scopes = {"GET": "jobs:read"}
    actions = {"GET": "job.export"}

    @extend_schema(
        operation_id="export_job",
        parameters=[ENDING, Shown, IF_NONE_MATCH],
        responses=FILES | REFUSED | NOT_READY,
        examples=[answers(AS_JSON | {"segments": [SEGMENT]})],
    )
    def get(self, request: Request, job_id: UUID, ending: str) -> HttpResponseBase:
        """Read a transcript as a file."""
        queries.check_names(request, Shown)
        return file_answer(request, get_job(request.user, job_id), ending, request.query_params)


class ExportZip(ExportView):
    scopes = {"GET": "jobs:read", "POST": "jobs:read"}
    actions = {"GET": "job.export", "POST": "job.export"}
    parser_classes = [BoundedJSONParser, FormParser, MultiPartParser]

    @extend_schema(operation_id="export_jobs", parameters=[Selection], responses=ZIP | REFUSED)
    def get(self, request: Request) -> HttpResponseBase:
        """Read several transcripts as a ZIP file.

        What has no transcript yet is listed in its `skipped.txt`.
        """
        queries.check_names(request, Selection)
        wishes = request.query_params
        return self._zip(wishes.getlist("job"), wishes)

    @extend_schema(
        operation_id="export_many_jobs",
        request={"application/json": Selection},
        responses=ZIP | REFUSED,
        examples=[asks({"job": [ID], "format": "srt"})],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Read several transcripts as a ZIP file: more than an address has room for."""
        wishes = request.data
        if hasattr(wishes, "getlist"):
            return self._zip(wishes.getlist("job"), wishes)
        if not isinstance(wishes, dict) or not isinstance(wishes.get("job"), list):
            raise export_files.Refused("Send an object whose “job” is a list of ids.")
        return self._zip(wishes["job"], wishes)

    def _zip(self, ids: list[Any], wishes: Any) -> HttpResponseBase:
        self.exported = ids
        return zip_answer(self.request.user, ids, wishes)

    def audit_targets(self, response: Any) -> list[str]:
        return list(dict.fromkeys(f"{self.kind} {UUID(str(text))}" for text in self.exported))
