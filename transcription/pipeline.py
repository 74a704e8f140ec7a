"""A recording's way from upload to transcript: prepare, transcribe each chunk, finish.

Each step claims its row (leases.py), so it may be delivered twice, late, or by a wake-up that
was lost and sent again by the sweep. Each reads all it needs from the database, and stores what
it made before it tells the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from transcription import audio, leases, recordings, stitching
from transcription.engines import capabilities, get_engine
from transcription.engines.base import Answer, EngineError, Request, Word
from transcription.models import Attempt, Chunk, Job, Segment
from transcription.splitting import Piece, Splitter
from transcription.wakeups import wake

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
FIRST_BACKOFF_S = 2.0
LONGEST_BACKOFF_S = 120.0
PLAYBACK_TIMEOUT_S = 1800


# --- Prepare: decode once, draw the waveform, cut into chunks ----------------------------------


def prepare(job_id: Any) -> None:
    ready = Q(status=Job.Status.QUEUED) & leases.due()
    abandoned = Q(status=Job.Status.PREPARING) & leases.expired()
    job = leases.claim(Job, job_id, ready | abandoned, status=Job.Status.PREPARING)
    if job is None:
        return
    Job.objects.filter(pk=job.pk, started_at=None).update(started_at=timezone.now())
    with leases.hold(job) as lease:
        try:
            _cut(job, lease)
        except leases.LeaseLost:
            logger.info("Job %s was taken away while it was prepared", job.pk)
        except audio.AudioRefused as error:
            _fail_job(job, error.code, error.message)
        except FileNotFoundError:
            _fail_job(job, "audio_missing", "The recording is not in the storage any more.")


def _cut(job: Job, lease: leases.Lease) -> None:
    splitter, peaks, samples, position = Splitter(), audio.Peaks(), 0, 0
    longest_ms = settings.MAX_AUDIO_HOURS * 3_600_000
    with recordings.local(job.audio_file) as path:
        for block in audio.decode(path, max_ms=longest_ms):
            lease.check()
            samples += len(block)
            peaks.feed(block)
            for piece in splitter.feed(block):
                position += _store_piece(job, position, piece)
    for piece in splitter.finish():
        position += _store_piece(job, position, piece)
    peaks_file = recordings.save(f"peaks/{job.pk}.bin", peaks.to_bytes())
    done = lease.mine.all().update(
        status=Job.Status.TRANSCRIBING,
        duration_ms=-(-samples * 1000 // audio.SAMPLE_RATE),  # rounded up, as the last piece is
        chunk_count=position,
        peaks_file=peaks_file,
        prepared_at=timezone.now(),
        lease_until=None,
    )
    if not done:
        if not Job.objects.filter(pk=job.pk).exists():
            recordings.delete(peaks_file)
        raise leases.LeaseLost
    _finish_when_complete(job.pk)


def _store_piece(job: Job, position: int, piece: Piece) -> int:
    """Store a piece as a chunk and send it to work. Returns how many chunks it made: silence
    makes none, for engines invent text in it. Cutting is the same each time, so what an earlier
    try stored is kept, its answer too."""
    if not piece.speech:
        return 0
    chunk = Chunk.objects.filter(job=job, position=position).first()
    if chunk is None:
        file = f"chunks/{job.pk}/{position}-{job.attempt}.flac"  # this claim's own
        name = recordings.save(file, audio.encode_flac(piece.samples))
        try:
            chunk = Chunk.objects.create(
                job=job,
                position=position,
                start_ms=piece.start_ms,
                end_ms=piece.end_ms,
                audio_file=name,
            )
        except IntegrityError:  # the job was deleted, or another worker was first
            recordings.delete(name)
            raise leases.LeaseLost from None
    if chunk.status == Chunk.Status.QUEUED:
        _wake_chunk(chunk, job)
    return 1


def _wake_chunk(chunk: Chunk, job: Job) -> None:
    wake("transcribe_chunk", chunk.pk, queue=capabilities(job.model).queue)


def _fail_job(job: Job, code: str, message: str) -> None:
    Job.objects.filter(pk=job.pk, attempt=job.attempt, status__in=Job.WORKING).update(
        status=Job.Status.FAILED,
        error_code=code,
        error_message=message,
        lease_until=None,
        finished_at=timezone.now(),
    )
    logger.warning("Job %s failed: %s", job.pk, code)


# --- Transcribe one chunk ----------------------------------------------------------------------


def transcribe(chunk_id: int) -> None:
    ready = Q(status=Chunk.Status.QUEUED) & leases.due()
    abandoned = Q(status=Chunk.Status.TRANSCRIBING) & leases.expired()
    wanted = Q(job__status__in=Job.HEARING)
    chunk = leases.claim(
        Chunk, chunk_id, (ready | abandoned) & wanted, status=Chunk.Status.TRANSCRIBING
    )
    if chunk is None:
        return
    job = chunk.job
    started_at = timezone.now()
    with leases.hold(chunk):
        try:
            answer = _ask(job, chunk)
        except EngineError as error:
            _fail_chunk(job, chunk, error, started_at)
        else:
            _store_answer(job, chunk, answer, started_at)
    _finish_when_complete(chunk.job_id)


def _ask(job: Job, chunk: Chunk) -> Answer:
    engine = get_engine(
        job.model,
        api_key=settings.OPENAI_API_KEY or None,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout_s=float(settings.ENGINE_TIMEOUT_S),
    )
    try:
        sound = recordings.read(chunk.audio_file)
    except FileNotFoundError:
        raise EngineError(
            "audio_missing", "This part of the recording is not in the storage.", permanent=True
        ) from None
    return engine.transcribe(
        Request(
            audio=sound,
            audio_ms=chunk.end_ms - chunk.start_ms,
            languages=tuple(job.languages),
        )
    )


def _store_answer(job: Job, chunk: Chunk, answer: Answer, started_at: datetime) -> None:
    """Keep the answer. It was paid for, so it counts even when the lease was lost meanwhile:
    the first answer to arrive stands."""
    words = [
        [word.text, _shift(word.start_ms, chunk), _shift(word.end_ms, chunk), word.confidence]
        for word in answer.words
    ]
    with transaction.atomic():
        if not _note_attempt(job, chunk, started_at, answer=answer):
            return
        Chunk.objects.filter(pk=chunk.pk).exclude(status=Chunk.Status.COMPLETED).update(
            status=Chunk.Status.COMPLETED,
            text=answer.text,
            words=words,
            language=answer.language,
            error_code="",
            error_message="",
            lease_until=None,
            completed_at=timezone.now(),
        )
        # a gap was put where this answer belongs: finish once more, which fills it
        Job.objects.filter(pk=job.pk, status=Job.Status.COMPLETED).exclude(
            review_status=Job.Review.REVIEWED
        ).update(status=Job.Status.TRANSCRIBING, finished_at=None)


def _shift(ms: int | None, chunk: Chunk) -> int | None:
    return None if ms is None else chunk.start_ms + ms


def _note_attempt(
    job: Job,
    chunk: Chunk,
    started_at: datetime,
    *,
    answer: Answer | None = None,
    error: EngineError | None = None,
) -> bool:
    """Keep what was asked and answered; False where the job was deleted meanwhile.

    It locks the job, before any of its chunks, as finishing, cancelling, retrying and deleting do:
    so none of them sees half of what is stored here, and no two wait for each other.
    """
    if Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first() is None:
        return False
    Attempt.objects.create(
        chunk=chunk,
        number=chunk.attempt,
        model=job.model,
        request={"languages": job.languages, "audio_ms": chunk.end_ms - chunk.start_ms},
        response=dict(answer.raw) if answer else {},
        text=answer.text if answer else "",
        usage=dict(answer.usage) if answer else {},
        request_id=answer.request_id if answer else "",
        error_code=error.code if error else "",
        error_message=error.message if error else "",
        started_at=started_at,
        finished_at=timezone.now(),
    )
    return True


def _fail_chunk(job: Job, chunk: Chunk, error: EngineError, started_at: datetime) -> None:
    """The one place of the retry policy: passing errors wait and try again, the rest end here."""
    tries = chunk.attempt - chunk.tries_from
    again = not error.permanent and tries < MOST_ATTEMPTS
    wait_s = error.retry_after_s or FIRST_BACKOFF_S * 2 ** (tries - 1)
    mine = Chunk.objects.filter(
        pk=chunk.pk, attempt=chunk.attempt, status=Chunk.Status.TRANSCRIBING
    )
    with transaction.atomic():
        _note_attempt(job, chunk, started_at, error=error)
        mine.update(
            status=Chunk.Status.QUEUED if again else Chunk.Status.FAILED,
            not_before=timezone.now() + timedelta(seconds=min(wait_s, LONGEST_BACKOFF_S)),
            lease_until=None,
            error_code=error.code,
            error_message=error.message,
        )


# --- Finish: from chunks to segments -----------------------------------------------------------


def complete() -> Q:
    """All chunks are cut, and each has an answer or has failed for good."""
    pending = Exists(Chunk.objects.filter(job=OuterRef("pk"), status__in=Chunk.PENDING))
    return Q(status=Job.Status.TRANSCRIBING, chunk_count__isnull=False) & ~Q(pending)


def _finish_when_complete(job_id: Any) -> None:
    if Job.objects.filter(complete(), pk=job_id).exists():
        wake("finish_job", job_id, queue="engine")


def finish(job_id: Any) -> None:
    abandoned = Q(status=Job.Status.FINISHING) & leases.expired()
    job = leases.claim(Job, job_id, complete() | abandoned, status=Job.Status.FINISHING)
    if job is None:
        return
    with leases.hold(job) as lease, transaction.atomic():
        if lease.mine.select_for_update().first() is None:  # reviewers' saves wait for this lock
            return
        chunks = list(Chunk.objects.filter(job=job))
        failed = [chunk for chunk in chunks if chunk.status == Chunk.Status.FAILED]
        if chunks and len(failed) == len(chunks):
            _fail_job(job, failed[0].error_code, failed[0].error_message)
            return
        _write_segments(job, chunks)
        answered = list(Attempt.objects.filter(chunk__job=job, error_code=""))
        lease.mine.all().update(
            status=Job.Status.COMPLETED,
            lease_until=None,
            finished_at=timezone.now(),
            word_count=sum(len(chunk.text.split()) for chunk in chunks),
            usage=_sum(attempt.usage for attempt in answered),
            cost_usd=_cost(job, answered),
        )
        wake("make_playback", job.pk, queue="media")


def _write_segments(job: Job, chunks: list[Chunk]) -> None:
    """Segments for the chunks that have none yet, and nothing else: what stands stays, with all
    that people wrote. A gap that was filled by a retry is retired."""
    live: dict[int | None, list[Segment]] = {}
    for segment in Segment.objects.filter(job=job, retired_at=None):
        live.setdefault(segment.chunk_id, []).append(segment)
    new: list[Segment] = []
    for chunk in chunks:
        standing = live.get(chunk.pk, [])
        untouched_gap = all(s.is_gap and not s.text for s in standing)
        if standing and not (untouched_gap and chunk.status == Chunk.Status.COMPLETED):
            continue
        Segment.objects.filter(pk__in=[s.pk for s in standing]).update(retired_at=timezone.now())
        drafts = stitching.drafts(_heard(chunk))
        for index, draft in enumerate(drafts):
            position = chunk.position + index / (len(drafts) + 1)
            new.append(_segment(job, draft, position))
    Segment.objects.bulk_create(new, batch_size=500)


def _heard(chunk: Chunk) -> stitching.HeardChunk:
    failed = chunk.status == Chunk.Status.FAILED
    return stitching.HeardChunk(
        id=chunk.pk,
        start_ms=chunk.start_ms,
        end_ms=chunk.end_ms,
        text=chunk.text,
        words=[Word(*word) for word in chunk.words],
        language=chunk.language,
        failure=chunk.error_message if failed else "",
    )


def _segment(job: Job, draft: stitching.Draft, position: float) -> Segment:
    return Segment(
        job=job,
        chunk_id=draft.chunk_id,
        position=position,
        start_ms=draft.start_ms,
        end_ms=draft.end_ms,
        language=draft.language or (job.languages[0] if len(job.languages) == 1 else ""),
        engine_text=draft.text,
        text=draft.text,
        words=[[w.text, w.start_ms, w.end_ms, w.confidence] for w in draft.words],
        marks=draft.marks,
    )


def _sum(usages: Iterable[dict[str, Any]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for usage in usages:
        for name, value in usage.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                total[name] = round(total.get(name, 0) + value, 3)
    return total


def _cost(job: Job, answered: list[Attempt]) -> Decimal | None:
    """What the answers cost by the price table, those that were asked for twice too."""
    price = capabilities(job.model).usd_per_minute
    if price is None:
        return None
    heard_ms = sum(attempt.request["audio_ms"] for attempt in answered)
    return (price * heard_ms / 60_000).quantize(Decimal("0.000001"))


def make_playback(job_id: Any) -> None:
    """A copy that every browser plays and seeks exactly, on the decoded timeline."""
    job = Job.objects.filter(pk=job_id, playback_file="").first()
    if job is None:
        return
    with recordings.local(job.audio_file) as path, recordings.scratch_file() as target:
        try:
            audio.write_playback(path, target, timeout_s=PLAYBACK_TIMEOUT_S)
        except audio.AudioRefused as error:
            logger.warning("No playback copy of job %s: %s", job.pk, error)
            return
        with target.open("rb") as copy:
            name = recordings.save(f"playback/{job.pk}.mp3", copy)
    if not Job.objects.filter(pk=job.pk).update(playback_file=name):
        recordings.delete(name)  # the job was deleted meanwhile
