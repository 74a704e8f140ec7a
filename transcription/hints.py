"""What engines are told of the lexicon with each part of a recording, and how it is kept."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError
from django.db.models import QuerySet

from lexicon import hinting
from lexicon.compiled import compiled
from lexicon.matching import Passage, match
from lexicon.prompting import MOST_NAMED, REASONS, Budget, Candidate, Hints, Index, choose
from transcription import second_look, switching
from transcription.engines.base import Answer, Capabilities
from transcription.models import Attempt, Chunk, Job, Segment
from transcription.switching import Asked

logger = logging.getLogger(__name__)

NEIGHBOURS = 2  # parts on either side whose text speaks for terms
EARLIER_JOBS, EARLIER_SEGMENTS = 5, 1_000  # of the same client, whose text does

# Whisper and its kin hear 224 tokens of a prompt, and 223 of hotwords, the first. More is not
# told others either: models repeat long lists instead of listening.
TOKENS = {"prompt": 224, "hotwords": 223}

_before: WeakKeyDictionary[Index, dict[Any, dict[int, float]]] = WeakKeyDictionary()
_JOBS_KEPT = 50


def of_chunk(job: Job, chunk: Chunk, record: Capabilities) -> Hints:
    """What goes with the first request for a part of a recording."""
    prompt = _prompt(job, record)
    if only := job.options.get("terms"):  # these are on trial
        terms = Index(hinting.candidates(only))
        return choose(terms, _budget(record), languages=languages(job, record), prompt=prompt)
    if job.options.get("hints", True):
        with _harmless():
            return _chosen(job, chunk, record, prompt)
    return choose(Index(()), _budget(record), prompt=prompt, wished=keywords(job))


def keywords(job: Job) -> list[Candidate]:
    """The terms that people wished for this recording, beside the lexicon's."""
    return [Candidate(id=0, text=text) for text in job.options.get("keywords", ())]


def of_terms(job: Job, terms: Sequence[Candidate], record: Capabilities) -> Hints:
    """These terms alone, as far as the model takes them."""
    known = languages(job, record)
    return choose(Index(terms), _budget(record), languages=known, prompt=asked(job, record).prompt)


def asked(job: Job, record: Capabilities) -> Asked:
    """How the model is asked to keep the job's languages apart."""
    return switching.asked(record, job.languages, job.script_policy)


def _prompt(job: Job, record: Capabilities) -> str:
    own = job.options.get("prompt", "") if record.prompt else ""
    return switching.joined(asked(job, record), own)


def doubted(job: Job, answer: Answer, record: Capabilities) -> list[Candidate]:
    """The terms that the answer may lack: what it nearly has, and what sounds like its doubtful
    words."""
    confidences = [word.confidence for word in answer.words for _ in word.text.split()]
    fit = len(confidences) == len(answer.text.split())
    passage, known = Passage(answer.text, confidences if fit else ()), languages(job, record)
    with _harmless():
        _, lexicon = compiled(job.api_key_id)
        (near,) = match([passage], lexicon, languages=known)
        ids = [each.term for each in near]
        return second_look.candidates(answer.words, ids, hinting.index(job.api_key_id), known)
    return []


@contextmanager
def _harmless() -> Iterator[None]:
    """A lexicon that breaks is no reason not to hear a recording; a database that is away is."""
    try:
        yield
    except DatabaseError:
        raise
    except Exception:
        logger.exception("The lexicon cannot be told of")


def _chosen(job: Job, chunk: Chunk, record: Capabilities, prompt: str) -> Hints:
    index = hinting.index(job.api_key_id)
    evidence = dict(_said_before(job, index))
    here = index.evidence(name=f"{job.title} {job.audio_name} {prompt}", near=near(chunk))
    for at, worth in here.items():
        evidence[at] = max(worth, evidence.get(at, 0.0))
    return choose(
        index,
        _budget(record),
        languages=languages(job, record),
        evidence=evidence,
        prompt=prompt,
        wished=keywords(job),
    )


def languages(job: Job, record: Capabilities) -> list[str]:
    """Those that are expected, as far as the model knows them; empty for any."""
    if not (job.languages and record.languages):
        return list(job.languages or record.languages or ())
    return [code for code in job.languages if code in record.languages]


def _budget(record: Capabilities) -> Budget:
    form = record.takes_terms
    return Budget(form, record.most_terms, TOKENS.get(form), record.prompt_tokens)


def near(chunk: Chunk) -> list[str]:
    """The text of the parts before and after, as far as they are heard."""
    reach = NEIGHBOURS * (1 if chunk.channel is None else 2)  # channels come by turns
    first, last = chunk.position - reach, chunk.position + reach
    around = Chunk.objects.filter(
        job=chunk.job_id, channel=chunk.channel, position__range=(first, last)
    )
    return list(around.exclude(text="").exclude(pk=chunk.pk).values_list("text", flat=True))


def _said_before(job: Job, index: Index) -> dict[int, float]:
    """What the same client's last transcripts tell. Read once for a job."""
    known = _before.setdefault(index, {})
    if job.pk not in known:
        if len(known) >= _JOBS_KEPT:
            known.clear()
        known[job.pk] = index.evidence(before=_earlier_texts(job))
    return known[job.pk]


def _earlier_texts(job: Job) -> list[str]:
    if job.api_key_id is None and job.owner_id is None:
        return []
    same = Job.objects.filter(api_key=job.api_key_id, owner_id=job.owner_id)
    finished = same.filter(status=Job.Status.COMPLETED, proposal=False)
    same_sound = [pk for pk in (job.pk, job.source_job_id) if pk]
    jobs = finished.exclude(pk__in=same_sound).order_by("-created_at")
    newest = list(jobs.values_list("pk", flat=True)[:EARLIER_JOBS])
    segments = Segment.objects.filter(job__in=newest, retired_at=None).order_by("job", "position")
    return list(segments.values_list("text", flat=True)[:EARLIER_SEGMENTS])


# --- How it is kept: with each request ---------------------------------------------------------


def described(hints: Hints) -> dict[str, Any]:
    """What was told, and what not and why: for Attempt.request. Empty where there are no terms."""
    if not hints.sent and not hints.left_out:
        return {}
    return {
        "as": hints.form,
        "sent": [[term.id, text] for term, text in zip(hints.sent, hints.texts, strict=True)],
        "left_out": {
            reason: {"count": left.count, "terms": list(left.texts)}
            for reason, left in hints.left_out.items()
        },
    }


@dataclass(frozen=True)
class Told:
    """A term, and how many parts of the recording were asked for with it. `id` is 0 of one that
    was wished for the recording alone."""

    id: int
    text: str
    parts: int


@dataclass(frozen=True)
class Untold:
    """Why terms were left out of requests, the most of one request, and the first of them."""

    reason: str  # a key of REASONS
    count: int
    texts: list[str]

    @property
    def why(self) -> str:
        return REASONS.get(self.reason, self.reason)


@dataclass(frozen=True)
class Summary:
    """Of all requests for a recording."""

    sent: list[Told]
    left_out: list[Untold]


def told(attempt: Attempt) -> tuple[str, ...]:
    """The terms that were told with a request, also those in its prompt."""
    return tuple(text for _, text in attempt.request.get("hints", {}).get("sent", ()))


def left_out(attempt: Attempt) -> list[Untold]:
    kept = attempt.request.get("hints", {}).get("left_out", {})
    return [Untold(reason, left["count"], left["terms"]) for reason, left in kept.items()]


def ways(job: Job) -> list[str]:
    """How the engine was asked to keep languages apart: keys of switching.WAYS, most used first."""
    first = Attempt.objects.filter(chunk__job=job, step=Attempt.Step.FIRST)
    counts = Counter(filter(None, first.values_list("request__way", flat=True)))
    return [way for way, _ in counts.most_common()]


def were_told(job: Job) -> bool:
    """Whether there were terms for it, told or not."""
    return _kept(job).exists()


def summary(job: Job) -> Summary:
    """What the lexicon told for the whole recording, the commonest terms first."""
    parts: Counter[tuple[int, str]] = Counter()
    counts: dict[str, int] = {}
    texts: dict[str, dict[str, None]] = {}
    for kept in _kept(job).values_list("request__hints", flat=True):
        parts.update((pk, text) for pk, text in kept["sent"])
        for reason, left in kept["left_out"].items():
            counts[reason] = max(left["count"], counts.get(reason, 0))
            texts.setdefault(reason, {}).update(dict.fromkeys(left["terms"]))
    return Summary(
        [Told(pk, text, count) for (pk, text), count in parts.most_common()],
        [
            Untold(reason, count, list(texts[reason])[:MOST_NAMED])
            for reason, count in counts.items()
        ],
    )


def _kept(job: Job) -> QuerySet[Attempt]:
    """The last first request for each part."""
    first = Attempt.objects.filter(chunk__job=job, step=Attempt.Step.FIRST)
    return first.filter(request__has_key="hints").order_by("chunk_id", "-pk").distinct("chunk_id")


def to_count(job: Job) -> set[int]:
    """The terms that were told, to be counted once a job. Ask where the job is finished, before its
    segments are written: they are never deleted, so a job that has some was counted before."""
    if Segment.objects.filter(job=job).exists():
        return set()
    return {told.id for told in summary(job).sent if told.id}
