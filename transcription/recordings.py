"""Recordings in storage (settings.STORAGES)."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

BLOCK = 1 << 20


def new_name(job_id: UUID, file_name: str) -> str:
    """Where a job's upload goes. Of the user's own name only a plain ending is kept."""
    suffix = PurePath(file_name).suffix.lower()
    return f"recordings/{job_id}{suffix if suffix[1:].isalnum() and len(suffix) <= 6 else ''}"


def sha256(upload: File) -> str:
    """As it was computed while the upload came in (uploads.py), or of the file."""
    if known := getattr(upload, "sha256", ""):
        return str(known)
    digest = hashlib.sha256()
    for block in upload.chunks(BLOCK):
        digest.update(block)
    upload.seek(0)
    return digest.hexdigest()


@contextmanager
def as_path(upload: File) -> Iterator[Path]:
    """The upload as a file on this machine, for the decoder."""
    if hasattr(upload, "temporary_file_path"):
        yield Path(upload.temporary_file_path())
    elif path := _path_behind(upload):
        yield path
    else:
        with scratch_file() as copied:
            with copied.open("wb") as copy:
                for block in upload.chunks(BLOCK):
                    copy.write(block)
            upload.seek(0)
            yield copied


def _path_behind(upload: File) -> Path | None:
    """Of a file opened on this machine. Never by `upload.name`, which its sender chose."""
    name = getattr(upload.file, "name", None)
    return Path(name) if isinstance(name, str) and Path(name).is_file() else None


@contextmanager
def local(name: str) -> Iterator[Path]:
    """A stored file as a path on this machine: itself, or a copy from afar.

    Raises FileNotFoundError where it is gone.
    """
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:
        with scratch_file() as path:
            with default_storage.open(name) as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, BLOCK)
            yield path
    else:
        if not path.is_file():
            raise FileNotFoundError(name)
        yield path


def save(name: str, content: bytes | IO[bytes]) -> str:
    """Store under just this name, in place of what a crashed try may have left there."""
    default_storage.delete(name)
    wrapped = ContentFile(content) if isinstance(content, bytes) else File(content)
    return default_storage.save(name, wrapped)


def read(name: str) -> bytes:
    with default_storage.open(name) as stored:
        return stored.read()


def delete(*names: str) -> None:
    for name in filter(None, names):
        default_storage.delete(name)


@contextmanager
def scratch_file() -> Iterator[Path]:
    """A file of one's own on this machine, gone after the block."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
