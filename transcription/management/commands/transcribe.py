import json
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from speech_project.upgrade import behind, upgrade
from transcription import inline, progress
from transcription.engines import MODELS
from transcription.exports import as_json
from transcription.models import Job
from transcription.services import CHANNELS, JobRefused, NotPossible, cancel_job, create_job


class Command(BaseCommand):
    help = "Transcribe one recording here and now; no worker needs to run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the recording")
        parser.add_argument("--model", default="", help=f"one of: {', '.join(MODELS)}")
        parser.add_argument(
            "--language", nargs="+", default=[], metavar="L", help="expected languages, e.g. en de"
        )
        parser.add_argument(
            "--scripts",
            dest="script_policy",
            default="",
            metavar="POLICY",
            help="in which script to write each language: hi=Deva, or Latn for all; else as spoken",
        )
        parser.add_argument(
            "--channels",
            default="auto",
            choices=CHANNELS,
            help="of a stereo recording: mix them, separate them, or find out (auto)",
        )
        parser.add_argument("--prompt", default="", help="what the recording is about")
        parser.add_argument(
            "--no-hints",
            dest="hints",
            action="store_false",
            help="do not tell the engine of the lexicon's terms",
        )
        parser.add_argument(
            "--second-look",
            action="store_true",
            help="ask again for parts that may hold terms which the text has not",
        )
        parser.add_argument(
            "--own-script",
            action="store_true",
            help="write terms that were heard in another script in their own",
        )
        parser.add_argument(
            "--speakers", action="store_true", help="say who speaks, where that is known"
        )
        parser.add_argument("--json", action="store_true", help="print words and times as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_schema()
        with inline.workers():
            job = self.create(options)
            try:
                self.watch(job)
            except KeyboardInterrupt:
                with suppress(NotPossible):
                    cancel_job(job)
                raise CommandError("Cancelled.") from None
        if job.status != Job.Status.COMPLETED:
            raise CommandError(job.error_message or f"The job was {job.status}.")
        document = as_json(job)
        if document["demo_quality"]:
            self.stderr.write(f"{MODELS[job.model].label}: demo quality, not for real use.")
        if options["json"]:
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            for segment in document["segments"]:
                speaker = segment["speaker"] if options["speakers"] else ""
                self.stdout.write(f"{speaker}: {segment['text']}" if speaker else segment["text"])

    def check_schema(self) -> None:
        problem = behind()
        if problem and settings.DATABASE.embedded:
            upgrade()  # it is this machine's own
        elif problem:
            raise CommandError(problem)

    def create(self, options: dict[str, Any]) -> Job:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        with path.open("rb") as stream:
            try:
                return create_job(
                    File(stream, name=str(path)),
                    source=Job.Source.COMMAND,
                    model=options["model"],
                    languages=options["language"],
                    channels=options["channels"],
                    prompt=options["prompt"],
                    hints=options["hints"],
                    second_look=options["second_look"],
                    own_script=options["own_script"],
                )
            except JobRefused as error:
                raise CommandError(error.message) from None

    def watch(self, job: Job) -> None:
        with tqdm(total=100, disable=None, unit="%", bar_format="{l_bar}{bar}| {elapsed}") as bar:

            def show(job: Job) -> None:
                bar.set_description(job.get_status_display())
                bar.update(max(0, (progress.of(job).percent if job.working else 100) - bar.n))

            inline.wait(job, show)
