"""What earlier reviews of the same client tell of a new transcript. Reviews are `feedback`'s, which
comes after this app, and so tells it by itself when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from transcription.models import Job

# of the job's client in these languages: wrong words, and all words that were reviewed
Reviewed = Callable[[Job, Sequence[str]], tuple[int, int]]
_sources: list[Reviewed] = []


def told_by(source: Reviewed) -> None:
    _sources[:] = [source]


def usual_errors(job: Job, languages: Sequence[str]) -> float:
    """The share of its words that is presumably wrong, before any of them is looked at."""
    # every process loads this module; ranking, and the matcher with it, only those that rank
    from transcription import ranking

    for source in _sources:
        return ranking.usual_errors(*source(job, languages))
    return ranking.USUAL_ERRORS
