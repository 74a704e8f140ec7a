from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from speech_project.access import audit
from speech_project.access.keys import MOST_OVERLAP_HOURS, OVERLAP_HOURS, KeyEnded, rotate_key
from speech_project.access.management.keys import key_of


class Command(BaseCommand):
    help = "Give an API key a new secret and print it, once; the one before works on for a while."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prefix", help="its public part, e.g. vk_1a2b3c4d")
        parser.add_argument(
            "--overlap-hours",
            type=int,
            default=OVERLAP_HOURS,
            metavar="HOURS",
            help="how long the secret before is still taken, 0: not at all (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        hours = options["overlap_hours"]
        if not 0 <= hours <= MOST_OVERLAP_HOURS:
            raise CommandError(f"--overlap-hours must be from 0 to {MOST_OVERLAP_HOURS}.")
        key = key_of(options["prefix"])
        try:
            text = rotate_key(key, timedelta(hours=hours))
        except KeyEnded as error:
            raise CommandError(str(error)) from None
        audit.record("key.rotate", audit.of_key(key), actor=audit.COMMAND, overlap_hours=hours)
        ending = f"is taken until {key.previous_until:%Y-%m-%d %H:%M %Z}" if hours else "is refused"
        self.stderr.write(f"New secret of {key.name}; the one before {ending}. Shown only now:")
        self.stdout.write(text)
