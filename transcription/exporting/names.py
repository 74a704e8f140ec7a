"""Names of files, in any script, that every system takes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from anyascii import anyascii

from lexicon.borders import graphemes

UNNAMED = "transcript"
LONGEST = 120  # UTF-8 bytes: some systems count those, up to 255
# for some system these are no letters of a name
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)


def file_name(title: str, ending: str) -> str:
    return f"{_stem(title)}.{ending}"


def _stem(title: str) -> str:
    """The title without what is no letter anywhere, or turns the direction of what follows."""
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("-", title))
    text = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    stem = ""
    for grapheme in graphemes(" ".join(text.split())):
        if len((stem + grapheme).encode()) > LONGEST:
            break
        stem += grapheme
    stem = stem.strip(" .")
    return f"_{stem}" if _RESERVED.match(stem) else stem or UNNAMED


def in_ascii(name: str) -> str:
    """The same name for programs that know no other letters."""
    stem, _, ending = name.rpartition(".")
    return file_name(anyascii(stem), ending)


class Names:
    """Gives each file of a folder a name of its own, whatever the capitals."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {name.casefold() for name in taken}

    def own(self, name: str) -> str:
        stem, _, ending = name.rpartition(".")
        number = 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{stem} ({number}).{ending}"
        self.taken.add(name.casefold())
        return name
