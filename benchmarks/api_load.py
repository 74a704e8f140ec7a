"""How fast the API is: gunicorn as `make run` starts it, one worker, and a million jobs.

    python -m benchmarks.api_load [--jobs 1000000] [--part reads] ...

Prints one JSON line:

reads_per_s, empty_view_per_s    GET of one job with an API key, and of a view of Django REST
                                 Framework that has nothing to say (bare_urls.py), in turn, as many
                                 as this machine does with 8 connections open; medians
ratio                            of both, median of the pairs
p95_ms                           of reads at half of that rate, from the moment at which each is due
upload_mb_per_s,                 a recording of 100 MB, sent in turn to the API and to a view of
bare_upload_mb_per_s             Django that stores and hashes it, by a client on this machine;
                                 medians, from the request to the last byte of the answer
upload_rss_growth_mb             by how much the worker's memory grew at most while it took them
list_p95_ms                      of lists of jobs, one after the other, by each of the filters and
                                 by some together, with half of all jobs to choose from and with a
                                 twentieth; and the slowest kind of them
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from benchmarks import load_lists, load_reads, load_uploads
from benchmarks.product import product
from benchmarks.web import free_port, web

PARTS = ("reads", "uploads", "lists")


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one")
    given = parser.parse_args()
    port = free_port()
    with product(DJANGO_SETTINGS_MODULE="benchmarks.bare_settings", LOG_LEVEL="WARNING"):
        from benchmarks import load_data

        large, small = load_data.fill(given.jobs)
        with web(port) as server:
            measure: dict[str, Callable[[], dict[str, Any]]] = {
                "reads": lambda: load_reads.reads(port, large.key, f"/api/v1/jobs/{large.job_id}/"),
                "lists": lambda: load_lists.lists(port, large, small),
                "uploads": lambda: load_uploads.uploads(port, large.key, server),
            }
            found: dict[str, Any] = {}
            for part in given.part or PARTS:
                found |= measure[part]()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
