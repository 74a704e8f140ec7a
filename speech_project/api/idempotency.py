"""The header Idempotency-Key: a request that is repeated creates nothing twice, and is told the
same. Answers are kept for a day, in the transaction of what they tell of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, transaction
from django.utils import timezone
from psycopg2.errors import LockNotAvailable
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project import locks
from speech_project.access.clients import key_of
from speech_project.access.models import IdempotencyKey
from speech_project.api.problems import Problem

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT = timedelta(days=1)
MOST_FORGOTTEN = 100  # at a time
# how long a repetition waits for the first to be done
WAIT_S = 20
HEADERS_KEPT = ("Location", "ETag")

Handler = Callable[..., Any]


def idempotent(handler: Handler) -> Handler:
    """Of a view's method that creates something; it must answer with JSON."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        _check(key)
        owner, asked = _owner(request), _hash_of(request)  # reads the upload, before any lock
        try:
            with transaction.atomic():
                locks.hold(f"{owner} {key}", wait_s=WAIT_S)
                if found := IdempotencyKey.objects.filter(**owner, key=key).first():
                    if found.created_at > timezone.now() - KEPT:
                        return _again(found, asked)
                    found.delete()
                response = handler(view, request, *args, **kwargs)
                if response.status_code < 300:
                    _keep(response, owner, key, asked)
                return response
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise Problem(
                status.HTTP_409_CONFLICT,
                "still_at_work",
                f"The first request with this {HEADER} is not done yet. Repeat this one later.",
                headers={"Retry-After": "5"},
            ) from None

    once.idempotent = True  # type: ignore[attr-defined]  # for the API's description
    return once


def _check(key: str) -> None:
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise Problem(
            status.HTTP_400_BAD_REQUEST,
            "idempotency_key_invalid",
            f"{HEADER} is 1 to {LONGEST} printable ASCII characters, such as a UUID.",
        )


def _owner(request: Request) -> dict[str, Any]:
    if key := key_of(request):
        return {"api_key_id": key.pk}
    return {"user_id": request.user.pk}


def _hash_of(request: Request) -> str:
    """Of what is asked: method, address, and all fields with the content of files."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data = request.data
    if hasattr(data, "lists"):
        data = {
            name: [_content(each) if isinstance(each, UploadedFile) else each for each in values]
            for name, values in data.lists()
        }
    digest.update(json.dumps(data, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _content(upload: UploadedFile) -> str:
    known = getattr(upload, "sha256", "")  # hashed while it came in
    if known:
        return str(known)
    digest = hashlib.sha256()
    for block in upload.chunks():
        digest.update(block)
    upload.seek(0)
    return digest.hexdigest()


def _again(found: IdempotencyKey, asked: str) -> Response:
    if found.request_hash != asked:
        raise Problem(
            status.HTTP_422_UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            f"This {HEADER} was used for another request. Choose a new one for each.",
        )
    headers = found.headers | {"Idempotency-Replayed": "true"}
    return Response(json.loads(found.body or "null"), status=found.status, headers=headers)


def _keep(response: Response, owner: dict[str, Any], key: str, asked: str) -> None:
    IdempotencyKey.objects.create(
        **owner,
        key=key,
        request_hash=asked,
        status=response.status_code,
        headers={name: response[name] for name in HEADERS_KEPT if name in response},
        body=JSONRenderer().render(response.data).decode(),
    )


def forget() -> None:
    """What is older: answers may tell of recordings that were deleted since."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT)
    IdempotencyKey.objects.filter(
        pk__in=old.order_by("created_at").values("pk")[:MOST_FORGOTTEN]
    ).delete()
