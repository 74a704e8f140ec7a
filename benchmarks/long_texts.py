"""How long it takes to work through the text of a recording of three hours, step by step.

    python -m benchmarks.long_texts [--words 30000]

Prints one JSON line, in seconds. The least of three:

checked     the engine's answer, were it all of one chunk: loops, holes, other languages
corrected   the lexicon's changes where one word in ten is a term, misheard; with times and marks
times       when each word of half a minute is said, found in its sound (sample/dictation.flac)
counted     how often terms stand in as many Chinese letters, of which one term is 200 letters long
mined       what is learned from a passage of 2,000 words that was written anew

and with an empty embedded database, once each:

finished    the transcript made of its chunks, each of a minute: stitched, corrected, stored
submitted   a review that teaches as many terms as one may
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.product import ROOT, product

PHRASE = ["then", "we", "take", "the", "ozem", "pik", "and", "go", "on", "now."]
A_MINUTE = 150  # words
WORD_MS = 400
SPOKEN = (
    "Good morning. I saw the patient again today, and she says that the cough is much better than"
    " last week. We keep the dose, and she comes back in a month or when needed. "
)


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return round(time.perf_counter() - begun, 3)


def least(work: Callable[[], Any]) -> float:
    return min(seconds(work) for _ in range(3))


def letters(chance: random.Random, words: int) -> str:
    return " ".join("".join(chance.choices("bdfgklmnprst", k=7)) for _ in range(words))


# --- Without a database -------------------------------------------------------------------------


def pure(words: int) -> dict[str, float]:
    from feedback.mining import Reviewed, lessons
    from feedback.uses import uses
    from transcription.checks import Circumstances, examine

    text = SPOKEN * (words // len(SPOKEN.split()))
    circumstances = Circumstances(10**7, 10**7, languages=("ru",))
    chance = random.Random(1)
    anew = Reviewed(
        letters(chance, 2000), f"{letters(chance, 1000)} Entresto {letters(chance, 999)}"
    )
    return {
        "checked": least(lambda: examine(text, circumstances)),
        "corrected": least(corrected(words)),
        "times": least(times()),
        "counted": least(lambda: uses(["药物治疗" * (words // 4)], [(1, "我" * 200), (2, "治疗")])),
        "mined": least(lambda: lessons([anew])),
    }


def corrected(words: int) -> Callable[[], Any]:
    from lexicon.matching import Entry, compile_lexicon
    from transcription import correcting
    from transcription.stitching import Draft
    from transcription.timing import TimedWord

    said = [TimedWord(word, WORD_MS * n, WORD_MS * n + 390) for n, word in enumerate(PHRASE)]
    drafts = [Draft(1, 0, WORD_MS * len(said), " ".join(PHRASE), said)] * (words // len(said))
    lexicon = compile_lexicon([Entry(1, "Ozempic", alternatives=("ozem pik",))])
    return lambda: correcting.corrected(drafts, lexicon, ["en"])


def times() -> Callable[[], Any]:
    from transcription.audio import read_flac
    from transcription.engines.base import Answer
    from transcription.splitting import SAMPLE_RATE
    from transcription.timing import time_words

    sample = ROOT / "sample" / "dictation.flac"
    samples = read_flac(sample.read_bytes())[: 30 * SAMPLE_RATE]
    text = " ".join(sample.with_suffix(".txt").read_text(encoding="utf-8").split()[:89])
    return lambda: time_words(Answer(text), samples, 30_000)


# --- With one -----------------------------------------------------------------------------------


def stored(words: int) -> dict[str, float]:
    from django.contrib.auth.models import User

    from feedback.learning import MOST_LESSONS
    from feedback.services import submit_review
    from lexicon.models import Term
    from lexicon.services import add_term
    from transcription import pipeline
    from transcription.models import Segment

    add_term("Ozempic", source="admin", status="approved", alternatives=["ozem pik"])
    job = heard(words)
    finished = seconds(lambda: pipeline.finish(job.pk))
    assert Segment.objects.filter(job=job, text__contains="Ozempic").exists()
    job, user = corrected_job(2 * MOST_LESSONS), User.objects.create_user("rita")
    submitted = seconds(lambda: submit_review(user, job))
    assert Term.objects.filter(status="suggested").count() == MOST_LESSONS
    return {"finished": finished, "submitted": submitted}


def job_of(minutes: int, **fields: Any) -> Any:
    from transcription.models import Job

    return Job.objects.create(
        title="Three hours",
        source="command",
        engine="openai",
        model="gpt-transcribe",
        duration_ms=60_000 * minutes,
        languages=["en"],
        chunk_count=minutes,
        audio_file="none",
        audio_name="none",
        audio_sha256="0" * 64,
        audio_bytes=1,
        **fields,
    )


def heard(words: int) -> Any:
    """A job with all its chunks heard."""
    from transcription.models import Chunk, Job

    minutes = words // A_MINUTE
    job = job_of(minutes, status=Job.Status.TRANSCRIBING)
    for minute in range(minutes):
        at = 60_000 * minute
        said = [
            [PHRASE[n % len(PHRASE)], at + WORD_MS * n, at + WORD_MS * n + 390, 0.9, False, ""]
            for n in range(A_MINUTE)
        ]
        Chunk.objects.create(
            job=job,
            position=minute,
            start_ms=at,
            end_ms=at + 60_000,
            status=Chunk.Status.COMPLETED,
            text=" ".join(PHRASE * (A_MINUTE // len(PHRASE))),
            words=said,
        )
    return job


def corrected_job(names: int) -> Any:
    """A transcript in each of whose segments a person put another name right."""
    from transcription.models import Job, Segment

    chance, job = random.Random(1), job_of(1, status=Job.Status.COMPLETED)
    for n in range(names):
        name = "".join(chance.choice(each) for each in ["bdglmnprt", "aeiou"] * 4) + "k"
        Segment.objects.create(
            job=job,
            position=n,
            start_ms=4000 * n,
            end_ms=4000 * n + 3500,
            engine_text=f"we saw {name[:-1]}cke now",
            text=f"we saw {name.capitalize()} now",
        )
    return job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=30_000)
    words = parser.parse_args().words
    with product():
        print(json.dumps({"words": words, "seconds": pure(words) | stored(words)}))


if __name__ == "__main__":
    main()
