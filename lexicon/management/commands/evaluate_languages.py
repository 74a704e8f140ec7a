import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError

from lexicon.languages import language_code
from lexicon.management.tables import positive, rows
from lexicon.tagging import Tag, Tagger, cannot_tell

MIXED = "mixed"


class Sentence(NamedTuple):
    words: tuple[str, ...]
    languages: tuple[str, ...]  # as people tagged them


class Command(BaseCommand):
    help = "Tell the language of each word of texts, and how often that is what people said."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "sentences",
            type=Path,
            help="tab-separated, or that in gzip, with a header line: words_json and "
            "languages_json, JSON arrays of the same length. Words tagged with one of the "
            f"languages count, and apart from them those tagged “{MIXED}”",
        )
        parser.add_argument("--languages", nargs="+", required=True, help="ISO 639 codes: tr de")
        parser.add_argument("--limit", type=positive, metavar="N", help="only the first N lines")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        languages = _languages(options["languages"])
        sentences = list(_read(options["sentences"], options["limit"]))
        texts = [" ".join(sentence.words) for sentence in sentences]
        Tagger(languages).tags(texts)  # so that the lists of words are there, as in a worker
        started = time.perf_counter()
        tags = Tagger(languages).tags(texts)
        seconds = time.perf_counter() - started
        right, told = Counter[str](), Counter[str]()
        for sentence, found in zip(sentences, tags, strict=True):
            named = _by_word(sentence.words, found)
            told.update(sentence.languages)
            right.update(
                one for one, other in zip(sentence.languages, named, strict=True) if one == other
            )
        words = sum(told[code] for code in languages)
        if not words:
            raise CommandError(
                f"No word of {options['sentences']} is tagged {' or '.join(languages)}."
            )
        report = {
            "words": words,
            "accuracy": _percent(sum(right[code] for code in languages), words),
            "by_language": {
                code: {"words": told[code], "accuracy": _percent(right[code], told[code])}
                for code in (*languages, MIXED)
                if told[code]
            },
            "seconds": round(seconds, 3),
        }
        self.stdout.write(json.dumps(report) if options["json"] else _table(report))


def _languages(texts: Sequence[str]) -> list[str]:
    try:
        languages = list(dict.fromkeys(map(language_code, texts)))
    except ValueError as error:
        raise CommandError(str(error)) from None
    if "" in languages:
        raise CommandError("--languages has an empty one. Allowed: ISO 639 codes, such as tr de.")
    if unclear := cannot_tell(languages):
        code, others = next(iter(unclear.items()))
        raise CommandError(
            f"Words in {code} cannot be told from words in {' or '.join(others)}: the script is the"
            " same, and no words of one are known that are not the other's."
        )
    return languages


def _read(path: Path, limit: int | None) -> Iterator[Sentence]:
    for row in rows(path, ("words_json", "languages_json"), limit):
        found = Sentence(row.listed("words_json"), row.listed("languages_json"))
        if len(found.words) != len(found.languages):
            raise CommandError(
                f"{row.where} has {len(found.words)} words and {len(found.languages)} languages."
            )
        yield found


def _by_word(words: Sequence[str], tags: Sequence[Tag]) -> Iterator[str]:
    """What each of the words, which have one blank between them, is tagged as: by most of its
    letters, where it is several words."""
    at = place = 0
    for word in words:
        end = at + len(word)
        inside: Counter[str] = Counter()
        while place < len(tags) and tags[place].start < end:
            tag = tags[place]
            inside[MIXED if tag.ending else tag.language] += tag.end - tag.start
            place += 1
        yield inside.most_common(1)[0][0] if inside else ""
        at = end + 1


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _table(report: dict[str, Any]) -> str:
    lines = [
        f"{code:<8}{found['words']:>8,} words, {found['accuracy']:.2f} % right"
        for code, found in report["by_language"].items()
    ]
    lines.append(
        f"{'all':<8}{report['words']:>8,} words, {report['accuracy']:.2f} % right, "
        f"in {report['seconds']:.2f} s"
    )
    return "\n".join(lines)
