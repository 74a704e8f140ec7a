"""The API: create, list and read jobs with their segments, cancel them and try them again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import generics, serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lexicon import policies
from speech_project.access.models import ApiKey
from speech_project.api.fields import ObjectField
from speech_project.api.pages import NewestFirst
from transcription import hints, progress
from transcription.access import get_job, visible_jobs
from transcription.engines import MODELS
from transcription.exports import segment_dict
from transcription.models import Job
from transcription.segments import live_segments
from transcription.services import (
    JobRefused,
    NotPossible,
    cancel_job,
    create_job,
    rerun_job,
    retry_job,
)


class JobSerializer(serializers.ModelSerializer):
    progress = serializers.SerializerMethodField()
    demo_quality = serializers.SerializerMethodField()
    script_policy = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "title", "status", "review_status", "progress", "model", "asked_model",
            "demo_quality", "languages", "script_policy", "options", "source_job", "proposal",
            "priority", "audio_name", "audio_sha256", "audio_bytes", "audio_format", "duration_ms",
            "speech_dbfs", "word_count", "lexicon_version", "lexicon_problem", "budget_usd",
            "cost_usd", "usage", "error_code", "error_message", "metadata", "created_at",
            "started_at", "finished_at", "reviewed_at",
        ]  # fmt: skip

    def get_progress(self, job: Job) -> int:
        if not job.working:
            return 100
        of_page = self.context.get("progress")
        return (of_page[job.pk] if of_page else progress.of(job)).percent

    def get_script_policy(self, job: Job) -> str:
        return policies.written(job.script_policy)

    def get_demo_quality(self, job: Job) -> bool:
        record = MODELS.get(job.model)
        return bool(record and record.demo)


class NewJob(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True, use_url=False)
    title = serializers.CharField(required=False, default="", max_length=200)
    model = serializers.CharField(required=False, default="")
    languages = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    script_policy = serializers.CharField(required=False, default="", allow_blank=True)
    channels = serializers.CharField(required=False, default="auto")
    prompt = serializers.CharField(required=False, default="", allow_blank=True)
    keywords = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    hints = serializers.BooleanField(required=False, default=True)
    second_look = serializers.BooleanField(required=False, default=False)
    own_script = serializers.BooleanField(required=False, default=False)
    budget_usd = serializers.DecimalField(
        max_digits=12, decimal_places=6, min_value=Decimal(0), allow_null=True, default=None
    )
    reuse = serializers.BooleanField(required=False, default=True)
    metadata = ObjectField(required=False, default=dict, binary=True)


class NewRun(serializers.Serializer):
    model = serializers.CharField(required=False, default="", allow_blank=True)
    hints = serializers.BooleanField(required=False, default=None, allow_null=True)
    proposal = serializers.BooleanField(required=False, default=False)


class JobsPage(generics.ListAPIView):
    """A page of jobs, the newest first."""

    serializer_class = JobSerializer
    pagination_class = NewestFirst

    def get_serializer(self, jobs: list[Job], **kwargs: Any) -> Any:
        return JobSerializer(jobs, context={"progress": progress.of_all(jobs)}, **kwargs)


class JobList(JobsPage):
    parser_classes = [MultiPartParser, FormParser]

    def get_queryset(self) -> QuerySet[Job]:
        jobs = visible_jobs(self.request.user)
        wanted = self.request.query_params.get("status", "")
        if wanted and wanted not in Job.Status.values:
            allowed = ", ".join(Job.Status.values)
            raise serializers.ValidationError({"status": f"Allowed: {allowed}."})
        return jobs.filter(status=wanted) if wanted else jobs

    def post(self, request: Request) -> Response:
        form = NewJob(data=request.data)
        form.is_valid(raise_exception=True)
        wishes = dict(form.validated_data)
        key = request.auth if isinstance(request.auth, ApiKey) else None
        try:
            job = create_job(
                wishes.pop("file"),
                source=Job.Source.API,
                owner=None if key else request.user,
                api_key=key,
                **wishes,
            )
        except JobRefused as error:
            return _refused(error)
        return _created(request, job)


STATUS_OF = {
    "too_large": status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    "budget_spent": status.HTTP_402_PAYMENT_REQUIRED,
}


def _refused(error: JobRefused) -> Response:
    body = {"code": error.code, "detail": error.message}
    return Response(body, status=STATUS_OF.get(error.code, status.HTTP_422_UNPROCESSABLE_ENTITY))


def _not_possible(error: NotPossible) -> Response:
    body = {"code": "not_possible", "detail": str(error)}
    return Response(body, status=status.HTTP_409_CONFLICT)


def _created(request: Request, job: Job) -> Response:
    headers = {"Location": request.build_absolute_uri(reverse("api-job", args=[job.pk]))}
    return Response(JobSerializer(job).data, status=status.HTTP_201_CREATED, headers=headers)


class JobDetail(APIView):
    def get(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        segments = [segment_dict(segment) for segment in live_segments(job)]
        more = {"asked": hints.ways(job), "hints": _hints(job), "segments": segments}
        return Response(JobSerializer(job).data | more)


def _hints(job: Job) -> dict[str, Any] | None:
    """What the engine was told of the lexicon; None while the job is at work, which asks on."""
    if job.working:
        return None
    found = hints.summary(job)
    sent = [{"id": told.id, "term": told.text, "parts": told.parts} for told in found.sent]
    left_out = [
        {"reason": each.reason, "count": each.count, "terms": each.texts} for each in found.left_out
    ]
    return {"sent": sent, "left_out": left_out}


class JobSegments(APIView):
    def get(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        return Response([segment_dict(segment) for segment in live_segments(job)])


class JobAction(APIView):
    """One of the services that change a job, which the answer then shows."""

    act: Callable[[Job], None]

    def post(self, request: Request, job_id: str) -> Response:
        job = get_job(request.user, job_id)
        try:
            self.act(job)
        except NotPossible as error:
            return _not_possible(error)
        job.refresh_from_db()
        return Response(JobSerializer(job).data)


class CancelJob(JobAction):
    act = staticmethod(cancel_job)


class RetryJob(JobAction):
    act = staticmethod(retry_job)


def _run(request: Request, job_id: str) -> Response:
    """Transcribe a job's recording again."""
    job = get_job(request.user, job_id)
    form = NewRun(data=request.data)
    form.is_valid(raise_exception=True)
    key = request.auth if isinstance(request.auth, ApiKey) else None
    owner = None if key else request.user
    try:
        new = rerun_job(job, owner=owner, api_key=key, **form.validated_data)
    except JobRefused as error:
        return _refused(error)
    except NotPossible as error:
        return _not_possible(error)
    return _created(request, new)


class RerunJob(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        return _run(request, job_id)


class JobRuns(JobsPage):
    """The jobs that were made from this one's recording."""

    def get_queryset(self) -> QuerySet[Job]:
        job = get_job(self.request.user, self.kwargs["job_id"])
        return visible_jobs(self.request.user).filter(source_job=job)

    def post(self, request: Request, job_id: str) -> Response:
        return _run(request, job_id)
