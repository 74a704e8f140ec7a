"""One chunk is heard: the engine is asked, its answer checked, and asked again where it is wrong.

The order of the reactions is that of `Attempt.Step`: again without the prompt and terms, then
without the languages too, in smaller parts, by another model; what is still wrong then is marked
for the reviewer. Where people wished for it, there is a second look for terms that the text may
lack. Each request is an Attempt that keeps its answer, and an answer that is there is never asked
for again: when a worker dies between two requests, the next one goes on from what the first has
got.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median

from django.db import InterfaceError, OperationalError, connection

from lexicon.prompting import Hints
from transcription import (
    admission,
    attempts,
    audio,
    checks,
    choosing,
    hints,
    language_checks,
    recordings,
    second_look,
    spoken,
)
from transcription.engines.base import Answer, Capabilities, EngineError, Request, joined
from transcription.leases import Lease
from transcription.models import Attempt, Chunk, Job
from transcription.splitting import SAMPLE_RATE, Samples, halves, restore
from transcription.timing import TimedWord, time_words

logger = logging.getLogger(__name__)

NO_HINTS = Hints()

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


@dataclass(frozen=True)
class _Asked:
    """An answer, who gave it, and what had been told with the request."""

    answer: Answer
    record: Capabilities
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    wrong: list[checks.Finding] = field(default_factory=list)

    @property
    def hinted(self) -> bool:
        return bool(self.prompt or self.keywords)


class _Hearing:
    def __init__(self, job: Job, chunk: Chunk, lease: Lease) -> None:
        self.job, self.chunk, self.lease = job, chunk, lease
        self.record, self.other = choosing.model_of(job), choosing.fallback()
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
        asked: list[_Asked] = []
        best: _Asked | None = None
        for step in Attempt.Step.values:
            if best is not None and not self._helps(step, asked[0], best):
                continue
            try:
                came = self._answer(step, best)
            except (EngineError, admission.Later) as error:
                if best is None or not (last_try or self._gives_up(step, error)):
                    raise
                logger.warning("Chunk %s could not be asked %s: %s", self.chunk.pk, step, error)
                continue
            if came is None:
                continue
            came = replace(came, wrong=self._examine(came))
            asked.append(came)
            if best is None or self._is_better(step, came, best):
                best = came
        assert best is not None  # the first step answered, or raised
        answer, texts = best.answer, [came.answer.text for came in asked]
        lasting = checks.lasting(best.wrong, answer.text, texts)
        return Heard(answer.text, self._timed(answer), answer.language, lasting)

    def _gives_up(self, step: str, error: EngineError | admission.Later) -> bool:
        """Whether an answer that looks wrong is better than to wait. Nobody waits for another
        service than the recording's own."""
        permanent = isinstance(error, EngineError) and error.permanent
        return permanent or step == Attempt.Step.OTHER_MODEL

    def _helps(self, step: str, first: _Asked, best: _Asked) -> bool:
        """Whether this step can be taken, and may mend any of what is wrong."""
        if step == Attempt.Step.SECOND_LOOK:
            wished = bool(self.job.options.get("second_look"))
            return wished and self.record.takes_terms != "none"
        if not any(step in checks.HELPED_BY[finding.kind] for finding in best.wrong):
            return False
        match step:
            case Attempt.Step.WITHOUT_PROMPT:
                return first.hinted
            case Attempt.Step.WITHOUT_LANGUAGES:
                return bool(hints.asked(self.job, self.record).languages)
            case Attempt.Step.SMALLER:
                return len(self._parts) > 1
            case _:
                return self.other not in (None, self.record)

    def _is_better(self, step: str, came: _Asked, best: _Asked) -> bool:
        severity, least = checks.severity(came.wrong), checks.severity(best.wrong)
        if step != Attempt.Step.SECOND_LOOK:
            return severity < least
        texts = came.answer.text, best.answer.text
        return severity <= least and second_look.is_better(*texts, came.keywords)

    @cached_property
    def _parts(self) -> list[Samples]:
        return list(_small(self.samples))

    def _answer(self, step: str, best: _Asked | None) -> _Asked | None:
        """None where there is nothing to ask for."""
        match step:
            case Attempt.Step.FIRST:
                told = hints.of_chunk(self.job, self.chunk, self.record)
                return self._ask(step, self.record, self.samples, told)
            case Attempt.Step.WITHOUT_PROMPT:
                return self._ask(step, self.record, self.samples)
            case Attempt.Step.WITHOUT_LANGUAGES:
                return self._ask(step, self.record, self.samples, tell_languages=False)
            case Attempt.Step.SMALLER:
                return self._in_parts(step, self.record)
            case Attempt.Step.SECOND_LOOK:
                assert best
                terms = hints.doubted(self.job, best.answer, self.record)
                told = hints.of_terms(self.job, terms, self.record)
                return self._ask(step, self.record, self.samples, told) if told.sent else None
            case _:
                assert self.other
                if self.audio_ms > self.other.longest_ms:
                    return self._in_parts(step, self.other)
                told = Hints(prompt=hints.asked(self.job, self.other).prompt)
                return self._ask(step, self.other, self.samples, told)

    def _in_parts(self, step: str, record: Capabilities) -> _Asked:
        answers, at_ms = [], 0
        for part, samples in enumerate(self._parts):
            answers.append(self._ask(step, record, samples, part=part).answer.later(at_ms))
            at_ms += _ms(samples)
        return _Asked(joined(answers), record)

    def _ask(
        self,
        step: str,
        record: Capabilities,
        samples: Samples,
        told: Hints = NO_HINTS,
        *,
        part: int = 0,
        tell_languages: bool = True,
    ) -> _Asked:
        """The stored answer to this request, or the engine's."""
        asked = hints.asked(self.job, record)
        languages = asked.languages if tell_languages else ()
        way = asked.way if languages or (asked.prompt and told.prompt) else ""
        request = Request(
            audio=self.flac if samples is self.samples else audio.encode_flac(samples),
            audio_ms=_ms(samples),
            languages=languages,
            prompt=told.prompt,
            keywords=told.keywords,
            sounds_like=told.sounds_like,
            on_progress=self._show if self._streams(record, step) else None,
        )
        attempt = Attempt(
            chunk=self.chunk,
            number=self.chunk.attempt,
            step=step,
            part=part,
            account=choosing.account_of(record),
            model=record.model,
            request=attempts.described(request, told, way),
            cost_usd=record.cost_usd(request.audio_ms / 1000),
        )
        if self.again and (stored := attempts.stored(attempt)):
            prompt, terms = stored.request["prompt"], hints.told(stored)
            return _Asked(attempts.answer_of(stored), record, prompt, terms)
        admission.admit(self.job, attempt, self.lease.check)
        return _Asked(self._send(attempt, record, request), record, told.prompt, told.texts)

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

    def _examine(self, came: _Asked) -> list[checks.Finding]:
        circumstances = checks.Circumstances(
            audio_ms=self.audio_ms,
            speech_ms=self.chunk.speech_ms,
            prompt=came.prompt,
            keywords=came.keywords,
            languages=tuple(self.job.languages),
            policy=self.job.script_policy,
            around=tuple(hints.near(self.chunk)) if len(self.job.languages) > 1 else (),
            detected=came.answer.language,
            output_tokens=came.answer.usage.get("output_tokens"),
            most_output_tokens=came.record.most_output_tokens,
            usual_rate=self.usual_rate,
        )
        return checks.examine(came.answer.text, circumstances)

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
        if (rate := spoken.speech_rate(text, speech_ms)) is not None
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
    found = list(checks.hole(spoken.Spoken.of(chunk.text), circumstances))
    return checks.lasting(found, chunk.text, [chunk.text])


def translated(job: Job, chunk: Chunk, around: Sequence[str]) -> list[checks.Finding]:
    """Whether the chunk is in one language while those around switch, now that all are heard."""
    circumstances = checks.Circumstances(
        audio_ms=chunk.end_ms - chunk.start_ms,
        speech_ms=chunk.speech_ms,
        languages=tuple(job.languages),
        around=tuple(filter(None, around)),
    )
    return list(language_checks.translated(spoken.Spoken.of(chunk.text), circumstances))


def can_ask_otherwise(job: Job) -> bool:
    """Whether there is another way to ask for what looks translated."""
    way = hints.asked(job, choosing.model_of(job))
    return bool(way.languages or way.prompt or job.options.get("prompt") or choosing.fallback())


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
