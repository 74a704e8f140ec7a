from typing import Any

from django.core.management.base import BaseCommand, CommandError

from speech_project.database import Unreachable
from speech_project.upgrade import behind


class Command(BaseCommand):
    help = "Fail, naming the missing commands, when the schema is not that of this version."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            problem = behind()
        except Unreachable as error:
            raise CommandError(str(error)) from None
        if problem:
            raise CommandError(problem)
