"""ETags of what the API shows, and conditions on them (RFC 9110, 13)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from speech_project.api.problems import Problem


class Rendered(Response):
    """An answer whose body was made for its ETag already, and is sent to all but those who wish for
    another form of it, such as an indented one."""

    body: bytes

    @property
    def rendered_content(self) -> Any:
        if self.accepted_media_type != JSONRenderer.media_type:
            return super().rendered_content
        self["Content-Type"] = JSONRenderer.media_type
        return self.body


def etag_of(data: Any) -> str:
    """Of what is shown, quoted: another where anything of it is."""
    return _etag(JSONRenderer().render(data))


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def shown(request: Request, data: Any, **more: Any) -> Response:
    """The data with its ETag; nothing but 304 where the client has just that."""
    body = JSONRenderer().render(data)
    etag = _etag(body)
    if request.method in ("GET", "HEAD") and _names(request, "If-None-Match", etag):
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    response = Rendered(data, **more)
    response.body = body
    response["ETag"] = etag
    return response


def check(request: Request, data: Any, *, required: bool = False) -> None:
    """Raise Problem, with the data, unless that is as it is now what the client says it changes.

    Hold what it is made of, so that nobody changes it in between.
    """
    if "If-Match" not in request.headers:
        if required:
            raise Problem(
                status.HTTP_428_PRECONDITION_REQUIRED,
                "if_match_missing",
                "Send If-Match with the ETag of what you change, or * to change whatever is there.",
            )
        return
    if not _names(request, "If-Match", etag_of(data)):
        raise Problem(
            status.HTTP_412_PRECONDITION_FAILED,
            "changed_meanwhile",
            "This was changed since you read it. See what it is now, then send your change anew.",
            headers={"ETag": etag_of(data)},
            current=data,
        )


def _names(request: Request, header: str, etag: str) -> bool:
    """Weak ones too, in If-Match against the letter of the RFC: proxies that compress make them of
    ours, and they still name the same data."""
    named = parse_etags(request.headers.get(header, ""))
    return not {"*", etag, f"W/{etag}"}.isdisjoint(named)
