from typing import Any

from django.core.management.base import BaseCommand

from lexicon.services import refresh_keys


class Command(BaseCommand):
    help = "Compute again what terms are found by, after an upgrade that changed its rules."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{refresh_keys():,} terms and alternatives were brought up to date.")
