"""Odd, broken and damaged files through the whole product, against the stand-in for OpenAI's API.

    python -m benchmarks.robustness [FOLDER] [--mutations 2000] [--seed 7]

takes every file of FOLDER, and damaged copies of files that it makes itself (tests/mutations.py).
An `expect.tsv` in FOLDER gives lengths (columns file, decoded_seconds_ffmpeg; 0.00: no sound).
Each file is uploaded, prepared, transcribed and finished; every tenth gets its playback copy.

Prints one JSON line, in which each file counts once: `transcribed`; `refused`, with a sentence for
the user; `crashed`; `hung`, not done in a minute (and one more for each hour of sound in it);
`wrong_duration`, where the job's length is not that of the sound, the playback copy has another,
a chunk reaches beyond it, or a file was refused that has sound. Which and why goes to stderr.

The sound's length is the one expected, else what plain PyAV decodes in a process of its own:
samples over their rate, without packets that do not decode. Neither headers nor timestamps count,
which in a damaged file are no truth.
"""

import csv
import io
import json
import multiprocessing
import sys
import tempfile
import threading
from argparse import ArgumentParser
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av

from benchmarks.product import product
from tests.mutations import mutation
from tests.standin.client import StandInProcess
from transcription.audio import MAX_MS, REFUSALS

PROCESSES = 2
PATIENCE_S = 60
PLAYBACK_EVERY = 10
SLACK_MS = 60  # lengths are given in hundredths; a codec's last frame counts in part or whole
PLAYBACK_SLACK_MS = 100
OUTCOMES = ("transcribed", "refused", "crashed", "hung", "wrong_duration")
TEXT = "The patient takes one milligram of Ozempic once a week."


@dataclass(frozen=True)
class Case:
    """A file; how long its sound is, where that is known; whether to make its playback copy."""

    path: Path
    expected_ms: float | None = None
    playback: bool = True


@dataclass(frozen=True)
class Taken:
    """What the product made of a file; `why` is a code of REFUSALS, or what went wrong."""

    outcome: str
    why: str = ""
    duration_ms: int = 0
    last_ms: int = 0
    playback: bytes = b""


class Died(Exception):
    """The process is gone, killed by a signal or by itself."""


class Remote:
    """A function in a process of its own, which is started anew after it died or hung."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self._process: Any = None

    def ask(self, question: Any, patience_s: float) -> Any:
        """The function's answer. Raises Died, and TimeoutError when there is none in time."""
        if self._process is None:
            self._start()
        try:
            self._pipe.send(question)
            if self._pipe.poll(patience_s):
                return self._pipe.recv()
        except (EOFError, OSError):
            self.close()
            raise Died from None
        self.close()
        raise TimeoutError

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(self._answer, theirs), daemon=True)
        self._process.start()
        theirs.close()


def _serve(answer: Callable[[Any], Any], pipe: Connection) -> None:
    while True:
        pipe.send(answer(pipe.recv()))


def take(case: Case) -> Taken:
    """One file the product's own way, in this process."""
    import django

    django.setup()
    from transcription.services import JobRefused

    try:
        return _take(case)
    except JobRefused as refused:
        return _refused(refused.code, refused.message)
    except Exception as error:
        return Taken("crashed", f"{type(error).__name__}: {error}")


def _take(case: Case) -> Taken:
    from django.core.files.base import File

    from speech_project import wakeups
    from transcription import inline, services
    from transcription.models import Job

    steps: deque[tuple[str, str]] = deque()
    with wakeups.delivered_to(lambda task, pk: steps.append((task, pk))):
        with case.path.open("rb") as stream:
            upload = File(stream, name=str(case.path))
            job = services.create_job(upload, source=Job.Source.COMMAND, reuse=False)
        try:
            while steps:
                task, pk = steps.popleft()
                if task != "make_playback" or case.playback:
                    inline.STEPS[task](pk)
            job.refresh_from_db()
            return _result(job, case)
        finally:
            services.delete_job(job)


def _result(job: Any, case: Case) -> Taken:
    from transcription import recordings

    if job.status == job.Status.FAILED:
        return _refused(job.error_code, job.error_message)
    if job.status != job.Status.COMPLETED:
        return Taken("crashed", f"left {job.status}")
    if case.playback and not job.playback_file:
        return Taken("crashed", "no playback copy")
    copy = recordings.read(job.playback_file) if case.playback else b""
    spans = [end for spans in job.chunks.values_list("spans", flat=True) for _, end in spans]
    return Taken("transcribed", "", job.duration_ms, max(spans, default=0), copy)


def _refused(code: str, message: str) -> Taken:
    told = REFUSALS.get(code) == message
    return Taken("refused", code) if told else Taken("crashed", f"{code}: {message}")


def plain_ms(file: Path | bytes) -> float:
    """The yardstick: milliseconds of sound that PyAV decodes of a file, broken packets left out."""
    seconds = 0.0
    try:
        source = str(file) if isinstance(file, Path) else io.BytesIO(file)
        with av.open(source, "r", metadata_errors="replace") as container:
            stream = container.streams.best("audio")
            for packet in container.demux(stream) if isinstance(stream, av.AudioStream) else ():
                with suppress(av.FFmpegError):
                    frames = packet.decode()
                    seconds += sum(frame.samples / frame.sample_rate for frame in frames)
                if seconds * 1000 > MAX_MS:
                    break
    except (av.FFmpegError, IndexError):  # the latter from PyAV, where streams turn up late
        pass
    return seconds * 1000


def check(cases: Iterable[Case], say: Callable[[str], object]) -> Counter[str]:
    """Take all cases, two at a time; `say` is told of each that counts as a mistake."""
    todo, lock, counts = iter(cases), threading.Lock(), Counter(dict.fromkeys(OUTCOMES, 0))

    def work() -> None:
        taker, yardstick = Remote(take), Remote(plain_ms)
        try:
            while True:
                with lock:
                    case = next(todo, None)
                if case is None:
                    return
                outcome, why = _judge(case, taker, yardstick)
                with lock:
                    counts[outcome] += 1
                    if outcome not in ("transcribed", "refused"):
                        say(f"{outcome}: {case.path.name}: {why}")
        finally:
            taker.close()
            yardstick.close()

    with ThreadPoolExecutor(PROCESSES) as threads:
        for done in [threads.submit(work) for _ in range(PROCESSES)]:
            done.result()
    return counts


def _judge(case: Case, taker: Remote, yardstick: Remote) -> tuple[str, str]:
    truth_ms = case.expected_ms
    if truth_ms is None:
        truth_ms = _measure(yardstick, case.path)
    try:
        taken = taker.ask(case, PATIENCE_S * (1 + (truth_ms or 0) / 3_600_000))
    except TimeoutError:
        return "hung", ""
    except Died:
        return "crashed", "its process died"
    if taken.outcome == "crashed":
        return taken.outcome, taken.why
    wrong = _wrong_length(taken, truth_ms)
    if not wrong and taken.playback:
        copy_ms = _measure(yardstick, taken.playback)
        if copy_ms is None or abs(copy_ms - taken.duration_ms) > PLAYBACK_SLACK_MS:
            wrong = f"{taken.duration_ms} ms, {copy_ms} in its playback copy"
    return ("wrong_duration", wrong) if wrong else (taken.outcome, taken.why)


def _measure(yardstick: Remote, file: Path | bytes) -> float | None:
    """None where plain PyAV itself dies or hangs of a file."""
    try:
        return yardstick.ask(file, PATIENCE_S)
    except (Died, TimeoutError):
        return None


def _wrong_length(taken: Taken, truth_ms: float | None) -> str:
    if taken.last_ms > taken.duration_ms:
        return f"a chunk ends at {taken.last_ms} ms of {taken.duration_ms}"
    # limits of memory, time and length are the product's own; a yardstick has none
    limited = taken.outcome == "refused" and taken.why not in ("empty", "no_audio")
    if truth_ms is None or limited or abs(taken.duration_ms - truth_ms) <= SLACK_MS:
        return ""
    return f"{taken.duration_ms} ms instead of {truth_ms:.0f} {taken.why}"


def folder_cases(folder: Path) -> Iterator[Case]:
    table = folder / "expect.tsv"
    expected: dict[str, float] = {}
    if table.exists():
        with table.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                expected[row["file"]] = float(row["decoded_seconds_ffmpeg"]) * 1000
    for path in sorted(folder.iterdir()):
        if path.is_file() and path != table:
            yield Case(path, expected.get(path.name))


def mutated_cases(seed: int, count: int, folder: Path) -> Iterator[Case]:
    """The damaged copies, each written to `folder` when it is asked for."""
    for index in range(count):
        made = mutation(seed, index)
        path = folder / made.name
        path.write_bytes(made.content)
        yield Case(path, playback=index % PLAYBACK_EVERY == 0)


def main() -> None:
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="files, with or without expect.tsv")
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, StandInProcess() as standin:
        standin.set_text(TEXT)
        settings = {
            "OPENAI_BASE_URL": standin.base_url,
            "OPENAI_API_KEY": standin.api_key,
            "STT_MODEL": "gpt-transcribe",
            "LOG_LEVEL": "ERROR",
        }
        mutated = mutated_cases(options.seed, options.mutations, Path(scratch))
        found = folder_cases(options.folder) if options.folder else iter(())
        with product(**settings):
            counts = check(chain(found, mutated), lambda line: print(line, file=sys.stderr))
        print(json.dumps({"files": sum(counts.values()), **counts}))


if __name__ == "__main__":
    main()
