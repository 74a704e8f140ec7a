"""What was heard in one piece of audio."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word; its times are seconds from the start of the audio."""

    text: str
    start_s: float
    end_s: float
    speaker: str = "A"


@dataclass(frozen=True)
class Heard:
    """The text and its words, in order; `source` and `spans` tell where in a recording it was.

    `text` may be written otherwise than its words joined: scripts without spaces have few words.
    """

    text: str
    words: tuple[Word, ...]
    source: str = ""  # the recording's file
    spans: tuple[tuple[int, int], ...] = ()  # start_ms, end_ms of each stretch in it

    @classmethod
    def spread(cls, text: str, start_s: float, end_s: float, speaker: str = "A") -> "Heard":
        """A text over a stretch of audio, each word as long as its letters are many."""
        texts = text.split()
        per_letter = (end_s - start_s) / max(1, sum(map(len, texts)))
        words = []
        for word in texts:
            until = start_s + len(word) * per_letter
            words.append(Word(word, start_s, until, speaker))
            start_s = until
        return cls(text, tuple(words))

    @classmethod
    def of(cls, words: Iterable[Word]) -> "Heard":
        words = tuple(words)
        return cls(" ".join(word.text for word in words), words)


def turns(words: Iterable[Word]) -> list[list[Word]]:
    """The words cut where the speaker changes."""
    found: list[list[Word]] = []
    for word in words:
        if not found or found[-1][-1].speaker != word.speaker:
            found.append([])
        found[-1].append(word)
    return found
