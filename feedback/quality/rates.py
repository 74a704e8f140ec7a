"""Error rates of several reviews together, and how sure they are. Pure: no Django, no I/O.

A rate is all errors over all words, as NIST sums it. Its interval of 95 % takes reviews, not words,
as what was drawn by chance: errors of one recording come together. They are counted as a Poisson
variable whose spread is larger than its mean by the factor that the reviews show, at least 1
(Cochran's variance of a ratio), and the interval is Byar's (Breslow and Day 1987), with Student's t
for the normal quantile as the spread itself is estimated. It is closed, so the same data gives the
same interval, and it is honest where the bootstrap is not: with few reviews, or without any error.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from operator import add
from statistics import NormalDist

FEWEST_REVIEWS, FEWEST_WORDS = 3, 300  # with fewer, no rate is told
TOO_FEW = "too few words to tell"
_NORMAL = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Sums:
    """Over reviews, each with x (errors) of y (words). They add up."""

    reviews: int = 0
    x: float = 0
    y: float = 0
    xx: float = 0
    xy: float = 0
    yy: float = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*map(add, vars(self).values(), vars(other).values()))

    @classmethod
    def of(cls, x: float, y: float) -> Sums:
        """One review's."""
        return cls(1, x, y, x * x, x * y, y * y)

    @property
    def ratio(self) -> float | None:
        return self.x / self.y if self.y else None


@dataclass(frozen=True)
class Rate:
    """A share with its interval."""

    value: float
    low: float
    high: float


def rate(sums: Sums, fewest: float = FEWEST_WORDS) -> Rate | None:
    """None where there are too few reviews or words to tell."""
    n, value = sums.reviews, sums.ratio
    if value is None or n < FEWEST_REVIEWS or sums.y < fewest:
        return None
    apart = sums.xx - 2 * value * sums.xy + value * value * sums.yy
    spread = max(1.0, apart * n / (n - 1) / sums.x) if sums.x else 1.0
    low, high = _byar(sums.x / spread, student(n - 1))
    return Rate(value, low * spread / sums.y, high * spread / sums.y)


def _byar(count: float, quantile: float) -> tuple[float, float]:
    """The interval of a Poisson variable's mean, by what was counted."""
    more = count + 1
    high = more * (1 - 1 / (9 * more) + quantile / (3 * sqrt(more))) ** 3
    if not count:
        return 0.0, high
    return count * max(0.0, 1 - 1 / (9 * count) - quantile / (3 * sqrt(count))) ** 3, high


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, by its expansion in 1/freedom (Abramowitz and Stegun
    26.7.5): 1 % too small for 2, exact for more."""
    z = _NORMAL
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
