"""What corrections may teach: pairs of misheard and right words. Pure: no Django, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from feedback.alignment import INAUDIBLE, Edit

MOST_WORDS = 4  # longer replacements are rewording, not mishearing


def misheard(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Each pair {"heard", "corrected", "count"} once, the most frequent first."""
    pairs = Counter(
        (_trim(edit.before).casefold(), _trim(edit.after))
        for edit in edits
        if edit.kind == "substitution" and _short(edit.before) and _short(edit.after)
        if INAUDIBLE not in edit.after
    )
    return [
        {"heard": heard, "corrected": corrected, "count": count}
        for (heard, corrected), count in pairs.most_common()
        if heard and corrected
    ]


def _short(text: str) -> bool:
    return len(text.split()) <= MOST_WORDS


def _trim(text: str) -> str:
    return text.strip(".,;:!?…\"'“”‘’()[] ")
