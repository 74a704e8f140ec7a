"""The parts of a recording as its page shows them.

The page asks for news each second and says which parts it shows, so that no text is sent twice:
one letter for the state of each part, with equal ones counted ("12c2l286w"), and a checksum of
the rest. The server writes that text and only compares it with today's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, repeat, zip_longest
from zlib import crc32

from django.db.models import F, Func, IntegerField, Prefetch

from transcription.models import Attempt, Chunk, Job

LIVE = "l"  # what such a part shows may change from second to second


@dataclass(frozen=True)
class Parts:
    """All parts of a job at one moment. `keys` are those of the chunks, `letters` their states,
    both in order; `shown` is what a page that shows them says."""

    keys: list[int]
    letters: str
    shown: str

    @property
    def failed(self) -> int:
        return self.letters.count("f")

    @property
    def completed(self) -> int:
        return self.letters.count("c")

    def news(self, shown: str) -> tuple[list[Chunk], list[Chunk]]:
        """The parts that look different from what is shown, and those that came after."""
        told = _letters(shown, len(self.keys))
        pairs = zip_longest(self.letters, told)
        new = [at for at, (now, then) in enumerate(pairs) if now != then or now == LIVE]
        chunks = self._read([self.keys[at] for at in new])
        changed = sum(at < len(told) for at in new)
        return chunks[:changed], chunks[changed:]

    @staticmethod
    def _read(keys: Sequence[int]) -> list[Chunk]:
        told = Func(
            F("request__hints__sent"), function="jsonb_array_length", output_field=IntegerField()
        )
        attempts = Attempt.objects.defer("request", "response", "answer", "usage").order_by("pk")
        attempts = attempts.annotate(terms=told)
        chunks = Chunk.objects.filter(pk__in=keys).defer("words", "spans")
        return list(chunks.prefetch_related(Prefetch("attempts", attempts, to_attr="asked")))


def of(job: Job) -> Parts:
    """Reads no texts but those of the few parts that are being heard."""
    rows = Chunk.objects.filter(job=job).values_list("pk", "status", "error_message", "partial")
    found = list(rows)
    letters = "".join(_letter(job, status, error) for _, status, error, _ in found)
    live = [row for row, letter in zip(found, letters, strict=True) if letter == LIVE]
    rest = (job.status, job.chunk_count, job.error_message, live)
    runs = "".join(f"{len(list(run))}{letter}" for letter, run in groupby(letters))
    return Parts([pk for pk, *_ in found], letters, f"{runs}.{crc32(repr(rest).encode()):x}")


def _letter(job: Job, status: str, error: str) -> str:
    if status in (Chunk.Status.COMPLETED, Chunk.Status.FAILED):
        return status[0]
    if not job.working:
        return "n"
    return LIVE if status == Chunk.Status.TRANSCRIBING or error else "w"


def _letters(shown: str, most: int) -> str:
    """One for each part, of which there cannot be more than `most`."""
    runs = re.findall(r"(\d{1,9})([a-z])", shown.partition(".")[0])
    return "".join(islice(chain.from_iterable(repeat(c, int(n)) for n, c in runs), most))
