"""A job's recording and its waveform, as answers to browsers and programs."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from transcription import audio as sound
from transcription import ranges, recordings
from transcription.models import Job

# how many bars a waveform may have, and has where nobody says
MOST_BUCKETS, USUAL_BUCKETS = 20_000, 2_000


class Missing(Exception):
    """There is no such file; the message says why."""


def audio(request: Any, job: Job, *, original: bool) -> HttpResponseBase:
    """The recording, or the range of it that is asked for (ranges.py): the uploaded file itself,
    or what browsers play and seek. Raises Missing."""
    uploaded = original or not job.playback_file
    name = job.audio_file if uploaded else job.playback_file
    kind = mimetypes.guess_type(job.audio_name)[0] if uploaded else "audio/mpeg"
    etag = f'"{job.audio_sha256[:32]}-{"o" if uploaded else "p"}"'
    # never shown as a page of this site, whatever the upload calls itself
    kind = kind if kind and kind.startswith(("audio/", "video/")) else "application/octet-stream"
    try:
        response = ranges.serve(request, name, etag=etag, content_type=kind)
    except FileNotFoundError:
        raise Missing("The recording is not in the storage any more.") from None
    if original:
        response["Content-Disposition"] = content_disposition_header(True, job.audio_name)
    return response


def peaks(job: Job, buckets: int) -> HttpResponse:
    """The waveform, a byte for each stretch of as many milliseconds as a header says; at least
    `buckets` of them where the recording is long enough. Raises Missing."""
    if not job.peaks_file:
        raise Missing("The waveform is not drawn yet.")
    try:
        content = recordings.read(job.peaks_file)
    except FileNotFoundError:
        raise Missing("The waveform is not in the storage any more.") from None
    heights, bucket_ms = sound.choose_level(content, buckets)
    headers = {"Cache-Control": "private, max-age=86400", "Verbatim-Bucket-Ms": str(bucket_ms)}
    return HttpResponse(heights, content_type="application/octet-stream", headers=headers)
