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
# numbers of more digits are no place in any file
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE | re.ASCII)


class Unsatisfiable(Exception):
    """The file has no such part."""


def serve(request: HttpRequest, name: str, *, etag: str, content_type: str) -> HttpResponseBase:
    """A stored file, whole (200) or the part asked for (206), 416 where there is no such part.

    `etag` is quoted. Raises FileNotFoundError.
    """
    size = default_storage.size(name)
    response: HttpResponseBase
    try:
        span = _asked(request, etag, size)
    except Unsatisfiable:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _part(name, span, size) if span else _whole(request, name, size)
    response["Content-Type"] = content_type
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    return response


def _asked(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """The range to answer with; None: the whole file. Ranges are for GET alone."""
    unchanged = request.headers.get("If-Range", etag) == etag
    if request.method != "GET" or not unchanged:
        return None
    return parse(request.headers.get("Range", ""), size)


def parse(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (excluded) of the one range asked for. Raises Unsatisfiable.

    None where the header makes no sense or asks for several ranges: it counts as absent.
    """
    found = RANGE.fullmatch(header.replace(" ", ""))
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    if first:
        start, end = int(first), min(size, int(last) + 1) if last else size
    else:  # the last so many bytes
        start, end = max(0, size - int(last)), size
    if start >= size:
        raise Unsatisfiable
    return start, end


def _whole(request: HttpRequest, name: str, size: int) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(headers={"Content-Length": str(size)})
    return _stream(name, 0, size)


def _part(name: str, span: tuple[int, int], size: int) -> HttpResponseBase:
    start, end = span[0], min(span[1], span[0] + LONGEST_ANSWER)
    response = _stream(name, start, end)
    response.status_code = 206
    response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


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
