from argparse import ArgumentParser
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from speech_project.access import audit, networks
from speech_project.access.keys import create_key, granted
from speech_project.access.scopes import SCOPES, USUAL

MOST_DAYS = 36_500
MOST_REQUESTS = 1_000_000
MOST_JOBS = 1_000_000
MOST_USD = 1_000_000


class Command(BaseCommand):
    help = "Make an API key and print it, once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what to call it, e.g. the client that will hold it")
        parser.add_argument("--owner", metavar="USER", help="the user who answers for it")
        parser.add_argument("--group", help="reviewers of this group see its jobs")
        parser.add_argument(
            "--scope",
            action="append",
            choices=SCOPES,
            help=f"what it may do, once for each (without any: {', '.join(USUAL)})",
        )
        parser.add_argument(
            "--network",
            action="append",
            default=[],
            help="take it from there only, such as 10.20.0.0/16 or 10.20.0.7; once for each",
        )
        parser.add_argument("--days", type=int, help="it expires after so many days")
        parser.add_argument("--rate", type=int, default=60, help="requests a minute, 0: no limit")
        parser.add_argument(
            "--jobs", type=int, default=0, help="jobs that may be at work at once, 0: no limit"
        )
        parser.add_argument(
            "--budget", metavar="USD", help="US dollars that its jobs may cost in a month"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["rate"] <= MOST_REQUESTS:
            raise CommandError(f"--rate must be from 0 (no limit) to {MOST_REQUESTS}.")
        if not 0 <= options["jobs"] <= MOST_JOBS:
            raise CommandError(f"--jobs must be from 0 (no limit) to {MOST_JOBS}.")
        if options["days"] is not None and not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.")
        key, text = create_key(
            options["name"],
            owner=self.owner(options["owner"]),
            group_id=self.group_id(options["group"]),
            scopes=list(dict.fromkeys(options["scope"] or USUAL)),
            allowed_networks=self.networks(options["network"]),
            concurrent_jobs=options["jobs"],
            rate_limit_per_minute=options["rate"],
            monthly_budget_usd=self.budget(options["budget"]),
            expires_at=options["days"] and timezone.now() + timedelta(days=options["days"]),
        )
        audit.record("key.create", audit.of_key(key), actor=audit.COMMAND, **granted(key))
        self.stderr.write(f"API key for {key.name}. It will not be shown again:")
        self.stdout.write(text)

    def networks(self, texts: list[str]) -> list[str]:
        try:
            return networks.parse(texts)
        except ValueError as error:
            raise CommandError(f"--network: {error}") from None

    def budget(self, text: str | None) -> Decimal | None:
        if text is None:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("Infinity")
        if not (amount.is_finite() and 0 <= amount < MOST_USD):
            raise CommandError(f"--budget must be US dollars, from 0 to {MOST_USD}, such as 2.50.")
        return amount

    def owner(self, name: str | None) -> Any:
        if not name:
            return None
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user {name}. Make one in the admin first.")
        return user

    def group_id(self, name: str | None) -> int | None:
        if not name:
            return None
        group = Group.objects.filter(name=name).first()
        if group is None:
            known = ", ".join(Group.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no group {name}. Groups: {known}.")
        return group.pk
