"""ZIP files, piece by piece, whose bytes depend on nothing but what is in them. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MODE = 0o644
FIRST_YEAR, LAST_YEAR = 1980, 2107  # what a ZIP file can tell


class _Pieces:
    """Takes what a ZipFile writes, until it is fetched; cannot go back."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, content: bytes) -> int:
        self.content += content
        return len(content)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def fetch(self) -> bytes:
        content = bytes(self.content)
        self.content.clear()
        return content


File = tuple[str, bytes, datetime]  # name, content, time


def pieces(files: Iterable[File]) -> Iterator[bytes]:
    """The ZIP file of these, in that order. One of them at a time is in memory."""
    kept = _Pieces()
    with ZipFile(kept, "w") as archive:
        for name, content, moment in files:
            _add(archive, name, content, moment)
            yield kept.fetch()
    yield kept.fetch()


def whole(files: Iterable[File]) -> bytes:
    """In the form that old programs read too: what was written is gone back to."""
    result = io.BytesIO()
    with ZipFile(result, "w") as archive:
        for name, content, moment in files:
            _add(archive, name, content, moment)
    return result.getvalue()


def _add(archive: ZipFile, name: str, content: bytes, moment: datetime) -> None:
    entry = ZipInfo(name, _date_time(moment))
    entry.external_attr = MODE << 16
    entry.create_system = 3  # the same on each system
    archive.writestr(entry, content, ZIP_DEFLATED)


def _date_time(moment: datetime) -> tuple[int, int, int, int, int, int]:
    utc = moment.astimezone(UTC)
    year = min(max(utc.year, FIRST_YEAR), LAST_YEAR)
    return year, utc.month, utc.day, utc.hour, utc.minute, utc.second
