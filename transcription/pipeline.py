"""A recording's way from upload to transcript: prepare, transcribe each chunk, finish.

Each step claims its row (leases.py), so it may be delivered twice, late, or by a wake-up that
was lost and sent again by the sweep. Each reads all it needs from the database, and stores what
it made before it tells the next one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from itertools import accumulate, compress, pairwise
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from lexicon.languages import code_of_name
from lexicon.services import count
from speech_project.wakeups import wake
from speech_project.webhooks.models import Event
from transcription import (
    admission,
    audio,
    choosing,
    correcting,
    doubts,
    hearing,
    hints,
    history,
    leases,
    oddness,
    ranking,
    recordings,
    stitching,
    tags,
)
from transcription.applying import JobLexicon
from transcription.correcting import Corrected
from transcription.engines.answers import one_line_end
from transcription.engines.base import EngineError
from transcription.models import Attempt, Chunk, Job, Segment
from transcription.preparing import Pass
from transcription.splitting import Piece
from transcription.telling import tell_of

logger = logging.getLogger(__name__)

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
        except (audio.AudioRefused, EngineError) as error:
            _fail_job(job, error.code, error.message)
        except FileNotFoundError:
            _fail_job(job, "audio_missing", "The recording is not in the storage any more.")


def _cut(job: Job, lease: leases.Lease) -> None:
    record = choosing.model_of(job)
    with recordings.local(job.audio_file) as path:
        passing = Pass(
            path,
            channels=job.options.get("channels", "auto"),
            target_ms=record.target_ms,
            longest_ms=record.longest_ms,
            max_ms=settings.MAX_AUDIO_HOURS * 3_600_000,
            on_block=lease.check,
        )
        count = 0
        for channel, piece in passing.pieces():
            _store_piece(job, count, channel, piece, record.queue)
            count += 1
    Chunk.objects.filter(job=job, position__gte=count).delete()  # of a cut by other rules
    peaks_file = recordings.save(f"peaks/{job.pk}.bin", passing.peaks)
    done = lease.mine.all().update(
        status=Job.Status.TRANSCRIBING,
        duration_ms=passing.duration_ms,
        speech_dbfs=passing.speech_dbfs,
        chunk_count=count,
        peaks_file=peaks_file,
        prepared_at=timezone.now(),
        lease_until=None,
    )
    if not done:
        if not Job.objects.filter(pk=job.pk).exists():
            recordings.delete(peaks_file)
        raise leases.LeaseLost
    _finish_when_complete(job.pk)


def _store_piece(job: Job, position: int, channel: int | None, piece: Piece, queue: str) -> None:
    """Store a piece as a chunk and send it to work. Cutting is the same each time, so what an
    earlier try stored is kept, its answer too; unless it was cut by other rules."""
    chunk = Chunk.objects.filter(job=job, position=position).first()
    if chunk and (hearing.spans_of(chunk), chunk.channel) != ([*piece.spans], channel):
        recordings.delete(chunk.audio_file)
        chunk.delete()
        chunk = None
    if chunk is None:
        file = f"chunks/{job.pk}/{position}-{job.attempt}.flac"  # this claim's own
        name = recordings.save(file, audio.encode_flac(piece.samples))
        try:
            chunk = Chunk.objects.create(
                job=job,
                position=position,
                channel=channel,
                start_ms=piece.start_ms,
                end_ms=piece.end_ms,
                spans=piece.spans,
                overlap_ms=piece.overlap_ms,
                speech_ms=piece.speech_ms,
                audio_file=name,
            )
        except IntegrityError:  # the job was deleted, or another worker was first
            recordings.delete(name)
            raise leases.LeaseLost from None
    if chunk.status == Chunk.Status.QUEUED:
        wake("transcribe_chunk", chunk.pk, queue=queue)


def _fail_job(job: Job, code: str, message: str) -> None:
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, status__in=Job.WORKING)
    with transaction.atomic():
        if mine.update(
            status=Job.Status.FAILED,
            error_code=code,
            error_message=message,
            cost_usd=admission.spent_by_job(job),
            lease_until=None,
            finished_at=timezone.now(),
        ):
            tell_of(Event.JOB_FAILED, [job.pk])
    logger.warning("Job %s failed: %s", job.pk, code)


# --- Transcribe one chunk ----------------------------------------------------------------------


def transcribe(chunk_id: int) -> None:
    ready = Q(status=Chunk.Status.QUEUED) & leases.due()
    abandoned = Q(status=Chunk.Status.TRANSCRIBING) & leases.expired()
    # no join: the conditions must stand on the row itself, or two workers could both claim it
    wanted = Q(Exists(Job.objects.filter(pk=OuterRef("job_id"), status__in=Job.HEARING)))
    chunk = leases.claim(
        Chunk, chunk_id, (ready | abandoned) & wanted, status=Chunk.Status.TRANSCRIBING
    )
    if chunk is None:
        return
    job = chunk.job
    tries = chunk.attempt - chunk.tries_from
    with leases.hold(chunk) as lease:
        try:
            heard = hearing.hear(job, chunk, lease, last_try=tries >= leases.MOST_ATTEMPTS)
        except leases.LeaseLost:
            logger.info("Chunk %s was taken away while it was heard", chunk.pk)
        except admission.Later as later:
            _put_back(chunk, later.until, counts=False)
        except EngineError as error:
            _react(job, chunk, error, tries)
        else:
            _store(job, chunk, heard)
    _finish_when_complete(chunk.job_id)


def _store(job: Job, chunk: Chunk, heard: hearing.Heard) -> None:
    """Keep the text. It was paid for, so it counts even when the lease was lost meanwhile: the
    first to arrive stands.

    It locks the job, before any of its chunks, as finishing, cancelling, retrying and deleting do:
    so none of them sees half of what is stored here, and no two wait for each other.
    """
    with transaction.atomic():
        found = Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
        if found is None:
            return
        missing = Chunk.objects.filter(pk=chunk.pk).exclude(status=Chunk.Status.COMPLETED)
        stored = missing.update(
            status=Chunk.Status.COMPLETED,
            text=heard.text,
            words=[list(astuple(word)) for word in heard.words],
            language=heard.language,
            checks=[asdict(finding) for finding in heard.findings],
            partial="",
            error_code="",
            error_message="",
            lease_until=None,
            completed_at=timezone.now(),
        )
        if (
            stored
            and found.status == Job.Status.COMPLETED
            and found.review_status != Job.Review.REVIEWED
        ):
            # a gap was put where this answer belongs: finish once more, which fills it
            Job.objects.filter(pk=job.pk).update(status=Job.Status.TRANSCRIBING, finished_at=None)


def _react(job: Job, chunk: Chunk, error: EngineError, tries: int) -> None:
    """The one place of the retry policy: passing errors wait and try again, the rest end here."""
    busy = error.scope == "account" and not error.permanent  # every other would be told the same
    if not error.permanent and (busy or tries < leases.MOST_ATTEMPTS):
        backoff_s = min(FIRST_BACKOFF_S * 2 ** (tries - 1), LONGEST_BACKOFF_S)
        wait_s = min(error.retry_after_s or backoff_s, admission.LONGEST_PAUSE_S)
        until = timezone.now() + timedelta(seconds=wait_s)
        _put_back(chunk, until, error, counts=not busy)
        return
    if chunk.text:  # it was heard, and only asked for again: what was heard stands
        _mine(chunk).update(status=Chunk.Status.COMPLETED, lease_until=None, partial="")
        return
    failed = {
        "status": Chunk.Status.FAILED,
        "lease_until": None,
        "partial": "",
        "heard_ms": 0,
        "error_code": error.code,
        "error_message": error.message,
    }
    with transaction.atomic():
        Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
        _mine(chunk).update(**failed)
        if error.scope == "account":  # nor need the others ask, but those that have an answer
            heard = Exists(Attempt.objects.filter(chunk=OuterRef("pk")).exclude(answer={}))
            Chunk.objects.filter(~heard, job=job, status=Chunk.Status.QUEUED).update(**failed)


def _put_back(
    chunk: Chunk, until: datetime, error: EngineError | None = None, *, counts: bool
) -> None:
    """To be tried again at `until`; `counts` as one of the tries that a chunk has."""
    told = {"error_code": error.code, "error_message": error.message} if error else {}
    _mine(chunk).update(
        status=Chunk.Status.QUEUED,
        not_before=until,
        lease_until=None,
        partial="",
        heard_ms=0,
        tries_from=F("tries_from") + (0 if counts else 1),
        **told,
    )


def _mine(chunk: Chunk) -> QuerySet[Chunk]:
    return Chunk.objects.filter(
        pk=chunk.pk, attempt=chunk.attempt, status=Chunk.Status.TRANSCRIBING
    )


# --- Finish: from chunks to segments -----------------------------------------------------------


def _finish_when_complete(job_id: Any) -> None:
    if Job.objects.filter(leases.complete(), pk=job_id).exists():
        wake("finish_job", job_id, queue="engine")


def finish(job_id: Any) -> None:
    abandoned = Q(status=Job.Status.FINISHING) & leases.expired()
    job = leases.claim(Job, job_id, leases.complete() | abandoned, status=Job.Status.FINISHING)
    if job is None:
        return
    with leases.hold(job):
        lexicon = JobLexicon(job)  # may take seconds, in which nobody should wait
    lease = leases.Lease(job)  # not renewed: the lock keeps others out, and would hold renewals up
    with transaction.atomic():
        if lease.mine.select_for_update().first() is None:  # reviewers' saves wait for this lock
            return
        chunks = list(Chunk.objects.filter(job=job))
        failed = [chunk for chunk in chunks if chunk.status == Chunk.Status.FAILED]
        if chunks and len(failed) == len(chunks):
            _fail_job(job, failed[0].error_code, failed[0].error_message)
            return
        chunks = _with_late_checks(job, chunks)
        if again := _to_ask_again(job, chunks):
            _ask_again(job, again)
            return
        drafts = stitching.transcript([heard_chunk(chunk) for chunk in chunks])
        sent = dict.fromkeys(hints.to_count(job), 1)
        corrected = lexicon.corrected(drafts)
        languages = tags.of_job(job, [each.text for each in corrected])
        odd = _oddness(job, corrected, languages)
        matched = _write_segments(
            job, chunks, corrected, languages, lexicon.languages_of_words, odd
        )
        answered = Attempt.objects.filter(chunk__job=job)
        now, spoken_ms = timezone.now(), {chunk.pk: chunk.speech_ms for chunk in chunks}
        by_word = ranking.word_errors(corrected, odd, history.usual_errors(job, languages))
        errors = ranking.expected_errors(spoken_ms, corrected, by_word)
        lease.mine.all().update(
            status=Job.Status.COMPLETED,
            lease_until=None,
            finished_at=now,
            expected_errors=errors,
            rank_at=ranking.rank_at(now, errors),
            word_count=sum(len(draft.text.split()) for draft in drafts),
            usage=_sum(answered.values_list("usage", flat=True)),
            cost_usd=answered.aggregate(sum=Sum("cost_usd"))["sum"],
            lexicon_version=lexicon.version or job.lexicon_version,
            lexicon_problem=lexicon.problem,
            heard_languages=[] if job.languages else languages,
        )
        wake("make_playback", job.pk, queue="media")
        tell_of(Event.JOB_COMPLETED, [job.pk])
        if not job.proposal:  # the same words were counted with its source
            count(sent=sent, matched=matched)  # last: it locks the terms, which other jobs have too


def _with_late_checks(job: Job, chunks: list[Chunk]) -> list[Chunk]:
    """Mark what could not be seen before all the recording was heard: holes, by its own pace, and
    what is translated, by what stands around."""
    rate = hearing.usual_rate(job)
    around = _texts_around(chunks) if len(job.languages) > 1 else {}
    for chunk in chunks:
        known = {finding["kind"] for finding in chunk.checks}
        if chunk.status != Chunk.Status.COMPLETED:
            continue
        if rate and "hole" not in known:
            chunk.checks += map(asdict, hearing.holes(job, chunk, rate))
        if "translated" not in known:
            texts = around.get(chunk.pk, ())
            chunk.checks += map(asdict, hearing.translated(job, chunk, texts))
    return chunks


def _texts_around(chunks: list[Chunk]) -> dict[int, list[str]]:
    """What was heard before and after each chunk, in its channel."""
    tracks: dict[int | None, list[Chunk]] = {}
    for chunk in chunks:
        tracks.setdefault(chunk.channel, []).append(chunk)
    reach = hints.NEIGHBOURS
    return {
        chunk.pk: [
            other.text
            for other in (*track[max(0, at - reach) : at], *track[at + 1 : at + 1 + reach])
        ]
        for track in tracks.values()
        for at, chunk in enumerate(track)
    }


def _to_ask_again(job: Job, chunks: list[Chunk]) -> list[Chunk]:
    """Those that only the whole recording shows to be translated, where nobody has asked for them
    in another way yet, and nobody has a transcript."""
    if Segment.objects.filter(job=job).exists():
        return []
    asked = Attempt.objects.filter(chunk__job=job).exclude(step=Attempt.Step.FIRST)
    others = set(asked.values_list("chunk_id", flat=True))
    return [
        chunk
        for chunk in chunks
        if chunk.attempt == 1
        and chunk.pk not in others
        and any(finding["kind"] == "translated" for finding in chunk.checks)
        and hearing.can_ask_otherwise(job)
    ]


def _ask_again(job: Job, chunks: list[Chunk]) -> None:
    """Each is heard once more: its answer is there, and is now known to look wrong."""
    ids = [chunk.pk for chunk in chunks]
    Chunk.objects.filter(pk__in=ids).update(
        status=Chunk.Status.QUEUED, tries_from=F("attempt"), woken_at=timezone.now()
    )
    Job.objects.filter(pk=job.pk).update(status=Job.Status.TRANSCRIBING, lease_until=None)
    for pk in ids:
        wake("transcribe_chunk", pk, queue=choosing.queue_of(job.model))


def _write_segments(
    job: Job,
    chunks: list[Chunk],
    found: list[Corrected],
    languages: Sequence[str],
    terms: Mapping[str, str],
    odd: Sequence[Sequence[float]],
) -> Counter[int]:
    """Segments for the chunks that have none yet, and nothing else: what stands stays, with all
    that people wrote, split or merged. A gap that was filled by a retry is retired. How often each
    of the lexicon's terms was put into what is new."""
    made: dict[int | None, list[Segment]] = {}
    for segment in Segment.objects.filter(job=job).defer("words"):
        made.setdefault(segment.chunk_id, []).append(segment)
    standing: set[int] = set()
    for chunk in chunks:
        segments = made.get(chunk.pk, [])
        untouched_gap = all(s.is_gap and not s.text for s in segments)
        if segments and not (untouched_gap and chunk.status == Chunk.Status.COMPLETED):
            standing.add(chunk.pk)
        else:
            gaps = Segment.objects.filter(pk__in=[segment.pk for segment in segments])
            gaps.filter(retired_at=None).update(retired_at=timezone.now())
    unwritten = [each.draft.chunk_id not in standing for each in found]
    new, odd = list(compress(found, unwritten)), list(compress(odd, unwritten))
    tagged = tags.found(languages, [each.text for each in new], terms)
    unsure = doubts.doubts(
        [each.text for each in new],
        [each.words for each in new],
        marked=sum(len(each.replacements) for each in new),
        odd=odd,
    )
    rows = [_segment(job, *each) for each in zip(new, tagged, unsure, strict=True)]
    Segment.objects.bulk_create(rows, batch_size=500)
    return Counter(r.term for each in new for r in each.replacements if r.applied)


def _oddness(job: Job, found: Sequence[Corrected], languages: Sequence[str]) -> list[list[float]]:
    """Of each word of each segment. What breaks in it holds no transcript up: all words are then
    as usual."""
    try:
        words = [word.text for each in found for word in each.words]
        odd: list[float] = oddness.oddness(words, languages).tolist()
    except Exception:
        logger.exception("How odd the words of job %s are could not be told", job.pk)
        return [[1.0] * len(each.words) for each in found]
    ends = accumulate((len(each.words) for each in found), initial=0)
    return [odd[first:last] for first, last in pairwise(ends)]


def heard_chunk(chunk: Chunk) -> stitching.HeardChunk:
    failed = chunk.status == Chunk.Status.FAILED
    return stitching.HeardChunk(
        id=chunk.pk,
        start_ms=chunk.start_ms,
        end_ms=chunk.end_ms,
        words=hearing.words_of(chunk),
        text=one_line_end(chunk.text),
        language=chunk.language,
        failure=chunk.error_message if failed else "",
        overlap_ms=chunk.overlap_ms,
        channel=chunk.channel,
        marks=chunk.checks,
    )


def _segment(
    job: Job, corrected: Corrected, tagged: list[tags.Row], unsure: list[doubts.Row]
) -> Segment:
    draft = corrected.draft
    return Segment(
        job=job,
        chunk_id=draft.chunk_id,
        position=draft.start_ms,
        start_ms=draft.start_ms,
        end_ms=draft.end_ms,
        speaker=draft.speaker,
        language=tags.main_language(tagged) or code_of_name(draft.language),
        engine_text=draft.text,
        text=corrected.text,
        words=[[w.text, w.start_ms, w.end_ms, w.confidence, w.estimated] for w in corrected.words],
        replacements=[correcting.stored(each) for each in corrected.replacements],
        marks=corrected.marks,
        tags=tagged,
        doubts=unsure,
    )


def _sum(usages: Iterable[dict[str, Any]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for usage in usages:
        for name, value in usage.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                total[name] = round(total.get(name, 0) + value, 3)
    return total


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
