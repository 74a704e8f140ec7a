"""Create, list, read, change, cancel, retry and delete jobs, and have recordings heard again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.access.clients import key_of
from speech_project.access.models import ApiKey
from speech_project.api import bodies, queries
from speech_project.api.idempotency import idempotent
from speech_project.api.pages import NewestFirst
from speech_project.api.preconditions import check, shown
from speech_project.api.schema import (
    IF_MATCH,
    IF_MATCH_REQUIRED,
    IF_NONE_MATCH,
    LOCATION,
    answers,
    asks,
    refuses,
)
from speech_project.api.views import ApiView
from speech_project.rows import RowAndOther
from transcription import hints
from transcription.access import get_job, visible_jobs
from transcription.api.common import told, whose
from transcription.api.examples import HINTS, JOB, NEW_JOB, NEW_RUN
from transcription.api.filters import JobFilter, narrowed
from transcription.api.forms import JobChange, NewJob, NewRun
from transcription.api.shapes import READ, HintsSerializer, JobSerializer, job_data, jobs_data
from transcription.models import Job
from transcription.services import (
    cancel_job,
    change_job,
    create_job,
    delete_job,
    rerun_job,
    retry_job,
)

TOO_MANY = (429, "The API key 'clinic' may have 4 jobs at work at once, and has them.")
SPENT = (402, "The API key 'clinic' has spent its budget of $20 for this month.")
UNKNOWN_MODEL = (422, "Unknown model 'gpt-9'. Choose one of: gpt-transcribe, whisper-1.")
FORM = "multipart/form-data"
# clients ask again and again how far their jobs are: the database is asked once for both
_key_and_job = RowAndOther(
    ApiKey,
    "api_keys.prefix = $1",
    Job,
    "jobs.id = $2 AND jobs.api_key_id = api_keys.id",
    only=READ,
)


class JobList(ApiView):
    scopes = {"GET": "jobs:read", "POST": "jobs:write"}
    actions = {"POST": "job.create"}
    kind = "job"
    parser_classes = [MultiPartParser, FormParser]
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_jobs",
        parameters=[JobFilter],
        responses=JobSerializer(many=True),
        examples=[answers(JOB)],
    )
    def get(self, request: Request) -> Response:
        """List jobs, the newest first.

        Filters hold together. A key sees its own jobs.
        """
        wishes = queries.read(request, JobFilter)
        jobs = narrowed(visible_jobs(request.user), wishes)
        return NewestFirst.answer(request, jobs, jobs_data)

    @extend_schema(
        operation_id="create_job",
        parameters=[LOCATION],
        request={FORM: NewJob},
        responses={201: JobSerializer}
        | refuses(
            no_audio=(422, "No sound was found in the file."),
            model_unknown=UNKNOWN_MODEL,
            too_large=(413, "The file has 3,000 MB; at most 2,048 MB are taken."),
            budget_spent=SPENT,
            too_many_jobs=TOO_MANY,
        ),
        examples=[
            asks({"file": "visit.flac", "title": "Ward round", "languages": ["en", "de"]},
                 media_type=FORM),
            answers(NEW_JOB, status=201),
        ],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a recording to be transcribed."""
        wishes = bodies.read(request, NewJob)
        with told():
            job = create_job(wishes.pop("file"), source=Job.Source.API, **whose(request), **wishes)
        return _created(request, job)


def _created(request: Request, job: Job) -> Response:
    headers = {"Location": request.build_absolute_uri(reverse("api-job", args=[job.pk]))}
    return shown(request, job_data(job), status=status.HTTP_201_CREATED, headers=headers)


class JobDetail(ApiView):
    scopes = {"GET": "jobs:read", "PATCH": "jobs:write", "DELETE": "jobs:write"}
    actions = {"PATCH": "job.change", "DELETE": "job.delete"}
    people = {"DELETE": "transcription.delete_job"}
    kind = "job"
    job: Job | None = None  # the key's, where a key asks

    def read_key(self, prefix: str) -> ApiKey | None:
        key, self.job = _key_and_job(prefix, self.kwargs["job_id"])
        return key

    @extend_schema(
        operation_id="read_job",
        parameters=[IF_NONE_MATCH],
        responses=JobSerializer,
        examples=[answers(JOB)],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Read a job.

        Its text is in its segments, its words and its exports.
        """
        job = self.job if key_of(request) else get_job(request.user, job_id)
        if job is None:
            raise Http404
        return shown(request, job_data(job))

    @extend_schema(
        operation_id="change_job",
        parameters=[IF_MATCH_REQUIRED],
        request=JobChange,
        responses={200: JobSerializer}
        | refuses(
            title_invalid=(422, "Give the recording a name."),
            not_possible=(409, "Ward round: it was deleted meanwhile."),
        ),
        examples=[asks({"title": "Ward round, Monday", "metadata": {"patient": 7}}), answers(JOB)],
    )
    def patch(self, request: Request, job_id: UUID) -> Response:
        """Change a job's title or metadata."""
        job = get_job(request.user, job_id)
        changes = bodies.read(request, JobChange)
        if "metadata" in changes:  # the client's own; people rename at the desk
            self.check_person(request, "transcription.change_job")
        with told():
            job = change_job(
                job, changes, check=lambda now: check(request, job_data(now), required=True)
            )
        return shown(request, job_data(job))

    @extend_schema(operation_id="delete_job", parameters=[IF_MATCH], responses={204: None})
    def delete(self, request: Request, job_id: UUID) -> Response:
        """Delete a job with its transcript, its audio, and the proposals for it.

        One that is at work is stopped. What was spent stays in the key's month. Audio that
        another job shares stays until that is deleted.
        """
        job = get_job(request.user, job_id)
        delete_job(job, check=lambda now: check(request, job_data(now)))
        return Response(status=status.HTTP_204_NO_CONTENT)


class JobHints(ApiView):
    scopes = {"GET": "jobs:read"}

    @extend_schema(operation_id="read_hints", responses=HintsSerializer, examples=[answers(HINTS)])
    def get(self, request: Request, job_id: UUID) -> Response:
        """Read what the engine was told of the lexicon."""
        job = get_job(request.user, job_id)
        found = hints.summary(job)
        return Response(
            {
                "complete": not job.working,
                "asked": hints.ways(job),
                "sent": [
                    {"id": term.id, "term": term.text, "parts": term.parts} for term in found.sent
                ],
                "left_out": [
                    {"reason": each.reason, "count": each.count, "terms": each.texts}
                    for each in found.left_out
                ],
            }
        )


# --- What is done with them --------------------------------------------------------------------


def _done(request: Request, job_id: UUID, act: Callable[[Job], None]) -> Response:
    job = get_job(request.user, job_id)
    with told():
        act(job)
    return shown(request, job_data(get_job(request.user, job_id)))


class CancelJob(ApiView):
    scopes = {"POST": "jobs:write"}
    actions = {"POST": "job.cancel"}
    kind = "job"

    @extend_schema(
        operation_id="cancel_job",
        request=None,
        responses={200: JobSerializer}
        | refuses(not_possible=(409, "Ward round: there is nothing to cancel, it is at rest.")),
        examples=[answers(JOB | {"status": "cancelled"})],
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop a job's work. What is transcribed already stays."""
        return _done(request, job_id, cancel_job)


class RetryJob(ApiView):
    scopes = {"POST": "jobs:write"}
    actions = {"POST": "job.retry"}
    kind = "job"

    @extend_schema(
        operation_id="retry_job",
        request=None,
        responses={200: JobSerializer}
        | refuses(
            not_possible=(409, "Ward round: there is nothing to retry."), too_many_jobs=TOO_MANY
        ),
        examples=[answers(NEW_JOB)],
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Take a job up again that failed, was cancelled, or has gaps.

        Only what is missing is asked for and paid.
        """
        return _done(request, job_id, lambda job: retry_job(job, api_key=key_of(request)))


RUNS: dict[str, Any] = {
    "parameters": [LOCATION],
    "request": NewRun,
    "responses": {201: JobSerializer}
    | refuses(
        model_unknown=UNKNOWN_MODEL,
        not_possible=(409, "Ward round: it is being transcribed again already."),
        budget_spent=SPENT,
        too_many_jobs=TOO_MANY,
    ),
    "examples": [asks({"model": "whisper-1", "proposal": True}), answers(NEW_RUN, status=201)],
}


def _run(request: Request, job_id: UUID) -> Response:
    job = get_job(request.user, job_id)
    wishes = bodies.read(request, NewRun)
    with told():
        new = rerun_job(job, **whose(request), **wishes)
    return _created(request, new)


class JobRuns(ApiView):
    scopes = {"GET": "jobs:read", "POST": "jobs:write"}
    actions = {"POST": "job.run"}
    kind = "job"
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_runs", responses=JobSerializer(many=True), examples=[answers(NEW_RUN)]
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """List the jobs that were made from this one's recording, the newest first."""
        queries.read(request)
        job = get_job(request.user, job_id)
        runs: QuerySet[Job] = visible_jobs(request.user).filter(source_job=job)
        return NewestFirst.answer(request, runs, jobs_data)

    @extend_schema(operation_id="create_run", **RUNS)
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        """Have a job's recording heard again, as a job of its own."""
        return _run(request, job_id)


class RerunJob(ApiView):
    scopes = {"POST": "jobs:write"}
    actions = {"POST": "job.run"}
    kind = "job"

    @extend_schema(operation_id="rerun_job", deprecated=True, **RUNS)
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        """The earlier address of `POST runs/`."""
        return _run(request, job_id)
