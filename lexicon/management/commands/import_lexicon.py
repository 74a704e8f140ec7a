from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lexicon.exchange import formats
from lexicon.exchange.decoding import Unreadable
from lexicon.exchange.importing import Report, import_terms
from speech_project.access.models import ApiKey


class Command(BaseCommand):
    help = "Take terms into the lexicon from CSV, TSV, JSON, or a list with one term a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="columns: see docs/lexicon.md")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be done with each line"
        )
        parser.add_argument(
            "--status",
            default="",
            choices=("approved", "suggested"),
            help="of terms whose line has none (new ones are suggested)",
        )
        parser.add_argument(
            "--format", default="", choices=formats.FORMATS, help="where the file's name is silent"
        )
        parser.add_argument(
            "--api-key", metavar="NAME", help="only for this key, where a line names none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            found = formats.read(path.read_bytes(), path.name, options["format"])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except Unreadable as error:
            raise CommandError(f"{path}: {error}") from None
        report = import_terms(
            found,
            status=options["status"],
            api_key=self.api_key(options["api_key"]),
            dry_run=options["dry_run"],
        )
        self.tell(path, report, everything=options["dry_run"])
        summary = f"Would be: {report}." if options["dry_run"] else f"{report}."
        if report.refused:
            raise CommandError(f"{summary} Put the lines named above right and import them again.")
        self.stdout.write(summary)

    def api_key(self, name: str | None) -> ApiKey | None:
        if not name:
            return None
        prefix = name.removeprefix("vk_")
        found = list(ApiKey.objects.filter(name=name) or ApiKey.objects.filter(prefix=prefix))
        if len(found) == 1:
            return found[0]
        if found:
            prefixes = ", ".join(key.prefix for key in found)
            raise CommandError(f"{len(found)} API keys are called {name}. Give one of: {prefixes}.")
        raise CommandError(f"There is no API key {name}. The admin lists those that there are.")

    def tell(self, path: Path, report: Report, *, everything: bool) -> None:
        """Refusals and warnings always; with `everything` what becomes of each line too."""
        if everything:
            for what in ("added", "changed", "left"):
                for each in getattr(report, what):
                    detail = f" ({each.detail})" if each.detail else ""
                    self.stdout.write(f"{path}:{each.line}: {what}: {each.term}{detail}")
        for warning in report.warnings:
            self.stderr.write(f"{path}:{warning.line}: note: {warning.message}")
        for problem in report.refused:
            self.stderr.write(f"{path}:{problem.line}: refused: {problem.message}")
