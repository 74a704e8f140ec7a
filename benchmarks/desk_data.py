"""What the review desk is measured with: 10,000 jobs, and one recording of three hours.

All of it is made up, and each time the same. Words are drawn by how frequent they are, so texts
are as long and as varied as real ones, although they make no sense; their languages, and what the
lexicon changed in them, are found and stored by the product's own functions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import av
import wordfreq
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Now, Random
from django.utils import timezone

from feedback.models import Revision
from lexicon.matching import Replacement
from transcription import audio, correcting, recordings, tags
from transcription.models import Job, Segment
from transcription.stitching import Draft
from transcription.timing import TimedWord

SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "dictation.flac"
JOBS, SEGMENTS, WORDS, HOURS = 10_000, 2_000, 30_000, 3
LANGUAGES = ("en", "hi")
SPEAKERS = ("Dr Rao", "Patient")
SHORTEST, LONGEST = 2, 42  # words of a segment
# shares of the segments: in both languages, with a check, gone through, of these corrected
SWITCHED, CHECKED, ACCEPTED, EDITED = 1 / 3, 0.05, 0.3, 0.25
DOUBTED = 0.05  # of the words
REHEARD = 0.06  # of the words, those that a second run hears otherwise
REPLACED, SUGGESTED = 200, 50  # by the lexicon, and of these only suggested
MISHEARD = (
    ("Ramipril", "rami pril"),
    ("Metoprolol", "metro pro lol"),
    ("Entresto", "and trust oh"),
    ("Ozempic", "oh zempic"),
    ("Eliquis", "eloquence"),
    ("Torasemide", "tora semi"),
    ("HbA1c", "h b a one c"),
    ("Xarelto", "za relto"),
    ("Dapagliflozin", "dapper gliflozin"),
    ("Echocardiography", "echo cardio graphic"),
)
CHECKS = (
    ("hole", "Here are fewer words than the rest of the recording has in as long a time. Listen."),
    ("loop", "The same words stand here several times in a row. Delete what was not said."),
    ("script", "These words are in a script in which this language is not written. Check them."),
    ("translated", "This may be a translation of what was said. Write what you hear."),
    ("silence", "There is hardly any sound here. Delete what was not said."),
)
TITLES = ("Ward round", "Clinic letter", "Interview", "Team meeting", "Discharge", "Lecture")
ANY_TIME_OF_A_YEAR = timedelta(days=365)
SAMPLES_A_FRAME = 1152  # of MP3


@dataclass
class Part:
    """A segment to be: what was heard, and when."""

    words: list[str]
    switched: bool
    start_ms: int = 0
    end_ms: int = 0
    speaker: str = ""


# --- Texts ------------------------------------------------------------------------------------


@cache
def vocabulary(language: str) -> tuple[list[str], list[float]]:
    """Words of the language, and up to each of them the sum of how frequent they are."""
    words = [word for word in wordfreq.top_n_list(language, 4_000) if word[0].isalpha()]
    return words, list(accumulate(wordfreq.word_frequency(word, language) for word in words))


def drawn(language: str, count: int, chance: random.Random) -> list[str]:
    words, shares = vocabulary(language)
    return chance.choices(words, cum_weights=shares, k=count)


def sentence(count: int, chance: random.Random, *, switched: bool = False) -> list[str]:
    """So many words, some of them in the other language where speakers switch."""
    words = drawn(LANGUAGES[0], count, chance)
    if switched:
        length = chance.randint(1, max(1, min(6, count - 1)))
        at = chance.randint(0, count - length)
        words[at : at + length] = drawn(LANGUAGES[1], length, chance)
    for at in range(6, count - 2, 7):
        words[at] += "," if chance.random() < 0.6 else ""
    words[0] = words[0][0].upper() + words[0][1:]
    words[-1] += "?" if chance.random() < 0.1 else "."
    return words


def lengths(chance: random.Random) -> list[int]:
    """Of the segments, in words: many short ones, some long, and just as many words in all."""
    mean = WORDS / SEGMENTS
    found = [round(chance.gammavariate(2.5, mean / 2.5)) for _ in range(SEGMENTS)]
    found = [min(max(SHORTEST, count), LONGEST) for count in found]
    while missing := WORDS - sum(found):
        at = chance.randrange(SEGMENTS)
        found[at] = min(max(SHORTEST, found[at] + (1 if missing > 0 else -1)), LONGEST)
    return found


def parts(chance: random.Random, duration_ms: int) -> list[Part]:
    """The recording's text, said by two in turns, with pauses."""
    switched = chance.sample(range(SEGMENTS), round(SEGMENTS * SWITCHED))
    switching, found = set(switched), []
    for at, count in enumerate(lengths(chance)):
        words = sentence(count, chance, switched=at in switching)
        found.append(Part(words, at in switching))
    weights: list[float] = []
    for part in found:
        weights += [len(" ".join(part.words)) + 5, chance.expovariate(1 / 8)]
    whole = duration_ms / sum(weights)
    edges = [round(whole * edge) for edge in accumulate(weights, initial=0)]
    who = 0
    for part, (start, end) in zip(found, list(pairwise(edges))[::2], strict=True):
        who ^= chance.random() < 0.4
        part.start_ms, part.end_ms, part.speaker = start, end, SPEAKERS[who]
    return found


def timed(part: Part, chance: random.Random) -> list[TimedWord]:
    """Its words, that share its time by their length."""
    edges = list(accumulate((len(word) + 2 for word in part.words), initial=0))
    span = part.end_ms - part.start_ms
    times = [part.start_ms + span * edge // edges[-1] for edge in edges]
    return [
        TimedWord(word, start, end, confidence(chance))
        for word, (start, end) in zip(part.words, pairwise(times), strict=True)
    ]


def confidence(chance: random.Random) -> float:
    doubted = chance.random() < DOUBTED
    return round(chance.uniform(0.15, 0.5) if doubted else chance.uniform(0.75, 1), 3)


# --- The recording of three hours --------------------------------------------------------------


def misheard(part: Part, term: int, chance: random.Random, *, applied: bool) -> Replacement:
    """Put a term of the lexicon, as it was misheard, into the part."""
    written, heard = MISHEARD[term]
    at = chance.randrange(1, len(part.words) - 1)
    part.words[at : at + 1] = heard.split()
    start = len(" ".join(part.words[:at])) + 1
    score = round(chance.uniform(0.4, 1), 3)
    return Replacement(start, start + len(heard), heard, written, term + 1, "sound", score, applied)


def doubts(text: str, words: Sequence[TimedWord]) -> list[list[Any]]:
    """Where those words stand that the engine was least sure of."""
    found, end = [], 0
    for word in words:
        if (start := text.find(word.text, end)) >= 0:
            end = start + len(word.text)
            if (word.confidence or 0) <= 0.5:
                found.append([start, end, word.confidence])
    return found


def segments(job: Job, user: Any, chance: random.Random, duration_ms: int) -> list[Segment]:
    """Those of the recording, of which some are accepted, and some of these corrected."""
    told = parts(chance, duration_ms)
    long_enough = [at for at, part in enumerate(told) if len(part.words) > 6]
    replaced = dict.fromkeys(chance.sample(long_enough, REPLACED))
    for number, at in enumerate(replaced):
        term = chance.randrange(len(MISHEARD))
        replaced[at] = misheard(told[at], term, chance, applied=number >= SUGGESTED)
    checked = set(chance.sample(range(SEGMENTS), round(SEGMENTS * CHECKED)))
    found = [
        _segment(job, part, replaced.get(at), at in checked, chance) for at, part in enumerate(told)
    ]
    through = [each for each in found[: round(SEGMENTS * ACCEPTED)] if not each.replacements]
    for each in found[: round(SEGMENTS * ACCEPTED)]:
        each.accepted = True
    for each in chance.sample(through, round(len(through) * EDITED)):
        _correct(each, user, chance)
    languages = tags.found(LANGUAGES, [each.text for each in found])
    for each, rows in zip(found, languages, strict=True):
        each.tags, each.language = rows, tags.main_language(rows)
    return found


def _segment(
    job: Job, part: Part, change: Replacement | None, is_checked: bool, chance: random.Random
) -> Segment:
    text, words = " ".join(part.words), timed(part, chance)
    marks = []
    if is_checked:
        kind, reason = chance.choice(CHECKS)
        marks = [{"kind": kind, "reason": reason, "start": None, "end": None}]
    draft = Draft(0, part.start_ms, part.end_ms, text, words, speaker=part.speaker, marks=marks)
    done = correcting.replaced(draft, [change] if change else [])
    return Segment(
        job=job,
        position=part.start_ms,
        start_ms=part.start_ms,
        end_ms=part.end_ms,
        speaker=part.speaker,
        engine_text=text,
        text=done.text,
        words=[[w.text, w.start_ms, w.end_ms, w.confidence, w.estimated] for w in done.words],
        replacements=[correcting.stored(each) for each in done.replacements],
        marks=done.marks,
        doubts=doubts(done.text, done.words),
    )


def _correct(segment: Segment, user: Any, chance: random.Random) -> None:
    """A reviewer wrote another word in the place of one."""
    words = segment.text.split()
    at = chance.randrange(len(words))
    words[at] = drawn(LANGUAGES[0], 1, chance)[0]
    segment.text, segment.version = " ".join(words), 2
    segment.edited_by_id, segment.edited_by_name = user.pk, user.get_username()
    segment.edited_at = timezone.now()
    segment.doubts = doubts(segment.text, [TimedWord(*row) for row in segment.words])


def sound(hours: float) -> dict[str, Any]:
    """A recording as long, stored as workers do: the sample again and again."""
    blocks = list(audio.decode(SAMPLE))
    with recordings.scratch_file() as minute, recordings.scratch_file() as whole:
        audio.write_playback(SAMPLE, minute, timeout_s=60)
        duration_ms, times = _repeated(minute, whole, hours)
        with whole.open("rb") as stream:
            playback = recordings.save("benchmark/sound.mp3", stream)
    peaks = audio.Peaks()
    for _ in range(times):
        for block in blocks:
            peaks.feed(block)
    return {
        "audio_file": recordings.save("benchmark/sound.flac", SAMPLE.read_bytes()),
        "audio_bytes": SAMPLE.stat().st_size,
        "playback_file": playback,
        "peaks_file": recordings.save("benchmark/sound.bin", peaks.to_bytes()),
        "duration_ms": duration_ms,
    }


def _repeated(source: Path, target: Path, hours: float) -> tuple[int, int]:
    """Write the frames of an MP3 over and over; how long it is then, and how often they are."""
    with av.open(str(source)) as given, av.open(str(target), "w", format="mp3") as output:
        stream = given.streams.audio[0]
        written = output.add_stream_from_template(stream)
        frames = [bytes(packet) for packet in given.demux(stream) if packet.size]
        frame_ms = 1000 * SAMPLES_A_FRAME / stream.rate
        times = int(hours * 3_600_000 / (len(frames) * frame_ms)) + 1
        for number in range(times * len(frames)):
            packet = av.Packet(frames[number % len(frames)])
            packet.stream, packet.time_base = written, Fraction(1, stream.rate)
            packet.pts = packet.dts = number * SAMPLES_A_FRAME
            packet.duration = SAMPLES_A_FRAME
            output.mux(packet)
    return round(times * len(frames) * frame_ms), times


def recording(user: Any) -> Job:
    """The job of three hours with its segments and their history."""
    chance, heard = random.Random(3), sound(HOURS)
    job = Job.objects.create(
        **_about("Ward rounds of March, all of them", user, chance) | heard,
        languages=list(LANGUAGES),
        review_status=Job.Review.IN_REVIEW,
        review_started_at=timezone.now(),
        word_count=WORDS,
    )
    rows = segments(job, user, chance, heard["duration_ms"])
    Segment.objects.bulk_create(rows, batch_size=500)
    Revision.objects.bulk_create(
        Revision(
            segment=each,
            job=job,
            kind=Revision.Kind.EDIT if each.edited_at else Revision.Kind.ACCEPT,
            user_id=user.pk,
            user_name=user.get_username(),
            text_before=each.engine_text,
            text_after=each.text,
            version_after=each.version,
        )
        for each in rows
        if each.accepted
    )
    return job


def proposal(user: Any, source: Job) -> Job:
    """A second run of the recording: its segments end elsewhere, and some of its words differ."""
    chance = random.Random(4)
    job = Job.objects.create(
        **_about(source.title, user, chance) | {"rank_at": None},
        languages=source.languages,
        duration_ms=source.duration_ms,
        source_job=source,
        proposal=True,
    )
    words = [word for each in source.segments.order_by("position") for word in each.words]
    others = iter(drawn("en", len(words), chance))
    heard = [
        [next(others), *word[1:]] if chance.random() < REHEARD else list(word) for word in words
    ]
    rows, at = [], 0
    while at < len(heard):
        part = heard[at : at + chance.randint(SHORTEST, LONGEST)]
        at += len(part)
        text = " ".join(word[0] for word in part)
        times = {"start_ms": part[0][1], "end_ms": part[-1][2], "position": part[0][1]}
        rows.append(Segment(job=job, text=text, engine_text=text, words=part, **times))
    for row, found in zip(rows, tags.found(LANGUAGES, [row.text for row in rows]), strict=True):
        row.tags, row.language = found, tags.main_language(found)
    Segment.objects.bulk_create(rows, batch_size=500)
    return job


# --- The other jobs ----------------------------------------------------------------------------


def _about(title: str, user: Any, chance: random.Random) -> dict[str, Any]:
    """What all jobs have."""
    return {
        "title": title,
        "source": Job.Source.PAGE,
        "owner_id": user.pk,
        "owner_name": user.get_username(),
        "audio_file": "benchmark/none.wav",
        "audio_name": f"{title}.wav",
        "audio_sha256": f"{chance.getrandbits(256):064x}",
        "audio_bytes": chance.randrange(10**6, 10**8),
        "engine": "openai",
        "model": "gpt-transcribe",
        "status": Job.Status.COMPLETED,
        "chunk_count": 1,
        "expected_errors": round(chance.betavariate(2, 20), 4),
        "finished_at": timezone.now(),
        "rank_at": timezone.now(),
    }


def other_jobs(user: Any) -> None:
    """10,000 of them, most of them reviewed, with two to four segments each."""
    chance = random.Random(10)
    texts = [sentence(chance.randint(5, 25), chance) for _ in range(500)]
    jobs = [
        Job(
            **_about(f"{chance.choice(TITLES)} {number}", user, chance),
            review_status=chance.choices(Job.Review.values, (3, 1, 6))[0],
            duration_ms=12_000,
            playback_file="benchmark/none.mp3",
            languages=["en"],
        )
        for number in range(JOBS)
    ]
    for job in chance.sample(jobs, JOBS // 100):
        job.status, job.review_status = Job.Status.FAILED, Job.Review.WAITING
    Job.objects.bulk_create(jobs, batch_size=1000)
    rows = (row for job in jobs for row in _few_segments(job, texts, chance))
    Segment.objects.bulk_create(rows, batch_size=2000)
    ago = Value(ANY_TIME_OF_A_YEAR) * Random()
    Job.objects.update(created_at=Now() - ago)
    Job.objects.update(finished_at=F("created_at"), rank_at=F("created_at"))


def _few_segments(job: Job, texts: Sequence[list[str]], chance: random.Random) -> Iterator[Segment]:
    for at in range(chance.randint(2, 4)):
        part = Part(chance.choice(texts), False, 3000 * at, 3000 * at + 2900)
        words = [[w.text, w.start_ms, w.end_ms, w.confidence, False] for w in timed(part, chance)]
        text = " ".join(part.words)
        yield Segment(
            job=job,
            position=part.start_ms,
            start_ms=part.start_ms,
            end_ms=part.end_ms,
            engine_text=text,
            text=text,
            words=words,
            accepted=job.review_status == Job.Review.REVIEWED,
        )


def analysed() -> None:
    """As autovacuum leaves tables a minute after they were filled."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
