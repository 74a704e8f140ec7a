"""How quick the quality page is, and how honest its intervals are.

    python -m benchmarks.quality_page [--reviews 500] [--draws 2000]

An empty embedded database with so many reviewed recordings of half a year (tests/reviews.py); the
page as Django answers it in this process, ten times. Prints one JSON line: median and longest
milliseconds, processor time of this process, questions to the database, bytes; and by reviews in a
set, how often the interval of 95 % held the true rate, beside what the bootstrap over reviews would
have done. The sets are drawn: recordings differ in length (log-normal) and in how hard they are
(gamma, its deviation half its mean), around 6 % of errors.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from statistics import median
from typing import Any

import numpy as np

from benchmarks.product import product
from feedback.quality.rates import Sums, rate

TRUE, SETS, RESAMPLED = 0.06, (5, 10, 30, 100), 500


def page(reviews: int) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.reviews import many

    user = User.objects.create_user("rita")
    many(reviews, user)
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    taken, used = [], []
    for _ in range(11):
        begun, worked = time.perf_counter(), time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get("/quality/")
        assert answer.status_code == 200, answer.status_code
        taken.append(1000 * (time.perf_counter() - begun))
        used.append(1000 * (time.process_time() - worked))
    return {
        "reviews": reviews,
        "page_ms": round(median(taken[1:])),
        "page_longest_ms": round(max(taken[1:])),
        "cpu_ms": round(median(used[1:])),
        "queries": len(asked),
        "bytes": len(answer.content),
    }


def held(draws: int) -> dict[int, tuple[float, float]]:
    """By reviews in a set: shares of the sets for which either interval held the true rate."""
    chance, found = np.random.default_rng(1), {}
    for reviews in SETS:
        ours = bootstrap = 0
        for _ in range(draws):
            words = np.maximum(100, chance.lognormal(6, 0.8, reviews)).round()
            errors = chance.poisson(chance.gamma(4, TRUE / 4, reviews) * words)
            pairs = zip(errors, words, strict=True)
            told = rate(sum((Sums.of(float(x), float(y)) for x, y in pairs), Sums()))
            ours += told is not None and told.low <= TRUE <= told.high
            drawn = chance.integers(0, reviews, (RESAMPLED, reviews))
            again = errors[drawn].sum(1) / words[drawn].sum(1)
            low, high = np.quantile(again, [0.025, 0.975])
            bootstrap += low <= TRUE <= high
        found[reviews] = (round(ours / draws, 3), round(float(bootstrap) / draws, 3))
    return found


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reviews", type=int, default=500)
    parser.add_argument("--draws", type=int, default=2000)
    given = parser.parse_args()
    with product(ALLOWED_HOSTS="localhost"):
        told = page(given.reviews)
    print(json.dumps(told | {"held": held(given.draws)}))


if __name__ == "__main__":
    main()
