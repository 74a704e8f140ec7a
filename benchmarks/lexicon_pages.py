"""How quick curating a hundred thousand terms is.

    python -m benchmarks.lexicon_pages [--terms 100000]

An empty embedded database with so many made-up terms, each with an alternative, one in ten
suggested. Prints one JSON line. In milliseconds, the least of three:

list_ms     admin's list as it opens, a late page of it, filtered, and searched in four ways
term_ms     the page of one term
warn_ms     what may go wrong with one term, looked up among all
choose_ms   which terms go with a request, by the text around, from an index of all

and in seconds, once each: all approved terms read for a transcript (`read_s`), all suggested ones
approved in admin (`approve_s`), a CSV of a fifth as many terms imported (`import_s`), and the same
file again, with nothing to do (`again_s`).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.product import product

LIST = "/admin/lexicon/term/"
SHARE_IMPORTED = 5
LETTERS = str.maketrans("0123456789", "ghijklmnop")
TERMS = """
    INSERT INTO lexicon_terms (term, normalized, romanised, sound, language, script, kind, status)
    SELECT initcap(word), word, word, left(word, 6), (ARRAY['', 'en', 'de', 'hi'])[1 + n %% 4],
           'Latn', 'drug', CASE WHEN n %% 10 = 0 THEN 'suggested' ELSE 'approved' END
    FROM (SELECT n, translate(md5(n::text), '0123456789', 'ghijklmnop') AS word
          FROM generate_series(1, %s) AS n) AS words
"""
ALTERNATIVES = """
    INSERT INTO lexicon_alternatives (term_id, text, normalized)
    SELECT id, reverse(term), reverse(normalized) FROM lexicon_terms
"""


def fill(terms: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TERMS, [terms])
        cursor.execute(ALTERNATIVES)
        cursor.execute("ANALYZE lexicon_terms, lexicon_alternatives")


def least_ms(work: Callable[[], Any]) -> float:
    return round(1000 * min(seconds(work) for _ in range(3)), 1)


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return round(time.perf_counter() - begun, 4)


def pages(client: Any) -> dict[str, Any]:
    from lexicon import checking
    from lexicon.models import Term

    count = Term.objects.count()
    term = Term.objects.order_by("pk")[count // 2]
    queries = {
        "opened": {},
        "a late page": {"p": str(count // 50 - 1)},
        "filtered": {"status__exact": "suggested", "language": "de"},
        "a part": {"q": term.normalized[4:12]},
        "misheard": {"q": term.normalized[::-1][3:15]},
        "by sound": {"q": "~ozempic"},
        "not there": {"q": "nothing of the kind"},
    }
    one = Term.objects.filter(pk=term.pk)
    return {
        "list_ms": {
            name: least_ms(lambda query=query: got(client, LIST, query))  # type: ignore[misc]
            for name, query in queries.items()
        },
        "term_ms": least_ms(lambda: got(client, f"{LIST}{term.pk}/change/", {})),
        "warn_ms": least_ms(lambda: checking.warnings_about(one)),
    }


def got(client: Any, address: str, query: dict[str, str]) -> None:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.status_code


def choose_ms(terms: int) -> float:
    from lexicon.prompting import Budget, Candidate, Index, choose
    from lexicon.pronouncing import dictionary

    chance, words = random.Random(7), list(dictionary())
    index = Index(
        Candidate(n, " ".join(chance.choices(words, k=2)), kind="person", sound="")
        for n in range(terms)
    )
    near = [" ".join(chance.choices(words, k=90)) for _ in range(4)]
    budget = Budget("prompt", tokens=224, prompt_tokens=224)
    return least_ms(lambda: choose(index, budget, evidence=index.evidence(near=near, name="Call")))


def whole(client: Any, imported: int) -> dict[str, float]:
    """What takes all of the lexicon, or much of it."""
    from lexicon.exchange import formats
    from lexicon.exchange.importing import import_terms
    from lexicon.models import Term
    from lexicon.versions import entries

    read = seconds(lambda: entries(None))
    chosen = {"action": "approve", "select_across": "1", "_selected_action": "1"}
    approve = seconds(lambda: client.post(f"{LIST}?status__exact=suggested", chosen))
    assert not Term.objects.filter(status="suggested").exists()
    names = [f"{chr(97 + n % 26)}{n:x}ozem{n % 7}".translate(LETTERS) for n in range(imported)]
    rows = [f'{name},drug,approved,{name[::-1]} | {name[2:]},"a, note"' for name in names]
    content = "\n".join(["term,kind,status,alternatives,note", *rows]).encode()
    new, again = (
        seconds(lambda: import_terms(formats.read(content, "terms.csv"))) for _ in range(2)
    )
    return {"read_s": read, "approve_s": approve, "import_s": new, "again_s": again}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--terms", type=int, default=100_000)
    terms = parser.parse_args().terms
    with product(ALLOWED_HOSTS="localhost"):
        from django.contrib.auth.models import User
        from django.test import Client

        fill(terms)
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.create_superuser("ada"))
        found = pages(client) | whole(client, terms // SHARE_IMPORTED)
        print(json.dumps({"terms": terms, **found, "choose_ms": choose_ms(terms)}))


if __name__ == "__main__":
    main()
