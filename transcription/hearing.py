"""One chunk is heard: the engine is asked, its answer checked, and asked again where it is wrong.

The order of the reactions is that of `Attempt.Step`: again without the prompt, in smaller parts,
by another model; what is still wrong then is marked for the reviewer. Each request is an Attempt
that keeps its answer, and an answer that is there is never asked for again: when a worker dies
between two requests, the next one goes on from what the first has got.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from django.db import InterfaceError, OperationalError, connection

from transcription import admission, attempts, audio, checks, choosing, recordings
from transcription.engines.base import Answer, Capabilities, EngineError, Request, joined
from transcription.leases import Lease
from transcription.models import Attempt, Chunk, Job
from transcription.splitting import SAMPLE_RATE, Samples, halves, restore
from transcription.timing import TimedWord, time_words

logger = logging.getLogger(__name__)

STREAM_FROM_MS = 60_000  # shorter ones are answered so soon that pieces of it help nobody
SHOW_EVERY_S = 0.5
SMALL_MS = 45_000  # "smaller parts" are no longer than this
RATE_FROM_CHUNKS = 5  # so many chunks tell how fast a recording is spoken,
RATE_OF_CHUNKS = 20  # and these are enough to look at


@dataclass(frozen=True)
class Heard:
    """What a chunk's answer came to. Words have their times in the recording."""

    text: str
    words: list[TimedWord]
    language: str
    findings: list[checks.Finding]


def hear(job: Job, chunk: Chunk, lease: Lease, *, last_try: bool) -> Heard:
    """Raises EngineError, admission.Later, and LeaseLost.

    `last_try`: an answer that looks wrong is better than none, so a passing error in asking
    again does not matter any more.
    """
    return _Hearing(job, chunk, lease).run(last_try)


class _Hearing:
    def __init__(self, job: Job, chunk: Chunk, lease: Lease) -> None:
        self.job, self.chunk, self.lease = job, chunk, lease
        self.record, self.other = choosing.model_of(job), choosing.fallback()
        self.prompt = job.options.get("prompt", "") if self.record.prompt else ""
        self.flac = self._read()
        self.samples = audio.read_flac(self.flac)
        self.spans = spans_of(chunk)
        self.audio_ms = sum(end - start for start, end in self.spans)
        self.usual_rate = usual_rate(job)
        self.shown_at = 0.0
        self.again = chunk.attempt > 1  # somebody may have asked already
        if self.again:
            attempts.abandon_earlier(chunk)

    def run(self, last_try: bool) -> Heard:
        best: Answer | None = None
        wrong: list[checks.Finding] = []
        texts: list[str] = []
        for step in Attempt.Step.values:
            if best is not None and not self._helps(step, wrong):
                continue
            try:
                answer = self._answer(step)
            except (EngineError, admission.Later) as error:
                if best is None or not (last_try or self._gives_up(step, error)):
                    raise
                logger.warning("Chunk %s could not be asked %s: %s", self.chunk.pk, step, error)
                continue
            texts.append(answer.text)
            found = self._examine(answer, step)
            if best is None or checks.severity(found) < checks.severity(wrong):
                best, wrong = answer, found
            if not wrong:
                break
        assert best is not None  # the first step answered, or raised
        return Heard(
            best.text, self._timed(best), best.language, checks.lasting(wrong, best.text, texts)
        )

    def _gives_up(self, step: str, error: EngineError | admission.Later) -> bool:
        """Whether an answer that looks wrong is better than to wait. Nobody waits for another
        service than the recording's own."""
        permanent = isinstance(error, EngineError) and error.permanent
        return permanent or step == Attempt.Step.OTHER_MODEL

    def _helps(self, step: str, wrong: list[checks.Finding]) -> bool:
        """Whether this step can be taken, and may mend any of what is wrong."""
        possible = {
            Attempt.Step.WITHOUT_PROMPT: bool(self.prompt),
            Attempt.Step.SMALLER: halves(self.samples) is not None,
            Attempt.Step.OTHER_MODEL: self.other not in (None, self.record),
        }
        helped = any(step in checks.HELPED_BY[finding.kind] for finding in wrong)
        return helped and possible[Attempt.Step(step)]

    def _answer(self, step: str) -> Answer:
        match step:
            case Attempt.Step.FIRST:
                return self._ask(step, self.record, self.samples, hints=True)
            case Attempt.Step.WITHOUT_PROMPT:
                return self._ask(step, self.record, self.samples)
            case Attempt.Step.SMALLER:
                return self._in_parts(step, self.record)
            case _:
                assert self.other
                if self.audio_ms > self.other.longest_ms:
                    return self._in_parts(step, self.other)
                return self._ask(step, self.other, self.samples)

    def _in_parts(self, step: str, record: Capabilities) -> Answer:
        answers, at_ms = [], 0
        for part, samples in enumerate(_small(self.samples)):
            answer = self._ask(step, record, samples, part=part)
            answers.append(answer.later(at_ms))
            at_ms += _ms(samples)
        return joined(answers)

    def _ask(
        self,
        step: str,
        record: Capabilities,
        samples: Samples,
        *,
        part: int = 0,
        hints: bool = False,
    ) -> Answer:
        """The stored answer to just this request, or the engine's."""
        request = Request(
            audio=self.flac if samples is self.samples else audio.encode_flac(samples),
            audio_ms=_ms(samples),
            languages=tuple(self.job.languages),
            prompt=self.prompt if hints else "",
            on_progress=self._show if self._streams(record, step) else None,
        )
        attempt = Attempt(
            chunk=self.chunk,
            number=self.chunk.attempt,
            step=step,
            part=part,
            account=choosing.account_of(record),
            model=record.model,
            request=attempts.described(request),
            cost_usd=record.cost_usd(request.audio_ms / 1000),
        )
        if self.again and (stored := attempts.stored_answer(attempt)):
            return stored
        admission.admit(self.job, attempt, self.lease.check)
        return self._send(attempt, record, request)

    def _send(self, attempt: Attempt, record: Capabilities, request: Request) -> Answer:
        """Ask, and keep what comes."""
        try:
            answer = choosing.engine_for(record).transcribe(request)
        except EngineError as error:
            attempts.close(self.job, attempt, error, record)
            if error.scope == "account" and not error.permanent:
                admission.pause(attempt.account, error)
            raise
        except BaseException:
            gone = EngineError("abandoned", "The request was given up before an answer came.")
            attempts.close(self.job, attempt, gone, record)
            raise
        attempts.close(self.job, attempt, answer, record)
        return answer

    def _show(self, text: str, heard_ms: int | None) -> None:
        """For people who wait: what is heard so far. Ends the request when the lease is lost."""
        self.lease.check()
        if time.monotonic() - self.shown_at < SHOW_EVERY_S:
            return
        self.shown_at = time.monotonic()
        mine = Chunk.objects.filter(pk=self.chunk.pk, attempt=self.chunk.attempt)
        try:
            mine.update(partial=text, heard_ms=heard_ms or 0)
        except (OperationalError, InterfaceError):  # it is away: the answer itself will wait
            connection.close()

    def _streams(self, record: Capabilities, step: str) -> bool:
        """Where pieces of the text come sooner than all of it: in long chunks, of slow engines on
        this machine, and of the first chunk, for which people wait."""
        slow = record.queue == "media" or self.audio_ms >= STREAM_FROM_MS
        return step == Attempt.Step.FIRST and (slow or not self.chunk.position)

    def _examine(self, answer: Answer, step: str) -> list[checks.Finding]:
        record = self.record if step != Attempt.Step.OTHER_MODEL or not self.other else self.other
        circumstances = checks.Circumstances(
            audio_ms=self.audio_ms,
            speech_ms=self.chunk.speech_ms,
            prompt=self.prompt if step == Attempt.Step.FIRST else "",
            languages=tuple(self.job.languages),
            detected=answer.language,
            output_tokens=answer.usage.get("output_tokens"),
            most_output_tokens=record.most_output_tokens,
            usual_rate=self.usual_rate,
        )
        return checks.examine(answer.text, circumstances)

    def _timed(self, answer: Answer) -> list[TimedWord]:
        timed = []
        for word in time_words(answer, self.samples, self.audio_ms):
            start_ms, end_ms = restore(self.spans, word.start_ms, word.end_ms)
            timed.append(replace(word, start_ms=start_ms, end_ms=end_ms))
        return timed

    def _read(self) -> bytes:
        try:
            return recordings.read(self.chunk.audio_file)
        except FileNotFoundError:
            raise EngineError(
                "audio_missing", "This part of the recording is not in the storage.", permanent=True
            ) from None


def _small(samples: Samples) -> Iterator[Samples]:
    """The chunk in parts: two, or as many as make each of them short."""
    for half in halves(samples) or (samples,):
        if len(half) < len(samples) and _ms(half) > SMALL_MS:
            yield from _small(half)
        else:
            yield half


def _ms(samples: Samples) -> int:
    return -(-len(samples) * 1000 // SAMPLE_RATE)


def usual_rate(job: Job) -> float | None:
    """Words per second of speech in this recording, once enough of it is heard."""
    heard = Chunk.objects.filter(job=job, status=Chunk.Status.COMPLETED).order_by("-completed_at")
    rates = [
        rate
        for text, speech_ms in heard.values_list("text", "speech_ms")[:RATE_OF_CHUNKS]
        if (rate := checks.speech_rate(text, speech_ms)) is not None
    ]
    return median(rates) if len(rates) >= RATE_FROM_CHUNKS else None


def holes(job: Job, chunk: Chunk, rate: float) -> list[checks.Finding]:
    """What the chunk lacks, now that the recording's pace is known."""
    circumstances = checks.Circumstances(
        audio_ms=chunk.end_ms - chunk.start_ms,
        speech_ms=chunk.speech_ms,
        languages=tuple(job.languages),
        usual_rate=rate,
    )
    found = checks.examine(chunk.text, circumstances)
    lasting = checks.lasting(found, chunk.text, [chunk.text])
    return [finding for finding in lasting if finding.kind == "hole"]


def words_of(chunk: Chunk) -> list[TimedWord]:
    """The chunk's words with their times in the recording."""
    if chunk.words or not chunk.text:
        return [TimedWord(*word) for word in chunk.words]
    words = time_words(Answer(chunk.text), None, chunk.end_ms - chunk.start_ms)
    return [
        replace(w, start_ms=w.start_ms + chunk.start_ms, end_ms=w.end_ms + chunk.start_ms)
        for w in words
    ]


def spans_of(chunk: Chunk) -> list[tuple[int, int]]:
    return [(start, end) for start, end in chunk.spans or [(chunk.start_ms, chunk.end_ms)]]
