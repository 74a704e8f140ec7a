"""Where letters and words end, in any script. Pure: no Django, no I/O.

Letters as people see them are Unicode's extended grapheme clusters. Words have blanks between, but
in Chinese, Japanese, Thai and their like, whose words ICU finds with its dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import east_asian_width

import regex
from icu4py.breakers import WordBreaker

_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_GRAPHEME = regex.compile(r"\X")
_PIECE = regex.compile(r"\S+")
_LETTER = regex.compile(r"[\p{L}\p{N}]")

Border = tuple[int, int]  # from and to, in characters


def graphemes(text: str) -> list[str]:
    return _GRAPHEME.findall(text)


def is_unspaced(text: str) -> bool:
    """Whether any of it is in a script without blanks between words."""
    return not text.isascii() and bool(_UNSPACED.search(text))


def blank_between(one: str, other: str) -> str:
    """What joins two texts that read on: nothing where both sides are Chinese or Japanese."""
    if not one or not other or (_needs_no_blank(one[-1]) and _needs_no_blank(other[0])):
        return ""
    return " "


def _needs_no_blank(letter: str) -> bool:
    return east_asian_width(letter) in "WF" and not "가" <= letter <= "힣"


def words(text: str) -> list[Border]:
    """All words, each with the punctuation around it; every character but blanks is in one."""
    if not is_unspaced(text):
        return [piece.span() for piece in _PIECE.finditer(text)]
    found: list[Border] = []
    for piece in _PIECE.finditer(text):
        if is_unspaced(piece[0]):
            found += _parted(piece[0], piece.start())
        else:
            found.append(piece.span())
    return found


def _parted(piece: str, offset: int) -> Iterator[Border]:
    """Signs go with the word before them, those at the beginning with the first."""
    start, end, has_letters = offset, offset, False
    for part in WordBreaker(piece, "und"):
        begins = bool(_LETTER.search(part))
        if begins and has_letters:
            yield start, end
            start, has_letters = end, False
        has_letters = has_letters or begins
        end += len(part)
    yield start, end


def unit_borders(text: str) -> list[Border]:
    """What a mixed error rate counts: words, and the letters of scripts without blanks."""
    if not is_unspaced(text):
        return [piece.span() for piece in _PIECE.finditer(text)]
    found: list[Border] = []
    for piece in _PIECE.finditer(text):
        start = piece.start()
        for grapheme in _GRAPHEME.finditer(text, *piece.span()):
            if is_unspaced(grapheme[0]):
                found += [(start, grapheme.start())] if start < grapheme.start() else []
                found.append(grapheme.span())
                start = grapheme.end()
        found += [(start, piece.end())] if start < piece.end() else []
    return found
