from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date

from feedback.training import LONGEST_S, SHORTEST_S, Exported, Filters, export
from feedback.training_files import NotOurs, target
from lexicon.languages import language_code
from speech_project.access.models import ApiKey


class Command(BaseCommand):
    help = (
        "Write clips of reviewed recordings with their corrected text, to train engines with: "
        "clips/ and metadata.jsonl, as Hugging Face's audiofolder reads them. Only recordings "
        "whose API key consents; with TRAINING_CONSENT_PAGES=true those uploaded here too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path",
            type=Path,
            metavar="FOLDER|ZIP",
            help="a folder, new or of an earlier export, which is gone on with; or a .zip file",
        )
        parser.add_argument("--language", default="", help="only segments in it, e.g. de")
        parser.add_argument("--model", default="", help="only what this model transcribed")
        parser.add_argument("--since", metavar="DATE", help="reviewed on this day or later")
        parser.add_argument("--until", metavar="DATE", help="reviewed on this day or earlier")
        parser.add_argument("--reviewer", default="", help="only what this person submitted")
        parser.add_argument("--key", help="only of this API key: its name, or how it begins")
        parser.add_argument(
            "--min-seconds", type=float, default=SHORTEST_S, help=f"of a clip ({SHORTEST_S:g})"
        )
        parser.add_argument(
            "--max-seconds", type=float, default=LONGEST_S, help=f"of a clip ({LONGEST_S:g})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shortest, longest = options["min_seconds"], options["max_seconds"]
        if not 0 <= shortest <= longest:
            raise CommandError("--min-seconds must be 0 or more, and at most --max-seconds.")
        filters = Filters(
            language=_language(options["language"]),
            model=options["model"],
            reviewer=options["reviewer"],
            api_key=_key(options["key"]),
            since=_day("--since", options["since"]),
            until=_day("--until", options["until"], after=True),
            shortest_s=shortest,
            longest_s=longest,
        )
        path: Path = options["path"]
        try:
            with target(path) as place:
                result = export(filters, place)
        except NotOurs as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(
                f"{path} could not be written: {error.strerror or error}. Once that is mended, the "
                "same command goes on; in a folder, what is written already is kept."
            ) from None
        self.tell(result, path)

    def tell(self, result: Exported, path: Path) -> None:
        for problem in result.problems:
            self.stderr.write(f"Left out: {problem}")
        for reason, count in result.left_out.most_common():
            self.stderr.write(f"Left out: {count} segments, {reason}")
        if not result.clips:
            self.stderr.write("Nothing that is reviewed may be used. docs/exports.md says why.")
        self.stdout.write(
            f"{path}: {result.clips} clips of {result.recordings} recordings, "
            f"{result.seconds / 60:.1f} minutes; {result.made} made, the others were there."
        )


def _language(text: str) -> str:
    try:
        return language_code(text)
    except ValueError as error:
        raise CommandError(f"--language: {error}") from None


def _day(option: str, text: str | None, *, after: bool = False) -> datetime | None:
    """When the day begins, or, with `after`, when it is over."""
    if text is None:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{option} is {text!r}. Allowed: a day, such as 2026-03-31.")
    return timezone.make_aware(datetime.combine(day + timedelta(days=after), time.min))


def _key(text: str | None) -> ApiKey | None:
    if text is None:
        return None
    prefix = text.removeprefix("vk_").split("_")[0]
    found = list(ApiKey.objects.filter(Q(name=text) | Q(prefix=prefix))[:2])
    if not found:
        raise CommandError(f"There is no API key {text!r}: name one, or how it begins (vk_…).")
    if len(found) > 1:
        raise CommandError(f"Several API keys are called {text!r}: tell how it begins (vk_…).")
    if not found[0].training_consent:
        raise CommandError(
            f"The API key {found[0].name} does not consent. Where its client agrees, tick "
            "“training consent” in the admin."
        )
    return found[0]
