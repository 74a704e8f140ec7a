"""Two hours of speech through the whole product, against the stand-in for OpenAI's API.

    python -m benchmarks.long_recording FOLDER [--hours 2] [--redis redis://127.0.0.1:6379/7]

FOLDER holds real clips and their `refs.tsv` (file, ref); they are repeated until the recording is
long enough. The stand-in answers each chunk with its part of the text after 0.7 s and 0.03 s for
each second of audio. With --redis (an empty database of it) two workers ask; else one does.

Prints one JSON line. `wall_s` is from handing the file over to the finished transcript.
`sequential_s` is computed: the sum of what the same requests took, one after the other.
`cpu_s_per_audio_hour` is of workers, scheduler and decoder, without PostgreSQL and the stand-in.
"""

import csv
import json
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.product import Workers, product
from tests.standin.client import StandInProcess
from transcription import audio
from transcription.engines.base import Answer
from transcription.splitting import SAMPLE_RATE, Samples
from transcription.timing import time_words

CONCURRENCY = 16
FIXED_S, PER_AUDIO_S = 0.7, 0.03
PAUSE_MS = 900  # between two clips
PATIENCE_S = 1800
READY_S = 8  # workers have started by then

Words = list[tuple[str, int, int]]


def clips(folder: Path) -> tuple[Samples, Words]:
    """All clips of the folder in a row, and when each of their words is spoken."""
    with (folder / "refs.tsv").open(encoding="utf-8", newline="") as table:
        references = {
            row["file"]: row["ref"]
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    pause = np.zeros(PAUSE_MS * SAMPLE_RATE // 1000, np.int16)
    parts: list[Samples] = []
    words: Words = []
    at_ms = 0
    for name, text in references.items():
        samples = np.concatenate(list(audio.decode(folder / name)))
        samples = samples[: len(samples) // 16 * 16]
        for word in time_words(Answer(text), samples, len(samples) // 16):
            words.append((word.text, at_ms + word.start_ms, at_ms + word.end_ms))
        parts += [samples, pause]
        at_ms += (len(samples) + len(pause)) // 16
    return np.concatenate(parts), words


def recording(folder: Path, hours: float, target: Path) -> Words:
    """Write an MP3 of so many hours; returns its words."""
    samples, words = clips(folder)
    length_ms = len(samples) // 16
    times = int(hours * 3_600_000 // length_ms) + 1
    with av.open(str(target), "w", format="mp3") as output:
        stream = output.add_stream("libmp3lame", SAMPLE_RATE, layout="mono")
        stream.bit_rate = 48_000
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16p", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for _ in range(times):
            frame.pts = None
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return [
        (text, start + n * length_ms, end + n * length_ms)
        for n in range(times)
        for text, start, end in words
    ]


def decoded(source: Path, target: Path) -> int:
    """The samples as the product hears them, for the stand-in; returns how many."""
    with target.open("wb") as pcm:
        return sum(pcm.write(block.tobytes()) for block in audio.decode(source)) // 2


def run(source: Path, standin: StandInProcess, options: Namespace) -> dict[str, Any]:
    from django.core.files.base import File

    from transcription.models import Chunk, Job
    from transcription.services import create_job

    engines, threads = (2, CONCURRENCY // 2) if options.redis else (1, CONCURRENCY)
    with Workers(media=2, engine=engines, threads=threads) as workers:
        time.sleep(READY_S)
        cpu_s, began, clock = workers.cpu_s(), time.monotonic(), time.time()
        with source.open("rb") as stream:
            job = create_job(File(stream, name=str(source)), source=Job.Source.COMMAND)
        while job.working:
            if time.monotonic() - began > PATIENCE_S:
                sys.exit(f"The job is still {job.status} after {PATIENCE_S} s.")
            time.sleep(0.05)
            job.refresh_from_db()
        wall_s, cpu_s = time.monotonic() - began, workers.cpu_s() - cpu_s
    if job.status != Job.Status.COMPLETED:
        sys.exit(f"The job {job.status}: {job.error_message}")
    assert job.prepared_at and job.duration_ms
    first = Chunk.objects.filter(job=job).order_by("created_at").first()
    assert first
    log = [entry for entry in standin.log() if entry["status"] == 200]
    latencies = [entry["answered"] - entry["arrived"] for entry in log]
    first_chunk_s = first.created_at.timestamp() - clock
    prepare_s = job.prepared_at.timestamp() - clock
    bound_s = (
        first_chunk_s
        + max(prepare_s - first_chunk_s, sum(latencies) / CONCURRENCY)
        + max(latencies)
    )
    repeated = sum(times - 1 for times in Counter(entry["sha256"] for entry in log).values())
    hours = job.duration_ms / 3_600_000
    return {
        "audio_s": round(job.duration_ms / 1000, 1),
        "chunks": job.chunk_count,
        "sequential_s": round(sum(latencies), 1),
        "wall_s": round(wall_s, 1),
        "concurrency": CONCURRENCY,
        "speedup": round(sum(latencies) / wall_s, 1),
        "bound_s": round(bound_s, 1),
        "bound_ratio": round(wall_s / bound_s, 3),
        "cpu_s_per_audio_hour": round(cpu_s / hours, 1),
        "requests": len(log),
        "repeated_requests": repeated,
        "words_lost": words_lost(job, options.words),
        "first_chunk_s": round(first_chunk_s, 2),
        "prepare_s": round(prepare_s, 1),
    }


def words_lost(job: Any, words: Words) -> int:
    """Spoken words that the transcript lacks, of each kind as often as it was said."""
    heard = Counter(
        word[0] for found in job.segments.values_list("words", flat=True) for word in found
    )
    return sum((Counter(text for text, _, _ in words) - heard).values())


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="clips with their refs.tsv")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--redis", default="", metavar="URL", help="an empty database of Redis")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, StandInProcess() as standin:
        source, pcm = Path(folder) / "long.mp3", Path(folder) / "long.pcm"
        options.words = recording(options.folder, options.hours, source)
        decoded(source, pcm)
        standin.control(recording={"pcm": str(pcm), "words": options.words})
        standin.set_latency(FIXED_S, PER_AUDIO_S)
        settings = {
            "OPENAI_BASE_URL": standin.base_url,
            "OPENAI_API_KEY": standin.api_key,
            "STT_MODEL": "gpt-transcribe",
        }
        if options.redis:
            settings["REDIS_URL"] = options.redis
        with product(**settings):
            print(json.dumps(run(source, standin, options)))


if __name__ == "__main__":
    main()
