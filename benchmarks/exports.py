"""How long it takes to export three hours of speech, in each format.

    python -m benchmarks.exports [--segments 2000] [--words 15]

Sentences of common English words, each word with its time, in an empty embedded database, as a
request for a file finds them. Prints one JSON line; times are the least of three, in seconds.
"""

import argparse
import json
import random
import time
from typing import Any

from wordfreq import top_n_list

from benchmarks.product import product

WORD_MS, PAUSE_MS = 320, 600


def fill(segments: int, words: int) -> Any:
    """A job with as many segments of about as many words, of two speakers who take turns."""
    from transcription.models import Job, Segment

    draw, vocabulary = random.Random(7), top_n_list("en", 5000)
    job = Job.objects.create(
        title="Three hours",
        source="command",
        status=Job.Status.COMPLETED,
        engine="openai",
        model="gpt-transcribe",
        duration_ms=segments * (words * WORD_MS + PAUSE_MS),
        languages=["en"],
        chunk_count=1,
        audio_file="none",
        audio_name="none",
        audio_sha256="0" * 64,
        audio_bytes=1,
    )
    rows, at = [], 0
    for number in range(segments):
        said = draw.choices(vocabulary, k=draw.randint(words // 2, words * 3 // 2))
        said = [word + ("," if not n % 7 and n else "") for n, word in enumerate(said)]
        said[0], said[-1] = said[0].capitalize(), f"{said[-1]}."
        begins = [at + n * WORD_MS for n in range(len(said))]
        heard = [
            [word, begin, begin + 300, 0.9, False] for word, begin in zip(said, begins, strict=True)
        ]
        end = begins[-1] + 300
        text = " ".join(said)
        # a person has changed every tenth
        shown = text if number % 10 else text.replace(" the ", " this very ")
        rows.append(
            Segment(
                job=job,
                position=at,
                start_ms=at,
                end_ms=end,
                engine_text=text,
                text=shown,
                words=heard,
                speaker=f"Speaker {'AB'[number // 3 % 2]}",
                language="en",
                tags=[[0, len(shown), "en", "", 0.98, False]],
            )
        )
        at = end + PAUSE_MS
    Segment.objects.bulk_create(rows, batch_size=500)
    return job, sum(len(row.words) for row in rows)


def seconds(job: Any, name: str) -> float:
    from transcription import export_files

    format = export_files.FORMATS[name]
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        export_files.exported(job, format, format.options)
        taken.append(time.perf_counter() - begun)
    return round(min(taken), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=2_000)
    parser.add_argument("--words", type=int, default=15, help="of a segment, on average")
    wishes = parser.parse_args()
    with product():
        from transcription.export_files import FORMATS

        job, words = fill(wishes.segments, wishes.words)
        taken = {name: seconds(job, name) for name in FORMATS}
        print(json.dumps({"segments": wishes.segments, "words": words, "seconds": taken}))


if __name__ == "__main__":
    main()
