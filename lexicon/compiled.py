"""The lexicon in force, made ready for matching: compiled once for each version, kept in the
process, and in a file for the other processes of this machine."""

from __future__ import annotations

import logging
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.db.models import Max

from lexicon import versions
from lexicon.matching import compiling
from lexicon.matching.compiling import Compiled, compile_lexicon
from lexicon.models import Term

logger = logging.getLogger(__name__)

KEPT = 4  # compiled lexicons in a process
MOST_FILES = 16  # of a hundred thousand terms, 40 MB each
_kept: dict[str, Compiled] = {}  # by name, the last used at the end
_compiling = Lock()


def compiled(api_key_id: int | None) -> tuple[str, Compiled]:
    """The version, and the terms of everyone with those of the API key."""
    version = versions.current_version()  # before the entries: see versions.py
    # a database that was restored from a backup gives numbers a second time
    changed = Term.objects.aggregate(last=Max("updated_at"))["last"]
    scope = versions.scope_of(api_key_id)
    name = f"{version}-{changed.timestamp() if changed else 0:.0f}-{scope or 'all'}"
    with _compiling:  # of many threads that want it one compiles it
        lexicon = _kept.pop(name, None) or _read(name) or _compile(name, scope)
        _kept[name] = lexicon
        while len(_kept) > KEPT:
            del _kept[next(iter(_kept))]
    return str(version), lexicon


def _folder() -> Path:
    return settings.DATA_DIR / "lexicon" / str(compiling.FORMAT)


def _read(name: str) -> Compiled | None:
    """What another process compiled. Only this product's own user can write there."""
    try:
        found = pickle.loads((_folder() / name).read_bytes())
    except FileNotFoundError:
        return None
    except Exception:  # half a file, another Python, another numpy: it is made anew
        logger.warning("The compiled lexicon %s cannot be read; it is compiled again", name)
        return None
    return found if isinstance(found, Compiled) else None


def _compile(name: str, scope: int | None) -> Compiled:
    lexicon = compile_lexicon(versions.entries(scope))
    try:
        _write(name, lexicon)
    except OSError as error:  # a full disk must not keep transcripts from being finished
        logger.warning("The compiled lexicon %s cannot be kept: %s", name, error)
    return lexicon


def _write(name: str, lexicon: Compiled) -> None:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            pickle.dump(lexicon, file, protocol=pickle.HIGHEST_PROTOCOL)
            file.close()
            Path(file.name).rename(folder / name)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    for old in sorted(folder.iterdir(), key=_written)[:-MOST_FILES]:
        old.unlink(missing_ok=True)


def _written(file: Path) -> float:
    with suppress(FileNotFoundError):  # another process was faster
        return file.stat().st_mtime
    return 0
