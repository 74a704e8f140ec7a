from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lexicon.exchange.formats import written
from lexicon.exchange.importing import export_rows
from lexicon.models import Term


class Command(BaseCommand):
    help = "Write all terms, of every status, so that import_lexicon takes them without loss."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", default="csv", choices=("csv", "tsv", "json"))
        parser.add_argument("--output", type=Path, metavar="FILE", help="else it is printed")

    def handle(self, *args: Any, **options: Any) -> None:
        pieces = written(export_rows(Term.objects.all()), options["format"])
        path: Path | None = options["output"]
        if path is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        try:
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(pieces)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stderr.write(f"{Term.objects.count():,} terms are in {path}.")
