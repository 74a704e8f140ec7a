"""Answering byte ranges (RFC 9110, 14): without them browsers cannot seek in a recording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

# a range's answer holds no more, so that a slow reader does not hold a thread for an hour's sound
LONGEST_ANSWER = 2 << 20
BLOCK = 64 << 10
RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def serve(request: HttpRequest, name: str, *, etag: str, content_type: str) -> HttpResponseBase:
    """A stored file, whole (200) or the part asked for (206), 416 where there is no such part.

    `etag` is quoted. Raises FileNotFoundError.
    """
    size = default_storage.size(name)
    asked = request.headers.get("Range", "")
    condition = request.headers.get("If-Range", etag)
    span = parse(asked, size) if asked and condition == etag else (0, size)
    response: HttpResponseBase
    if span is None:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    elif span == (0, size) and not (asked and condition == etag):
        response = _stream(name, 0, size)
    else:
        start, end = span[0], min(span[1], span[0] + LONGEST_ANSWER)
        response = _stream(name, start, end)
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Content-Type"] = content_type
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    return response


def parse(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (excluded) of the one range asked for; None: it cannot be met.

    A header that makes no sense, or asks for several ranges, counts as absent: the whole file.
    """
    found = RANGE.match(header.replace(" ", ""))
    if not found or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else None
    start, end = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None


def _stream(name: str, start: int, end: int) -> StreamingHttpResponse:
    stored: IO[bytes] = default_storage.open(name, "rb")  # fails now, not when it is half sent

    def blocks() -> Iterator[bytes]:
        with stored:
            stored.seek(start)
            left = end - start
            while left > 0 and (block := stored.read(min(BLOCK, left))):
                left -= len(block)
                yield block

    return StreamingHttpResponse(blocks(), headers={"Content-Length": str(end - start)})
