"""What people and programs can do with jobs. Pages, admin, API and commands all call these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from speech_project.access.models import ApiKey
from speech_project.wakeups import wake
from transcription import admission, audio, choosing, recordings, reusing
from transcription.engines.base import Capabilities
from transcription.models import Chunk, Job
from transcription.wishes import (
    CHANNELS,
    LONGEST_PROMPT,
    LONGEST_TITLE,
    JobRefused,
    check_budget,
    check_keywords,
    check_languages,
    check_options,
    check_policy,
    check_size,
    check_title,
    choose_model,
    plain,
)

__all__ = ("CHANNELS", "LONGEST_PROMPT", "JobRefused")  # for those who call


Check = Callable[[Job], object]


class NotPossible(Exception):
    """The job is in no state for this; the message says why."""


def create_job(
    upload: File,
    *,
    source: str,
    owner: Any = None,
    api_key: ApiKey | None = None,
    group_id: int | None = None,
    title: str = "",
    model: str = "",
    languages: Sequence[str] = (),
    script_policy: str = "",
    channels: str = "auto",
    prompt: str = "",
    keywords: Sequence[str] = (),
    hints: bool = True,
    second_look: bool = False,
    own_script: bool = False,
    budget_usd: Decimal | None = None,
    reuse: bool = True,
    priority: int = 0,
    metadata: dict[str, Any] | None = None,
) -> Job:
    """Store the upload, see that it holds audio, and put it in the queue.

    `languages`: those that may be spoken, ISO 639 codes; none for any. `script_policy`: in which
    script each is to be written, as policies.parse reads it; empty for as spoken.
    `channels`: "auto" transcribes the two channels of a stereo recording apart where they carry
    different speakers, "separate" always, "mix" never. `prompt`: what the recording is about.
    `keywords`: terms that the engine is told of, before the lexicon's, a line each.
    `hints`: the engine is told of the lexicon's terms. `second_look`: parts that may hold terms
    which the text has not are asked for again, with those alone. `own_script`: terms that were
    heard in another script are written in their own; else that is only suggested.
    `reuse`: where the same owner has a finished transcript of the same audio with the same
    wishes, the new job gets that, and nothing is asked or paid for.
    Raises JobRefused; then nothing is kept.
    """
    asked = model or settings.STT_MODEL
    record = choose_model(asked)
    job = Job(
        source=source,
        owner_id=owner.pk if owner else None,
        owner_name=owner.get_username() if owner else "",
        group_id=group_id if group_id is not None else _group_of(owner, api_key),
        api_key=api_key,
        engine=record.engine,
        model=record.model,
        asked_model=asked if asked != record.model else "",
        languages=(expected := check_languages(languages, record)),
        script_policy=check_policy(script_policy, expected),
        options=check_options(
            channels, prompt, hints=hints, second_look=second_look, own_script=own_script
        )
        | check_keywords(keywords),
        budget_usd=check_budget(settings.JOB_BUDGET_USD if budget_usd is None else budget_usd),
        priority=priority,
        metadata=metadata or {},
    )
    check_size(upload)
    with recordings.as_path(upload) as path:
        try:
            found = audio.probe(path)
        except audio.AudioRefused as error:
            raise JobRefused(error.code, error.message) from error
    name = plain(PurePath(upload.name or "").name) or "recording"
    job.title = (plain(title) or plain(PurePath(name).stem))[:LONGEST_TITLE]
    job.audio_name, job.audio_bytes = name[:255], upload.size
    job.audio_sha256 = recordings.sha256(upload)
    job.audio_format, job.audio_codec = found.format, found.codec
    job.audio_sample_rate, job.audio_channels = found.sample_rate, found.channels
    with transaction.atomic():
        if reuse and reusing.take_over(job):
            _check_room(api_key)
            return job
    _check_key(api_key, record)
    job.audio_file = default_storage.save(recordings.new_name(job.id, name), upload)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            _check_room(api_key)
            _wake_to_prepare(job)
    except BaseException:
        recordings.delete(job.audio_file)
        raise
    return job


def rerun_job(
    job: Job,
    *,
    model: str = "",
    hints: bool | None = None,
    proposal: bool = False,
    options: Mapping[str, Any] | None = None,
    owner: Any = None,
    api_key: ApiKey | None = None,
) -> Job:
    """Transcribe the same recording anew, as a job of its own; this one stays as it is.

    It belongs to who asks for it, and is charged to no key but the one that asks. `hints`: whether
    the engine is told of the lexicon's terms; None for as before. `proposal`: it is made to be
    compared with this one and taken from, not to be reviewed; where a review has begun, it always
    is. Of a proposal another one is made, of the same source. `options`: all of its wishes, in
    place of the source's. Raises JobRefused where the model cannot be asked, and NotPossible where
    the job is gone, or is being transcribed anew already.
    """
    asked = model or job.asked_model or job.model
    record = choose_model(asked)
    _check_key(api_key, record)
    proposal = proposal or job.proposal
    source = (job.source_job_id if job.proposal else None) or job.pk
    with transaction.atomic():
        found = Job.objects.select_for_update().filter(pk=source).first()  # deletion waits
        if found is None:
            raise NotPossible(f"{job.title}: it was deleted meanwhile.")
        new = reusing.same_recording(found, proposal=proposal or found.review_begun)
        wished = job.options.get("hints", True) if hints is None else hints
        usual = _without_hints(found.options) | ({} if wished else {"hints": False})
        new.options = usual if options is None else dict(options)
        same = {"model": record.model, "options": new.options, "status__in": Job.WORKING}
        if Job.objects.filter(source_job=found, **same).exists():
            raise NotPossible(f"{job.title}: it is being transcribed again already.")
        new.engine, new.model = record.engine, record.model
        new.asked_model = asked if asked != record.model else ""
        new.languages = check_languages(found.languages, record)
        new.owner_id = owner.pk if owner else None
        new.owner_name = owner.get_username() if owner else ""
        new.api_key = api_key
        new.save(force_insert=True)
        _check_room(api_key)
        _wake_to_prepare(new)
    return new


def _without_hints(options: dict[str, Any]) -> dict[str, Any]:
    return {name: wish for name, wish in options.items() if name != "hints"}


def _wake_to_prepare(job: Job) -> None:
    wake("prepare_job", job.pk, queue="media")


def _check_key(api_key: ApiKey | None, record: Capabilities) -> None:
    """A key that has spent its month's budget need not upload."""
    if api_key is None or api_key.monthly_budget_usd is None or not record.usd_per_minute:
        return
    if admission.spent_by_key(api_key) >= api_key.monthly_budget_usd:
        raise JobRefused(
            "budget_spent",
            f"The API key {api_key.name!r} has spent its budget of "
            f"${api_key.monthly_budget_usd.normalize():f} for this month. Ask an admin to raise "
            "it, or wait for the next month.",
        )


def _check_room(api_key: ApiKey | None) -> None:
    """Refuse where the key has more jobs at work than it may. Ask in the transaction that adds
    one, after that: of two that come at once the second then sees the first."""
    if api_key is None or not api_key.concurrent_jobs:
        return
    key = ApiKey.objects.select_for_update(no_key=True).get(pk=api_key.pk)
    at_work = Job.objects.filter(api_key=key, status__in=Job.WORKING).count()
    if key.concurrent_jobs and at_work > key.concurrent_jobs:
        raise JobRefused(
            "too_many_jobs",
            f"The API key {key.name!r} may have {key.concurrent_jobs} jobs at work at once, and "
            "has them. Wait until one is done, or ask an admin to allow more.",
        )


def _group_of(owner: Any, api_key: ApiKey | None) -> int | None:
    if api_key is not None:
        return api_key.group_id
    return owner.groups.order_by("pk").values_list("pk", flat=True).first() if owner else None


def cancel_job(job: Job) -> None:
    """Stop the work; what is transcribed already stays. Raises NotPossible when it is at rest."""
    with transaction.atomic():
        working = Job.objects.select_for_update().filter(pk=job.pk, status__in=Job.WORKING)
        if not working.exists():
            raise NotPossible(f"{job.title}: there is nothing to cancel, it is at rest.")
        pending = Chunk.objects.filter(job=job, status__in=Chunk.PENDING)
        # taking the leases away is what tells the workers
        if job.segments.exists():  # only gaps were being filled: they stay, and so does the rest
            pending.update(
                status=Chunk.Status.FAILED,
                lease_until=None,
                error_code="cancelled",
                error_message="Cancelled before this part was transcribed.",
            )
            wake("finish_job", job.pk, queue="engine")
            return
        pending.update(status=Chunk.Status.QUEUED, lease_until=None, partial="", heard_ms=0)
        working.update(
            status=Job.Status.CANCELLED,
            cost_usd=admission.spent_by_job(job),
            lease_until=None,
            finished_at=timezone.now(),
        )


def retry_job(job: Job, *, api_key: ApiKey | None = None) -> None:
    """Take up again what failed or was cancelled: only the chunks without an answer are asked.

    Raises NotPossible when nothing is missing, and JobRefused where the key that asks has as many
    jobs at work as it may. What people wrote stays as it is.
    """
    with transaction.atomic():
        found = Job.objects.select_for_update().filter(pk=job.pk).first()
        if found is None:
            raise NotPossible(f"{job.title}: it was deleted meanwhile.")
        job = found
        # a request that begins refers to its chunk while it holds the key, which comes last here
        chunks = Chunk.objects.select_for_update(no_key=True).filter(job=job)
        missing = chunks.exclude(status=Chunk.Status.COMPLETED)
        stopped = job.status in (Job.Status.FAILED, Job.Status.CANCELLED)
        # an answer that came after the submission of the review is not in the text yet
        unfilled = job.segments.filter(retired_at=None, text="", marks__contains=[{"kind": "gap"}])
        gaps = job.status == Job.Status.COMPLETED and (missing.exists() or unfilled.exists())
        if not (stopped or gaps):
            raise NotPossible(f"{job.title}: there is nothing to retry.")
        if job.review_status == Job.Review.REVIEWED:  # what nobody has read must not join it
            raise NotPossible(f"{job.title}: its review is submitted. Reopen it first.")
        missing.update(
            status=Chunk.Status.QUEUED,
            tries_from=F("attempt"),
            not_before=None,
            lease_until=None,
            woken_at=timezone.now(),
            error_code="",
            error_message="",
        )
        prepared = job.chunk_count is not None
        job.status = Job.Status.TRANSCRIBING if prepared else Job.Status.QUEUED
        job.tries_from, job.woken_at = job.attempt, timezone.now()
        job.not_before = job.lease_until = job.finished_at = None
        job.error_code = job.error_message = ""
        job.save()
        _check_room(api_key)
        if not prepared:
            _wake_to_prepare(job)
            return
        for pk in missing.values_list("pk", flat=True):
            wake("transcribe_chunk", pk, queue=choosing.queue_of(job.model))
        wake("finish_job", job.pk, queue="engine")


def delete_job(job: Job, *, check: Check | None = None) -> None:
    """Delete the job, its transcript, the proposals for it, and those of their files that no other
    job has. A worker that has it loses its lease with it, and drops what it made. `check` is
    called with the job, held as it is now, and ends it by an exception."""
    with transaction.atomic():
        # of two that share the recording, and are deleted at once, the second sees that it is last
        sharing = Job.objects.filter(audio_file=job.audio_file)
        # workers wait; who takes over their answers holds them in this order too (reusing.py)
        list(sharing.select_for_update().order_by("-created_at", "pk").values_list("pk"))
        if check and (now := Job.objects.filter(pk=job.pk).first()):
            check(now)
        # nobody makes another one while the lock is held
        going = list(Job.objects.filter(Q(pk=job.pk) | Q(source_job=job.pk, proposal=True)))
        chunks = Chunk.objects.filter(job__in=going).values_list("audio_file", flat=True)
        files = set(chunks)
        Job.objects.filter(pk__in=[each.pk for each in going]).delete()
        for field in ("audio_file", "playback_file", "peaks_file"):
            for name in {getattr(each, field) for each in going}:
                if not sharing.filter(**{field: name}).exists():
                    files.add(name)
        transaction.on_commit(lambda: recordings.delete(*files))


def assign_job(job: Job, reviewer: Any) -> None:
    """Give the job to a reviewer, for as long as it takes, or to nobody (None): then one in review
    waits again, for whoever asks for the next (see handing_out.py)."""
    Job.objects.filter(pk=job.pk).update(
        assigned_to_id=reviewer.pk if reviewer else None,
        assigned_to_name=reviewer.get_username() if reviewer else "",
        assigned_at=None,
    )
    if reviewer is None:
        begun = Job.objects.filter(pk=job.pk, review_status=Job.Review.IN_REVIEW)
        begun.update(review_status=Job.Review.WAITING)


def prioritise_job(job: Job, priority: int) -> None:
    Job.objects.filter(pk=job.pk).update(priority=priority)


def rename_job(job: Job, title: str) -> None:
    """Call the recording something else. Raises JobRefused."""
    job.title = check_title(title)
    Job.objects.filter(pk=job.pk).update(title=job.title)


def change_job(job: Job, changes: Mapping[str, Any], *, check: Check) -> Job:
    """Write another `title` or `metadata`, or both. `check` is called with the job, held as it is
    now, and ends it by an exception. Raises JobRefused and NotPossible."""
    with transaction.atomic():
        found = Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
        if found is None:
            raise NotPossible(f"{job.title}: it was deleted meanwhile.")
        check(found)
        if "title" in changes:
            found.title = check_title(changes["title"])
        if "metadata" in changes:
            found.metadata = changes["metadata"]
        found.save(update_fields=list(changes))
    return found
