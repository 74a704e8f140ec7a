"""Transcripts as files: one in a format of choice, or several in a ZIP file. docs/exports.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from transcription.exporting import subtitles, tables, texts
from transcription.exporting.document import Document, Options, printable
from transcription.exporting.names import Names, file_name
from transcription.exporting.zipped import pieces
from transcription.exports import as_json, document, made_at
from transcription.models import Job

MOST_AT_ONCE = 200
SKIPPED = "skipped.txt"


class Refused(Exception):
    """The message says why, and what to do; `code` is for programs."""

    code = "invalid"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownFormat(Refused):
    code = "unknown_format"


class NotReady(Refused):
    code = "not_ready"


# --- Formats -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Format:
    """`name` is the file's ending too. `options`: what it shows where nobody says otherwise."""

    name: str
    label: str
    content_type: str
    write: Callable[[Job, Options], bytes]
    options: Options


Writer = Callable[[Document, Options], bytes]


def _of_text(write: Writer) -> Callable[[Job, Options], bytes]:
    return lambda job, options: write(document(job), options)


def _of_words(write: Writer) -> Callable[[Job, Options], bytes]:
    return lambda job, options: write(document(job, words=True), options)


def _docx(document: Document, options: Options) -> bytes:
    from transcription.exporting import office  # python-docx takes long to load

    return office.docx(document, options)


def _json(job: Job, _options: Options) -> bytes:
    text = json.dumps(as_json(job), ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


_NEITHER, _BOTH = Options(), Options(times=True, speakers=True)
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS = {
    each.name: each
    for each in (
        Format("docx", "Word", _WORD_TYPE, _of_text(_docx), _BOTH),
        Format("txt", "Plain text", "text/plain; charset=utf-8", _of_text(texts.plain), _NEITHER),
        Format("md", "Markdown", "text/markdown; charset=utf-8", _of_text(texts.markdown), _BOTH),
        Format(
            "srt",
            "Subtitles (SRT)",
            "application/x-subrip; charset=utf-8",
            _of_words(subtitles.srt),
            _BOTH,
        ),
        Format(
            "vtt",
            "Subtitles (WebVTT)",
            "text/vtt; charset=utf-8",
            _of_words(subtitles.vtt),
            _BOTH,
        ),
        Format(
            "csv", "Table (CSV)", "text/csv; charset=utf-8", _of_text(tables.comma_separated), _BOTH
        ),
        Format("json", "All data (JSON)", "application/json", _json, _BOTH),
    )
}


def choices() -> list[tuple[str, str]]:
    """Name and label of each format, for a form."""
    return [(each.name, each.label) for each in FORMATS.values()]


def format_named(name: str) -> Format:
    """Raises UnknownFormat."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownFormat(
            f"There is no format “{printable(name[:40])}”. Allowed: {', '.join(FORMATS)}."
        ) from None


_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def options_of(format: Format, wishes: Mapping[str, Any]) -> Options:
    """What of `times` and `speakers` is wished, else as is usual for the format. Raises Refused."""
    return Options(
        times=_yes_or_no("times", wishes, format.options.times),
        speakers=_yes_or_no("speakers", wishes, format.options.speakers),
    )


def _yes_or_no(name: str, wishes: Mapping[str, Any], usual: bool) -> bool:
    wish = str(wishes.get(name, "")).strip().lower()
    if not wish:
        return usual
    if wish not in _YES_NO:
        raise Refused(f"“{name}” is {printable(wish[:40])}. Allowed: 1 for with, 0 for without.")
    return _YES_NO[wish]


# --- Files -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes


def exported(job: Job, format: Format, options: Options) -> File:
    """Raises NotReady for a job whose transcript is not finished."""
    if job.status != Job.Status.COMPLETED:
        raise NotReady(f"{job.title}: {_why_not(job)}")
    return File(file_name(job.title, format.name), format.content_type, format.write(job, options))


def _why_not(job: Job) -> str:
    if job.working:
        return "it is not transcribed yet. Wait until it is, then export it."
    ended = "failed" if job.status == Job.Status.FAILED else "was cancelled"
    return f"its transcription {ended}. Try it again on its page, then export it."


def selection(jobs: QuerySet[Job], ids: Sequence[Any]) -> list[Job]:
    """The jobs of these ids, in that order, each once. Raises Refused, or Job.DoesNotExist where
    one of them is not there."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise Refused("Choose at least one recording to export.")
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(
            f"{len(wanted)} recordings are too many for one file. Choose at most {MOST_AT_ONCE}."
        )
    found = {job.pk: job for job in jobs.filter(pk__in=wanted)}
    try:
        return [found[pk] for pk in wanted]
    except KeyError:
        raise Job.DoesNotExist from None


def archive(jobs: Sequence[Job], format: Format, options: Options) -> Iterator[bytes]:
    """A ZIP file with an export of each job, piece by piece; those that have no transcript yet are
    told of in a text file."""
    return pieces(_files(jobs, format, options))


def _files(
    jobs: Sequence[Job], format: Format, options: Options
) -> Iterator[tuple[str, bytes, datetime]]:
    names, skipped = Names([SKIPPED]), []
    for job in jobs:
        try:
            file = exported(job, format, options)
        except NotReady as error:
            skipped.append(error.message)
        else:
            yield names.own(file.name), file.content, made_at(job)
    if skipped:
        text = "\n".join(["Not in this file:", "", *map(printable, skipped)]) + "\n"
        yield SKIPPED, text.encode(), max(map(made_at, jobs))
