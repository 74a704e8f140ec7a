from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from speech_project.access import audit
from speech_project.access.keys import revoke_key
from speech_project.access.management.keys import key_of


class Command(BaseCommand):
    help = "Have an API key refused from now on. Its jobs stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prefix", help="its public part, e.g. vk_1a2b3c4d")

    def handle(self, *args: Any, **options: Any) -> None:
        key = key_of(options["prefix"])
        if not revoke_key(key):
            self.stderr.write(f"{key} was revoked before.")
            return
        audit.record("key.revoke", audit.of_key(key), actor=audit.COMMAND)
        self.stderr.write(f"{key} is revoked.")
