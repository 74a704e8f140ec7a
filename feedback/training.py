"""Clips of reviewed recordings with their corrected text, to train engines with. docs/exports.md.

Only what somebody reviewed, submitted and may be used for it: of a client's recordings by the
consent of its API key, of those uploaded here by TRAINING_CONSENT_PAGES. A clip is a segment, cut
to the sample from the recording as it was decoded for the engine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.alignment import INAUDIBLE
from feedback.models import Feedback
from feedback.scoring import score
from feedback.training_files import CLIPS
from speech_project.access.models import ApiKey
from transcription import audio, recordings
from transcription.models import Job, Segment
from transcription.splitting import SAMPLE_RATE, Samples

SHORTEST_S, LONGEST_S = 0.5, 30.0  # as engines are trained with
SAMPLES_A_MS = SAMPLE_RATE // 1000


@dataclass(frozen=True)
class Filters:
    """Which of what may be used; empty and None: all. `jobs`: their ids; `since` and `until`:
    submitted then, the latter exclusive; the lengths are those of clips."""

    language: str = ""
    model: str = ""
    reviewer: str = ""
    api_key: ApiKey | None = None
    since: datetime | None = None
    until: datetime | None = None
    shortest_s: float = SHORTEST_S
    longest_s: float = LONGEST_S
    jobs: Collection[UUID] | None = None


@dataclass(frozen=True)
class Clip:
    segment: Segment
    channel: int | None

    @property
    def name(self) -> str:
        """Other times, another name: a clip that is there is never out of date."""
        s = self.segment
        channel = "" if self.channel is None else f"-{self.channel}"
        return f"{CLIPS}/{s.job_id}/{s.pk}-{s.start_ms}-{s.end_ms}{channel}.flac"

    def line(self, job: Job) -> dict[str, Any]:
        """Of the metadata, as Hugging Face's audiofolder reads it."""
        segment = self.segment
        return {
            "file_name": self.name,
            "transcription": " ".join(segment.text.split()),
            "language": segment.language,
            "speaker": segment.speaker,
            "duration": (segment.end_ms - segment.start_ms) / 1000,
            "job": str(job.pk),
            "segment": segment.pk,
            "model": job.model,
            "wer": round(score(segment.text, segment.engine_text).wer, 4),
        }


@dataclass
class Exported:
    """What came of it. `left_out`: segments, by the reason; `problems`: of whole recordings."""

    recordings: int = 0
    clips: int = 0
    made: int = 0
    seconds: float = 0
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Target(Protocol):
    """Where clips go. `finish` comes last and writes what makes a data set of them."""

    def has(self, name: str) -> bool: ...
    def write(self, name: str, content: bytes) -> None: ...
    def finish(self, metadata: bytes, names: set[str]) -> None: ...


def export(filters: Filters, target: Target) -> Exported:
    """Raises OSError where the target cannot be written."""
    result, lines = Exported(), list[str]()
    names: set[str] = set()
    for job in jobs(filters):
        clips = list(_clips(job, filters, result))
        try:
            result.made += _cut(job, [clip for clip in clips if not target.has(clip.name)], target)
        except (audio.AudioRefused, audio.DecoderFailed, FileNotFoundError) as error:
            said = "its sound is gone" if isinstance(error, FileNotFoundError) else str(error)
            result.problems.append(f"{job.title} ({job.pk}): {said}")
            continue
        result.recordings += bool(clips)
        for clip in clips:
            line = clip.line(job)
            lines.append(json.dumps(line, ensure_ascii=False))
            names.add(clip.name)
            result.seconds += line["duration"]
    result.clips = len(lines)
    target.finish("".join(f"{line}\n" for line in lines).encode(), names)
    return result


def jobs(filters: Filters) -> QuerySet[Job]:
    """Those reviewed that may be used, the oldest first."""
    standing = Feedback.objects.filter(job=OuterRef("pk"), withdrawn_at=None)
    if filters.reviewer:
        standing = standing.filter(reviewer_name=filters.reviewer)
    if filters.since:
        standing = standing.filter(created_at__gte=filters.since)
    if filters.until:
        standing = standing.filter(created_at__lt=filters.until)
    may = Q(api_key__training_consent=True)
    if settings.TRAINING_CONSENT_PAGES:
        # a client whose key was deleted has consented to nothing
        may |= Q(api_key=None) & ~Q(source=Job.Source.API)
    found = Job.objects.filter(may, Exists(standing), review_status=Job.Review.REVIEWED)
    if filters.jobs is not None:
        found = found.filter(pk__in=filters.jobs)
    if filters.model:
        found = found.filter(model=filters.model)
    if filters.api_key:
        found = found.filter(api_key=filters.api_key)
    return found.order_by("created_at", "pk")


def _clips(job: Job, filters: Filters, result: Exported) -> Iterator[Clip]:
    segments = Segment.objects.filter(job=job, retired_at=None).select_related("chunk")
    if filters.language:
        segments = segments.filter(language=filters.language)
    for segment in segments.order_by("position", "pk"):
        if reason := _unfit(segment, filters):
            result.left_out[reason] += 1
        else:
            yield Clip(segment, segment.chunk.channel if segment.chunk else None)


def _unfit(segment: Segment, filters: Filters) -> str:
    seconds = (segment.end_ms - segment.start_ms) / 1000
    if segment.is_gap:
        return "not transcribed by an engine"
    if not segment.text.strip():
        return "without text"
    if INAUDIBLE in segment.text:
        return "inaudible in part"
    if seconds < filters.shortest_s:
        return f"shorter than {filters.shortest_s:g} s"
    if seconds > filters.longest_s:
        return f"longer than {filters.longest_s:g} s"
    return ""


def _cut(job: Job, clips: Sequence[Clip], target: Target) -> int:
    """Decode the recording once and write its clips as they come by; how many."""
    if not clips:
        return 0
    apart = any(clip.channel is not None for clip in clips)
    waiting = sorted(clips, key=lambda clip: clip.segment.start_ms)
    made, at = 0, 0
    heard: dict[str, list[Samples]] = {clip.name: [] for clip in clips}
    with recordings.local(job.audio_file) as path:
        blocks = audio.decode(path, channels="separate" if apart else "mix")
        try:
            for block in blocks:
                end = at + len(block)
                for clip in waiting:
                    first, last = _samples(clip)
                    if first >= end:
                        break
                    heard[clip.name].append(_channel(block[max(0, first - at) : last - at], clip))
                done = [clip for clip in waiting if _samples(clip)[1] <= end]
                made += _written(done, heard, target)
                waiting = [clip for clip in waiting if _samples(clip)[1] > end]
                at = end
                if not waiting:
                    break
        finally:
            blocks.close()
    return made + _written(waiting, heard, target)  # a segment may end after the sound


def _samples(clip: Clip) -> tuple[int, int]:
    return clip.segment.start_ms * SAMPLES_A_MS, clip.segment.end_ms * SAMPLES_A_MS


def _channel(block: Samples, clip: Clip) -> Samples:
    if block.ndim == 1:
        return block
    if clip.channel is not None:
        return block[:, clip.channel]
    return block.mean(axis=1).astype(np.int16)  # put together of both


def _written(clips: Sequence[Clip], heard: dict[str, list[Samples]], target: Target) -> int:
    for clip in clips:
        pieces = heard.pop(clip.name)
        pcm = np.concatenate(pieces) if pieces else np.empty(0, np.int16)
        short = _samples(clip)[1] - _samples(clip)[0] - len(pcm)
        # as long as its line says, where the sound ends before it does
        target.write(clip.name, audio.encode_flac(np.pad(pcm, (0, short))))
    return len(clips)
