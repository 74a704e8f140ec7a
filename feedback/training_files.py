"""Where exported clips go: a folder that can be gone on with, or a ZIP file. No Django."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from types import TracebackType

METADATA, CLIPS = "metadata.jsonl", "clips"
PART = ".part"
_CLIP = re.compile(r"\d+-\d+-\d+(-\d)?\.flac(\.part)?")
LONG_AGO = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # of all files in the ZIP, so that the same export is the same file


class NotOurs(Exception):
    """There is something else in the place; the message says what to do."""


class Folder:
    """Files appear complete or not at all. Clips that are there already are kept; in the end those
    go that do not belong to the export any more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise NotOurs(f"{path} is a file. Name a folder, or a file that ends in .zip.")
        others = [each.name for each in self._others()] if path.exists() else []
        if others:
            raise NotOurs(
                f"{path} holds other files, such as {min(others)}. Name a new folder, an empty "
                "one, or one of an earlier export."
            )

    def __enter__(self) -> Folder:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _others(self) -> list[Path]:
        ours = {METADATA, METADATA + PART, CLIPS}
        found = [each for each in self.path.iterdir() if each.name not in ours]
        return found + [each for each in self._files() if not _CLIP.fullmatch(each.name)]

    def _files(self) -> list[Path]:
        return [each for each in (self.path / CLIPS).rglob("*") if not each.is_dir()]

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def write(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + PART)
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def finish(self, metadata: bytes, names: set[str]) -> None:
        self.write(METADATA, metadata)
        for path in self._files():
            if path.relative_to(self.path).as_posix() not in names:
                path.unlink()
        for folder in (self.path / CLIPS).glob("*"):
            if not any(folder.iterdir()):
                folder.rmdir()


class Zip:
    """It appears whole, when all is in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.part = path, path.with_name(path.name + PART)
        if path.is_dir():
            raise NotOurs(f"{path} is a folder. Name a file that is to be made.")
        if path.exists() and not zipfile.is_zipfile(path):
            raise NotOurs(f"{path} is there and no ZIP file. Name another.")

    def __enter__(self) -> Zip:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = zipfile.ZipFile(self.part, "w")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self.file.close()
            if kind is None:
                self.part.replace(self.path)
        except OSError:
            if kind is None:  # else of what is told already
                raise
        finally:
            self.part.unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        return False

    def write(self, name: str, content: bytes) -> None:
        self.file.writestr(zipfile.ZipInfo(name, LONG_AGO), content)  # FLAC is packed already

    def finish(self, metadata: bytes, names: set[str]) -> None:
        self.write(METADATA, metadata)


def target(path: Path) -> Folder | Zip:
    """Raises NotOurs."""
    return Zip(path) if path.suffix.lower() == ".zip" else Folder(path)
