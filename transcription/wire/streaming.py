"""A transcript as server-sent events, while its recording is heard."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile

from transcription import pipeline, stitching
from transcription.applying import JobLexicon
from transcription.exporting.document import Document, joined, printable
from transcription.exports import document
from transcription.models import Chunk, Job
from transcription.splitting import OVERLAP_MS
from transcription.wire import errors, replies
from transcription.wire.holding import AWAY, Client, Gone, Place, ended, looks, status_of
from transcription.wire.joining import delivered

logger = logging.getLogger(__name__)

QUIET_S = 10  # after so long without news a comment tells that the line stands


class Stream:
    """The events, for a StreamingHttpResponse, which closes it in the end, whatever that is."""

    def __init__(self, job: Job, client: Client) -> None:
        self._job, self._client = job, client
        self._place = Place(job.pk) if job.working else None
        self._heard = HeardSoFar(job)

    def __iter__(self) -> Iterator[bytes]:
        """An error, for which it is too late to be the answer's status, is the last event: SDKs
        raise it."""
        try:
            yield replies.COMMENT  # and with it the answer's headers
            yield from self._events()
        except Gone:
            logger.info("The client that waited for job %s has hung up", self._job.pk)
        except Exception as error:
            yield replies.event(errors.handle(error, {}).data)
        finally:
            self.close()

    def close(self) -> None:
        if self._place:
            self._place.close()

    def _events(self) -> Iterator[bytes]:
        told = time.monotonic()
        for _ in looks(self._client):
            if status_of(self._job.pk) not in Job.WORKING:
                break
            if news := self._news():
                yield replies.delta(news)
            elif time.monotonic() - told > QUIET_S:
                yield replies.COMMENT
            else:
                continue
            told = time.monotonic()
        else:
            raise errors.still_at_work(self._job.pk)
        job = ended(self._job.pk)
        whole = document(job)
        if rest := self._heard.rest(whole):
            yield replies.delta(rest)
        yield replies.done(whole)
        yield replies.DONE
        delivered(job)

    def _news(self) -> str:
        """None while the database is away: they are told once it is back."""
        with suppress(*AWAY):
            return self._heard.news()
        return ""


class HeardSoFar:
    """The beginning of a job's transcript, as it was told so far: `text`, up to `until_ms`."""

    def __init__(self, job: Job) -> None:
        self.text, self.until_ms = "", 0.0
        self._job = job
        self._lexicon: JobLexicon | None = None
        self._heard = 0  # parts

    def news(self) -> str:
        """What there is more since. Nothing where the lexicon, by what was heard meanwhile, would
        put something else into what was told: it may come back to that."""
        chunks = Chunk.objects.filter(job=self._job)
        heard = chunks.exclude(status__in=Chunk.PENDING).count()
        if heard == self._heard:
            return ""
        all_cut = Job.objects.filter(pk=self._job.pk, chunk_count__isnull=False).exists()
        parts = list(chunks)
        until_ms = _heard_until_ms(parts, all_cut)
        text = self._text(parts, until_ms)
        self._heard = heard
        if not text.startswith(self.text):
            return ""
        news = text[len(self.text) :]
        self.text, self.until_ms = text, until_ms
        return news

    def rest(self, whole: Document) -> str:
        """What the transcript has more. Where it is not what was told any more, what is behind
        that: no part is left out."""
        text = replies.text_of(whole)
        if text.startswith(self.text):
            return text[len(self.text) :]
        behind = [each.text for each in whole.passages if each.start_ms >= self.until_ms]
        return joined([self.text, *behind])[len(self.text) :]

    def _text(self, chunks: Sequence[Chunk], until_ms: float) -> str:
        """As pipeline.finish would make it of the parts before the first that is missing."""
        if self._lexicon is None:
            self._lexicon = JobLexicon(self._job)
        first = takewhile(lambda chunk: chunk.status not in Chunk.PENDING, chunks)
        drafts = stitching.transcript([pipeline.heard_chunk(chunk) for chunk in first])
        found = takewhile(
            lambda each: each.draft.end_ms <= until_ms, self._lexicon.corrected(drafts)
        )
        return joined(printable(each.text) for each in found)


def _heard_until_ms(chunks: Sequence[Chunk], all_cut: bool) -> float:
    """Up to when the recording is heard without a hole; infinite where all of it is."""
    missing: list[float] = [c.start_ms for c in chunks if c.status in Chunk.PENDING]
    if not all_cut:  # the next part may begin a little before the last one ends, in each channel
        ends = {chunk.channel: chunk.end_ms for chunk in chunks}
        other_channel = len(ends) < 2 and None not in ends
        missing += [0] if other_channel else [end - OVERLAP_MS for end in ends.values()]
    return min(missing, default=math.inf)
