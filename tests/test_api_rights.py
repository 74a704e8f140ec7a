"""Each call about jobs needs its scope, and what it does is written down."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey, AuditEvent
from speech_project.access.scopes import SCOPES
from transcription.models import Job

# method, address, body, scope, action, and what is noted where that is not the job
CALLS = {
    "list": ("get", "jobs/", None, "jobs:read", None),
    "create": ("post", "jobs/", "file", "jobs:write", "job.create"),
    "read": ("get", "jobs/{job}/", None, "jobs:read", None),
    "change": ("patch", "jobs/{job}/", {"title": "x"}, "jobs:write", "job.change"),
    "delete": ("delete", "jobs/{job}/", None, "jobs:write", "job.delete"),
    "cancel": ("post", "jobs/{running}/cancel/", None, "jobs:write", "job.cancel"),
    "retry": ("post", "jobs/{failed}/retry/", None, "jobs:write", "job.retry"),
    "runs": ("get", "jobs/{job}/runs/", None, "jobs:read", None),
    "run": ("post", "jobs/{job}/runs/", {}, "jobs:write", "job.run"),
    "rerun": ("post", "jobs/{job}/rerun/", {}, "jobs:write", "job.run"),
    "hints": ("get", "jobs/{job}/hints/", None, "jobs:read", None),
    "segments": ("get", "jobs/{job}/segments/", None, "jobs:read", "job.read"),
    "segment": ("get", "jobs/{job}/segments/{segment}/", None, "jobs:read", "segment.read"),
    "correct": (
        "patch", "jobs/{job}/segments/{segment}/", {"text": "x", "version": 1}, "jobs:write",
        "segment.change",
    ),
    "words": ("get", "jobs/{job}/words/", None, "jobs:read", "job.read"),
    "audio": ("get", "jobs/{job}/audio/", None, "jobs:read", "job.listen"),
    "peaks": ("get", "jobs/{job}/peaks/", None, "jobs:read", None),
    "export": ("get", "jobs/{job}/export.txt", None, "jobs:read", "job.export"),
    "zip": ("get", "exports.zip?job={job}", None, "jobs:read", "job.export"),
    "posted zip": ("post", "exports.zip", {"job": ["{job}"]}, "jobs:read", "job.export"),
    "feedback": ("get", "jobs/{job}/feedback/", None, "jobs:read", None),
    "correct all": (
        "post", "jobs/{job}/feedback/", {"text": "x y z"}, "feedback:write", "feedback.create",
    ),
    "reopen": ("post", "jobs/{reviewed}/reopen/", None, "feedback:write", "feedback.reopen"),
    "usage": ("get", "usage/", None, "jobs:read", None),
}  # fmt: skip


# with the key's and the audit's; of a job with one segment
MOST_QUERIES = {"get": 5, "post": 12, "patch": 20, "delete": 28}
OF_A_REVIEW = 32


@pytest.fixture
def world(make_job, media, sent, short_clip):
    """A key, its client, and jobs in several states."""
    key, secret = create_key("clinic", rate_limit_per_minute=0)
    own = {
        "api_key": key,
        "audio_file": default_storage.save("recordings/a.flac", ContentFile(b"sound")),
        "peaks_file": default_storage.save("peaks/a", ContentFile(b"peaks")),
    }
    job = make_job("us and paid", **own)
    names = {
        "job": job.pk,
        "segment": job.segments.get().pk,
        "running": make_job(status="queued", **own).pk,
        "failed": make_job(status="failed", **own).pk,
        "reviewed": make_job("text", review_status="reviewed", **own).pk,
    }
    client = Client(headers={"X-API-Key": secret})

    def call(method, address, body, *_):
        more = {"headers": {"If-Match": "*"}} if method == "patch" else {}
        if body == "file":
            body = {"file": SimpleUploadedFile("a.flac", short_clip.read_bytes())}
        elif method != "get":
            filled = str(body or {}).replace("{job}", str(job.pk)).replace("'", '"')
            body, more["content_type"] = filled, "application/json"
        return getattr(client, method)(f"/api/v1/{address.format(**names)}", body, **more)

    return call, names


@pytest.mark.parametrize("name", CALLS)
def test_a_key_without_the_scope_is_told_which_it_needs(world, name):
    call, _ = world
    needed = CALLS[name][3]
    ApiKey.objects.update(scopes=[scope for scope in SCOPES if scope not in (needed, "admin")])
    before = list(Job.objects.order_by("pk").values())
    answer = call(*CALLS[name])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert f"the scope {needed}." in answer.json()["detail"]
    assert list(Job.objects.order_by("pk").values()) == before
    assert not AuditEvent.objects.filter(action__startswith="job").exists()


@pytest.mark.parametrize("scope", ["its own", "admin"])
@pytest.mark.parametrize("name", CALLS)
def test_with_the_scope_it_is_done_and_noted(world, name, scope):
    call, names = world
    _, address, _, needed, action = CALLS[name]
    ApiKey.objects.update(scopes=[needed if scope == "its own" else scope])
    AuditEvent.objects.all().delete()
    answer = call(*CALLS[name])
    assert answer.status_code < 300, answer.content
    noted = list(AuditEvent.objects.values_list("action", "target", "actor"))
    if action is None:
        assert noted == []
        return
    of = next((n for n in ("running", "failed", "reviewed") if f"{{{n}}}" in address), "job")
    target = f"job {names[of]}"
    if name == "create":
        target = f"job {answer.json()['id']}"
    elif name in ("correct", "segment"):
        target = f"segment {names['segment']}"
    assert noted == [(action, target, str(ApiKey.objects.get()))]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_takes_few_queries(world, name):
    call, _ = world
    call(*CALLS["list"])  # notes the key's use
    with CaptureQueriesContext(connection) as asked:
        assert call(*CALLS[name]).status_code < 300
    most = OF_A_REVIEW if name == "correct all" else MOST_QUERIES[CALLS[name][0]]
    assert len(asked) <= most, [query["sql"] for query in asked]


def test_each_export_in_a_zip_file_is_noted(world, make_job):
    call, names = world
    other = make_job("text", api_key=ApiKey.objects.get())
    twice = f"job={other.pk}&job={str(other.pk).upper()}"
    assert call("get", f"exports.zip?job={{job}}&{twice}", None).status_code == 200
    noted = AuditEvent.objects.filter(action="job.export").values_list("target", flat=True)
    assert sorted(noted) == sorted([f"job {names['job']}", f"job {other.pk}"])
