"""The folder of everything that the product writes on a machine of its own."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from speech_project import env

BASE_DIR = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """VERBATIM_DATA, or `var` beside the code."""
    return Path(env.text("VERBATIM_DATA") or BASE_DIR / "var").resolve()


def make_writable(folder: Path) -> Path:
    """Make the folder where it is missing. Raises ImproperlyConfigured where it cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{folder} cannot be written to ({error.strerror}). Make it writable for this user, "
            "or set VERBATIM_DATA to a folder that is."
        ) from error
    return folder


def own_secret_key(*, create: bool) -> str:
    """The random SECRET_KEY kept in the data folder, made there when asked; else ""."""
    file = data_dir() / "secret_key"
    if create and not file.exists():
        draft = make_writable(file.parent) / f".secret_key-{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        # a link is made whole or not at all: of two processes that start at once, one key wins
        with suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""
