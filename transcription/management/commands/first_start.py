import secrets
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import File
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection, transaction
from django.urls import reverse

from speech_project.datadir import BASE_DIR
from transcription import progress
from transcription.models import Job
from transcription.services import JobRefused, create_job

SAMPLE = BASE_DIR / "sample" / "dictation.flac"
SAMPLE_TITLE = "Sample: cardiology dictation"
WAIT_S = 600
POLL_S = 0.3


class Command(BaseCommand):
    help = "On a new database make an admin and a sample job; transcribe the recordings given."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("audio", nargs="*", type=Path, help="recordings to transcribe")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()._default_manager
        jobs = [] if users.exists() else [self.begin()]
        owner = users.filter(is_superuser=True).order_by("pk").first()
        jobs += [self.submit(path, Job.Source.COMMAND, owner) for path in options["audio"]]
        try:
            self.wait([job for job in jobs if job])
        except KeyboardInterrupt:
            self.stdout.write("\nThe workers go on with it.")

    def begin(self) -> Job | None:
        """The admin and the sample: both, or neither where this is stopped half way."""
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            admin = get_user_model()._default_manager.create_superuser("admin", password=password)
            job = self.submit(SAMPLE, Job.Source.SAMPLE, admin, SAMPLE_TITLE)
        self.stdout.write(f"Log in as admin with the password {password}")
        self.stdout.write("It is shown this once. Change it with the link at the top of the page.")
        return job

    def submit(self, path: Path, source: str, owner: Any, title: str = "") -> Job | None:
        try:
            with path.open("rb") as stream:
                return create_job(
                    File(stream, name=path.name), source=source, owner=owner, title=title
                )
        except JobRefused as error:
            self.stdout.write(f"{path.name}: {error.message}")
        except OSError as error:
            self.stdout.write(f"{path}: {error.strerror}.")
        return None

    def wait(self, jobs: Sequence[Job]) -> None:
        """Show how far they are, and each one's address when it is at rest."""
        deadline = time.monotonic() + WAIT_S
        for job in jobs:
            while job.working and time.monotonic() < deadline:
                time.sleep(POLL_S)
                try:
                    job.refresh_from_db()
                    self.show(f"Transcribing {job.title}: {progress.of(job).percent} %")
                except (OperationalError, InterfaceError):  # it is away, and comes again
                    connection.close()
            self.show("")
            self.tell(job)

    def show(self, line: str) -> None:
        """One line that is overwritten; nothing where the output is no terminal."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="")
            self.stdout.flush()

    def tell(self, job: Job) -> None:
        address = settings.SITE_URL + reverse("desk", args=[job.id])
        if job.status == Job.Status.COMPLETED:
            self.stdout.write(f"Review {job.title}: {address}")
        elif job.working:
            self.stdout.write(f"{job.title} is not ready yet. It will be here: {address}")
        else:
            self.stdout.write(f"{job.title}: {job.error_message or job.get_status_display()}")
