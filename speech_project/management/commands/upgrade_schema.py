from typing import Any

from django.core.management.base import BaseCommand, CommandError

from speech_project.database import Unreachable
from speech_project.upgrade import upgrade


class Command(BaseCommand):
    help = "Bring the schema up: `alembic upgrade head`, then Django's `migrate`, under one lock."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            upgrade()
        except (Unreachable, TimeoutError) as error:
            raise CommandError(str(error)) from None
