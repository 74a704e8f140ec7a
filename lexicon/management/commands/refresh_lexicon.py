from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lexicon.services import keys_missing, refresh_keys


class Command(BaseCommand):
    help = "Compute again what terms are found by, after an upgrade that changed its rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-missing", action="store_true", help="only where terms have none yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_missing"] and not keys_missing():
            return
        changed = refresh_keys()
        if options["verbosity"]:
            self.stdout.write(f"{changed:,} terms and alternatives were brought up to date.")
