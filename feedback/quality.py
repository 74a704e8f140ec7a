"""How good transcripts are, by what reviewers made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from feedback.language_scores import LanguageScores, read
from feedback.models import Feedback
from lexicon.languages import name_of

MOST_REVIEWS = 5_000  # the newest


@dataclass(frozen=True)
class OfLanguage:
    name: str
    units: int
    errors: int

    @property
    def rate(self) -> float:
        return self.errors / max(1, self.units)


@dataclass
class OfModel:
    """The reviews of one model's transcripts, summed."""

    model: str
    reviews: int = 0
    words: int = 0
    word_errors: int = 0
    characters: int = 0
    character_errors: int = 0
    switched: int = 0  # units in another language than the recording's main one
    switched_errors: int = 0
    scores: LanguageScores = field(default_factory=LanguageScores)

    def add(self, feedback: Feedback) -> None:
        scores = read(feedback.counts)
        switched, errors = scores.switched
        self.reviews += 1
        self.words += feedback.reference_words
        self.word_errors += feedback.word_errors
        self.characters += feedback.counts.get("characters", 0)
        self.character_errors += feedback.counts.get("character_errors", 0)
        self.switched += switched
        self.switched_errors += errors
        self.scores += scores

    @property
    def wer(self) -> float:
        return self.word_errors / max(1, self.words)

    @property
    def cer(self) -> float | None:
        return self.character_errors / self.characters if self.characters else None

    @property
    def mer(self) -> float | None:
        return self.scores.mer if self.scores.said else None

    @property
    def pier(self) -> float | None:
        return self.switched_errors / self.switched if self.switched else None

    @property
    def other_script(self) -> float | None:
        return self.scores.other_script / self.scores.paired if self.scores.paired else None

    @property
    def languages(self) -> list[OfLanguage]:
        return list(languages(self.scores))


def languages(scores: LanguageScores) -> Iterator[OfLanguage]:
    """The language of most units first."""
    for code, units in scores.said.most_common():
        if code:
            yield OfLanguage(name_of(code), units, scores.wrong[code])


def by_model(reviews: Iterable[Feedback]) -> list[OfModel]:
    """The model of most words first."""
    found: dict[str, OfModel] = {}
    for feedback in reviews:
        model = feedback.job.model
        found.setdefault(model, OfModel(model)).add(feedback)
    return sorted(found.values(), key=lambda each: -each.words)
